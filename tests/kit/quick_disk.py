"""A folder in memory, where flushing costs nothing: for tests that run a command hundreds of times."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

IN_MEMORY = "/dev/shm"


@contextmanager
def quick_folder() -> Iterator[Path]:
    """A folder of one's own in memory, or where temporary files are if there is no memory to put files in."""
    above = IN_MEMORY if os.access(IN_MEMORY, os.W_OK | os.X_OK) else None
    with TemporaryDirectory(prefix="rattail-test-", dir=above) as folder:
        yield Path(folder)
