"""Two real processes at once, and processes that are killed at a chosen moment."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Mapping
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from tests.kit.killing import at_once
from tests.kit.shop import Killed, Shop, in_shop

Meet = Callable[[], object]
_PATIENCE_S = 60


def together(env: Mapping[str, str], folder: Path, act: Callable[[Shop, Meet], Any]) -> list[Any]:
    """Run `act` in two processes with the records open; its second argument waits for the other one."""
    barrier = get_context("fork").Barrier(2)

    def one() -> None:
        outcome = in_shop(env, lambda shop: act(shop, lambda: barrier.wait(_PATIENCE_S)))
        (folder / f"{os.getpid()}.json").write_text(json.dumps(outcome))

    assert at_once(2, one) == [0, 0]
    return [json.loads(file.read_text()) for file in sorted(folder.glob("*.json"))]


def outcome_of(act: Callable[[], Any]) -> str:
    """What became of it: "done", or the name of the error."""
    from rattail.errors import RattailError

    try:
        act()
    except RattailError as error:
        return type(error).__name__
    return "done"


def killed(env: Mapping[str, str], act: Callable[[Shop], object]) -> bool:
    """Whether the process of `act` was killed before `act` came to its end."""
    try:
        in_shop(env, lambda shop: bool(act(shop)) or True)
    except Killed:
        return True
    return False


def die_at_touch(number: int) -> None:
    """Kill this process with -9 just before its n-th touch of the disk from now on: an opening, a renaming, ..."""
    count = 0

    def watch(event: str, _: object) -> None:
        nonlocal count
        count += event.startswith(("open", "os."))
        if count == number:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)
