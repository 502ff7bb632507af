"""Processes that move money between accounts as fast as they are told, and write down how long each commit took.

    python -m tests.features.backups.records.under_fire FILE COMMITS-A-SECOND SYNCHRONOUS LATENCIES

One such process ends when its standard input does. However often money is moved, the sum stays.
"""

from __future__ import annotations

import random
import select
import sqlite3
import subprocess
import sys
import time
from array import array
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from tests.docs.blocks import ROOT

ACCOUNTS = 1000
OPENING = 1000
SUM = ACCOUNTS * OPENING
_ROW_BYTES = 4000
_PATIENCE_S = 30


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


def sum_of(file: Path) -> int:
    """The application's own sum, read in a copy."""
    with closing(sqlite3.connect(f"file:{file}?mode=ro&immutable=1", uri=True)) as copy:
        return int(copy.execute("SELECT sum(balance) FROM account").fetchone()[0])


@contextmanager
def fire(file: Path, latencies: Path, *, processes: int, commits_a_second: int, synchronous: str) -> Iterator[None]:
    """Let processes write until the end of the block; `latencies` are folders where each leaves what it measured."""
    module = [sys.executable, "-m", "tests.features.backups.records.under_fire"]
    with ExitStack() as stack:
        for number in range(processes):
            words = [str(file), str(commits_a_second // processes), synchronous, str(latencies / str(number))]
            writer = stack.enter_context(
                subprocess.Popen([*module, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT)
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


def _write(file: str, commits_a_second: int, synchronous: str, latencies: str) -> None:
    chance = random.Random()
    took = array("d")
    with closing(sqlite3.connect(file, timeout=_PATIENCE_S, isolation_level=None)) as bank:
        bank.execute(f"PRAGMA synchronous={synchronous}")
        _move(bank, chance)
        sys.stdout.buffer.write(b"!")
        sys.stdout.flush()
        begin = due = time.monotonic()
        count = 0
        while not select.select([sys.stdin], [], [], max(0.0, due - time.monotonic()))[0]:
            start = time.monotonic()
            _move(bank, chance)
            took.extend((start, time.monotonic() - start))
            count += 1
            due = max(begin + count / commits_a_second, start - 0.2)  # what was missed is made up for, but not for ever
    Path(latencies).write_bytes(took.tobytes())


def _move(bank: sqlite3.Connection, chance: random.Random) -> None:
    source, target = chance.sample(range(ACCOUNTS), 2)
    amount = chance.randrange(1, 50)
    bank.execute("BEGIN IMMEDIATE")
    bank.execute("UPDATE account SET balance = balance - ? WHERE id = ?", (amount, source))
    bank.execute("UPDATE account SET balance = balance + ? WHERE id = ?", (amount, target))
    bank.execute("INSERT INTO move (source, amount) VALUES (?, ?)", (source, amount))
    bank.execute("COMMIT")


if __name__ == "__main__":
    _write(sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4])
