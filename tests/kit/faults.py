"""The disk and the programs that a command starts, failing or ending it at one chosen moment.

What is counted are the calls that change something: the interpreter's own and the system's that are called past it,
in every thread of the process, and in the processes of this application that it starts. A moment is found by
counting, never by hand: number 1, 2, 3, ... until the act ends by itself.
"""

from __future__ import annotations

import builtins
import ctypes
import errno
import inspect
import io
import json
import mmap
import os
import signal
import stat
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from itertools import cycle
from typing import Any, NamedTuple

import psycopg

from rattail.errors import RattailError
from rattail.features.backups.restoring import place
from tests.kit.warm import program_of, run_warm

#: Functions of the module `os` that write, make, rename, remove or flush; `open` where it makes a file.
CALLS = (
    "write",
    "pwrite",
    "sendfile",
    "fsync",
    "fdatasync",
    "sync",
    "rename",
    "replace",
    "link",
    "symlink",
    "unlink",
    "remove",
    "mkdir",
    "rmdir",
    "ftruncate",
    "chmod",
    "fchmod",
    "chown",
    "fchown",
    "utime",
)
#: What is called in the system's own library.
OF_THE_SYSTEM = ("renameat2", "syncfs", "fallocate")
KILL = 0
ERRORS = (errno.ENOSPC, errno.EIO, errno.EDQUOT)
#: What is there cannot be opened (EIO); here only what opens without changing anything is counted.
UNREADABLE = -1
#: The server carries out what it is asked, but its answer is lost; here only questions to it are counted.
UNHEARD = -2
#: The server is gone from that question on, for this process and the programs that it starts.
GONE = -3
OF_A_SERVER = (UNHEARD, GONE)
NAMES = {
    KILL: "killed",
    UNREADABLE: "unreadable",
    UNHEARD: "unheard",
    GONE: "gone",
    **{code: os.strerror(code) for code in ERRORS},
}
_NEVER = 1 << 60
_NO_FAULT, _TOLD, _BUG, _QUIET = 0, 7, 8, 9


class Ended(NamedTuple):
    """How an act ended: "done" although struck, "killed", "told" (an error for a person), "bug" (with its traceback),
    or "quiet": it ended before that moment. `call` is what was struck, `calls` what there was to strike, listed where
    nothing was struck. `is_lasting`: what failed went on failing, so that nothing could be taken back."""

    how: str
    text: str = ""
    call: str = ""
    calls: tuple[str, ...] = ()
    is_lasting: bool = False


def struck(moment: int, fault: int, act: Callable[[], object], *, is_inside: bool = False) -> Ended:
    """Run `act` in a process of its own in which the call number `moment` fails.

    With `is_inside` it is a call of one of the programs of ours that it starts, and none of its own.

    `fault` is KILL (the process that calls is killed with -9 before the call), the error that the call raises, or
    UNREADABLE, UNHEARD or GONE. Starting a program counts as a call, and fails as if it could not be started; it ends
    by itself before this function does.
    """
    read_fd, write_fd = os.pipe()
    child = os.fork()
    if not child:
        os.close(read_fd)
        _act(_Striking(moment, fault, write_fd, is_inside=is_inside), act)
    os.close(write_fd)
    with open(read_fd, encoding="utf-8", errors="replace") as stream:
        said: dict[str, Any] = {"is_lasting": fault == GONE}
        calls = []
        for line in stream:
            told = json.loads(line)
            calls += [told.pop("listed")] if "listed" in told else []
            said |= told
    said["calls"] = tuple(calls)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL, os.WTERMSIG(status)
        return Ended("killed", **said)
    code = os.waitstatus_to_exitcode(status)
    return Ended({_NO_FAULT: "done", _TOLD: "told", _BUG: "bug", _QUIET: "quiet"}[code], **said)


def unstruck(act: Callable[[], object], fault: int = KILL, *, is_inside: bool = False) -> Ended:
    """Run `act` in a process of its own in which nothing fails; "quiet" where it ended well. Its calls are listed."""
    return struck(_NEVER, fault, act, is_inside=is_inside)


def every_moment(
    faults: Sequence[int], act: Callable[[], object], *, first: int = 1, every: int = 1, is_inside: bool = False
) -> Iterator[tuple[int, Ended]]:
    """Strike at each moment, or at every so many of them, with the faults in turn; the last one is that in which
    nothing was struck any more."""
    moment = first
    for fault in cycle(faults):
        ended = struck(moment, fault, act, is_inside=is_inside)
        yield moment, ended
        if ended.how == "quiet":
            return
        moment += every


class _Striking:
    """Counts calls, of this process or of those forked from it, and strikes one."""

    def __init__(self, moment: int, fault: int, report_fd: int, *, is_inside: bool) -> None:
        self._moment = moment
        self._fault = fault
        self._is_inside = is_inside
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._shared = mmap.mmap(-1, 8)
        self._write = os.write
        self.report_fd = report_fd

    @property
    def count(self) -> int:
        return int.from_bytes(self._shared[:8], "little")

    @property
    def has_struck(self) -> bool:
        return self.count >= self._moment

    def tell(self, **said: object) -> None:
        self._write(self.report_fd, json.dumps(said).encode() + b"\n")

    def touch(self, call: str, *, is_change: bool = True, is_question: bool = False) -> None:
        """A call is about to be made. Raises OSError, or ends the process, where its time has come."""
        if not self._is_meant(is_change, is_question):
            return
        with self._lock:
            count = self.count + 1
            self._shared[:8] = count.to_bytes(8, "little")
        if self._moment == _NEVER:
            self.tell(listed=f"{call} {_caller()}")
        if count == self._moment:
            self.tell(call=f"{call} {_caller()}")
            if self._fault == KILL:
                os.kill(os.getpid(), signal.SIGKILL)
        if count == self._moment or (count > self._moment and self._fault == GONE):
            code = errno.EIO if self._fault < 0 else self._fault
            raise OSError(code, os.strerror(code))

    def _is_meant(self, is_change: bool, is_question: bool) -> bool:
        """Whether a call of that kind, in this process, is one of those that are counted."""
        if self._fault == GONE:
            return is_question
        if self._is_inside is (os.getpid() == self._pid):
            return False
        return is_question if self._fault == UNHEARD else is_change is (self._fault != UNREADABLE)

    def wrap(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def striking(*words: Any, **more: Any) -> Any:
            if name != "write" or not _is_stream(words[0]):
                self.touch(name)
            return call(*words, **more)

        return striking

    def wrap_connect(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def connecting(*words: Any, **more: Any) -> Any:
            try:
                self.touch("connect", is_question=True)
            except OSError as error:
                raise psycopg.OperationalError("connection refused") from error
            return call(*words, **more)

        return connecting

    def wrap_question(self, call: Callable[..., Any]) -> Callable[..., Any]:
        """What a server is asked, in whatever words, the end of a transaction too: the connection is lost."""

        def asking(connection: psycopg.Connection, question: Any, *words: Any, **more: Any) -> Any:
            try:
                if self._fault != UNHEARD:
                    self.touch("ask", is_question=True)
                answer = call(connection, question, *words, **more)
                if self._fault == UNHEARD:
                    self.touch("ask", is_question=True)
            except OSError as error:
                connection.close()
                raise psycopg.OperationalError("server closed the connection unexpectedly") from error
            return answer

        return asking

    def wrap_open(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def opening(path: Any, flags: int, *words: Any, **more: Any) -> Any:
            makes = flags & (os.O_CREAT | os.O_TRUNC) or flags & os.O_TMPFILE == os.O_TMPFILE
            self.touch("open", is_change=bool(makes))
            return call(path, flags, *words, **more)

        return opening

    def wrap_stream(self, call: Callable[..., Any]) -> Callable[..., Any]:
        """The built-in `open`: what it opens for writing strikes as it writes."""
        striking = self

        class File(io.FileIO):
            def write(self, content: Any, /) -> int:
                if not _is_stream(self.fileno()):
                    striking.touch("write")
                return super().write(content)

        def opening(file: Any, mode: str = "r", buffering: int = -1, *words: Any, **more: Any) -> Any:
            if not set(mode) & set("wxa+"):
                if not isinstance(file, int):
                    self.touch("open", is_change=False)
                return call(file, mode, buffering, *words, **more)
            if not isinstance(file, int):
                self.touch("open", is_change=mode[0] != "r")
            raw = File(file, mode.replace("b", "").replace("t", ""), **{k: more.pop(k) for k in _OF_RAW & more.keys()})
            if buffering == 0:
                return raw
            buffered = io.BufferedRandom(raw) if "+" in mode else io.BufferedWriter(raw)
            return buffered if "b" in mode else io.TextIOWrapper(buffered, *words, **more)

        return opening

    def wrap_start(self, call: Callable[..., Any]) -> Callable[..., Any]:
        """`Popen`: our own programs go on from this process, so that they are counted, and start quickly."""

        def starting(popen: Any, command: Any, *words: Any, **more: Any) -> None:
            self.touch("start")
            own = program_of(command)
            if own is not None:
                environ = more.get("env")
                more["preexec_fn"] = lambda: run_warm(own, environ, keep_fd=self.report_fd)
            call(popen, command, *words, **more)

        return starting

    def wrap_library(self, library: type[ctypes.CDLL]) -> type[ctypes.CDLL]:
        striking = self

        class Library(library):  # type: ignore[valid-type, misc]
            def __getitem__(self, name: Any) -> Any:
                function = super().__getitem__(name)
                return _Function(function, name, striking) if name in OF_THE_SYSTEM else function

        return Library


_OF_RAW = frozenset(("closefd", "opener"))


class _Function:
    """A function of the system's library, which says -1 and sets `errno` where it fails."""

    _function: Any
    _name: str
    _striking: _Striking

    def __init__(self, function: Any, name: str, striking: _Striking) -> None:
        vars(self).update(_function=function, _name=name, _striking=striking)

    def __setattr__(self, name: str, value: object) -> None:
        setattr(self._function, name, value)

    def __call__(self, *words: Any) -> Any:
        try:
            self._striking.touch(self._name)
        except OSError as error:
            ctypes.set_errno(error.errno or 0)
            return -1
        return self._function(*words)


def _is_stream(fd: int) -> bool:
    """Whether it is a pipe or the like, of which no disk knows."""
    return not stat.S_ISREG(os.fstat(fd).st_mode)


def _caller() -> str:
    """Which line of the application calls."""
    frame = inspect.currentframe()
    while frame is not None and "/src/rattail/" not in frame.f_code.co_filename:
        frame = frame.f_back
    if frame is None:
        return ""
    return f"in {frame.f_code.co_filename.rpartition('/src/rattail/')[2]}:{frame.f_lineno} {frame.f_code.co_name}"


def _install(striking: _Striking) -> None:
    for name in CALLS:
        setattr(os, name, striking.wrap(name, getattr(os, name)))
    os.open = striking.wrap_open(os.open)
    builtins.open = io.open = striking.wrap_stream(builtins.open)
    ctypes.CDLL = striking.wrap_library(ctypes.CDLL)  # type: ignore[misc]
    place._renameat2.cache_clear()
    psycopg.connect = striking.wrap_connect(psycopg.connect)
    psycopg.Connection.wait = striking.wrap_question(psycopg.Connection.wait)  # type: ignore[method-assign]
    subprocess.Popen.__init__ = striking.wrap_start(subprocess.Popen.__init__)  # type: ignore[method-assign]


def _act(striking: _Striking, act: Callable[[], object]) -> None:
    code = _BUG
    try:
        _install(striking)
        act()
        code = _NO_FAULT if striking.has_struck else _QUIET
    except RattailError as error:
        striking.tell(text=f"{error.message} {error.hint}")
        code = _TOLD
    except BaseException:  # noqa: BLE001 - it is told to the test
        striking.tell(text=traceback.format_exc())
    finally:
        sys.stdout.flush()
        os._exit(code)
