"""An environment built again from wheels, offline: what `restore.py` does, for the application itself.

There is one way to build: this is a thin edge over `standalone.py`, the program that lies in every backup.
"""

from __future__ import annotations

import os
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from rattail import errors
from rattail.features.backups.environment import standalone
from rattail.features.backups.environment.standalone import Refused, WheelFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from rattail.features.backups.environment.wheel import Wheel

_BY_CODE = {one.exit_code: one for one in errors.all_errors()}


class Rebuilt(NamedTuple):
    """An environment that was built: where it is, its Python ("3.11"), and how many wheels are in it."""

    path: str
    python_version: str
    wheel_count: int


def rebuild_environment(
    wheels: Sequence[Wheel],
    into: str,
    *,
    python: str,
    progress: Callable[[int], None] = lambda _count: None,
) -> Rebuilt:
    """Build an environment in `into` from `wheels` and nothing else; every wheel must have its SHA-256.

    `into` does not exist or is empty, or was left half-built by a killed run, which is removed first; paths in
    programs are absolute, so it is built where it stays. Where it fails, nothing is left. `python` is the interpreter
    of the new environment. `progress` is told how many of the wheels are in place (0, then all).

    Raises:
        WouldOverwrite: `into` is not empty.
        AppDirBusy: another process builds there.
        InputRejected: a wheel does not fit that Python or this machine, or the Python is too old.
        BackupUnproven: a wheel does not have its SHA-256.
        AppDirBroken: no room, no permission, or pip refused.
    """
    into = os.path.abspath(into)
    files = [WheelFile(wheel.file_name, wheel.sha256) for wheel in wheels]
    with as_errors():
        version = standalone.version_of(python)
        with standalone.claimed(into) as scratch:
            progress(0)
            folder = os.path.join(scratch, "wheels")
            os.mkdir(folder)
            for wheel in wheels:
                os.symlink(os.path.abspath(wheel.path), os.path.join(folder, wheel.file_name))
            standalone.build(into, scratch, files, python)
            progress(len(files))
    return Rebuilt(into, version, len(files))


def compile_environment(into: str) -> None:
    """Let Python compile everything in an environment, on all processors, some seconds long.

    Nothing needs it: each module is compiled when it is first imported, but kept only where its user may write. For
    an environment that belongs to root and is run by somebody else. What cannot be compiled is passed over.
    """
    command = [
        os.path.join(into, "bin", "python"),
        "-I",
        "-m",
        "compileall",
        "-q",
        "-j",
        "0",
        os.path.join(into, "lib"),
    ]
    subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)


@contextmanager
def as_errors() -> Iterator[None]:
    """Let what `standalone.py` refuses be refused in the application's own words for it."""
    try:
        yield
    except Refused as refused:
        raise _BY_CODE.get(refused.code, errors.RattailError)(refused.message, hint=refused.hint) from refused
    except OSError as error:
        raise errors.AppDirBroken(f"'{error.filename}': {error.strerror}.") from error
