"""The supervisor: starts the processes of the server, starts them again, replaces and stops them.

It imports neither Django nor anything else it does not need: it has to be there when nothing else is. It holds the
listening socket open, so that while no web process is there, browsers wait instead of being refused.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from rattail.errors import RattailError
from rattail.features.serve.running import Role, Running
from rattail.jobs.waking import Waking, waking_signals

_LOOK_EVERY_S = 0.5
_LIVES_S = 10.0  # a process that lived that long did not die at once
_FIRST_WAIT_S = 0.25
_LONGEST_WAIT_S = 30.0
_MOST_DEATHS = 8  # at once, one after the other

Say = Callable[[str], None]


class Hooks(NamedTuple):
    """What the supervisor leaves to its caller.

    `say` hears a sentence for people, `ready` is called once when everything is at work, `roles` gives anew, at each
    restart, what has to be there; `before_stop` is called before the processes are told to stop at the end.
    """

    say: Say
    ready: Callable[[], None]
    roles: Callable[[], Sequence[Role]]
    before_stop: Callable[[], None] = lambda: None


class _Slot:
    """One role: the process that has it, the one that is to take it over, and those that are leaving."""

    def __init__(self, role: Role) -> None:
        self.role = role
        self.current: Running | None = None
        self.coming: Running | None = None
        self.leaving: list[Running] = []
        self.deaths = 0
        self.start_at = 0.0
        self.was_ready = False

    @property
    def processes(self) -> list[Running]:
        return [*self.leaving, *(each for each in (self.current, self.coming) if each is not None)]


class Supervisor:
    """Keeps its roles filled until SIGTERM or SIGINT. SIGHUP replaces every process by a new one."""

    def __init__(
        self,
        hooks: Hooks,
        *,
        environ: Mapping[str, str],
        first_wait_s: float = _FIRST_WAIT_S,
        lives_s: float = _LIVES_S,
    ) -> None:
        self._hooks = hooks
        self._environ = environ
        self._first_wait_s = first_wait_s
        self._lives_s = lives_s
        self._slots = {role.name: _Slot(role) for role in hooks.roles()}
        self._heard: list[int] = []
        self._stops = 0
        self._failure: RattailError | None = None
        self._was_ready = False
        self._waking: Waking

    def run(self) -> None:
        """Serve until told to stop; then let what runs end.

        Raises:
            RattailError: a process refused to start, or died at once again and again.
        """
        with waking_signals(self._heard.append, signal.SIGTERM, signal.SIGINT, signal.SIGHUP) as self._waking:
            try:
                while True:
                    self._fill()
                    self._wait()
                    self._heed_signals()
                    self._tend()
                    if self._stops and not any(slot.processes for slot in self._slots.values()):
                        break
            finally:
                self._kill_all()
        if self._failure is not None:
            raise self._failure

    def _wait(self) -> None:
        """Until a process says something or ends, a signal comes, or it is time to look again."""
        fds = []
        wait_s = _LOOK_EVERY_S
        for slot in self._slots.values():
            for process in slot.processes:
                fds.append(process.pid_fd)
                if not process.is_ready and process.refusal is None:
                    fds.append(process.ready_fd)
            if slot.current is None and not self._stops and self._may_start(slot):
                wait_s = min(wait_s, max(slot.start_at - time.monotonic(), 0.0))
        self._waking.wait(fds, wait_s)

    def _heed_signals(self) -> None:
        while self._heard:
            number = self._heard.pop(0)
            if number != signal.SIGHUP:
                self._stop()
            elif not self._stops:
                self._replace()

    def _fill(self) -> None:
        """Start what is missing and whose time has come."""
        for slot in self._slots.values():
            if slot.current is None and not self._stops and time.monotonic() >= slot.start_at and self._may_start(slot):
                slot.current = self._started(slot)

    def _may_start(self, slot: _Slot) -> bool:
        first = self._slots.get(slot.role.after)
        return first is None or first.was_ready

    def _started(self, slot: _Slot) -> Running | None:
        try:
            return Running(slot.role, environ=self._environ)
        except OSError as error:
            self._died(slot, f"could not be started: {error.strerror}", None)
            return None

    def _replace(self) -> None:
        """Begin to replace every process; the old one stays until the new one is at work."""
        try:
            roles = {role.name: role for role in self._hooks.roles()}
        except RattailError as error:
            self._hooks.say(f"not restarted: {error.message} The processes that are there go on.")
            return
        self._hooks.say("restarting: every process is replaced as soon as its successor is at work")
        for name in [*self._slots.keys() - roles.keys()]:
            for process in self._slots[name].processes:
                process.stop()
            self._slots[name].role = self._slots[name].role._replace(name="")
        for name, role in roles.items():
            slot = self._slots.setdefault(name, _Slot(role))
            slot.role, slot.deaths, slot.start_at = role, 0, 0.0
            if slot.coming is not None:
                slot.coming.stop()
                slot.leaving.append(slot.coming)
            slot.coming = self._started(slot) if slot.current is not None else None

    def _tend(self) -> None:
        for name, slot in list(self._slots.items()):
            for process in slot.processes:
                process.hear()
                if process.press():
                    self._hooks.say(f"{name} (process {process.pid}) did not stop in time and was killed")
                how = process.ended()
                if how is not None:
                    self._forget(slot, process, how)
            if slot.coming is not None and slot.coming.is_ready:
                self._take_over(slot)
            if slot.current is not None and slot.current.is_ready:
                slot.was_ready = True
            if not slot.role.name and not slot.processes:
                del self._slots[name]
        if not self._was_ready and not self._stops and all(slot.was_ready for slot in self._slots.values()):
            self._was_ready = True
            self._hooks.ready()

    def _take_over(self, slot: _Slot) -> None:
        if slot.current is not None:
            slot.current.stop()
            slot.leaving.append(slot.current)
        slot.current, slot.coming = slot.coming, None
        assert slot.current is not None
        self._hooks.say(f"{slot.role.name} was replaced by process {slot.current.pid}")

    def _forget(self, slot: _Slot, process: Running, how: str) -> None:
        if process in slot.leaving:
            slot.leaving.remove(process)
        elif process is slot.coming:
            slot.coming = None
            if not self._stops:
                why = process.refusal.message if process.refusal else f"it {how}."
                self._hooks.say(f"{slot.role.name} could not be replaced: {why} The old process goes on.")
        else:
            slot.current = None
            if slot.coming is not None:
                slot.current, slot.coming = slot.coming, None
            elif slot.role.name and not self._stops:
                self._died(slot, f"(process {process.pid}) {how}", process)

    def _died(self, slot: _Slot, how: str, process: Running | None) -> None:
        """Have it started again: at once, and later and later where it dies at once again and again."""
        refusal = process.refusal if process is not None else None
        if refusal is not None and not self._was_ready:
            self._give_up(refusal)
            return
        lived = process is not None and process.is_ready and process.age_s >= self._lives_s
        slot.deaths = 1 if lived else slot.deaths + 1
        if slot.deaths >= _MOST_DEATHS:
            text = f"{slot.role.name} {how}, for the {slot.deaths}th time, each time soon after its start."
            hint = "what it said last is above, or in the folder log of the app folder"
            self._give_up(refusal or RattailError(text, hint=hint))
            return
        wait_s = 0.0 if slot.deaths == 1 else min(self._first_wait_s * 2 ** (slot.deaths - 2), _LONGEST_WAIT_S)
        slot.start_at = time.monotonic() + wait_s
        again = "it is started again" if not wait_s else f"it is started again in {wait_s:g} s"
        why = f": {refusal.message}" if refusal is not None else ""
        self._hooks.say(f"{slot.role.name} {how}{why}; {again}")

    def _give_up(self, failure: RattailError) -> None:
        self._failure = self._failure or failure
        if not self._stops:
            self._stop()

    def _stop(self) -> None:
        """Begin to stop; asked again, hurry."""
        self._stops += 1
        processes = [process for slot in self._slots.values() for process in slot.processes]
        if self._stops == 1:
            self._hooks.before_stop()
            for process in processes:
                process.stop()
        else:
            for process in processes:
                process.hurry()

    def _kill_all(self) -> None:
        """However it ends, no process stays."""
        for slot in self._slots.values():
            for process in slot.processes:
                process.kill_at = 0.0
                process.press()
