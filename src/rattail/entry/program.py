"""Start and end of the process: what costs more than some commands do is kept small here."""

from __future__ import annotations

import gc
import os
import sys

TYPE_CHECKING = False  # typing itself is slow to import, and until main() runs Ctrl-C is a traceback
if TYPE_CHECKING:
    from typing import NoReturn

_OBJECTS_BETWEEN_COLLECTIONS = 100_000


def main() -> NoReturn:
    """Run the command line of this process and end the process with its exit code.

    What start-up makes lives to the end, so it is collected seldom (7 % of the start); and at the end
    nothing is left to tidy, so the interpreter is not taken apart (12 %).
    """
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    try:
        code = _run()
    except KeyboardInterrupt:
        code = _interrupted()
    try:
        from rattail.cli.console import flush

        code = flush(code)
    except KeyboardInterrupt:  # while its last lines were written: nothing more can be added to them
        os.write(2, b"rattail: interrupted.\n")
        code = 130
    os._exit(code)


def _run() -> int:
    _open_closed_streams()
    from rattail.entry.cli import run

    return run(sys.argv[1:])


def _interrupted() -> int:
    """Say that somebody pressed Ctrl-C, at whatever moment: half of us may not be imported."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    from rattail.cli.console import Console
    from rattail.errors import Interrupted

    console = Console(is_json="--json" in sys.argv)
    return console.fail(Interrupted("interrupted.", hint="run the same command again to complete it"))


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
