"""A real server in real processes, and load on it that counts what was answered."""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.conftest import clean_environment

HOST = "127.0.0.1"
_LONGEST_S = 30


class Server:
    """`rattail serve` on an app folder; what it says is read line by line as it comes."""

    def __init__(self, appdir: Path, *words: str, env: Mapping[str, str], port: int) -> None:
        self.port = port
        self.appdir = appdir
        self.process = subprocess.Popen(
            [sys.executable, "-m", "rattail", "serve", "--appdir", str(appdir), *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**clean_environment(), "RATTAIL_WEB_PORT": str(port), **env},
        )
        self.lines: list[str] = []
        self._came = threading.Condition()
        self._is_at_end = False
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def kill(self) -> None:
        """End it and everything it started, however it stands."""
        self.process.kill()
        self.process.wait()
        for pid in processes_of(self.appdir):
            os.kill(pid, signal.SIGKILL)
        self._reader.join()
        assert self.process.stdout is not None
        self.process.stdout.close()

    def says(self, pattern: str, *, times: int = 1) -> str:
        """Wait until it has said something that often; returns the last line that says it."""
        found: list[str] = []

        def is_said() -> bool:
            found[:] = [line for line in self.lines if re.search(pattern, line)]
            return len(found) >= times or self._is_at_end

        with self._came:
            assert self._came.wait_for(is_said, _LONGEST_S), f"no {pattern!r} in {self.lines}"
        assert len(found) >= times, f"no {pattern!r} in {self.lines}"
        return found[-1]

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def ended(self) -> int:
        """Wait for its end; returns the exit code."""
        return self.process.wait(_LONGEST_S)

    def get(self, path: str, *, timeout_s: float = _LONGEST_S, **headers: str) -> tuple[int, bytes]:
        """Ask for a page on a connection of its own; returns status and body."""
        line = http.client.HTTPConnection(HOST, self.port, timeout=timeout_s)
        try:
            line.request("GET", path, headers=headers)
            answer = line.getresponse()
            return answer.status, answer.read()
        finally:
            line.close()

    def children(self, part: str) -> list[int]:
        """The pids of the processes that do a part (`web`, `worker`) of this app folder, masters first."""
        return [pid for pid in processes_of(self.appdir) if _words(pid)[4:5] == [part]]

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._came:
                self.lines.append(line.rstrip("\n"))
                self._came.notify_all()
        with self._came:
            self._is_at_end = True
            self._came.notify_all()


@contextmanager
def serving(appdir: Path, *words: str, env: Mapping[str, str] | None = None) -> Iterator[Server]:
    """A server that is at work; it is killed at the end where the test did not end it."""
    server = Server(appdir, *words, env=env or {}, port=free_port())
    try:
        server.says("Ctrl-C stops it")
        yield server
    finally:
        server.kill()


def free_port() -> int:
    with socket.create_server((HOST, 0)) as chosen:
        return int(chosen.getsockname()[1])


def processes_of(appdir: Path) -> list[int]:
    """The pids of all processes of servers of an app folder, oldest first."""
    pids = (int(name) for name in os.listdir("/proc") if name.isdigit())
    return sorted(pid for pid in pids if "rattail.features.serve.process" in _words(pid) and str(appdir) in _words(pid))


def gone(pid: int) -> None:
    """Wait until a process that may be anybody's child has ended."""
    import select

    try:
        fd = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    assert poll.poll(_LONGEST_S * 1000), f"process {pid} did not end"
    os.close(fd)


class Load:
    """Clients that ask for one page again and again, half of them on kept connections, until told to stop."""

    def __init__(self, server: Server, *, clients: int = 4) -> None:
        self.server = server
        self.outcomes: Counter[str] = Counter()
        self._is_over = threading.Event()
        self._came = threading.Condition()
        self._threads = [
            threading.Thread(target=self._ask_on, args=(number % 2 == 1,), daemon=True) for number in range(clients)
        ]
        for thread in self._threads:
            thread.start()

    def comes_to(self, answers: int) -> None:
        """Wait until that many more requests were answered."""
        with self._came:
            wanted = self.outcomes["answered"] + answers
            assert self._came.wait_for(lambda: self.outcomes["answered"] >= wanted, _LONGEST_S), self.outcomes

    def stop(self) -> Mapping[str, int]:
        """Let every client end its request; returns how many requests ended in which way."""
        self._is_over.set()
        for thread in self._threads:
            thread.join(_LONGEST_S)
            assert not thread.is_alive()
        return self.outcomes

    def _ask_on(self, is_kept: bool) -> None:
        outcome = ""
        while not self._is_over.is_set() and outcome != "refused":
            line = http.client.HTTPConnection(HOST, self.server.port, timeout=_LONGEST_S)
            try:
                outcome = self._ask(line, is_first=True)
                while is_kept and outcome == "answered" and line.sock is not None and not self._is_over.is_set():
                    outcome = self._ask(line, is_first=False)
            finally:
                line.close()

    def _ask(self, line: http.client.HTTPConnection, *, is_first: bool) -> str:
        """One request. A kept connection may be closed by the server while nothing is asked on it."""
        try:
            line.connect() if is_first else None
            line.request("GET", "/healthz")
            with line.getresponse() as answer:
                answer.read()
            outcome = "answered" if answer.status == 200 else f"status {answer.status}"
        except ConnectionRefusedError:
            outcome = "refused"
        except (OSError, http.client.HTTPException):
            outcome = "lost" if is_first else "closed while idle"
        with self._came:
            self.outcomes[outcome] += 1
            self._came.notify_all()
        return outcome


def _words(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(errors="replace").split("\0")
    except OSError:
        return []


def eventually(holds: Callable[[], bool], *, watch: float = 0.02) -> None:
    """Wait until something holds that announces itself in no way."""
    import time

    end = time.monotonic() + _LONGEST_S
    while not holds():
        assert time.monotonic() < end, "it never came to hold"
        time.sleep(watch)
