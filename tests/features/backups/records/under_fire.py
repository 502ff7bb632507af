"""Processes that move money between accounts as fast as they are told, and write down how long each commit took.

    python -m tests.features.backups.records.under_fire DATABASE COMMITS-A-SECOND SYNCHRONOUS LATENCIES

DATABASE is a file of SQLite or the address of a PostgreSQL, whose password is in PGPASSWORD. One such process ends
when its standard input does. However often money is moved, the sum stays.
"""

from __future__ import annotations

import os
import random
import select
import sqlite3
import subprocess
import sys
import time
from array import array
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rattail.database.setup import Whereabouts
from rattail.features.backups.records.dump import Rows, read_dump
from tests.docs.blocks import ROOT

if TYPE_CHECKING:
    import psycopg

ACCOUNTS = 1000
OPENING = 1000
SUM = ACCOUNTS * OPENING
_ROW_BYTES = 4000
_PATIENCE_S = 30
_MADE_UP_FOR_S = 0.2


def make_bank(file: Path, *, size_bytes: int, journal_mode: str = "wal") -> None:
    """A database of about this size with accounts, and papers that fill it."""
    with closing(sqlite3.connect(file, isolation_level=None)) as bank:
        bank.execute(f"PRAGMA journal_mode={journal_mode}")
        bank.execute("PRAGMA synchronous=OFF")
        bank.execute("BEGIN")
        bank.execute("CREATE TABLE account (id INTEGER PRIMARY KEY, balance INTEGER NOT NULL)")
        bank.execute("CREATE TABLE move (id INTEGER PRIMARY KEY, source INTEGER REFERENCES account, amount INTEGER)")
        bank.execute("CREATE TABLE paper (id INTEGER PRIMARY KEY, content BLOB)")
        bank.executemany("INSERT INTO account VALUES (?, ?)", ((number, OPENING) for number in range(ACCOUNTS)))
        paper = random.Random(7).randbytes(_ROW_BYTES - 60)
        bank.executemany("INSERT INTO paper (content) VALUES (?)", ((paper,) for _ in range(size_bytes // _ROW_BYTES)))
        bank.execute("COMMIT")


def make_server_bank(where: Whereabouts, *, size_bytes: int) -> None:
    """The same in an empty database of PostgreSQL."""
    import psycopg

    with psycopg.connect(where.url, password=where.password) as bank:
        bank.execute("CREATE TABLE account (id integer PRIMARY KEY, balance integer NOT NULL)")
        bank.execute("CREATE TABLE move (id bigserial PRIMARY KEY, source integer REFERENCES account, amount integer)")
        bank.execute("CREATE TABLE paper (id bigserial PRIMARY KEY, content text)")
        bank.execute("INSERT INTO account SELECT n, %s FROM generate_series(0, %s) n", [OPENING, ACCOUNTS - 1])
        paper = random.Random(7).randbytes(_ROW_BYTES // 2 - 30).hex()
        bank.execute(
            "INSERT INTO paper (content) SELECT %s FROM generate_series(1, %s)", [paper, size_bytes // _ROW_BYTES]
        )


def sum_in_dump(file: Path) -> int:
    """The application's own sum, read in a dump."""
    with file.open("rb") as stream:
        for part in read_dump(stream):
            if isinstance(part, Rows) and part.table == "account":
                at = part.columns.index("balance")
                return sum(int(line.split(b"\t")[at]) for block in part.blocks for line in block.splitlines())
    return 0


def sum_of(file: Path) -> int:
    """The application's own sum, read in a copy."""
    with closing(sqlite3.connect(f"file:{file}?mode=ro&immutable=1", uri=True)) as copy:
        return int(copy.execute("SELECT sum(balance) FROM account").fetchone()[0])


@contextmanager
def fire(
    database: Path | Whereabouts, latencies: Path, *, processes: int, commits_a_second: int, synchronous: str
) -> Iterator[None]:
    """Let processes write until the end of the block; `latencies` is the folder where each leaves what it measured."""
    environ = dict(os.environ)
    if isinstance(database, Whereabouts):
        environ["PGPASSWORD"] = database.password
    place = database.url if isinstance(database, Whereabouts) else str(database)
    module = [sys.executable, "-m", "tests.features.backups.records.under_fire"]
    with ExitStack() as stack:
        for number in range(processes):
            words = [place, str(commits_a_second // processes), synchronous, str(latencies / str(number))]
            writer = stack.enter_context(
                subprocess.Popen(
                    [*module, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, env=environ
                )
            )
            assert writer.stdout is not None
            assert writer.stdout.read(1) == b"!"
        yield


def measured(latencies: Path) -> list[tuple[float, float]]:
    """When each commit began, on the clock that all processes share, and how long it took, in seconds."""
    found: list[tuple[float, float]] = []
    for file in latencies.iterdir():
        numbers = array("d", file.read_bytes())
        found += zip(numbers[::2], numbers[1::2], strict=True)
    return sorted(found)


def _write(database: str, commits_a_second: int, synchronous: str, latencies: str) -> None:
    took = array("d")
    with _opened(database, synchronous) as move:
        move()
        sys.stdout.buffer.write(b"!")
        sys.stdout.flush()
        begin = due = time.monotonic()
        count = 0
        while not select.select([sys.stdin], [], [], max(0.0, due - time.monotonic()))[0]:
            start = time.monotonic()
            move()
            took.extend((start, time.monotonic() - start))
            count += 1
            if (due := begin + count / commits_a_second) < start - _MADE_UP_FOR_S:
                begin, count = start, 0  # what was missed is made up for, but not for ever
    Path(latencies).write_bytes(took.tobytes())


@contextmanager
def _opened(database: str, synchronous: str) -> Iterator[Callable[[], object]]:
    """What moves money once, in a transaction of its own."""
    chance = random.Random()
    if not database.startswith("postgresql:"):
        with closing(sqlite3.connect(database, timeout=_PATIENCE_S, isolation_level=None)) as bank:
            bank.execute(f"PRAGMA synchronous={synchronous}")
            yield lambda: _move(bank, chance)
        return
    import psycopg

    with psycopg.connect(database, autocommit=True) as server:
        server.execute(f"SET synchronous_commit = {synchronous}".encode())
        yield lambda: _move_on_server(server, chance)


def _move(bank: sqlite3.Connection, chance: random.Random) -> None:
    source, target = chance.sample(range(ACCOUNTS), 2)
    amount = chance.randrange(1, 50)
    bank.execute("BEGIN IMMEDIATE")
    bank.execute("UPDATE account SET balance = balance - ? WHERE id = ?", (amount, source))
    bank.execute("UPDATE account SET balance = balance + ? WHERE id = ?", (amount, target))
    bank.execute("INSERT INTO move (source, amount) VALUES (?, ?)", (source, amount))
    bank.execute("COMMIT")


def _move_on_server(server: psycopg.Connection, chance: random.Random) -> None:
    source, target = sorted(chance.sample(range(ACCOUNTS), 2))  # in one order: nobody waits for each other
    amount = chance.randrange(-50, 50)
    with server.transaction():
        server.execute("UPDATE account SET balance = balance - %s WHERE id = %s", [amount, source])
        server.execute("UPDATE account SET balance = balance + %s WHERE id = %s", [amount, target])
        server.execute("INSERT INTO move (source, amount) VALUES (%s, %s)", [source, amount])


if __name__ == "__main__":
    _write(sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4])
