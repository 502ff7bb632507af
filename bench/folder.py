"""What the folder commands cost, as ratios against a peer measured in the same run.

    python bench/folder.py [--files N] [--entries N] [--runs N] [--seed N] [--at FOLDER]

Run by `make bench`. It measures the `rattail` that the interpreter running it imports, on trees it builds (the same
ones for the same seed) in a temporary folder, and prints medians of runs in turn, so that a busy
machine slows all of them alike.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import rattail

PYTHON = [sys.executable]
RATTAIL = [sys.executable, "-m", "rattail"]
WALK = """
import os, sys
def walk(path):
    with os.scandir(path) as entries:
        for entry in entries:
            os.lstat(entry.path)
            if entry.is_dir(follow_symlinks=False):
                walk(entry.path)
walk(sys.argv[1])
"""
NAMES_A_FOLDER = 1000


class Used(NamedTuple):
    """What one run of a program used: seconds of time and of CPU, and the most memory of any one process."""

    wall_s: float
    cpu_s: float
    memory_mb: float


class Comparison(NamedTuple):
    """Ours against a peer, in one measure."""

    name: str
    goal: float
    unit: str
    ratio: float
    detail: str


def used(words: list[str]) -> Used:
    """Run a program to its end, its output thrown away."""
    started = time.monotonic()
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment())
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 61):  # 61: check-appdir found something
        raise SystemExit(f"{' '.join(words)} ended with exit code {process.returncode}")
    return Used(time.monotonic() - started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def environment() -> dict[str, str]:
    """Ours without what steers rattail, and with byte code kept as in any real installation."""
    unwanted = ("RATTAIL_", "PYTHONDONTWRITEBYTECODE")
    return {name: value for name, value in os.environ.items() if not name.startswith(unwanted)}


def medians(runs: int, *commands: list[str]) -> list[Used]:
    """The median use of each command, over runs in turn, after one that counts for nothing."""
    for words in commands:
        used(words)
    found: list[list[Used]] = [[] for _ in commands]
    for _ in range(runs):
        for place, words in zip(found, commands, strict=True):
            place.append(used(words))
    return [
        Used(*(statistics.median(column) for column in zip(*(tuple(one) for one in place), strict=True)))
        for place in found
    ]


@contextmanager
def appdir(above: Path | None) -> Iterator[Path]:
    """A fresh app folder."""
    base = Path(tempfile.mkdtemp(prefix="rattail-bench-", dir=above))
    try:
        root = base / "app"
        used([*RATTAIL, "make-appdir", "--path", str(root)])
        yield root
    finally:
        shutil.rmtree(base)


def fill(root: Path, files: int, seed: int) -> None:
    """Put that many small files where an app would: batches, exports, a log, sessions, tasks that have run."""
    chance = random.Random(seed)
    folders = ["data/batches/vendor_invoice", "data/exports/report_output", "sessions/data", "luigi/2026", "log"]
    made = 0
    while made < files:
        place = chance.choice(folders)
        is_flat = place in ("sessions/data", "log")
        folder = root / place if is_flat else root / place / f"{chance.randrange(10**8):08}"
        folder.mkdir(parents=True, exist_ok=True)
        fd = os.open(folder, os.O_RDONLY)
        for _ in range(min(files - made, chance.randint(1, 2 * NAMES_A_FOLDER))):
            name = f"{chance.randrange(16**12):012x}"
            file = os.open(name, os.O_WRONLY | os.O_CREAT, 0o640, dir_fd=fd)
            if chance.random() < 0.01:
                os.write(file, b"x" * chance.randint(1, 5000))
            os.close(file)
            made += 1
        os.close(fd)


def compare_make(root: Path, runs: int) -> Comparison:
    ours, floor = medians(runs, [*RATTAIL, "make-appdir", "--path", str(root)], [*PYTHON, "-c", "pass"])
    detail = f"{ours.cpu_s * 1000:.1f} ms against {floor.cpu_s * 1000:.1f} ms"
    return Comparison(
        "make-appdir, nothing to do, against python -c pass", 6.0, "CPU", ours.cpu_s / floor.cpu_s, detail
    )


def compare_check(root: Path, runs: int, entries: int) -> Comparison:
    walk = [*PYTHON, "-c", WALK, str(root)]
    ours, floor = medians(runs, [*RATTAIL, "check-appdir", "--appdir", str(root)], walk)
    detail = f"{ours.cpu_s * 1000:.0f} ms against {floor.cpu_s * 1000:.0f} ms"
    name = f"check-appdir, {entries:,} entries, against scandir + lstat"
    return Comparison(name, 8.0, "CPU", ours.cpu_s / floor.cpu_s, detail)


def compare_show(root: Path, runs: int, files: int) -> list[Comparison]:
    ours, du = medians(runs, [*RATTAIL, "show-appdir", "--appdir", str(root)], ["du", "-s", str(root)])
    name = f"show-appdir, {files:,} files, against du -s"
    wall = f"{ours.wall_s:.2f} s against {du.wall_s:.2f} s"
    cpu = f"{ours.cpu_s:.2f} s against {du.cpu_s:.2f} s, all processes together"
    return [
        Comparison(name, 2.0, "wall", ours.wall_s / du.wall_s, wall),
        Comparison(name, 0.0, "CPU", ours.cpu_s / du.cpu_s, cpu),
        Comparison("show-appdir, memory of the largest process", 40.0, "MB", ours.memory_mb, ""),
    ]


def main() -> None:
    """Measure everything and print the table."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--files", type=int, default=1_000_000, help="files that show-appdir counts")
    parser.add_argument("--entries", type=int, default=10_000, help="entries that check-appdir looks at")
    parser.add_argument("--runs", type=int, default=15, help="runs of each command")
    parser.add_argument("--seed", type=int, default=1, help="the same seed builds the same trees")
    parser.add_argument("--at", type=Path, help="build the trees below this folder")
    given = parser.parse_args()
    print(f"rattail of {Path(rattail.__file__).parent}, Python {sys.version.split()[0]}, {os.cpu_count()} processors")
    print(f"medians of {given.runs} runs in turn; seed {given.seed}")
    with appdir(given.at) as root:
        found = [compare_make(root, given.runs)]
        fill(root, given.entries, given.seed)
        found.append(compare_check(root, given.runs, given.entries))
        fill(root, given.files - given.entries, given.seed + 1)
        found.extend(compare_show(root, given.runs, given.files))
    width = max(len(one.name) for one in found)
    print(f"{'':{width}}  {'measure':<7}  {'found':>6}  {'goal':>6}")
    for one in found:
        goal = f"{one.goal:.1f}" if one.goal else "-"
        print(f"{one.name:<{width}}  {one.unit:<7}  {one.ratio:6.2f}  {goal:>6}  {one.detail}")


if __name__ == "__main__":
    main()
