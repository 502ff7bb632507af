"""Adopting in this process, for tests that look at what came of it."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from rattail.entry.cli import run as run_command


def adopt(old: Path, new: Path, *words: str) -> Any:
    """Adopt, expecting success: what the JSON says of it."""
    said = io.StringIO()
    with redirect_stdout(said):
        code = run_command(["make-appdir", "--adopt", str(old), "--path", str(new), "--json", *words])
    assert code == 0, said.getvalue()
    return json.loads(said.getvalue())["data"]["adoption"]


def reconfigure(old: Path, text: str) -> None:
    (old / "rattail.conf").write_text(text)
