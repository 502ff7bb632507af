"""Background jobs: none lost and none twice however often workers are killed, and what the queue costs.

Run by `make bench`. First 1,000 jobs while workers, or the processes of their jobs, are killed 200 times at random;
then how many jobs a second are asked for and worked off, against a floor in the same run: a bare insert in a
transaction of its own, and a bare fork that ends at once. Both on SQLite (one worker) and on PostgreSQL (two).
"""

from __future__ import annotations

import logging
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.jobs.kinds import with_kinds
from tests.jobs.open_site import in_site
from tests.kit.postgres import running_server
from tests.kit.records import migrated_database, variables, write_migrated_file

from rattail.appdir.locate import Located
from rattail.features.core.make.service import Request, make
from rattail.registry import load_registry
from rattail.site import Site

JOBS = 1000
KILLS = 200
ROUNDS = 5
COUNT = 200


def main() -> None:
    """Kill, count, measure and print."""
    logging.disable(logging.ERROR)  # every kill would be named
    for name in ("SQLite", "PostgreSQL"):
        workers = 1 if name == "SQLite" else 2
        with records(name) as env:
            print(f"{name}, {workers} worker{'s' * (workers > 1)}: {fire(env, workers)}")
        with records(name) as env:
            for line in in_site(env, speeds):
                print(f"  {line}")


@contextmanager
def records(name: str) -> Iterator[Mapping[str, str]]:
    """An app folder with empty records, as environment variables."""
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch, "app")
        make(load_registry(), Request(located=Located(str(root), "in a benchmark"), now=datetime.now(UTC)), environ={})
        env = with_kinds(Path(scratch, "kinds"), {"RATTAIL_APPDIR": str(root)})
        if name == "SQLite":
            write_migrated_file(root)
            yield env
            return
        with running_server() as server, server.fresh_database(template=migrated_database(server)) as url:
            yield {**env, **variables(server, url)}


def fire(env: Mapping[str, str], workers: int) -> str:
    """Jobs under fire, in one line."""

    def act(site: Site) -> dict[str, float]:
        from tests.jobs.under_fire import under_fire

        return under_fire(site, jobs=JOBS, kills=KILLS, workers=workers, seed=1)._asdict()

    came = in_site(env, act)
    if not came["jobs"] == came["done"] == came["effects"] == came["distinct_effects"]:
        raise SystemExit(f"lost or twice: {came}")
    return (
        f"{came['done']:,} of {came['jobs']:,} jobs done, {came['effects']:,} effects, none twice; killed: "
        f"{came['workers_killed']} times a worker, {came['processes_killed']} times a job's process; "
        f"{came['tries']:,} tries, {came['most_tries']} at most for one job; {came['seconds']:.0f} s"
    )


def speeds(site: Site) -> list[str]:
    """Jobs a second, beside their floors."""
    from django.db import connection, connections, transaction

    from rattail.jobs.models import Job
    from rattail.jobs.queue import enqueue
    from rattail.jobs.worker import run

    table = Job._meta.db_table
    kind = site.registry.jobs["tallies.nothing"]
    names = (
        *("kind", "arguments", "actor", "subject", "state", "created_at", "run_at", "tries", "deaths", "token"),
        *("worker", "is_cancel_wanted", "done", "message", "reason", "failure"),
    )
    places = ", ".join("%s" for _ in names)
    bare = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({places})"

    def insert() -> None:
        now = connection.ops.adapt_datetimefield_value(site.now())
        row = ("none", "{}", "alice", "", "ready", now, now, 0, 0, 0, "", False, 0, "", "", "")
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(bare, row)

    def ask() -> None:
        with transaction.atomic():
            enqueue(kind, arguments={}, actor="alice", now=site.now())

    def fork() -> None:
        child = os.fork()
        if child == 0:
            os._exit(0)
        os.waitpid(child, 0)

    floor, asked = per_second(insert), per_second(ask)
    connections.close_all()
    forked = per_second(fork)
    began, cpu = time.monotonic(), sum(os.times()[:4])
    worked = run(site, until_idle=True)
    ran = worked.done / (time.monotonic() - began)
    cost_ms = (sum(os.times()[:4]) - cpu) / worked.done * 1000
    return [
        f"asked for: {asked:,.0f} a second, a bare insert {floor:,.0f}: ratio {floor / asked:.1f}",
        f"worked off: {ran:,.0f} a second ({cost_ms:.0f} ms of CPU each), a bare fork {forked:,.0f}: "
        f"ratio {forked / ran:.1f}",
    ]


def per_second(act: Callable[[], None]) -> float:
    """The best of some rounds."""
    best = 0.0
    for _ in range(ROUNDS):
        began = time.monotonic()
        for _ in range(COUNT):
            act()
        best = max(best, COUNT / (time.monotonic() - began))
    return best


if __name__ == "__main__":
    main()
