"""The web application inside a test: Django's own test client, the real middleware, an empty shop.

    from tests.kit.web import Web, web_test

    @web_test()
    def test_a_buyer_may_not_make_users(web: Web) -> None:
        bea = web.client_of("bea", "buyer")             # makes her, gives her the role, logs her in (no password)
        answer = bea.get("/accounts/new/")
        assert answer.status_code == 403

A process has one database for its whole life, so the body of such a test runs in a process of its own, forked from
the test's, in which the app folder is open as in a web server. It takes the app folder and the records of the test
before, emptied; on SQLite. Modules with models are imported inside the test. What fails there fails the test.

The first parameter is called `web`; others are fixtures, as usual (a test that wants a file takes `tmp_path`, or
`web.scratch`). `@web_test(options={"web.public_url": "https://office.example.org"})` changes settings for one test.
`web.client_of("rico", "receiver", store="1")` gives the role in one store, which is made where there is none;
`web.client()` is somebody who is not logged in; `is_strict=True` has a client's changes refused without a CSRF token,
as a browser's are (others are let off). An error that a view does not catch is raised in the test.
"""

from __future__ import annotations

import inspect
import os
import shutil
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import django.core.handlers.wsgi
import django.forms
import django.template.defaultfilters
import django.template.loader_tags
import django.test  # noqa: F401 - these are loaded once here, not in each of the processes
import pytest

from rattail.site import Site, open_site
from tests.kit.emptied import empty

if TYPE_CHECKING:
    from django.test import Client

    from rattail.features.accounts.models import User

_HOST = "localhost"
_WITH_FILES_OF_TESTS = ("sessions/data", "data/uploads", "work/user-files")


class Web:
    """The web application of an app folder, open in this process."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.root = Path(site.root)

    @property
    def scratch(self) -> Path:
        """A folder for files of this test."""
        folder = self.root.parent / "scratch"
        folder.mkdir(exist_ok=True)
        return folder

    def client(self, *, is_strict: bool = False) -> Client:
        """A browser of somebody who is not logged in."""
        from django.test import Client

        return Client(enforce_csrf_checks=is_strict, SERVER_NAME=_HOST)

    def client_of(self, name: str, *roles: str, store: str = "", is_strict: bool = False) -> Client:
        """A browser of somebody who is logged in and has these roles; they are made where there is nobody yet."""
        user = self.user(name, *roles, store=store)
        client = self.client(is_strict=is_strict)
        self.log_in(client, user)
        return client

    def user(self, name: str, *roles: str, store: str = "") -> User:
        """Somebody with these roles, whose password nobody knows."""
        from rattail.features.accounts.models import User
        from rattail.features.accounts.service import assign_role
        from rattail.retail.models import Store

        user, _ = User.objects.get_or_create(name=name, defaults={"password": "!", "must_change_password": False})
        if store:
            Store.objects.get_or_create(code=store, defaults={"name": f"Store {store}"})
        for role in roles:
            assign_role(name=name, role=role, store=store, actor="os:test", now=self.site.now())
        return user

    def log_in(self, client: Client, user: User) -> None:
        """Begin a session, as the login does where the password was right."""
        from django.conf import settings
        from django.test import RequestFactory

        from rattail.features.accounts.access import let_in
        from rattail.features.sessions.store import SessionStore

        request = RequestFactory().get("/")
        session = SessionStore()
        request.session = session
        let_in(request, user)
        session.save()
        assert session.session_key
        client.cookies[settings.SESSION_COOKIE_NAME] = session.session_key


def web_test(*, options: Mapping[str, str] | None = None) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Make a test of a function that takes a `Web` first; `options` are settings of that app folder."""

    def wrap(test: Callable[..., None]) -> Callable[..., None]:
        own = list(inspect.signature(test).parameters.values())[1:]

        def in_own_process(web_env: Mapping[str, str], **fixtures: Any) -> None:
            run_in_web({**web_env, **_variables(options or {})}, lambda web: test(web, **fixtures))

        in_own_process.__name__ = test.__name__
        in_own_process.__doc__ = test.__doc__
        in_own_process.__module__ = test.__module__
        in_own_process.pytestmark = getattr(test, "pytestmark", [])  # type: ignore[attr-defined]
        env = inspect.Parameter("web_env", inspect.Parameter.POSITIONAL_OR_KEYWORD)
        in_own_process.__signature__ = inspect.Signature([env, *own])  # type: ignore[attr-defined]
        return in_own_process

    return wrap


def run_in_web(env: Mapping[str, str], act: Callable[[Web], None]) -> None:
    """Run `act` in a process of its own that has the web application of `env` open; an error there fails the test."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _act_and_end(writer, env, act)
    os.close(writer)
    with open(reader, encoding="utf-8", errors="backslashreplace") as stream:
        fault = stream.read()
    status = os.waitpid(child, 0)[1]
    if fault:
        pytest.fail(f"in the process of the web application:\n{fault}", pytrace=False)
    assert status == 0, f"the process of the web application ended with {status}"


def empty_web(env: Mapping[str, str]) -> None:
    """Leave nothing of the test before: no row, no session, no upload, no file."""
    empty(env)
    root = Path(env["RATTAIL_APPDIR"])
    for folder in _WITH_FILES_OF_TESTS:
        for each in (root / folder).iterdir():
            if each.name not in ("CACHEDIR.TAG", ".rattail-folder.json"):
                shutil.rmtree(each) if each.is_dir() else each.unlink()
    shutil.rmtree(root.parent / "scratch", ignore_errors=True)


@contextmanager
def opened_web(env: Mapping[str, str]) -> Iterator[Web]:
    """The app folder of `env`, opened for this whole process as a web server opens it."""
    for name in [name for name in os.environ if name.startswith("RATTAIL_")]:
        del os.environ[name]
    os.environ.update(env)
    from rattail.web.settings import web_settings

    site = open_site(env["RATTAIL_APPDIR"])
    site.open_django(web_settings(site))
    from django.db import connections

    try:
        yield Web(site)
    finally:
        connections.close_all()


def _act_and_end(writer: int, env: Mapping[str, str], act: Callable[[Web], None]) -> None:
    """Do it and send what went wrong; never returns."""
    fault = ""
    try:
        with opened_web(env) as web:
            act(web)
    except BaseException:  # noqa: BLE001 - the child must end here, whatever happens
        fault = traceback.format_exc()
    with open(writer, "w", encoding="utf-8", errors="backslashreplace") as stream:
        stream.write(fault)
    os._exit(0)


def _variables(options: Mapping[str, str]) -> dict[str, str]:
    return {f"RATTAIL_{key.replace('.', '_').upper()}": value for key, value in options.items()}
