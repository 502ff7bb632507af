"""Calling what needs the records: a function of a test runs in a process of its own that has opened the app folder."""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Callable, Mapping
from typing import TypeVar

import django.db.models  # noqa: F401 - loaded once here, not in each of the processes

from rattail.errors import RattailError, all_errors
from rattail.site import Site, open_site

T = TypeVar("T")


def in_site(env: Mapping[str, str], act: Callable[[Site], T]) -> T:
    """Run `act` in a process of its own with the app folder of `env` open; returns what it returns, as JSON keeps it.

    A `RattailError` that it ends with is raised here too; any other error fails the test.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _tell(writer, env, act)
    os.close(writer)
    with open(reader, encoding="utf-8") as stream:
        told = stream.read()
    os.waitpid(child, 0)
    answer = json.loads(told)
    if "error" in answer:
        kind = next(one for one in all_errors() if one.__name__ == answer["error"])
        raise kind(answer["message"], hint=answer["hint"])
    assert "fault" not in answer, f"in the process of the site: {answer['fault']}"
    value: T = answer["value"]
    return value


def _web_settings(site: Site) -> dict[str, object]:
    """As in a process that answers requests, which may do all that a worker does."""
    from rattail.web.settings import web_settings

    return web_settings(site)


def _tell(writer: int, env: Mapping[str, str], act: Callable[[Site], object]) -> None:
    answer: dict[str, object]
    try:
        from django.db import connections

        os.environ.update(env)
        sys.path[:0] = env.get("PYTHONPATH", "").split(os.pathsep)
        site = open_site(env["RATTAIL_APPDIR"])
        site.open_django(_web_settings(site))
        answer = {"value": act(site)}
        connections.close_all()
    except RattailError as error:
        answer = {"error": type(error).__name__, "message": error.message, "hint": error.hint}
    except BaseException:  # noqa: BLE001 - the child must end here, whatever happens
        answer = {"fault": traceback.format_exc()}
    with open(writer, "w", encoding="utf-8") as stream:
        json.dump(answer, stream, default=str)
    os._exit(0)
