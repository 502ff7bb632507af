"""The keys of every command's JSON, found by running the commands."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from rattail.registry import load_registry

# The words after each command, chosen so that every key shows; they run in this order.
WORDS: dict[str, tuple[str, ...]] = {
    "make-appdir": (),
    "show-appdir": (),
    "check-appdir": (),
    "clean-appdir": ("--dry-run",),
    "show-config": (),
    "get-option": ("app.title",),
    "set-option": ("app.title", "Our Shop"),
    "make-config": (),
    "diff-config": (),
    "accept-config": ("rattail.toml",),
}


def data_rows(scratch: Path) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Each command with the keys of its `data` and their types.

    Raises:
        KeyError: a command has no line in `WORDS`.
    """
    root = scratch / "app"
    for _, command in load_registry().commands:
        words = WORDS[command.name]
        if command.name == "clean-appdir":
            _leave_something_to_clean(root)
        if command.name == "accept-config":
            _offer(root)
        yield command.name, sorted(_keys("", _run(command.name, *words, appdir=root)))


def _run(*words: str, appdir: Path) -> object:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("RATTAIL_")}
    command = [sys.executable, "-m", "rattail", *words, "--appdir", str(appdir), "--json"]
    ran = subprocess.run(command, capture_output=True, text=True, env=environ, stdin=subprocess.DEVNULL, check=False)
    envelope = json.loads(ran.stdout)
    assert envelope["data"] is not None, f"{words}: {envelope['errors']}"
    return envelope["data"]


def _keys(above: str, value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _keys(f"{above}.{key}" if above else key, inner)
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        yield from dict(pair for one in value for pair in _keys(f"{above}[]", one)).items()
    else:
        yield above, _type(value)


def _type(value: object) -> str:
    if isinstance(value, list):
        return f"list of {_type(value[0])}" if value else "list"
    names = {bool: "true or false", int: "number", float: "number", str: "text", type(None): "null or text"}
    return names[type(value)]


def _leave_something_to_clean(root: Path) -> None:
    old = root / "work" / "csv" / "old.csv"
    old.write_text("old")
    os.utime(old, (0, 0))


def _offer(root: Path) -> None:
    (root / "rattail.toml.new").write_text((root / "rattail.toml").read_text() + "# newer\n")
