"""The fenced blocks of a page: what they are written in, what else their first line says, their text."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent.parent
DOCS = ROOT / "docs"


class Block(NamedTuple):
    """A fenced block. `label` is what follows the language: the name of a file, or a remark."""

    language: str
    label: str
    text: str


def blocks_of(page: Path) -> list[Block]:
    """All fenced blocks of a page, in order."""
    blocks: list[Block] = []
    head: str | None = None
    lines: list[str] = []
    for line in page.read_text(encoding="utf-8").splitlines():
        if line.startswith("```") and head is None:
            head, lines = line[3:], []
        elif line == "```" and head is not None:
            language, _, label = head.partition(" ")
            blocks.append(Block(language, label, "\n".join(lines) + "\n"))
            head = None
        else:
            lines.append(line)
    assert head is None, f"{page}: a fenced block has no end"
    return blocks
