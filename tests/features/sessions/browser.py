"""A browser with one cookie, and requests that pass through nothing but the sessions' middleware."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from rattail.features.sessions.middleware import Sessions
from rattail.features.sessions.record import name_of_key
from rattail.web.sessions import begin_session

COOKIE = "rattail_session"
Deed = Callable[[HttpRequest], object]


class Browser:
    """Sends requests with the cookie that it was given last. `last` is the answer to the newest one."""

    def __init__(self, cookie: str = "") -> None:
        self.cookie = cookie
        self.last: HttpResponseBase = HttpResponse()

    def get(self, deed: Deed) -> Any:
        return self.send("GET", deed)

    def post(self, deed: Deed) -> Any:
        return self.send("POST", deed)

    def send(self, method: str, deed: Deed) -> Any:
        """Have a view do a deed; returns what it returned. An answer that it made itself is sent as it is."""
        done: list[object] = []

        def view(request: HttpRequest) -> HttpResponseBase:
            done.append(deed(request))
            return done[0] if isinstance(done[0], HttpResponseBase) else HttpResponse()

        environ = {"REQUEST_METHOD": method, "PATH_INFO": "/", "wsgi.input": BytesIO()}
        environ |= {"REMOTE_ADDR": "192.0.2.7", "HTTP_USER_AGENT": "Lynx/2.9"}
        if self.cookie:
            environ["HTTP_COOKIE"] = f"{COOKIE}={self.cookie}"
        self.last = Sessions(view)(WSGIRequest(environ))
        if COOKIE in self.last.cookies:
            self.cookie = self.last.cookies[COOKIE].value
        return done[0] if done else None

    def put(self, **entries: object) -> Browser:
        """Put entries into the session, by a POST."""
        self.post(lambda request: request.session.update(entries))
        return self

    def entries(self) -> dict[str, Any]:
        """All that is in the session, looked at by a GET."""
        found = self.get(lambda request: dict(request.session.items()))
        assert isinstance(found, dict)
        return found

    def log_in(self, name: str) -> Browser:
        self.post(lambda request: begin_session(request, name))
        return self

    @property
    def name(self) -> str:
        """The name that this browser's session is kept under."""
        return name_of_key(self.cookie)
