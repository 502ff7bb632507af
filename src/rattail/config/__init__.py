"""Typed options: declared beside the code that uses them, read from files and the environment."""

import os
import sys
from typing import NoReturn

CLASH = (
    "two distributions that overwrite each other's files are installed in this environment: 'rattail' (upstream "
    "Rattail) and 'rattail-appfolder'. Neither is whole. Keep one of the two in an environment of its own: make a new "
    "environment (python3 -m venv NEW), install rattail-appfolder there, and copy the old app folder with: "
    "NEW/bin/rattail make-appdir --adopt FROM"
)


def __getattr__(name: str) -> NoReturn:
    """Say why a program of upstream Rattail cannot run here.

    Upstream has a module `rattail.config`, which this package hides where both are installed; whatever
    upstream's programs want of it ends here. Upstream's own command `rattail` ends with a sentence.
    """
    folder = os.path.dirname(__file__)
    is_wanted_of_upstream = not name.startswith("__") and os.path.exists(f"{folder}.py")
    if not is_wanted_of_upstream or os.path.exists(f"{folder}/{name}.py"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if os.path.basename(sys.argv[0]) == "rattail":
        raise SystemExit(f"rattail: {CLASH}")
    raise ImportError(f"upstream's rattail.config.{name} is not to be had: {CLASH}")
