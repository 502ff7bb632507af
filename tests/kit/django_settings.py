"""Settings for the type checker's Django plugin, which wants a module of them; nothing else uses it."""

from rattail.registry import load_registry

SECRET_KEY = "for the type checker"
INSTALLED_APPS = list(load_registry().apps)
AUTH_USER_MODEL = "accounts.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
