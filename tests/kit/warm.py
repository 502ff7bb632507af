"""Our own programs without the start of an interpreter: a fork of the process that starts them goes on as the program.

It has everything that it would have: its words, its prefix, its environment, its streams, no open file of its
parent's. Only what is imported by then is there already; Django must not be open in the parent.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from importlib import import_module
from typing import NamedTuple, NoReturn, TextIO

from rattail.registry import Registry

_USED = ("rattail.entry.cli", "rattail.features.core.check.cli", "rattail.features.core.make.cli")
_OURS = ("-m", "rattail")
_SCRIPT = "-c"
_FAULT = 70


class Program(NamedTuple):
    """A program of ours: the environment whose interpreter is started, and the words behind that."""

    prefix: str
    words: tuple[str, ...]


def program_of(command: object) -> Program | None:
    """What a command starts, where it starts this interpreter, by any name, with `-m rattail` or `-c`; else None."""
    if not isinstance(command, list) or os.path.realpath(command[0]) != os.path.realpath(sys.executable):
        return None
    words = tuple(command[2:])  # behind -I or -P
    is_ours = words[:2] == _OURS or words[:1] == (_SCRIPT,)
    return Program(os.path.dirname(os.path.dirname(command[0])), words) if is_ours else None


def run_warm(program: Program, environ: Mapping[str, str] | None, *, keep_fd: int) -> NoReturn:
    """Be the program from here on, in a process that was forked for it; of open files only `keep_fd` stays so."""
    code = _FAULT
    try:
        os.closerange(3, keep_fd)
        os.closerange(keep_fd + 1, 4096)
        sys.prefix, words = program
        if environ is not None:
            os.environ.clear()
            os.environ.update(environ)
        sys.stdin, sys.stdout, sys.stderr = _stream(0, "r"), _stream(1, "w"), _stream(2, "w")
        if words[:1] == (_SCRIPT,):
            exec(compile(words[1], "<string>", "exec"), {"__name__": "__main__"})
            code = 0
        else:
            from rattail.entry.program import main

            sys.argv = ["rattail", *words[2:]]
            main()
    except SystemExit as ending:
        code = ending.code if isinstance(ending.code, int) else 1
    except BaseException:  # noqa: BLE001 - as the interpreter would
        import traceback

        traceback.print_exc()
        code = 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _stream(number: int, mode: str) -> TextIO:
    stream: TextIO = open(number, mode, encoding="utf-8", closefd=False)  # type: ignore[assignment]  # noqa: SIM115
    return stream


def warm_up(registry: Registry) -> None:
    """Import here what the commands that are started again and again need, and that is no model of Django's."""
    for name in (*_USED, *(check.partition(":")[0] for _, check in registry.checks)):
        import_module(name)
