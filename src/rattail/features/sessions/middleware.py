"""A session for every request."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers

from rattail.errors import RattailError
from rattail.features.sessions.record import Visitor
from rattail.features.sessions.store import SessionStore
from rattail.web.failures import told

Answer = Callable[[HttpRequest], HttpResponseBase]
_CHANGING_NOTHING = ("GET", "HEAD", "OPTIONS", "TRACE")
_FAULTS_OF_OURS = 500


class Sessions:
    """Gives a request its session, saves it after the view, and lets go of it whatever happened.

    What a view changes is kept but for a view that failed through a fault of ours. The body of a streamed answer is
    made after that: it can read the session, and changes nothing in it.
    """

    def __init__(self, answer: Answer) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        session = SessionStore(request.COOKIES.get(settings.SESSION_COOKIE_NAME))
        session.is_exclusive = request.method not in _CHANGING_NOTHING
        session.visitor = Visitor(request.META.get("REMOTE_ADDR", ""), request.META.get("HTTP_USER_AGENT", ""))
        request.session = session
        try:
            response = self.answer(request)
            if isinstance(session.failure, RattailError) and response.status_code == _FAULTS_OF_OURS:
                return told(request, session.failure)  # it was met where no view was: in the page that says 404, say
            try:
                self._save(request, session, response)
            except RattailError as error:
                session.is_broken = True
                response = told(request, error)
        finally:
            session.release()
        return response

    def _save(self, request: HttpRequest, session: SessionStore, response: HttpResponseBase) -> None:
        if not session.accessed or session.is_broken:
            return
        patch_vary_headers(response, ("Cookie",))
        if session.is_worth_saving and response.status_code < _FAULTS_OF_OURS:
            session.save()
            if session.session_key and session.is_cookie_due:
                _set_cookie(response, session.session_key)
        elif session.was_flushed and settings.SESSION_COOKIE_NAME in request.COOKIES:
            response.delete_cookie(
                settings.SESSION_COOKIE_NAME,
                path=settings.SESSION_COOKIE_PATH,
                samesite=settings.SESSION_COOKIE_SAMESITE,
            )


def _set_cookie(response: HttpResponseBase, key: str) -> None:
    response.set_cookie(
        settings.SESSION_COOKIE_NAME,
        key,
        max_age=settings.SESSION_COOKIE_AGE,
        path=settings.SESSION_COOKIE_PATH,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
