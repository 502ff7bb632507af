"""A real, small file system to fill, freeze or lose."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.kit.programs import needs_program


@contextmanager
def small_file_system(at: Path, *, options: str) -> Iterator[Path]:
    """Mount a tmpfs with these options; skips the test, by name, where mounting is not permitted."""
    with _mounted(at, "-t", "tmpfs", "-o", options, "none") as mounted:
        yield mounted


@contextmanager
def small_disk(at: Path, *, size_bytes: int) -> Iterator[Path]:
    """Mount an ext4 of that size with blocks of 1 kB: unlike a tmpfs, it needs room for a longer name."""
    image = at.with_suffix(".img")
    image.touch()
    os.truncate(image, size_bytes)
    subprocess.run([needs_program("mkfs.ext4"), "-q", "-b", "1024", str(image)], check=True)
    with _mounted(at, "-o", "loop", str(image)) as mounted:
        yield mounted


@contextmanager
def bind_mount(source: Path, at: Path) -> Iterator[Path]:
    """Show the folder `source` a second time, at `at`."""
    with _mounted(at, "--bind", str(source)) as mounted:
        yield mounted


@contextmanager
def _mounted(at: Path, *what: str) -> Iterator[Path]:
    at.mkdir()
    mounted = subprocess.run(["mount", *what, str(at)], capture_output=True, text=True, check=False)
    if mounted.returncode != 0:
        pytest.skip(f"needs permission to mount a file system: {mounted.stderr.strip()}")
    try:
        yield at
    finally:
        subprocess.run(["umount", str(at)], check=True)
