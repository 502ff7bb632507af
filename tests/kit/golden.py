"""Compare with a file that a person has read and found good."""

from __future__ import annotations

import os
from pathlib import Path

FOLDER = Path(__file__).parent.parent / "golden"


def assert_golden(name: str, text: str) -> None:
    """`text` is what stands in tests/golden/NAME; `make golden` writes the file instead."""
    path = FOLDER / name
    if os.environ.get("RATTAIL_TEST_GOLDEN") == "write":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    assert text == path.read_text(encoding="utf-8"), f"differs from {path}; if it is meant to: make golden"
