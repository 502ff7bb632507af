"""The floor of a page: a bare Django view that renders a table of 100 x 7, under gunicorn. `bare.py PORT`."""

from __future__ import annotations

import sys
from typing import Any

import django
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.urls import path
from gunicorn.app.base import BaseApplication

TABLE = """<!doctype html><html lang="en"><title>Bare</title><table>
{% for row in rows %}<tr>{% for cell in row %}<td>{{ cell }}</td>{% endfor %}</tr>
{% endfor %}</table></html>"""
ROWS = [[f"cell {row} of {column} & more" for column in range(7)] for row in range(100)]


def table(request: HttpRequest) -> HttpResponse:
    """The page."""
    return HttpResponse(engines["django"].from_string(TABLE).render({"rows": ROWS}, request))


urlpatterns = [path("", table)]


class Bare(BaseApplication):  # type: ignore[misc] # gunicorn has no types
    """gunicorn with the view in one process of threads, as ours."""

    def load_config(self) -> None:
        words: dict[str, Any] = {"bind": f"127.0.0.1:{sys.argv[1]}", "workers": 1, "threads": 4, "keepalive": 60}
        words |= {"worker_class": "gthread", "control_socket_disable": True, "loglevel": "error"}
        for name, value in words.items():
            self.cfg.set(name, value)

    def load(self) -> WSGIHandler:
        return WSGIHandler()


if __name__ == "__main__":
    backend = {"BACKEND": "django.template.backends.django.DjangoTemplates"}
    settings.configure(ROOT_URLCONF=__name__, TEMPLATES=[backend], ALLOWED_HOSTS=["127.0.0.1"], SECRET_KEY="bare")
    django.setup()
    Bare().run()
