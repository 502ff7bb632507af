"""Let other users reach what a test made."""

from __future__ import annotations

import tempfile
from pathlib import Path


def open_the_way_to(path: Path) -> None:
    """Let everybody pass the folders between the system's temporary folder and `path`: pytest closes its own."""
    top = Path(tempfile.gettempdir()).resolve()
    for above in path.resolve().parents:
        if above == top or top not in above.parents:
            return
        above.chmod(0o755)
