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
    "check-appdir": ("--fix",),
    "clean-appdir": ("--dry-run",),
    "show-config": (),
    "get-option": ("app.title",),
    "set-option": ("app.title", "Our Shop"),
    "make-config": (),
    "diff-config": (),
    "accept-config": ("rattail.toml",),
}
NAMES = {bool: "true or false", int: "number", float: "number", str: "text", type(None): "null"}


def data_rows(scratch: Path) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Each command with the keys of its `data` and their types.

    Raises:
        KeyError: a command has no line in `WORDS`.
    """
    root = scratch / "app"
    prepare = {"check-appdir": _damage, "clean-appdir": _grow_old, "diff-config": _offer}
    for _, command in load_registry().commands:
        words = WORDS[command.name]
        if command.name in prepare:
            prepare[command.name](root)
        types: dict[str, set[str]] = {}
        _collect("", _run(command.name, *words, appdir=root), types)
        yield command.name, [(key, _spoken(types[key])) for key in sorted(types)]


def _run(*words: str, appdir: Path) -> object:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("RATTAIL_")}
    command = [sys.executable, "-m", "rattail", *words, "--appdir", str(appdir), "--json"]
    ran = subprocess.run(command, capture_output=True, text=True, env=environ, stdin=subprocess.DEVNULL, check=False)
    envelope = json.loads(ran.stdout)
    assert envelope["data"] is not None, f"{words}: {envelope['errors']}"
    return envelope["data"]


def _collect(above: str, value: object, types: dict[str, set[str]]) -> None:
    """Add the key paths in `value` and the types seen there to `types`."""
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            _collect(f"{above}.{key}" if above else key, inner, types)
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for one in value:
            _collect(f"{above}[]", one, types)
    elif isinstance(value, list):
        types.setdefault(above, set()).add("list of text" if value else "list")
        assert all(isinstance(one, str) for one in value), above
    else:
        types.setdefault(above, set()).add("object" if isinstance(value, dict) else NAMES[type(value)])


def _spoken(seen: set[str]) -> str:
    """A few types as words; where only null was seen, the other one is a text."""
    seen = seen - {"list"} if "list of text" in seen else seen
    seen = seen | {"text"} if seen == {"null"} else seen
    return " or ".join(sorted(seen, key=lambda name: (name == "null", name)))


def _damage(root: Path) -> None:
    """Two findings on any machine: one that can be repaired, one that cannot."""
    (root / "work" / "csv").rename(root / "of-my-own")
    (root / "leads-nowhere").symlink_to("nowhere")


def _grow_old(root: Path) -> None:
    old = root / "work" / "csv" / "old.csv"
    old.write_text("old")
    os.utime(old, (0, 0))


def _offer(root: Path) -> None:
    (root / "rattail.toml.new").write_text((root / "rattail.toml").read_text() + "# newer\n")
