"""What backups cost, as ratios against tar, zstd, restic and borg on the same tree in the same run.

    python bench/backup.py [--files N] [--megabytes N] [--database-megabytes N] [--runs N] [--seed N] [--at FOLDER]
                           [--alone]

Run by `make bench`. It builds an app folder (the same one for the same seed): many small files, some large ones, and
a SQLite database; makes a backup with checksums, compression and read-back; restores it; and does the same with the
plain tools and, where they are installed and `--alone` is not said, with restic and borg and their full check of the
data. A second, unchanged backup is copied to a repository of each, and measured beside the program's own second run
over the folder with as much checking. Medians of runs in turn, so that a busy machine slows all alike. Memory is the
most of any one process.
"""

from __future__ import annotations

import argparse
import os
import random
import shlex
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

RATTAIL = [sys.executable, "-m", "rattail"]
GOAL_MAKE, GOAL_RESTORE, GOAL_AGAIN, GOAL_MEMORY_MB = 2.2, 2.5, 1.3, 150
_WORDS = b"organic kidney beans,012345678905,12,24.99,corn chips,case,each,unfi,kehe,aisle,shelf\n"


class Used(NamedTuple):
    """What a command used: seconds of time and of CPU, and the most memory of any one process."""

    wall_s: float
    cpu_s: float
    memory_mb: float


def build(root: Path, *, files: int, megabytes: int, database_megabytes: int, seed: int) -> None:
    """An app folder with so many files of so many megabytes, and a database."""
    rattail("make-appdir", "--path", root)
    rattail("migrate-db", "--appdir", root)
    chance = random.Random(seed)
    small = files * 88 // 100
    for number in range(small):
        folder = root / f"data/batches/inventory/{number // 1000:02}/{number % 1000:03}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "input.csv").write_bytes(_WORDS * chance.randint(2, 120))
    large = max(files - small, 1)
    each = max((megabytes - small // 200) * 1_000_000 // large, 1000)
    own = root / "data/own"
    own.mkdir(exist_ok=True)
    for number in range(large):
        size = int(each * chance.uniform(0.2, 1.8))
        content = chance.randbytes(size) if number % 3 else (_WORDS * (size // len(_WORDS) + 1))[:size]
        (own / f"{number:05}.bin").write_bytes(content)
    with sqlite3.connect(root / "data/rattail.sqlite3") as records:
        records.execute("CREATE TABLE bench_ballast (n INTEGER PRIMARY KEY, t TEXT)")
        rows = database_megabytes * 1_000_000 // 220
        records.executemany(
            "INSERT INTO bench_ballast VALUES (?, ?)",
            ((number, f"{chance.getrandbits(400):0100x}" + "corn chips, case of 12, " * 4) for number in range(rows)),
        )
    records.close()
    long_ago = time.time() - 86_400
    for path in own.iterdir():
        os.utime(path, (long_ago, long_ago))


def rattail(*words: str | Path) -> None:
    subprocess.run([*RATTAIL, *map(str, words), "-q"], check=True, stdout=subprocess.DEVNULL)


def used(command: list[str] | str, *, env: dict[str, str] | None = None) -> Used:
    """Run a command, a line of bash where it is a text, and say what it used."""
    words = ["bash", "-ec", f"set -o pipefail; {command}"] if isinstance(command, str) else command
    begun = time.monotonic()
    process = subprocess.Popen(words, env={**os.environ, **(env or {})}, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"failed with {process.returncode}: {words}")
    return Used(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1000)


def emptied(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder


class Bench:
    """The commands that are compared, each on the same tree."""

    def __init__(self, root: Path, scratch: Path) -> None:
        self.root = root
        self.scratch = scratch
        self.target = scratch / "backups"
        self._env = {
            "RESTIC_PASSWORD": "bench",
            "RESTIC_REPOSITORY": str(scratch / "restic"),
            "RESTIC_CACHE_DIR": str(scratch / "restic-cache"),
            "BORG_BASE_DIR": str(scratch / "borg-base"),
        }

    def ours(self) -> Used:
        emptied(self.target)
        words = ["make-backup", "--no-wheels", "--to", str(self.target), "--appdir", str(self.root), "-q"]
        return used([*RATTAIL, *words])

    def tar_zstd(self) -> Used:
        """The floor: the same files and a plain copy of the database, flushed."""
        out = emptied(self.scratch / "plain")
        root, target = shlex.quote(str(self.root)), shlex.quote(str(out))
        skip = "--exclude=./data/rattail.sqlite3* --exclude=./data/database --exclude=./log --exclude=./work"
        return used(
            f"tar -C {root} {skip} -cf - . | zstd -q -3 -T0 > {target}/t.tar.zst; "
            f"cp {root}/data/rattail.sqlite3 {target}/; sync -f {target}"
        )

    def restic(self) -> Used:
        emptied(self.scratch / "restic")
        self._quiet("restic init")
        root = shlex.quote(str(self.root))
        return used(f"restic -q backup {root}; restic -q check --read-data", env=self._env)

    def borg(self) -> Used:
        place = shlex.quote(str(emptied(self.scratch / "borg")))
        self._quiet(f"borg init -e none {place}")
        return used(
            f"borg create {place}::a {shlex.quote(str(self.root))}; borg check --verify-data {place}", env=self._env
        )

    def restic_again(self) -> Used:
        """The second run over the same folder, and the check that `copy-backup` makes: a thirtieth of the data."""
        root = shlex.quote(str(self.root))
        return used(f"restic -q backup {root}; restic -q check --read-data-subset=1/30", env=self._env)

    def borg_again(self) -> Used:
        """The second run over the same folder, and the check that `copy-backup` makes."""
        place, root = shlex.quote(str(self.scratch / "borg")), shlex.quote(str(self.root))
        checks = f"borg check --repository-only --max-duration=60 {place}; borg check --archives-only -a b {place}"
        return used(f"borg create {place}::b {root}; {checks}", env=self._env)

    def copy_again(self, program: str) -> Used:
        """A second backup, unchanged, copied to a repository that has the first."""
        place = emptied(self.scratch / f"ours-{program}")
        env = {**self._env, "RESTIC_REPOSITORY": str(place)}
        made = {"restic": "restic init", "borg": f"borg init -e none {shlex.quote(str(place))}"}[program]
        subprocess.run(made, shell=True, check=True, env={**os.environ, **env}, capture_output=True)
        words = [*RATTAIL, "copy-backup", "newest", "--to", f"{program}:{place}", "--appdir", str(self.root), "-q"]
        here = {**self._env, "RATTAIL_BACKUPS_TARGET": str(self.target)}
        used(words, env=here)
        used([*RATTAIL, "make-backup", "--no-wheels", "--appdir", str(self.root), "-q"], env=here)
        return used(words, env=here)

    def restore(self) -> Used:
        """The folder alone, into an environment that is there."""
        into = emptied(self.scratch / "into")
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(into)], check=True)
        (ours,) = {Path(path) for path in sys.path if path.endswith("site-packages")}
        (theirs,) = into.glob("lib/python*/site-packages")
        (theirs / "bench.pth").write_text(f"import site; site.addsitedir({str(ours)!r})\n")
        backup = max(self.target.glob("*.tar"))
        return used([*RATTAIL, "restore-backup", str(backup), "--into", str(into), "-q"])

    def tar_x(self) -> Used:
        into, plain = (shlex.quote(str(emptied(self.scratch / "untar"))), shlex.quote(str(self.scratch / "plain")))
        return used(
            f"zstd -qdc {plain}/t.tar.zst | tar -C {into} -xf -; cp {plain}/rattail.sqlite3 {into}; sync -f {into}"
        )

    def _quiet(self, command: str) -> None:
        subprocess.run(command, shell=True, check=True, env={**os.environ, **self._env}, capture_output=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--megabytes", type=int, default=750)
    parser.add_argument("--database-megabytes", type=int, default=200)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--at", type=Path)
    parser.add_argument("--alone", action="store_true")
    said = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=said.at, prefix="rattail-bench-") as name:
        scratch = Path(name)
        root = scratch / "shop" / "app"
        root.parent.mkdir()
        build(
            root,
            files=said.files,
            megabytes=said.megabytes,
            database_megabytes=said.database_megabytes,
            seed=said.seed,
        )
        report(Bench(root, scratch), runs=said.runs, is_alone=said.alone)


def report(bench: Bench, *, runs: int, is_alone: bool) -> None:
    doing: dict[str, Callable[[], Used]] = {"tar and zstd": bench.tar_zstd, "make-backup": bench.ours}
    programs = [name for name in ("restic", "borg") if shutil.which(name) and not is_alone]
    for program in programs:
        doing[program] = getattr(bench, program)
        doing[f"{program}, again"] = getattr(bench, f"{program}_again")
        doing[f"copy to {program}"] = partial(bench.copy_again, program)
    doing |= {"tar -x": bench.tar_x, "restore-backup": bench.restore}
    found: dict[str, list[Used]] = {name: [] for name in doing}
    for _ in range(runs):
        for name, act in doing.items():
            found[name].append(act())
    median = {
        name: Used(*(statistics.median(values) for values in zip(*each, strict=True))) for name, each in found.items()
    }
    print(f"Backups, medians of {runs} runs in turn")
    for name, one in median.items():
        print(f"  {name:16} {one.wall_s:7.2f} s  {one.cpu_s:7.2f} s CPU  {one.memory_mb:6.0f} MB")
    _ratio("make-backup", "tar and zstd", GOAL_MAKE, median)
    for program in programs:
        _ratio("make-backup", program, 1.0, median)
        _ratio(f"copy to {program}", f"{program}, again", GOAL_AGAIN, median)
    _ratio("restore-backup", "tar -x", GOAL_RESTORE, median)
    print(f"  memory of make-backup: {median['make-backup'].memory_mb:.0f} MB, goal {GOAL_MEMORY_MB}")


def _ratio(ours: str, other: str, goal: float, median: dict[str, Used]) -> None:
    ratio = median[ours].wall_s / median[other].wall_s
    print(f"  {ours}: {ratio:.2f} times {other}, goal {goal}")


if __name__ == "__main__":
    main()
