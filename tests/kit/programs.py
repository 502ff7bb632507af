"""System programs that a test needs: absent, it is skipped by name; in CI, absent is a failure."""

from __future__ import annotations

import os
import shutil

import pytest


def needs_program(name: str) -> str:
    """The path of a program of the system; the calling test is skipped (in CI: fails) where there is none."""
    path = shutil.which(name)
    if path:
        return path
    text = f"needs the program '{name}', which is not installed"
    if os.environ.get("CI"):
        pytest.fail(f"{text}; CI has to install it (.ci/run)")
    pytest.skip(text)
