"""What a session costs: ours beside Beaker's file sessions, measured in turn in the same run, and how many are lost.

    python bench/sessions.py [--operations N] [--runs N] [--at FOLDER]

Run by `make bench`. An operation is what a request that changes its session does: find it by the cookie, read a
counter, add one, save, make the cookie of the answer. Ours goes through the middleware of the web application, with
Django's request and answer; Beaker's is its `SessionObject`, which web frameworks build on. Both have three entries
in a session. What the counters say less at the end than was added was lost.
"""

from __future__ import annotations

import argparse
import multiprocessing
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from http.cookies import SimpleCookie
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).parent.parent))

Operation = Callable[[str], tuple[str, int]]  # the cookie header of a request: that of the next one, and the counter
PROCESSES = 8
GOAL = 1.5
START: Mapping[str, Any] = {"count": 0, "user": "06b02aece6427dbd80009269de579985", "said": ["x" * 40] * 4}


class Measured(NamedTuple):
    """One run: operations a second, and how many additions were lost."""

    per_second: float
    lost: int


def ours(root: Path) -> Operation:
    """Operations on the sessions of an app folder made for this."""
    from rattail.appdir.locate import Located
    from rattail.features.core.make.service import Request, make
    from rattail.registry import load_registry
    from rattail.site import open_site

    appdir = str(root / "app")
    make(load_registry(), Request(located=Located(appdir, "for this"), now=datetime.now(UTC)), environ={})
    opened = open_site(appdir)
    from rattail.web.settings import web_settings

    opened.open_django(web_settings(opened))
    return operation_of_ours()


def operation_of_ours() -> Operation:
    from django.core.handlers.wsgi import WSGIRequest
    from django.http import HttpRequest, HttpResponse

    from rattail.features.sessions.middleware import Sessions

    counted = 0

    def answer(request: HttpRequest) -> HttpResponse:
        nonlocal counted
        session = request.session
        if "count" not in session:
            session.update(START)
        else:
            session["count"] += 1
        counted = session["count"]
        return HttpResponse()

    middleware = Sessions(answer)

    def operate(cookie: str) -> tuple[str, int]:
        environ = {"REQUEST_METHOD": "POST", "PATH_INFO": "/", "HTTP_COOKIE": cookie, "wsgi.input": BytesIO()}
        response = middleware(WSGIRequest(environ))
        return next((f"{each.key}={each.value}" for each in response.cookies.values()), cookie), counted

    return operate


def beakers(root: Path) -> Operation:
    """Operations on Beaker's sessions, with the settings that a generated web application has."""
    from beaker.session import SessionObject

    settings = {
        "type": "file",
        "data_dir": str(root / "data"),
        "lock_dir": str(root / "lock"),
        "secret": "for this",
        "key": "bench",
        "data_serializer": "pickle",
    }

    def operate(cookie: str) -> tuple[str, int]:
        session = SessionObject({"HTTP_COOKIE": cookie}, **settings)
        if "count" not in session:
            for name, value in START.items():
                session[name] = value
        else:
            session["count"] += 1
        session.save()
        counted = session["count"]
        session.persist()
        made = SimpleCookie(session.request["cookie_out"] or "")
        return next((f"{each.key}={each.value}" for each in made.values()), cookie), counted

    return operate


def measure(operate: Operation, *, processes: int, operations: int, is_shared: bool) -> Measured:
    """Run `operations` in all, by that many processes, each with a session of its own or all with one."""
    context = multiprocessing.get_context("fork")
    gate = context.Barrier(processes + 1)
    results: Any = context.Queue()
    share = operations // processes
    shared = operate("")[0] if is_shared else ""

    def work() -> None:
        cookie = shared or operate("")[0]
        counter = 0
        gate.wait()
        for _ in range(share):
            cookie, counter = operate(cookie)
        results.put(counter)

    children = [context.Process(target=work) for _ in range(processes)]
    for child in children:
        child.start()
    gate.wait()
    began = time.perf_counter()
    counters = [results.get() for _ in children]
    seconds = time.perf_counter() - began
    for child in children:
        child.join()
    kept = operate(shared)[1] - 1 if is_shared else sum(counters)
    return Measured(share * processes / seconds, share * processes - kept)


def main() -> None:
    """Measure and print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--operations", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--at", type=Path, help="where the temporary folder is made")
    given = parser.parse_args()
    scratch = Path(tempfile.mkdtemp(prefix="rattail-bench-", dir=given.at))
    try:
        peers = {"ours": ours(scratch), "Beaker": beakers(scratch / "beaker")}
        print(f"{given.operations:,} operations, medians of {given.runs} runs in turn; goal {GOAL} times Beaker's")
        for name, processes, is_shared in (
            ("1 process, its own session", 1, False),
            (f"{PROCESSES} processes, a session each", PROCESSES, False),
            (f"{PROCESSES} processes, one session", PROCESSES, True),
        ):
            compare(name, peers, processes=processes, is_shared=is_shared, given=given)
    finally:
        shutil.rmtree(scratch)


def compare(
    name: str, peers: Mapping[str, Operation], *, processes: int, is_shared: bool, given: argparse.Namespace
) -> None:
    """Measure all peers in turn, and print a line."""
    found: dict[str, list[Measured]] = {peer: [] for peer in peers}
    for _ in range(given.runs):
        for peer, operate in peers.items():
            found[peer].append(measure(operate, processes=processes, operations=given.operations, is_shared=is_shared))
    rates = {peer: statistics.median(one.per_second for one in runs) for peer, runs in found.items()}
    lost = {peer: sum(one.lost for one in runs) for peer, runs in found.items()}
    said = ", ".join(f"{peer} {rates[peer]:,.0f}/s ({lost[peer]:,} lost)" for peer in peers)
    print(f"  {name:<32} ratio {rates['ours'] / rates['Beaker']:.2f}   {said}")


if __name__ == "__main__":
    main()
