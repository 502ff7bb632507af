"""Every call that the commands of backups and cleaning make fails once, in each way that it can: hours of it.

    python bench/faults.py [--trial NAME]... [--every N]

Run by `make faults`. `--every` tries every so many of the points, beginning with another one for each fault.
What is tried, and what has to hold after each point, is that of `tests/faults`, which try a part of it in `make test`:
no listed backup is bad, what was there is exactly the old or exactly the new, and the same command run again succeeds
without help. A point is a call to the disk, to a program or to a server, of the command itself or of the programs of
ours that it starts; it is found by counting. Every point that fails is printed; where there is one it ends with 1.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.faults.server_trials import NAMES_ON_A_SERVER, server_trials
from tests.faults.striking import Trial, calls_of, strikes
from tests.faults.test_copy_records_faults import RenewTrial
from tests.faults.trials import TRIALS
from tests.kit.faults import NAMES, OF_A_SERVER
from tests.kit.postgres import Server, running_server
from tests.kit.quick_disk import quick_folder

from rattail.registry import Registry, load_registry

ALONE: Mapping[str, Callable[[Path, Registry], Trial]] = {**TRIALS, "copy the records": RenewTrial}
ALL = (*ALONE, *NAMES_ON_A_SERVER)
ENDINGS = ("killed", "told", "done")  # the last one: the command went on, and did its work


class Way(NamedTuple):
    """What is struck in a trial: its own calls, or those of the programs that it starts."""

    fault: int
    is_inside: bool

    def __str__(self) -> str:
        return f"{NAMES[self.fault]}{', inside' if self.is_inside else ''}"


class Bench:
    """Where trials are made, and where what is found is printed."""

    def __init__(self, server: Server | None, *, every: int) -> None:
        self._server = server
        self._every = every
        self._registry = load_registry()

    def strike(self, name: str) -> Counter[str]:
        """Strike a trial in every way; returns how many points ended how, and how many failed."""
        found: Counter[str] = Counter()
        for number, way in enumerate(_ways(name)):
            first: int | None = 1 + number % self._every
            while first is not None:
                first = self._strike(name, way, first, found)
        return found

    def _strike(self, name: str, way: Way, first: int, found: Counter[str]) -> int | None:
        """Strike from that moment on, up to one that fails; returns where to go on, on ground made anew."""
        with self._made(name) as trial:
            if len(calls_of(trial, way.fault, is_inside=way.is_inside)) < first:
                return None
            for moment, ended, problem in strikes(
                trial, (way.fault,), first=first, every=self._every, is_inside=way.is_inside
            ):
                if ended.how != "quiet":
                    found["points"] += 1
                    found[ended.how] += 1
                if problem:
                    found["failures"] += 1
                    print(f"  FAILED {name}, {way}, call {moment} ({ended.call}): {ended.how}: {problem}", flush=True)
                    return moment + self._every
        return None

    @contextmanager
    def _made(self, name: str) -> Iterator[Trial]:
        with ExitStack() as stack:
            base = stack.enter_context(quick_folder())
            made = ALONE
            if name in NAMES_ON_A_SERVER:
                assert self._server is not None
                made = stack.enter_context(server_trials(self._server))
            yield made[name](base, self._registry)


def _ways(name: str) -> Iterator[Way]:
    for fault in NAMES:
        if fault not in OF_A_SERVER:
            yield Way(fault, is_inside=False)
            yield Way(fault, is_inside=True)
        elif name in NAMES_ON_A_SERVER:
            yield Way(fault, is_inside=False)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trial", action="append", choices=ALL, help="only this one; may be said again")
    parser.add_argument("--every", type=int, default=1, help="try every so many of the points")
    said = parser.parse_args()
    names = said.trial or ALL
    total: Counter[str] = Counter()
    print(f"{'':28}{'points':>8}{'killed':>8}{'told':>8}{'went on':>8}{'failed':>8}{'seconds':>9}", flush=True)
    with ExitStack() as stack:
        server = None
        if set(names) & set(NAMES_ON_A_SERVER):
            server = stack.enter_context(running_server(is_in_memory=True))
        bench = Bench(server, every=said.every)
        begun = time.monotonic()
        for name in names:
            since = time.monotonic()
            found = bench.strike(name)
            total += found
            _print(name, found, time.monotonic() - since)
    _print("all", total, time.monotonic() - begun)
    sys.exit(1 if total["failures"] else 0)


def _print(name: str, found: Counter[str], seconds: float) -> None:
    counts = (found["points"], *(found[how] for how in ENDINGS), found["failures"])
    print(f"{name:28}{''.join(f'{count:8,}' for count in counts)}{seconds:9.0f}", flush=True)


if __name__ == "__main__":
    main()
