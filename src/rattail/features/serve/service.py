"""Serving an app folder: the socket, the lock, and which processes there have to be."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, NamedTuple

from rattail.appdir.layout import Place
from rattail.config.load import Settings, load_settings
from rattail.errors import ConfigInvalid
from rattail.features.serve.door import open_door, shut_door, url_of, waiting_at
from rattail.features.serve.only_one import the_only_one
from rattail.features.serve.running import Role, python_words
from rattail.features.serve.supervisor import Hooks, Supervisor
from rattail.features.serve.telling import tell_systemd
from rattail.registry import Registry
from rattail.web.public import is_loopback, public_url

if TYPE_CHECKING:
    from socket import socket

_PROCESS = "rattail.features.serve.process"
_WEB_GRACE_S = 35.0  # a little more than gunicorn gives its workers
_MORE_GRACE_S = 5.0
_DRAIN_S = 2.0
_LOOK_AGAIN_S = 0.01


class Order(NamedTuple):
    """What to serve: `parts` are `web`, `worker`, or both. In quarantine the worker takes no jobs."""

    root: str
    parts: Sequence[str]
    places: Sequence[Place]
    is_quarantined: bool = False


class Served(NamedTuple):
    """What was served; `url` is empty where no web application was."""

    url: str


def serve_app(order: Order, *, registry: Registry, settings: Settings, say: Callable[[str], None]) -> Served:
    """Serve until SIGTERM or SIGINT; returns when everything has ended.

    Raises:
        ConfigInvalid: the settings of the web application cannot be.
        AppDirBusy: somebody serves this app folder already.
        WouldOverwrite: the port is in use.
        LayoutOutdated, DatabaseUnreachable: a process refused to start.
    """
    check_address(settings)
    with ExitStack() as stack:
        stack.enter_context(the_only_one(order.root, order.parts))
        door = _door(settings) if "web" in order.parts else None
        if door is not None:
            stack.callback(door.close)
        url = url_of(door) if door is not None else ""

        def roles() -> list[Role]:
            return wanted_roles(order, _read_anew(order.root, registry), door)

        def ready() -> None:
            tell_systemd("READY=1")
            public = settings.text("web.public_url")
            at = f" at {url}" + (f", for people at {public}" if public else "") if url else ""
            say(f"{settings.text('app.title')} runs{at}. Ctrl-C stops it.")

        def before_stop() -> None:
            tell_systemd("STOPPING=1")
            say("stopping; what was begun is ended first (Ctrl-C again: at once)")
            if door is not None:
                shut_door(door)
                _drain(door)

        hooks = Hooks(say=say, ready=ready, roles=roles, before_stop=before_stop)
        Supervisor(hooks, environ=os.environ).run()
    return Served(url)


def wanted_roles(order: Order, settings: Settings, door: socket | None) -> list[Role]:
    """The processes that there have to be."""
    parent = str(os.getpid())
    begin = (*python_words(_PROCESS),)
    roles = []
    if door is not None:
        fd = door.fileno()
        words = (*begin, "web", order.root, parent, "{ready}", str(fd))
        roles.append(Role("web", words, (fd,), grace_s=_WEB_GRACE_S, hurry=signal.SIGQUIT))
    if "worker" in order.parts:
        words = (*begin, "idle-worker" if order.is_quarantined else "worker", order.root, parent, "{ready}")
        grace_s = settings.integer("jobs.stop_wait_s") + _MORE_GRACE_S
        count = settings.integer("jobs.workers")
        roles += [
            Role(f"worker {number}" if count > 1 else "worker", words, grace_s=grace_s, after="web")
            for number in range(1, count + 1)
        ]
    return roles


def check_address(settings: Settings) -> None:
    """Refuse to be reached from other machines before somebody has said under which address.

    Raises:
        ConfigInvalid: see the message.
    """
    public = public_url(settings.text("web.public_url"))
    address = settings.text("web.address")
    if public is None and not is_loopback(address):
        raise ConfigInvalid(
            [
                f"web.address is {address!r}, which other machines can reach, but web.public_url does not say under "
                "which address people come; requests for any other one are refused."
            ],
            hint=f"rattail set-option web.public_url http://{os.uname().nodename}:{settings.integer('web.port')}",
        )


def _read_anew(root: str, registry: Registry) -> Settings:
    """The settings as they are now, so that a restart brings in what changed."""
    settings = load_settings(registry.options, root=root, environ=os.environ).require_sound()
    check_address(settings)
    return settings


def _door(settings: Settings) -> socket:
    return open_door(settings.text("web.address"), settings.integer("web.port"))


def _drain(door: socket) -> None:
    """Until the web process has taken in everybody who waits."""
    end = time.monotonic() + _DRAIN_S
    while waiting_at(door) and time.monotonic() < end:
        time.sleep(_LOOK_AGAIN_S)
