"""How long a request may take to arrive: somebody who sends one byte a second holds a thread otherwise."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from threading import Timer
from typing import Any

_FIRST_S = 10.0
_LEAST_BYTES_PER_S = 20_000
_SOCKET = "gunicorn.socket"  # the server puts it there
Application = Callable[..., Any]


def with_patience(application: Application, *, first_s: float = _FIRST_S) -> Application:
    """A WSGI application that waits for the body of a request for `first_s` seconds and a second more for each 20 kB.

    Then it stops listening: the body ends there, and what was sent of it is refused as any body that is cut off.
    """

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        connection = environ.get(_SOCKET)
        length = _length(environ)
        if connection is None or length == 0:
            return application(environ, start_response)
        timer = Timer(first_s + max(length, 0) / _LEAST_BYTES_PER_S, _stop_listening, [connection])
        timer.daemon = True
        timer.start()
        environ["wsgi.input"] = _Body(environ["wsgi.input"], length, timer)
        try:
            return application(environ, start_response)
        finally:
            timer.cancel()

    return answer


class _Body:
    """The body of a request; once it is there, nobody waits any more."""

    def __init__(self, stream: Any, length: int, timer: Timer) -> None:
        self._stream = stream
        self._left = length
        self._timer = timer

    def read(self, size: int = -1) -> bytes:
        return self._seen(self._stream.read(size) if size >= 0 else self._stream.read())

    def readline(self, size: int = -1) -> bytes:
        return self._seen(self._stream.readline(size) if size >= 0 else self._stream.readline())

    def readlines(self, hint: int = -1) -> list[bytes]:
        return list(self) if hint else []

    def __iter__(self) -> Iterator[bytes]:
        while line := self.readline():
            yield line

    def _seen(self, data: bytes) -> bytes:
        if self._left > 0:
            self._left -= len(data)
            if self._left <= 0:
                self._timer.cancel()
        return data


def _length(environ: dict[str, Any]) -> int:
    """How long the body is to be; -1: nobody knows (it comes in chunks)."""
    if environ.get("HTTP_TRANSFER_ENCODING"):
        return -1
    text = environ.get("CONTENT_LENGTH") or "0"
    return int(text) if text.isascii() and text.isdigit() else 0


def _stop_listening(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RD)
