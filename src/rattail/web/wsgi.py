"""The web application as WSGI servers call it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rattail.site import open_site
from rattail.web.public import public_url
from rattail.web.settings import web_settings


def application(root: str) -> Callable[..., Any]:
    """Open the app folder at `root` for this process, and answer requests for it."""
    site = open_site(root)
    site.open_django(web_settings(site))
    from django.core.handlers.wsgi import WSGIHandler

    from rattail.web.patience import with_patience
    from rattail.web.proxied import behind_proxy
    from rattail.web.static import with_static_files

    return behind_proxy(with_patience(with_static_files(WSGIHandler())), public_url(site.text("web.public_url")))
