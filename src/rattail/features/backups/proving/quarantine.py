"""The application started in quarantine: on a port of its own, and a worker that takes nothing."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from rattail.appdir.refusal import shown
from rattail.errors import BackupUnproven

#: What /readyz says of a worker that takes nothing: it is there, and that is all that is wanted.
_IDLE = "the worker that is there takes no jobs"
_WANTED = ("database", "folder")
_PATIENCE_S = 120.0
_STOP_S = 20.0
_LOOK_S = 0.1
_LIMIT_BYTES = 1 << 20
# Ends with whoever proves, however that ends; then becomes the server.
_LAUNCH = (
    "import ctypes, os, signal, sys; ctypes.CDLL(None).prctl(1, int(signal.SIGTERM), 0, 0, 0); "
    "os.getppid() == int(sys.argv[1]) or sys.exit(1); os.execv(sys.argv[2], sys.argv[2:])"
)


@contextmanager
def started(environment: str, root: str, *, output: str) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """`rattail serve --quarantine` on the app folder `root`; gives the process and its address, and ends it."""
    port = _free_port()
    python = f"{environment}/bin/python"
    words = [python, "-I"] if os.path.exists(python) else [sys.executable, "-P"]
    words += ["-m", "rattail", "serve", "--quarantine", "--appdir", root]
    address = f"127.0.0.1:{port}"
    inherited = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "NOTIFY_SOCKET")}
    environ = {
        **inherited,
        "RATTAIL_WEB_ADDRESS": "127.0.0.1",
        "RATTAIL_WEB_PORT": str(port),
        "RATTAIL_WEB_PUBLIC_URL": "",
    }
    with open(output, "xb") as stream:
        process = subprocess.Popen(
            [sys.executable, "-I", "-c", _LAUNCH, str(os.getpid()), *words],
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
            env=environ,
            cwd="/",
            start_new_session=True,
        )
    try:
        yield process, f"http://{address}"
    finally:
        _stop(process)


def wait_ready(
    process: subprocess.Popen[bytes], address: str, *, output: str, waiting: Callable[[], object]
) -> Mapping[str, Any]:
    """Ask `/readyz` until all is well but that the worker takes nothing; `waiting` is called again and again.

    Raises:
        BackupUnproven: it ended, or is not ready after two minutes.
    """
    until = time.monotonic() + _PATIENCE_S
    wrong = "it does not answer"
    while time.monotonic() < until:
        waiting()
        if process.poll() is not None:
            raise BackupUnproven(f"the application ended with exit code {process.returncode}: {_said(output)}")
        answer = _ask(f"{address}/readyz")
        if answer is not None:
            said = answer.get("wrong", {})
            if all(answer.get(name) for name in _WANTED) and said.get("worker", _IDLE) == _IDLE:
                return answer
            wrong = " ".join(f"{name}: {text}." for name, text in said.items())
        time.sleep(_LOOK_S)
    raise BackupUnproven(f"the application is not ready after {_PATIENCE_S:.0f} s: {wrong} {_said(output)}")


def _ask(address: str) -> dict[str, Any] | None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(address, timeout=5) as response:
            content = response.read(_LIMIT_BYTES)
    except urllib.error.HTTPError as error:
        content = error.read(_LIMIT_BYTES)
    except OSError:
        return None
    try:
        answer = json.loads(content)
    except ValueError:
        return None
    return answer if isinstance(answer, dict) else None


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(_STOP_S)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _said(output: str) -> str:
    try:
        with open(output, encoding="utf-8", errors="replace") as stream:
            return shown(" ".join(stream.read(_LIMIT_BYTES).split())[-400:])
    except OSError:
        return ""


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
