"""Jobs whose workers and processes are killed at random: everything that was asked for happens, and happens once.

To be imported where the records are open, with the kinds of tests/jobs/kinds.py: see `in_site`.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from typing import NamedTuple, NoReturn

from django.db import connections
from django.db.models import Max, Sum

from rattail.audit.models import Entry
from rattail.jobs.models import DONE, Job
from rattail.jobs.queue import enqueue
from rattail.jobs.worker import run
from rattail.site import Site
from tests.jobs.working import put_off_what_recurs

WORK_S = 0.005
_LONGEST_PAUSE_S = 0.2
_PATIENCE_S = 300.0


class CameOf(NamedTuple):
    """What came of it: jobs asked for, done, effects and distinct ones among them; kills of either kind; tries."""

    jobs: int
    done: int
    effects: int
    distinct_effects: int
    workers_killed: int
    processes_killed: int
    tries: int
    most_tries: int
    seconds: float


def under_fire(site: Site, *, jobs: int, kills: int, workers: int, seed: int) -> CameOf:
    """Let `workers` work off that many jobs, while `kills` times one of them, or one of their children, is killed."""
    put_off_what_recurs(site)
    dice = random.Random(seed)
    kind = site.registry.jobs["tallies.tally"]
    for number in range(jobs):
        enqueue(kind, arguments={"n": number, "work_s": WORK_S}, actor="alice", now=site.now())
    began = time.monotonic()
    running = [_start(site) for _ in range(workers)]
    killed: Counter[str] = Counter()
    for _ in range(kills):
        time.sleep(dice.uniform(0.0, _LONGEST_PAUSE_S))
        chosen = dice.randrange(workers)
        if dice.random() < 0.5:
            _kill(running[chosen])
            os.waitpid(running[chosen], 0)
            running[chosen] = _start(site)
            killed["worker"] += 1
        else:
            killed["process"] += _kill_process_of(running)
    while time.monotonic() - began < _PATIENCE_S and Job.objects.exclude(state=DONE).exists():
        time.sleep(0.1)
    for pid in running:
        os.kill(pid, signal.SIGTERM)
        os.waitpid(pid, 0)
    return _came_of(jobs, killed, time.monotonic() - began)


def _came_of(jobs: int, killed: Counter[str], seconds: float) -> CameOf:
    effects = Entry.objects.filter(action="tally")
    tries = Job.objects.aggregate(all=Sum("tries"), most=Max("tries"))
    return CameOf(
        jobs=jobs,
        done=Job.objects.filter(state=DONE, kind="tallies.tally").count(),
        effects=effects.count(),
        distinct_effects=effects.values("subject").distinct().count(),
        workers_killed=killed["worker"],
        processes_killed=killed["process"],
        tries=tries["all"],
        most_tries=tries["most"],
        seconds=seconds,
    )


def _start(site: Site) -> int:
    connections.close_all()
    pid = os.fork()
    return pid or _work(site)


def _work(site: Site) -> NoReturn:
    try:
        run(site)
    finally:
        os._exit(0)


def _kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


def _kill_process_of(workers: list[int]) -> int:
    """Kill the first process of a job that shows up."""
    until = time.monotonic() + 5.0
    while time.monotonic() < until:
        for pid in workers:
            with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as stream:
                children = stream.read().split()
            if children:
                _kill(int(children[0]))
                return 1
    return 0
