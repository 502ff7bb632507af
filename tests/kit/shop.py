"""Calling the services without the command line: a function of a test runs in a process that has the records open.

A process has one database for its whole life, so each call gets a process of its own, forked from the test's. What
the function uses of the test is there, also local names; what it imports of models it imports itself.
"""

from __future__ import annotations

import json
import os
import signal
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import django.db.models  # noqa: F401 - loaded once here, not in each of the processes

from rattail.cli.console import Console
from rattail.cli.session import Session
from rattail.errors import RattailError, all_errors
from rattail.registry import load_registry

if TYPE_CHECKING:
    from rattail.features.batches.models import Batch
    from rattail.features.batches.service.execute import Executed
    from rattail.features.batches.service.ground import Ground

T = TypeVar("T")


class Killed(AssertionError):
    """The process of the function was killed with -9."""


class Shop:
    """The records of an app folder, open in this process."""

    def __init__(self, ground: Ground, folder: Path) -> None:
        self.ground = ground
        self.folder = folder  # for files to make batches of

    def make(self, record: str, **values: Any) -> int:
        """Make one record of a model of `retail`, such as "Product"; returns its id."""
        from django.apps import apps

        return int(apps.get_model("retail", record)._default_manager.create(**values).pk)

    def batch(self, kind: str, content: str | bytes, *, name: str = "file.csv", **request: Any) -> Batch:
        """Make a batch of a file with this content; `request` are fields of the service's `Request`."""
        from rattail.features.batches.service.make import Progress, make_batch
        from rattail.features.batches.service.plan import Request, plan_batch

        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        asked = Request(kind=kind, path=str(path), **{"is_forced": True, **request})
        plan = plan_batch(asked, ground=self.ground, progress=_silently)
        return make_batch(plan, ground=self.ground, progress=Progress(reading=_silently))

    def execute(self, number: int) -> Executed:
        from rattail.features.batches.service.execute import execute_batch

        return execute_batch(number, ground=self.ground)

    def undo(self, number: int, *, is_partial: bool = False) -> Executed:
        from rattail.features.batches.service.execute import undo_batch

        return undo_batch(number, ground=self.ground, is_partial=is_partial)

    def rows(self, batch: Batch) -> list[dict[str, Any]]:
        """The rows of a batch as `--json` shows them, in their order."""
        from rattail.features.batches.service.show import rows_of
        from rattail.features.batches.service.shown import shown_row

        return [shown_row(row) for row in rows_of(batch, status=None, after=-1, limit=10_000)]


def in_shop(env: Mapping[str, str], act: Callable[[Shop], T]) -> T:
    """Run `act` in a process of its own with the records of `env` open; returns what it returns, as JSON keeps it.

    A `RattailError` that it ends with is raised here too, with its message and hint; any other error fails the test.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _tell(writer, env, act)
    os.close(writer)
    with open(reader, encoding="utf-8") as stream:
        told = stream.read()
    status = os.waitpid(child, 0)[1]
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL, f"the process ended by signal {os.WTERMSIG(status)}"
        raise Killed
    answer = json.loads(told)
    if "error" in answer:
        kind = next(one for one in all_errors() if one.__name__ == answer["error"])
        raise kind(answer["message"], hint=answer["hint"])
    assert "fault" not in answer, f"in the shop's process: {answer.get('fault')}"
    value: T = answer["value"]
    return value


@contextmanager
def killed_at_statement(number: int) -> Iterator[None]:
    """Kill this process with -9 just before its n-th statement (from 1) to the database."""
    from django.db import connection

    count = 0

    def watch(execute: Any, *words: Any) -> Any:
        nonlocal count
        count += 1
        if count == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return execute(*words)

    with connection.execute_wrapper(watch):
        yield


def _tell(writer: int, env: Mapping[str, str], act: Callable[[Shop], object]) -> None:
    """Do it and send how it ended; never returns."""
    answer: dict[str, object]
    try:
        os.environ.update(env)
        answer = {"value": _opened(env, act)}
        text = json.dumps(answer)
    except RattailError as error:
        text = json.dumps({"error": type(error).__name__, "message": error.message, "hint": error.hint})
    except BaseException:  # noqa: BLE001 - the child must end here, whatever happens
        text = json.dumps({"fault": traceback.format_exc()})
    with open(writer, "w", encoding="utf-8") as stream:
        stream.write(text)
    os._exit(0)


def _opened(env: Mapping[str, str], act: Callable[[Shop], T]) -> T:
    session = Session(load_registry(), Console(is_quiet=True), "in a test", env["RATTAIL_APPDIR"])
    from rattail.features.batches.cli.ground import ground_of

    ground = ground_of(session)
    try:
        return act(Shop(ground, Path(env["RATTAIL_APPDIR"]).parent))
    finally:
        session.close()


def _silently(_count: int) -> None:
    return
