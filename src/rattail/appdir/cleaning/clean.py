"""Remove what is too old from scratch and history folders: first a plan, then exactly that plan.

Old is what was last modified longer ago than its folder's option allows. What the operator added, and
everything essential, is never touched; nor is what somebody has open, or claims.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import NamedTuple

from rattail.appdir.cleaning.aged import Rule, Search, Spared
from rattail.appdir.cleaning.ground import Ground, NotOurs
from rattail.appdir.cleaning.inuse import OpenFiles
from rattail.appdir.cleaning.planned import Entries, Some
from rattail.appdir.cleaning.removal import Removal
from rattail.appdir.folder import Keep
from rattail.appdir.layout import Place
from rattail.appdir.lock import lock_appdir
from rattail.appdir.refusal import refusal

Progress = Callable[[int], None]


class CleanPlan(NamedTuple):
    """What would be removed (what lies in a folder before the folder), what is spared, what was left alone."""

    planned: Entries
    spared: tuple[Spared, ...]
    warnings: tuple[str, ...]


class Cleaned(NamedTuple):
    """What was removed, and what was planned and spared after all. `freed_bytes` is apparent size."""

    removed: Some
    spared: tuple[Spared, ...]

    @property
    def freed_bytes(self) -> int:
        return self.removed.size_bytes


def plan_clean(
    places: Sequence[Place],
    *,
    root: str,
    app_id: str,
    keep_days: Mapping[str, int],
    now: datetime,
    progress: Progress = lambda _count: None,
) -> CleanPlan:
    """Look for everything that is too old. Writes nothing, takes no lock.

    `keep_days` has the number of days by the path of the folder; essential folders are never cleaned
    by age, whatever it says. In every declared folder, files that a crash left half-written more
    than a day ago are planned too. `now` is aware.

    Raises:
        AppDirBroken: a declared folder cannot be read.
    """
    now_ns = round(now.timestamp() * 1e6) * 1000
    planned = Entries(now_ns=now_ns)
    spared: list[Spared] = []
    open_files = OpenFiles()
    seen = 0
    with _opened(places, root=root, app_id=app_id) as (grounds, warnings):
        for path, ground in grounds.items():
            search = Search(
                ground,
                rule=_rule(ground.place, keep_days),
                apart={one.path.rpartition("/")[2] for one in places if _is_directly_below(one.path, path)},
                planned=planned,
                spared=spared,
                now_ns=now_ns,
                open_files=open_files,
                progress=progress,
                seen_before=seen,
            )
            try:
                search.run()
            except OSError as error:
                raise refusal("read", ground.place.location, error) from error
            seen = search.seen
    return CleanPlan(planned, tuple(spared), tuple(warnings))


def apply_clean(
    plan: CleanPlan,
    places: Sequence[Place],
    *,
    root: str,
    app_id: str,
    command: str,
    wait_s: float = 30.0,
    progress: Progress = lambda _count: None,
) -> Cleaned:
    """Remove exactly what the plan lists, each entry only if it is still the one that was seen.

    A process killed at any point has removed a part of the plan and nothing else.

    Raises:
        AppDirBusy: another writer holds the app folder's lock.
        AppDirBroken: the lock cannot be taken.
    """
    left: list[int] = []
    spared: list[Spared] = []
    if not plan.planned:
        return Cleaned(plan.planned.without(left), ())
    try:
        with (
            lock_appdir(root, command=command, wait_s=wait_s),
            _opened(places, root=root, app_id=app_id) as (grounds, _),
            Removal(grounds) as removal,
        ):
            for number, one in enumerate(plan.planned):
                why = removal.remove(one) if one.place in grounds else "its folder went away meanwhile"
                if why:
                    left.append(number)
                    spared.append(Spared(one.path, why))
                progress(number + 1)
    except OSError as error:
        raise refusal("lock", root, error) from error
    return Cleaned(plan.planned.without(left), tuple(spared))


@contextmanager
def _opened(places: Sequence[Place], *, root: str, app_id: str) -> Iterator[tuple[dict[str, Ground], list[str]]]:
    """Open every place that is there and is ours; say of each one that is not."""
    grounds: dict[str, Ground] = {}
    warnings: list[str] = []
    try:
        for place in places:
            try:
                grounds[place.path] = Ground(place, root=root, app_id=app_id)
            except FileNotFoundError:
                continue
            except NotOurs as error:
                warnings.append(str(error))
        yield grounds, warnings
    finally:
        for ground in grounds.values():
            ground.close()


def _rule(place: Place, keep_days: Mapping[str, int]) -> Rule | None:
    if place.folder.keep is Keep.ESSENTIAL or place.path not in keep_days:
        return None
    return Rule(keep_days[place.path], place.folder.age_option)


def _is_directly_below(path: str, above: str) -> bool:
    return path != "." and (path.rpartition("/")[0] or ".") == above
