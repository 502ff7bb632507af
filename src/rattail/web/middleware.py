"""Around every request: its number, the log, the headers, and errors as pages."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable

from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from rattail.errors import RattailError
from rattail.site import site
from rattail.web.failures import failure, told

Answer = Callable[[HttpRequest], HttpResponseBase]
_log = logging.getLogger("rattail.web")
_LAST_WORDS = "This did not work, and it was written down. Tell whoever looks after this computer.\n"
_POLICY = (
    "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "Content-Security-Policy": _POLICY,
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Outermost:
    """Gives a request its number, writes one line of log for it, and puts headers on every answer."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        from rattail.logs.context import request_id

        number = secrets.token_hex(6)
        request.request_id = number  # type: ignore[attr-defined]
        request.site = site()  # type: ignore[assignment] # not Django's
        began_s = time.perf_counter()
        mark = request_id.set(number)
        try:
            response = self._answer(request)
            response.headers["X-Request-ID"] = number
            for name, value in (*HEADERS.items(), ("Cache-Control", "no-store")):
                response.headers.setdefault(name, value)
            _write_line(request, response, time.perf_counter() - began_s)
        finally:
            request_id.reset(mark)
        return response

    def _answer(self, request: HttpRequest) -> HttpResponseBase:
        try:
            request.get_host()
        except DisallowedHost:
            _log.warning("a request for another host was refused: %r", request.headers.get("Host", "")[:100])
            return failure(request, 400, "There is no such place here", "Use the address that your shop gave you.")
        try:
            return self.answer(request)
        except Exception:  # noqa: BLE001 - the last resort: whatever it is, somebody gets an answer with our headers
            _log.exception("an answer failed, and so did the page that says so")
            return HttpResponse(_LAST_WORDS, status=500, content_type="text/plain")


class Mistakes:
    """Innermost: what a person can mend becomes a page that says so; a fault of ours goes on to Django."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.answer(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, RattailError):
            return told(request, exception)
        from rattail.database.refused import in_sentences

        try:
            with in_sentences():
                raise exception
        except RattailError as error:
            return told(request, error)
        except Exception:  # noqa: BLE001 - a fault of ours, which Django shows and logs
            return None


def _write_line(request: HttpRequest, response: HttpResponseBase, seconds: float) -> None:
    if request.path == "/healthz":
        return
    person = request.__dict__.get("person")
    _log.info(
        "%s %s %d %.0f ms %s",
        request.method,
        request.path,
        response.status_code,
        seconds * 1000,
        person.name if person else "-",
    )
