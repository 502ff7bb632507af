"""Copies of the records while four processes commit 1,000 times a second: all whole, and nobody waits for them.

Run by `make bench`, or with the number of copies as a word. Each copy passes SQLite's own check (or is read to its end
mark) and the application's sum. The writers' latencies while a copy is made stand beside those of the same run just
before it; while a copy is checked nothing is measured.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.features.backups.records.places import programs
from tests.features.backups.records.under_fire import (
    SUM,
    fire,
    make_bank,
    make_server_bank,
    measured,
    sum_in_dump,
    sum_of,
)
from tests.kit.postgres import running_server

from rattail.database.setup import Whereabouts
from rattail.features.backups.records.check import check_copy
from rattail.features.backups.records.copy import copy_database

COPIES = 200
SIZE_BYTES = 200_000_000
PROCESSES = 4
COMMITS_A_SECOND = 1000
BASELINE_S = 0.5


class Variant(NamedTuple):
    """How the writers commit; `part` is its share of the copies."""

    name: str
    journal_mode: str
    synchronous: str
    part: float = 1.0


VARIANTS = (
    Variant("SQLite, WAL, synchronous=FULL", "wal", "FULL"),
    Variant("SQLite, WAL, synchronous=NORMAL", "wal", "NORMAL", 0.25),
    Variant("SQLite, rollback journal (not the application's)", "delete", "OFF", 0.1),
    Variant("PostgreSQL, synchronous_commit=on", "", "on", 0.25),
)


class Window(NamedTuple):
    """A time in which writers were watched, on their clock."""

    is_copying: bool
    begin: float
    end: float


def main(copies: int) -> None:
    """Make, check, measure and print."""
    print(f"{SIZE_BYTES / 1e6:.0f} MB, {PROCESSES} processes, {COMMITS_A_SECOND} commits a second asked for in all")
    for variant in VARIANTS:
        with tempfile.TemporaryDirectory() as scratch, bank(variant, Path(scratch)) as where:
            shoot(variant, where, Path(scratch), max(1, round(copies * variant.part)))


@contextmanager
def bank(variant: Variant, folder: Path) -> Iterator[Whereabouts]:
    if variant.journal_mode:
        make_bank(folder / "bank", size_bytes=SIZE_BYTES, journal_mode=variant.journal_mode)
        yield Whereabouts(path=str(folder / "bank"))
        return
    with running_server() as server, server.fresh_database() as url:
        where = Whereabouts(url=url, password=server.password)
        make_server_bank(where, size_bytes=SIZE_BYTES)
        yield where


def shoot(variant: Variant, where: Whereabouts, folder: Path, copies: int) -> None:
    """Copy under fire, and print what came of it."""
    latencies, into = folder / "latencies", folder / "copy"
    latencies.mkdir()
    into.mkdir()
    os.sync()
    windows: list[Window] = []
    bad: list[str] = []
    with fire(
        Path(where.path) if where.path else where,
        latencies,
        processes=PROCESSES,
        commits_a_second=COMMITS_A_SECOND,
        synchronous=variant.synchronous,
    ):
        time.sleep(1)
        for _ in range(copies):
            windows.append(watched(False, lambda: time.sleep(BASELINE_S)))
            windows.append(
                watched(True, lambda: copy_database(where, str(into), now=datetime.now(UTC), environ=programs()))
            )
            bad += problems(where, into)
            time.sleep(0.1)
    print(f"\n{variant.name}: {copies} copies, {len(bad)} bad{''.join(f'; {one}' for one in bad[:3])}")
    commits = measured(latencies)
    before, during = (taken(commits, windows, is_copying=is_copying) for is_copying in (False, True))
    spent = sorted(one.end - one.begin for one in windows if one.is_copying)
    print(f"  a copy takes {spent[len(spent) // 2]:.2f} s, at most {spent[-1]:.2f} s")
    for name, found in (("without", before), ("while copying", during)):
        print(f"  {name:14} {said(found)}")
    print(f"  the 99th percentile grows by {1000 * (at(during, 0.99) - at(before, 0.99)):+.1f} ms")


def watched(is_copying: bool, act: Callable[[], object]) -> Window:
    begin = time.monotonic()
    act()
    return Window(is_copying, begin, time.monotonic())


def problems(where: Whereabouts, into: Path) -> list[str]:
    """What is wrong with the copy, if anything."""
    file = into / ("rattail.sqlite3" if where.path else "rattail.sql")
    checked = check_copy(str(file), "sqlite" if where.path else "postgresql")
    if not checked.ok:
        return [checked.problem]
    found = sum_of(file) if where.path else sum_in_dump(file)
    return [] if found == SUM else [f"the sum is {found}"]


def taken(commits: list[tuple[float, float]], windows: list[Window], *, is_copying: bool) -> list[float]:
    """How long the commits took that began in such windows, the shortest first."""
    found = []
    times = iter([one for one in windows if one.is_copying == is_copying])
    window = next(times, None)
    for begin, seconds in commits:
        while window is not None and begin > window.end:
            window = next(times, None)
        if window is not None and begin >= window.begin:
            found.append(seconds)
    return sorted(found)


def at(found: list[float], share: float) -> float:
    return found[min(len(found) - 1, int(len(found) * share))] if found else 0.0


def said(found: list[float]) -> str:
    shares = " ".join(f"{name} {1000 * at(found, share):.1f}" for name, share in (("50 %", 0.5), ("99 %", 0.99)))
    return f"{len(found):7,} commits: {shares}, longest {1000 * at(found, 1):.0f} ms"


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else COPIES)
