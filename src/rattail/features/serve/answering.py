"""gunicorn's worker, with patience: a connection has a thread only once the head of a request is there as a whole."""

from __future__ import annotations

import signal
import socket
import time
from contextlib import suppress
from functools import partial
from selectors import EVENT_READ
from typing import Any

from gunicorn.workers.gthread import ThreadWorker

_HEAD_S = 10.0  # how long the head of a request may take to arrive
_LONGEST_HEAD = 32 * 1024  # nobody waits for more: what is there is looked at, and refused in most cases
_END_OF_HEAD = b"\r\n\r\n"
#: What tells a worker to stop. Its master forks it with these held back.
STOPPING = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGABRT)


class Worker(ThreadWorker):  # type: ignore[misc] # gunicorn has no types
    """Connections on which nothing, or not yet enough, was said wait in the poller; they cost no thread.

    What has arrived stays in the kernel's buffer; the poller wakes up when there is more than was looked at. One that
    stops closes the listening socket at once, not only when its last request is answered: so the port is free again
    as soon as nobody serves it, however long a request takes.
    """

    def init_signals(self) -> None:
        super().init_signals()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING)

    def set_accept_enabled(self, enabled: bool) -> None:
        super().set_accept_enabled(enabled)
        if not enabled and not self.alive:
            for each in self.sockets:
                each.close()

    def enqueue_req(self, conn: Any) -> None:
        """Give a connection to a thread, or wait until it is worth one."""
        seen = _seen(conn)
        if seen is None:
            self._give_to_thread(conn)
            return
        conn.sock.setblocking(False)
        conn.timeout = time.monotonic() + _HEAD_S
        self._wake_at_more_than(conn, seen)
        self.pending_conns.append(conn)
        self.poller.register(conn.sock, EVENT_READ, partial(self.on_pending_socket_readable, conn))

    def on_pending_socket_readable(self, conn: Any, client: Any) -> None:
        seen = _seen(conn)
        if seen is not None:
            self._wake_at_more_than(conn, seen)
            return
        self.poller.unregister(client)
        self.pending_conns.remove(conn)
        self._give_to_thread(conn)

    def _give_to_thread(self, conn: Any) -> None:
        self._wake_at_more_than(conn, 0)
        conn.data_ready = True
        super().enqueue_req(conn)

    def _cap_keepalive(self, deadline: float) -> None:
        """A worker that stops waits no longer for those that have said nothing."""
        super()._cap_keepalive(deadline)
        silent = [conn for conn in self.pending_conns if not _seen(conn)]
        for conn in silent:
            conn.timeout = min(conn.timeout, deadline)
        rest = [conn for conn in self.pending_conns if conn not in silent]
        self.pending_conns.clear()
        self.pending_conns.extend((*silent, *rest))

    @staticmethod
    def _wake_at_more_than(conn: Any, seen: int) -> None:
        with suppress(OSError):
            conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, seen + 1)


def _seen(conn: Any) -> int | None:
    """How much of an unfinished head has arrived; None: a thread can go on, since there is all of it, or an end."""
    before = conn.parser.unreader.buf.getvalue() if conn.parser is not None else b""
    try:
        there = conn.sock.recv(_LONGEST_HEAD, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except BlockingIOError:
        return None if _END_OF_HEAD in before else 0
    except OSError:
        return None
    if not there or _END_OF_HEAD in before + there:
        return None
    if len(before) + len(there) >= _LONGEST_HEAD:
        with suppress(OSError):
            conn.sock.shutdown(socket.SHUT_RD)  # the thread reads what is there, and waits for no more
        return None
    return len(there)
