"""A running shop: `rattail serve` on a loopback port, in processes of its own, with people who can log in."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

PASSWORD = "correct horse battery 27"
#: The cast, and the ready role of each.
CAST = {"alice": "manager", "bea": "buyer", "rico": "receiver", "cora": "counter", "bob": "viewer"}
_PATIENCE_S = 60


class Server:
    """`rattail serve` at `address`, which a test may stop and start again; what it says goes into the file `output`."""

    def __init__(self, address: str, environ: Mapping[str, str], output: Path) -> None:
        self.address, self._environ, self._output = address, environ, output
        self.start()

    def start(self) -> None:
        """Start it; it may not be ready yet."""
        with open(self._output, "ab") as output:
            words = [sys.executable, "-m", "rattail", "serve"]
            self._process = subprocess.Popen(words, env=dict(self._environ), stdout=output, stderr=output)

    def wait(self) -> None:
        """Wait until it is ready."""
        wait_until_answering(f"{self.address}/readyz", self._process, self._output)

    def stop(self) -> None:
        """Stop it as an operator does, and wait for the end."""
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(_PATIENCE_S)


class Served(NamedTuple):
    """A shop that answers at `address`; `root` is its app folder, `environ` what steers commands on it."""

    address: str
    root: Path
    environ: Mapping[str, str]
    server: Server

    def command(self, *words: str, stdin: str = "") -> str:
        """Run a command on this app folder; returns what it printed."""
        return run_command(self.environ, *words, stdin=stdin)


def run_command(environ: Mapping[str, str], *words: str, stdin: str = "") -> str:
    """Run `rattail ...`, which has to succeed; returns what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "rattail", *words],
        input=stdin,
        capture_output=True,
        text=True,
        env=dict(environ),
        timeout=_PATIENCE_S,
        check=False,
    )
    assert done.returncode == 0, f"rattail {' '.join(words)}: {done.stdout}{done.stderr}"
    return done.stdout


@contextmanager
def served_shop(above: Path, *, has_sample: bool = True, database: Mapping[str, str] | None = None) -> Iterator[Served]:
    """Make an app folder with records and people, serve it, and stop it at the end."""
    port = free_port()
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("RATTAIL_")}
    backups = {"RATTAIL_BACKUPS_TARGET": str(above / "backups"), "RATTAIL_BACKUPS_HAS_WHEELS": "false"}
    ours = {"RATTAIL_APPDIR": str(above / "app"), "RATTAIL_WEB_PORT": str(port)}
    environ = {**inherited, **ours, **backups, **(database or {})}
    run_command(environ, "make-appdir", "--path", str(above / "app"))
    run_command(environ, "migrate-db")
    if has_sample:
        run_command(environ, "make-sample")
    for name, role in CAST.items():
        add_person(environ, name, role)
    address = f"http://127.0.0.1:{port}"
    server = Server(address, environ, above / "serve.out")
    try:
        server.wait()
        yield Served(address, above / "app", environ, server)
    finally:
        server.stop()


def add_person(environ: Mapping[str, str], name: str, role: str, *, must_change: bool = False) -> None:
    """Make somebody who can log in with `PASSWORD`."""
    words = ["make-user", name, "--role", role, "--password-stdin", *(() if must_change else ("--keep-password",))]
    run_command(environ, *words, stdin=f"{PASSWORD}\n")


def wait_until_answering(address: str, server: subprocess.Popen[bytes], output: Path) -> None:
    """Wait until a page answers; a server that ended instead shows what it said."""
    until = time.monotonic() + _PATIENCE_S
    while time.monotonic() < until:
        assert server.poll() is None, output.read_text()
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"{address} does not answer: {output.read_text()}")


def free_port() -> int:
    """A port of the loopback that nobody listens on now."""
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        port: int = asked.getsockname()[1]
        return port
