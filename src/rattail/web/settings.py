"""Django's settings of the web application, made of the app folder's own."""

from __future__ import annotations

import hashlib
import os
from importlib.util import find_spec
from typing import Any

from rattail.registry import Registry
from rattail.site import Site
from rattail.web.access import PERSON_OF
from rattail.web.public import public_url

LOOPBACK_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
_KIB = 1024
_HSTS_S = 365 * 24 * 3600


def web_settings(site: Site) -> dict[str, Any]:
    """What `Site.open_django` needs beside the records to answer requests."""
    return {
        **_security(site),
        **_middleware(site.registry),
        "ROOT_URLCONF": "rattail.web.routes",
        "TEMPLATES": [_templates(site)],
        "FORM_RENDERER": "django.forms.renderers.DjangoTemplates",
        "SESSION_ENGINE": "rattail.features.sessions.store",
        "USE_I18N": False,
        "FILE_UPLOAD_HANDLERS": [],
        "DATA_UPLOAD_MAX_MEMORY_SIZE": 512 * _KIB,
        "DATA_UPLOAD_MAX_NUMBER_FIELDS": 2000,
        "PASSWORD_HASHERS": ["django.contrib.auth.hashers.Argon2PasswordHasher"],
    }


def signing_key(site: Site, purpose: str) -> str:
    """A key for one purpose, derived from the installation's secret; never printed."""
    return hashlib.sha256(f"{purpose}:{site.text('sessions.secret_key')}".encode()).hexdigest()


def _security(site: Site) -> dict[str, Any]:
    public = public_url(site.text("web.public_url"))
    is_tls = public is not None and public.is_tls
    settings: dict[str, Any] = {
        "SECRET_KEY": signing_key(site, "django"),
        "DEBUG": False,
        "ALLOWED_HOSTS": [*LOOPBACK_HOSTS, *([public.allowed_host] if public else [])],
        "CSRF_TRUSTED_ORIGINS": [public.origin] if public else [],
        "CSRF_FAILURE_VIEW": "rattail.web.failures.csrf_failure",
        "CSRF_COOKIE_NAME": "rattail_form",
        "CSRF_COOKIE_HTTPONLY": True,
        "CSRF_COOKIE_SAMESITE": "Lax",
        "CSRF_COOKIE_SECURE": is_tls,
        "SESSION_COOKIE_NAME": "rattail_session",
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": is_tls,
        "SESSION_COOKIE_AGE": site.settings.integer("sessions.max_age_days") * 24 * 3600,
        "SECURE_CONTENT_TYPE_NOSNIFF": True,
        "SECURE_REFERRER_POLICY": "same-origin",
        "SECURE_CROSS_ORIGIN_OPENER_POLICY": "same-origin",
        "X_FRAME_OPTIONS": "DENY",
    }
    if is_tls:
        settings |= {"SECURE_HSTS_SECONDS": _HSTS_S, "SECURE_HSTS_INCLUDE_SUBDOMAINS": False}
    return settings


def _middleware(registry: Registry) -> dict[str, Any]:
    access = next((feature.access for feature in registry.features if feature.access), "")
    return {
        PERSON_OF: access,
        "MIDDLEWARE": [
            "rattail.web.middleware.Outermost",
            "django.middleware.security.SecurityMiddleware",
            "django.middleware.clickjacking.XFrameOptionsMiddleware",
            *registry.middleware,
            "django.middleware.csrf.CsrfViewMiddleware",
            "rattail.web.middleware.Mistakes",
        ],
    }


def _templates(site: Site) -> dict[str, Any]:
    """The operator's own templates are looked up before the packaged ones of the same name."""
    folders = [site.folders["data/templates"], *package_folders(site.registry, "templates")]
    return {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": folders,
        "OPTIONS": {
            "context_processors": ["django.template.context_processors.csrf", "rattail.web.frame.frame"],
            "builtins": ["rattail.web.tags"],
        },
    }


def package_folders(registry: Registry, name: str) -> list[str]:
    """The folders `name` in the packages of the web layer and of every feature that has one."""
    packages = ["rattail.web", *(package_of(feature.name, registry) for feature in registry.features)]
    found: list[str] = []
    for package in packages:
        spec = find_spec(package) if package else None
        for place in (spec.submodule_search_locations or ()) if spec else ():
            if os.path.isdir(f"{place}/{name}"):
                found.append(f"{place}/{name}")
    return found


def package_of(feature: str, registry: Registry) -> str:
    """The package of a feature: where its declaration is written. Extensions' too."""
    return registry.packages.get(feature, "")
