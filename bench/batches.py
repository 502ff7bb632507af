"""What batches cost, as ratios against a floor measured in the same run.

    python bench/batches.py [--rows N ...] [--products N] [--database sqlite|postgresql ...] [--runs N]

Run by `make bench`. For each database and size it makes a shop of its own in a temporary folder, reads a catalog in
the UNFI TSV layout (75 % of the rows as known, 20 % with another cost, 5 % that nobody knows), executes and undoes
it, each stage in a process of its own, in turn with its floor:

- reading: csv.reader and one `executemany` or COPY of the columns that are saved of each row, into a bare table;
- executing: the bare bulk statements that its changes need, one for each table, with the values at hand.

The peak of memory is that of the whole process.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from tests.kit.postgres import running_server  # noqa: E402

from shop.records import write_catalog  # noqa: E402

ROWS = (10_000, 100_000, 1_000_000)
#: Upstream, measured elsewhere on a machine of this kind: rows a second from file to the end, and peak memory.
UPSTREAM = {10_000: (60, 241), 100_000: (138, 1729)}


class Shop(NamedTuple):
    """A made app folder and the variables that choose its database."""

    appdir: Path
    variables: Mapping[str, str]


class Measured(NamedTuple):
    """One size on one database: seconds of each stage and its floor, and the most memory of reading."""

    read_s: float
    read_floor_s: float
    execute_s: float
    execute_floor_s: float
    undo_s: float
    memory_mb: float


@contextmanager
def shop(database: str, scratch: Path) -> Iterator[Shop]:
    """A shop without products on a fresh database."""
    appdir = scratch / "app"
    if database == "sqlite":
        made = Shop(appdir, {})
        _make(made)
        yield made
        return
    with running_server() as server:
        url = server.make_database("bench")
        made = Shop(appdir, {"RATTAIL_DATABASE_URL": url, "RATTAIL_DATABASE_PASSWORD": server.password})
        _make(made)
        yield made


def _make(made: Shop) -> None:
    for words in (["make-appdir", "--path"], ["migrate-db", "--appdir"]):
        _run([sys.executable, "-m", "rattail", words[0], words[1], str(made.appdir), "--quiet"], made)


def _run(words: list[str], made: Shop) -> str:
    variables = {name: value for name, value in os.environ.items() if not name.startswith("RATTAIL_")}
    done = subprocess.run(
        words, env={**variables, **made.variables}, cwd=HERE, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(words)}\n{done.stdout}{done.stderr}")
    return done.stdout


def stage(made: Shop, name: str, *words: object) -> dict[str, Any]:
    """Run one stage in a process of its own."""
    command = [sys.executable, "-m", "shop.child", name, str(made.appdir), *map(str, words)]
    said: dict[str, Any] = json.loads(_run(command, made))
    return said


def measure(made: Shop, catalog: Path, runs: int) -> Measured:
    """Medians of `runs` rounds; each makes a batch anew, executes it and undoes it."""
    found: dict[str, list[float]] = {}

    def note(name: str, seconds: float) -> None:
        found.setdefault(name, []).append(seconds)

    for _ in range(runs):
        note("read_floor", stage(made, "read_floor", catalog)["wall_s"])
        read = stage(made, "make", catalog)
        note("read", read["wall_s"])
        note("memory", read["memory_mb"])
        number = read["said"]["number"]
        note("execute_floor", stage(made, "execute_floor", number)["said"] / 1e6)
        note("execute", stage(made, "execute", number)["wall_s"])
        note("undo", stage(made, "undo", number)["wall_s"])
    middle = {name: statistics.median(values) for name, values in found.items()}
    return Measured(
        middle["read"],
        middle["read_floor"],
        middle["execute"],
        middle["execute_floor"],
        middle["undo"],
        max(found["memory"]),
    )


def report(database: str, rows: int, one: Measured) -> None:
    """One line of the table."""
    upstream = UPSTREAM.get(rows)
    whole_s = one.read_s + one.execute_s
    against = f"{rows / whole_s / upstream[0]:,.0f} times upstream's {upstream[0]} rows/s" if upstream else ""
    print(
        f"{database:<11}{rows:>10,}  read {one.read_s:7.2f} s = {one.read_s / one.read_floor_s:4.1f} floors  "
        f"execute {one.execute_s:6.2f} s = {one.execute_s / one.execute_floor_s:4.1f} floors  "
        f"undo {one.undo_s:6.2f} s  {rows / whole_s:>8,.0f} rows/s  {one.memory_mb:5.0f} MB  {against}",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="Reading, executing and undoing catalogs, against floors.")
    parser.add_argument("--rows", type=int, nargs="+", default=ROWS)
    parser.add_argument("--products", type=int, default=100_000)
    parser.add_argument("--database", nargs="+", choices=("sqlite", "postgresql"), default=("sqlite", "postgresql"))
    parser.add_argument("--runs", type=int, default=3)
    given = parser.parse_args()
    print("goals: reading 5 floors (SQLite), 6 (PostgreSQL); executing 5; linear; under 250 MB")
    for database in given.database:
        for rows in given.rows:
            with tempfile.TemporaryDirectory() as folder, shop(database, Path(folder)) as made:
                catalog = Path(folder) / "catalog.tsv"
                write_catalog(str(catalog), products=given.products, rows=rows)
                stage(made, "fill", given.products, max(rows, given.products))
                report(database, rows, measure(made, catalog, given.runs if rows < 1_000_000 else 1))


if __name__ == "__main__":
    main()
