"""Start and end of the process: what costs more than some commands do is kept small here."""

from __future__ import annotations

import gc
import os
import sys
from typing import NoReturn

_OBJECTS_BETWEEN_COLLECTIONS = 100_000


def main() -> NoReturn:
    """Run the command line of this process and end the process with its exit code.

    What start-up makes lives to the end, so it is collected seldom (7 % of the start); and at the end
    nothing is left to tidy, so the interpreter is not taken apart (12 %).
    """
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    code = 130
    try:
        _open_closed_streams()
        from rattail.cli.console import flush
        from rattail.entry.cli import run

        code = flush(run(sys.argv[1:]))
    except KeyboardInterrupt:  # before the command line was read, or while its last lines were written
        os.write(2, b"rattail: interrupted.\n")
    os._exit(code)


def _open_closed_streams() -> None:
    """Give a process that was started with a closed stream an open one.

    Else the next file that is opened would get the stream's number, and what is meant for the
    terminal would be written into it.
    """
    if sys.stdin is None or sys.stdout is None or sys.stderr is None:
        while (fd := os.open(os.devnull, os.O_RDWR)) < 3:
            pass
        os.close(fd)
        sys.stdin = sys.stdin or open(0, closefd=False)  # noqa: SIM115 - it lives as long as the process
        sys.stdout = sys.stdout or open(1, "w", closefd=False)  # noqa: SIM115
        sys.stderr = sys.stderr or open(2, "w", closefd=False)  # noqa: SIM115
