"""Calling a program or an address when something failed: `mail.on_failure_command`, `mail.on_failure_url`."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

from rattail.features.mail.configured import Hook
from rattail.notices.text import one_line

LIMIT_S = 30
_KEPT_VARIABLES = ("PATH", "HOME", "LANG", "LC_ALL", "TZ")
_SAID_BYTES = 500


class NotCalled(Exception):
    """A program or address did not do it; the message is a sentence, never with the address's secrets."""


def call(hook: Hook, told: Mapping[str, object], *, root: str) -> None:
    """Hand `told` as JSON to the program and to the address; `root` is the app folder, where the program runs.

    Raises:
        NotCalled: one of them failed, or took longer than 30 seconds; the other was called all the same.
    """
    body = json.dumps(told).encode()
    acts: list[Callable[[], None]] = []
    if hook.command:
        acts.append(lambda: run_command(hook.command, body, root=root))
    if hook.url:
        acts.append(lambda: post(hook.url, body))
    failures = []
    for act in acts:
        try:
            act()
        except NotCalled as error:
            failures.append(str(error))
    if failures:
        raise NotCalled(" ".join(failures))


def run_command(words: Sequence[str], body: bytes, *, root: str) -> None:
    """Run a program, without a shell, with `body` as its input and an environment without anything of ours."""
    environ = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    with _in_memory(body) as given, _in_memory(b"") as said:
        try:
            process = subprocess.Popen(
                list(words), stdin=given, stdout=said, stderr=said, cwd=root, env=environ, start_new_session=True
            )
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise NotCalled(f"mail.on_failure_command {words[0]!r} cannot be run: {reason}.") from error
        try:
            code = process.wait(LIMIT_S)
        except subprocess.TimeoutExpired as error:
            raise NotCalled(
                f"mail.on_failure_command {words[0]!r} took longer than {LIMIT_S} seconds and was ended."
            ) from error
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # whatever it left running, too
            process.wait()
        if code:
            said.seek(0)
            words_said = one_line(said.read(_SAID_BYTES).decode(errors="replace"))
            raise NotCalled(f"mail.on_failure_command {words[0]!r} ended with exit code {code}: {words_said or '-'}")


def post(url: str, body: bytes) -> None:
    """Send `body` to an address. It is led nowhere else, and what it answers does not matter."""
    parts = urlsplit(url)
    handlers: list[Any] = [_StayHere]
    if parts.scheme == "http":
        handlers.append(ProxyHandler({}))  # it is on this machine
    request = Request(url, data=body, headers={"Content-Type": "application/json", "User-Agent": "rattail"})  # noqa: S310 - the settings allow https, and http on this machine
    try:
        with build_opener(*handlers).open(request, timeout=LIMIT_S):
            return
    except HTTPError as error:
        error.close()
        raise NotCalled(f"mail.on_failure_url at {parts.hostname} answered {error.code}.") from error
    except (OSError, HTTPException) as error:
        reason = one_line(str(getattr(error, "reason", "") or error)).replace(url, "...")
        raise NotCalled(f"mail.on_failure_url at {parts.hostname} cannot be called: {reason}.") from error


class _StayHere(HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def _in_memory(content: bytes) -> Any:
    """A file that is nowhere on a disk."""
    stream = os.fdopen(os.memfd_create("rattail"), "w+b")
    stream.write(content)
    stream.flush()
    stream.seek(0)
    return stream
