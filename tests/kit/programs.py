"""What a test needs of the system: absent, the test is skipped by name; in CI, absent is a failure."""

from __future__ import annotations

import importlib.util
import os
import shutil

import pytest


def needs_program(name: str) -> str:
    """The path of a program of the system; it may be one of the administrator's, which are not on everybody's PATH."""
    path = shutil.which(name, path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin")
    if path is None:
        _absent(f"needs the program '{name}', which is not installed")
    return str(path)


def needs_module(name: str, *, package: str) -> None:
    """A module of the standard library that some systems put into a package of its own."""
    if importlib.util.find_spec(name) is None:
        _absent(f"needs Python's module '{name}' (package {package}), which is not installed")


def _absent(text: str) -> None:
    if os.environ.get("CI"):
        pytest.fail(f"{text}; requirements/system.sh has to install it")
    pytest.skip(text)
