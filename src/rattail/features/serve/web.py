"""The web process: gunicorn's master with its workers, on a socket that the supervisor opened."""

from __future__ import annotations

import gc
import logging
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.workers import base

from rattail.features.serve.answering import STOPPING, Worker
from rattail.features.serve.child import die_with, say_ready
from rattail.features.serve.worker import require_records
from rattail.logs.setup import write_to
from rattail.site import Site, open_site

GRACE_S = 30  # how long accepted requests may take once the process is told to stop
_KEEP_ALIVE_S = 15  # longer than proxies wait before they use an idle connection again
_CONNECTIONS = 800  # that one worker holds at once, idle ones included; with what else it opens below 1,024
_HUNG_S = 60
_LONGEST_LINE = 8190
_MOST_HEADERS = 100
_TMPFS = "/dev/shm"  # noqa: S108 - never written to: see Heartbeat


def answer_requests(root: str, *, door_fd: int, ready_fd: int) -> None:
    """Answer requests that come in at the door until SIGTERM.

    The application is loaded once, here, and its workers are forked from it: they share its memory and start at once.

    Raises:
        LayoutOutdated: `migrate-db` has not been run.
        DatabaseUnreachable: the database does not answer.
    """
    site = open_site(root)
    write_to(site.folders["log"], "web", settings=site.settings)
    base.WorkerTmp = Heartbeat
    try:
        _Arbiter(_Application(site, door_fd=door_fd, ready_fd=ready_fd)).run()
    except SystemExit as ending:
        if ending.code:
            raise


class _Arbiter(Arbiter):  # type: ignore[misc] # gunicorn has no types
    """gunicorn's master, whose workers hear it from their first moment.

    A fork begins with its master's handlers, which would swallow a signal to stop; so these signals wait until the
    worker has its own.
    """

    def spawn_worker(self) -> int:
        signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)
        try:
            pid: int = super().spawn_worker()
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING)
        return pid


class _Application(BaseApplication):  # type: ignore[misc] # gunicorn has no types
    def __init__(self, site: Site, *, door_fd: int, ready_fd: int) -> None:
        self.site = site
        self.door_fd = door_fd
        self.ready_fd = ready_fd
        super().__init__()

    def load_config(self) -> None:
        integer = self.site.settings.integer
        chosen: dict[str, Any] = {
            "bind": f"fd://{self.door_fd}",
            "workers": integer("web.processes"),
            "threads": integer("web.threads"),
            "worker_class": Worker,
            "worker_connections": _CONNECTIONS,
            "preload_app": True,
            "timeout": _HUNG_S,
            "graceful_timeout": GRACE_S,
            "keepalive": _KEEP_ALIVE_S,
            "limit_request_line": _LONGEST_LINE,
            "limit_request_field_size": _LONGEST_LINE,
            "limit_request_fields": _MOST_HEADERS,
            "forwarded_allow_ips": "",  # rattail.web.proxied knows whom to believe
            "secure_scheme_headers": {},
            "control_socket_disable": True,  # it would lie outside the app folder
            "worker_tmp_dir": _TMPFS,
            "logger_class": Log,
            "proc_name": "rattail",
            "post_fork": _begin_worker,
            "post_worker_init": lambda _worker: say_ready(self.ready_fd),
        }
        for name, value in chosen.items():
            self.cfg.set(name, value)

    def load(self) -> Callable[..., Any]:
        from rattail.web.wsgi import application

        loaded = application(self.site.root)
        require_records(self.site)
        gc.collect()
        gc.freeze()  # so that workers share this memory instead of copying it at their first collection
        return loaded


def _begin_worker(_arbiter: Arbiter, worker: Worker) -> None:
    die_with(worker.ppid)


class Heartbeat:
    """By what a worker shows its master that it is alive: gunicorn takes a file for it, this has no name anywhere."""

    def __init__(self, _cfg: object) -> None:
        self._fd = os.memfd_create("heartbeat")

    def notify(self) -> None:
        import time

        now = time.monotonic()
        os.utime(self._fd, (now, now))

    def last_update(self) -> float:
        return os.fstat(self._fd).st_mtime

    def fileno(self) -> int:
        return self._fd

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


class Log:
    """gunicorn's words in our log: its requests are written down by the web layer, its chatter at debug level."""

    def __init__(self, cfg: object) -> None:
        self.setup(cfg)

    def setup(self, cfg: object) -> None:
        self.cfg = cfg
        self._log = logging.getLogger("rattail.web.server")
        self.debug = self.info = self._log.debug
        self.warning, self.error, self.critical = self._log.warning, self._log.error, self._log.critical

    def exception(self, text: str, *values: object) -> None:
        """A fault; but a peer that fell silent (the socket's time limit) is none."""
        if isinstance(sys.exc_info()[1], BlockingIOError):
            self._log.debug(text, *values, exc_info=True)
        else:
            self._log.exception(text, *values)

    def log(self, level: int | str, text: str, *values: object) -> None:
        number = level if isinstance(level, int) else logging.getLevelName(level.upper())
        self._log.log(number if isinstance(number, int) else logging.INFO, text, *values)

    def access(self, *_words: object) -> None:
        return

    def reopen_files(self) -> None:
        return

    def close_on_exec(self) -> None:
        return
