"""Static files: style sheets, scripts, the icon. Their address holds a fingerprint, so that browsers keep them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

from rattail.site import site
from rattail.web.middleware import HEADERS
from rattail.web.settings import package_folders

_HEADERS = {"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "same-origin"}
_KEPT_S = 365 * 24 * 3600
_WORKER = re.compile(r"/worker/([a-z]+)\.js$")
_HTMX = "htmx-2.min.js"


def address(name: str) -> str:
    """Where a browser finds a static file, such as "web/site.css"."""
    return f"/static/{fingerprint()}/{name}"


@cache
def files() -> dict[str, Path]:
    """Every static file by its name: those of the web layer, of the features, and htmx."""
    found = {
        str(path.relative_to(folder)): path
        for folder in map(Path, package_folders(site().registry, "static"))
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    spec = find_spec("django_htmx")
    assert spec is not None
    assert spec.origin is not None
    found["web/htmx.js"] = Path(spec.origin).parent / "static" / "django_htmx" / _HTMX
    return found


@cache
def fingerprint() -> str:
    """A short name for the content of all static files together."""
    digest = hashlib.sha256()
    for name, path in sorted(files().items()):
        digest.update(f"{name}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:12]


def _add_headers(headers: Any, _path: str, url: str) -> None:
    for name, value in {**HEADERS, **_HEADERS}.items():
        headers[name] = value
    if worker := _WORKER.search(url):  # batches/worker/count.js may look after the pages below /count/, and no others
        headers["Service-Worker-Allowed"] = f"/{worker[1]}/"


def with_static_files(application: Callable[..., Any]) -> Callable[..., Any]:
    """A WSGI application that answers for static files itself, and hands all else on."""
    from whitenoise import WhiteNoise

    prefix = f"/static/{fingerprint()}/"
    around = WhiteNoise(
        application,
        max_age=_KEPT_S,
        immutable_file_test=lambda _, url: url.startswith(prefix),
        add_headers_function=_add_headers,
    )
    for name, path in files().items():
        around.add_file_to_dictionary(f"{prefix}{name}", str(path))
    around.add_file_to_dictionary("/favicon.ico", str(files()["web/icon.svg"]))
    return cast("Callable[..., Any]", around)
