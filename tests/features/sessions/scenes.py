"""What is played in the process of the stage; each returns what its test looks at."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse

from rattail.errors import AppDirBroken, AppDirBusy
from rattail.features.sessions.record import record_of
from rattail.features.sessions.service import clean
from rattail.features.sessions.shelf import Shelf
from rattail.features.sessions.store import shelf
from rattail.site import site
from rattail.web.sessions import (
    OwnSession,
    begin_session,
    end_session,
    end_sessions,
    leave_session,
    let_go,
    name_of,
    public_id_of,
    sessions_of,
)
from tests.features.sessions.browser import COOKIE, Browser
from tests.kit.killing import at_once

DAY_S = 24 * 3600


def kept_between_requests() -> tuple[dict[str, Any], dict[str, str]]:
    browser = Browser().put(basket=[1, 2], name="Zoë")
    cookie = browser.last.cookies[COOKIE]
    return browser.entries(), {
        name: str(cookie[name]) for name in ("httponly", "samesite", "secure", "max-age", "path")
    }


def secure_cookie() -> bool:
    from django.test import override_settings

    with override_settings(SESSION_COOKIE_SECURE=True):
        return bool(Browser().put(a=1).last.cookies[COOKIE]["secure"])


def nothing_changed() -> tuple[int, int]:
    """The cookies that requests which only look were given, without a session and with one."""
    stranger, known = Browser(), Browser().put(a=1)
    stranger.entries()
    known.entries()
    return len(stranger.last.cookies), len(known.last.cookies)


def count_in_processes(processes: int, each: int) -> int:
    from django.db import connections

    browser = Browser().put(count=0)
    connections.close_all()

    def work() -> None:
        own = Browser(browser.cookie)
        for _ in range(each):
            own.post(_add_one)

    assert at_once(processes, work) == [0] * processes
    return int(browser.entries()["count"])


def count_in_threads(threads: int, each: int) -> int:
    from django.db import connections

    browser = Browser().put(count=0)

    def work() -> None:
        own = Browser(browser.cookie)
        for _ in range(each):
            own.post(_add_one)
        connections.close_all()

    running = [threading.Thread(target=work) for _ in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    return int(browser.entries()["count"])


def _add_one(request: HttpRequest) -> None:
    request.session["count"] += 1


def gets_that_overlap() -> dict[str, Any]:
    browser = Browser().put(mine=1, theirs=1, gone=1, nested={"deep": [1]})

    def slow(request: HttpRequest) -> None:
        request.session["mine"] = 2
        Browser(browser.cookie).get(quick)
        request.session["nested"]["deep"].append(2)

    def quick(request: HttpRequest) -> None:
        request.session["theirs"] = True
        del request.session["gone"]
        request.session["new"] = "here"

    browser.get(slow)
    return browser.entries()


def ended_meanwhile(method: str) -> tuple[dict[str, Any], int, bool]:
    """Somebody logs out while another request of the session runs, which changes something at its end."""
    browser = Browser().put(a=1)

    def slow(request: HttpRequest) -> None:
        _ = request.session["a"]
        Browser(browser.cookie).post(leave_session)
        request.session["a"] = 2

    browser.send(method, slow)
    cookies = len(browser.last.cookies)
    return browser.entries(), cookies, shelf().read(browser.name) is not None


def let_go_of() -> tuple[dict[str, Any], bool]:
    """A POST that lets go, during which another one changes the session; and whether that one had to wait."""
    browser = Browser().put(mine=1, theirs=1)

    def slow(request: HttpRequest) -> bool:
        request.session["mine"] = 2
        let_go(request)
        is_free = in_thread(partial(is_held, browser.name)) is False
        Browser(browser.cookie).put(theirs=2)
        request.session["late"] = 3
        return is_free

    is_free = browser.post(slow)
    return browser.entries(), is_free


def is_held(name: str) -> bool:
    try:
        shelf().hold(name, wait_s=0).release()
    except AppDirBusy:
        return True
    return False


def in_thread(act: Any) -> Any:
    """What `act` returns in a thread of its own."""
    from django.db import connections

    returned: list[Any] = []

    def work() -> None:
        returned.append(act())
        connections.close_all()

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    return returned[0]


def held_while_posting() -> tuple[bool, bool, bool]:
    """Whether others are kept off the session during a POST after its first look, during a GET, and afterwards."""
    browser = Browser().put(a=1)

    def look(request: HttpRequest) -> bool:
        _ = request.session["a"]
        return bool(in_thread(partial(is_held, browser.name)))

    return browser.post(look), browser.get(look), is_held(browser.name)


def busy_message() -> str:
    browser = Browser().put(a=1)
    hold = shelf().hold(browser.name)

    def wait() -> str:
        try:
            shelf().hold(browser.name, wait_s=0.02)
        except AppDirBusy as error:
            return f"{error.message} {error.hint}"
        return ""

    try:
        return str(in_thread(wait))
    finally:
        hold.release()


def let_go_after_failures() -> list[bool]:
    """Whether the session is held after a view that raised, a fault that was answered, and a stream not yet read."""
    browser = Browser().put(a=1)

    def fail(request: HttpRequest) -> None:
        request.session["a"] = 2
        raise ZeroDivisionError

    def answer_fault(request: HttpRequest) -> HttpResponse:
        request.session["a"] = 3
        return HttpResponse(status=500)

    def stream(request: HttpRequest) -> StreamingHttpResponse:
        request.session["b"] = 1

        def parts() -> Iterator[str]:
            yield str(request.session["b"])

        return StreamingHttpResponse(parts())

    held = []
    try:
        browser.post(fail)
    except ZeroDivisionError:
        held.append(in_thread(partial(is_held, browser.name)))
    for deed in (answer_fault, stream):
        browser.post(deed)
        held.append(in_thread(partial(is_held, browser.name)))
    assert b"".join(browser.last) == b"1"
    assert browser.entries() == {"a": 1, "b": 1}
    return held


def keys_that_change() -> dict[str, Any]:
    browser = Browser().put(a=1)
    before = browser.cookie
    browser.post(lambda request: request.session.cycle_key())
    cycled = browser.cookie
    told = {"changed": cycled != before, "after": browser.entries(), "old": Browser(before).entries()}
    browser.log_in("alice")
    told |= {"logged_in": browser.entries(), "before_login": Browser(cycled).entries()}
    told["whose"] = browser.get(name_of)
    browser.post(leave_session)
    return told | {"after_leaving": browser.entries(), "cookie": browser.cookie}


def chosen_key(cookie: str) -> str:
    """The key of a session that began with a cookie that somebody made up."""
    browser = Browser(cookie)
    browser.put(a=1)
    return browser.cookie


def age(name: str, *, seen_days_ago: float = 0, seen_s_ago: int = 0) -> None:
    record = shelf().read(name)
    assert record is not None
    seen_s = int(site().now().timestamp() - seen_days_ago * DAY_S) - seen_s_ago
    aged = record_of(record.entries, started_s=seen_s, seen_s=seen_s, visitor=record.visitor)
    assert shelf().replace(name, aged)


def too_old() -> tuple[dict[str, Any], dict[str, Any]]:
    old, young = Browser().put(a=1), Browser().put(a=1)
    age(old.name, seen_days_ago=14.01)
    age(young.name, seen_days_ago=13.9)
    return old.entries(), young.entries()


def used_now_and_then() -> list[tuple[bool, int]]:
    """Whether a look wrote down that the session is in use, and how many cookies it set: soon, and later."""
    found = []
    for seconds in (300, 700):
        browser = Browser().put(a=1)
        age(browser.name, seen_s_ago=seconds)
        before = _seen_s(shelf(), browser.name)
        browser.entries()
        found.append((_seen_s(shelf(), browser.name) != before, len(browser.last.cookies)))
    return found


def _seen_s(where: Shelf, name: str) -> int:
    record = where.read(name)
    assert record is not None
    return record.seen_s


def cleaning() -> tuple[dict[str, int], list[bool]]:
    """What cleaning says, and which of these are there afterwards: a live one, an old one, an old one in use."""
    for name in list(shelf().names()):
        shelf().remove(name)
    live, old = (Browser().put(a=1) for _ in range(2))
    while (used := Browser().put(a=1)).name[:2] == old.name[:2]:  # two that share a lock are both in use
        shelf().remove(used.name)
    age(old.name, seen_days_ago=15)
    age(used.name, seen_days_ago=15)
    hold = shelf().hold(used.name)
    try:
        said = in_thread(lambda: clean(now=site().now())._asdict())
    finally:
        hold.release()
    return said, [shelf().read(each.name) is not None for each in (live, old, used)]


def own_sessions() -> dict[str, Any]:
    for name in list(shelf().names()):
        shelf().remove(name)
    shop, home, phone = (Browser().log_in("alice") for _ in range(3))
    Browser().put(a=1)
    bob = Browser().log_in("bob")
    age(home.name, seen_days_ago=2)
    listed: tuple[OwnSession, ...] = sessions_of("alice")
    ids = {each.get(public_id_of): each for each in (shop, home, phone, bob)}
    last = listed[-1]
    told: dict[str, Any] = {
        "listed": {ids[each.public_id].cookie for each in listed} == {shop.cookie, home.cookie, phone.cookie},
        "last": ids[last.public_id] is home,
        "visitor": (last.address, last.user_agent),
        "is_no_key": all(each.public_id not in other.cookie for each in listed for other in (shop, home, phone)),
        "of_another": end_session("alice", bob.get(public_id_of)),
        "made_up": end_session("alice", "../../etc/passwd"),
        "ended": end_session("alice", phone.get(public_id_of)),
    }
    told["phone"] = phone.entries()
    told["all_others"] = shop.post(lambda request: end_sessions("alice", keep=public_id_of(request)))
    return told | {"whose": [each.get(name_of) for each in (shop, home, bob)]}


def entries_of(cookie: str) -> dict[str, Any]:
    return Browser(cookie).entries()


def new_session(**entries: object) -> tuple[str, str]:
    """The key and the name of a new session."""
    browser = Browser().put(**entries)
    return browser.cookie, browser.name


def logged_out_by(cookie: str) -> tuple[dict[str, Any], list[str]]:
    """What is in a session, and what was logged while looking at it."""
    import logging

    class Kept(logging.Handler):
        def __init__(self) -> None:
            super().__init__()
            self.lines: list[str] = []

        def emit(self, record: logging.LogRecord) -> None:
            self.lines.append(record.getMessage())

    kept = Kept()
    logger = logging.getLogger("rattail.sessions")
    logger.addHandler(kept)
    try:
        return Browser(cookie).entries(), kept.lines
    finally:
        logger.removeHandler(kept)


def refused(method: str, cookie: str) -> list[str]:
    """What a view meets at its first look at the session where it is kept out of order, and at its second."""
    said = []

    def look(request: HttpRequest) -> None:
        for _ in range(2):
            try:
                said.append(repr(dict(request.session.items())))
            except Exception as error:  # noqa: BLE001 - told to the test
                said.append(f"{type(error).__name__}: {error} {getattr(error, 'hint', '')}")
        request.session["late"] = 1

    browser = Browser(cookie)
    browser.send(method, look)
    assert len(browser.last.cookies) == 0
    return said


def refused_at_save(cookie: str, folder: str) -> tuple[int, int]:
    """The status and the number of cookies of an answer whose session could not be saved."""
    browser = Browser(cookie)

    def spoil(request: HttpRequest) -> None:
        request.session["a"] = 2
        os.rename(folder, f"{folder}.away")

    try:
        browser.post(spoil)
    finally:
        os.rename(f"{folder}.away", folder)
    return browser.last.status_code, len(browser.last.cookies)


def killed_while_saving(cookie: str) -> list[dict[str, Any]]:
    """What is in the session after a request that changes it was killed, at every touch of the disk it makes."""
    from tests.kit.killing import killed_at

    found = []
    moment = 1
    while killed_at(moment, partial(Browser(cookie).put, a=moment)):
        found.append(entries_of(cookie))
        moment += 1
    return found


def is_login_a_new_session(method: str) -> bool:
    browser = Browser().put(a=1)
    before = browser.cookie
    browser.send(method, lambda request: begin_session(request, "alice"))
    return browser.cookie != before


def answered_where_broken(cookie: str) -> tuple[int, int]:
    """The status and the number of cookies where something that is no view met the broken session, and made a 500."""
    browser = Browser(cookie)

    def look(request: HttpRequest) -> HttpResponse:
        try:
            return HttpResponse(str(request.session.get("a")))
        except AppDirBroken:
            return HttpResponse(status=500)

    browser.get(look)
    return browser.last.status_code, len(browser.last.cookies)
