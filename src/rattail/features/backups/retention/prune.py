"""Deleting the backups that no rule keeps: first a plan, then exactly that plan.

A backup goes before what is known of it. Whoever is killed between the two leaves something known of nothing, which
the next run removes.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple
from zoneinfo import ZoneInfo

from rattail.appdir.refusal import refusal
from rattail.config.load import Settings
from rattail.features.backups.retention.rules import Decision, Rules, decide
from rattail.features.backups.shelf.shelf import Backup, leftovers, list_backups, target_lock
from rattail.features.backups.shelf.state import SUFFIX


class PrunePlan(NamedTuple):
    """What is kept and what goes, the newest first, and what killed runs left. `looks` has the time of change of each
    backup that goes, when the plan was made."""

    target: str
    app: str
    rules: Rules
    zone: ZoneInfo
    copy_to: tuple[str, ...]
    decisions: tuple[Decision, ...]
    leftovers: tuple[str, ...]
    looks: Mapping[str, tuple[int, int, int]]

    @property
    def doomed(self) -> tuple[Decision, ...]:
        return tuple(one for one in self.decisions if not one.is_kept)

    @property
    def is_empty(self) -> bool:
        return not self.doomed and not self.leftovers


class Pruned(NamedTuple):
    """What was deleted, and what was left because it changed since the plan was made."""

    removed: tuple[Backup, ...]
    spared: tuple[Backup, ...]
    freed_bytes: int


def rules_of(settings: Settings) -> Rules:
    """The rules as they are set."""
    return Rules(
        *(settings.integer(f"backups.keep_{rule}") for rule in ("last", "daily", "weekly", "monthly", "yearly"))
    )


def plan_prune(target: str, *, app: str, rules: Rules, zone: ZoneInfo, copy_to: Sequence[str] = ()) -> PrunePlan:
    """Decide about each backup of `app` in the folder `target`; nothing is changed.

    While the newest backup could not be copied to one of the places `copy_to`, everything is kept: the older ones may
    be the last of which there is a copy.

    Raises:
        AppDirBroken: the folder cannot be read.
    """
    decisions = _decide(target, app, rules, zone, tuple(copy_to))
    looks = {one.backup.path: _look(one.backup.path) for one in decisions if not one.is_kept}
    return PrunePlan(target, app, rules, zone, tuple(copy_to), decisions, leftovers(target), looks)


def prune(plan: PrunePlan, *, progress: Callable[[int], object] = lambda _count: None) -> Pruned:
    """Carry out the plan. A backup that is not as it was then, or that the rules keep by now, is left.

    An empty plan touches nothing. `progress` is told how many were deleted.

    Raises:
        AppDirBusy: somebody makes, copies or prunes backups there.
        AppDirBroken: one cannot be deleted.
    """
    if plan.is_empty:
        return Pruned((), (), 0)
    removed: list[Backup] = []
    spared: list[Backup] = []
    with target_lock(plan.target):
        now_doomed = {
            one.backup.path: one.backup
            for one in _decide(plan.target, plan.app, plan.rules, plan.zone, plan.copy_to)
            if not one.is_kept
        }
        for name in leftovers(plan.target):
            if name in plan.leftovers:
                _unlink(f"{plan.target}/{name}")
        for backup in (one.backup for one in plan.doomed):
            if now_doomed.get(backup.path) == backup and _look(backup.path) == plan.looks[backup.path]:
                _delete(backup)
                removed.append(backup)
                progress(len(removed))
            else:
                spared.append(backup)
    return Pruned(tuple(removed), tuple(spared), sum(one.size_bytes for one in removed))


def _decide(target: str, app: str, rules: Rules, zone: ZoneInfo, copy_to: tuple[str, ...]) -> tuple[Decision, ...]:
    backups = list_backups(target, app=app)
    decisions = decide(backups, rules, zone=zone)
    copies = backups[0].known.copies if backups else {}
    failed = [place for place in copy_to if place in copies and copies[place].problem]
    if not failed:
        return decisions
    reason = f"the newest backup was not copied to {failed[0]}: rattail copy-backup newest"
    return tuple(one if one.is_kept else Decision(one.backup, True, reason) for one in decisions)


def _delete(backup: Backup) -> None:
    _unlink(backup.path)
    _unlink(backup.path + SUFFIX)


def _unlink(path: str) -> None:
    try:
        os.unlink(path)
        folder = os.open(os.path.dirname(path), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except FileNotFoundError:
        return
    except OSError as error:
        raise refusal("delete", path, error) from error


def _look(path: str) -> tuple[int, int, int]:
    """Which file it is, and as it is; nothing where there is none."""
    try:
        look = os.lstat(path)
    except OSError:
        return (0, 0, 0)
    return (look.st_ino, look.st_size, look.st_mtime_ns)
