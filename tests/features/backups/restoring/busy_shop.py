"""A process that works in an app folder until its standard input ends.

    python -m tests.features.backups.restoring.busy_shop batches|records LOG

`batches` makes one batch after the other, `records` the copy of the records in the folder; RATTAIL_APPDIR says where.
Of each that is done a line is appended to LOG: when that was (seconds since 1970), and which.
"""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from rattail.appdir.refusal import shown
from rattail.config.load import load_settings
from rattail.features.backups.making.renew import CopyPlace, renew_copy
from rattail.registry import load_registry
from tests.docs.blocks import ROOT
from tests.features.batches.kinds.catalogs import BEANS, COLUMNS, RICE, Shelf
from tests.kit.shop import Shop, in_shop

_LINES = 40


@contextmanager
def busy(what: str, log: Path, *, env: Mapping[str, str]) -> Iterator[None]:
    """Have such a process work until the end of the block; it has done one by the beginning."""
    command = [sys.executable, "-m", "tests.features.backups.restoring.busy_shop", what, str(log)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, env={**os.environ, **env}
    ) as process:
        assert process.stdout is not None
        assert process.stdout.read(1) == b"!", f"{what}: the process ended"
        yield
    assert process.returncode == 0, f"{what}: {shown(str(log))}"


def done_by(log: Path, at: datetime) -> list[str]:
    """What was done before that moment."""
    lines = (line.split() for line in log.read_text().splitlines())
    return [which for moment, which in lines if float(moment) < at.timestamp()]


def open_shop(env: Mapping[str, str]) -> None:
    """What batches need: a vendor and some products."""
    in_shop(env, lambda shop: Shelf(shop).vendor)


def _until_told(act: Callable[[int], object], log: str) -> None:
    number = 0
    while not number or not select.select([sys.stdin], [], [], 0)[0]:
        which = act(number)
        with open(log, "a", encoding="ascii") as stream:
            stream.write(f"{time.time()} {which}\n")
        if not number:
            os.write(sys.stdout.fileno(), b"!")
        number += 1


def _make_batches(log: str) -> None:
    lines = [f"{BEANS},B-1,,beans,,12,12.60,1.05,2,", f"{RICE},R-1,,rice,,6,12.60,2.10,3,"] * _LINES
    content = "\n".join((COLUMNS, *lines)) + "\n"

    def work(shop: Shop) -> None:
        def make(number: int) -> str:
            name = f"catalog-{number}.csv"
            batch = shop.batch(
                "vendor_catalog", content + "\n" * number, name=name, vendor="acme", check_digits={12: True}
            )
            (shop.folder / name).unlink()
            return str(batch)

        _until_told(make, log)

    in_shop(os.environ, work)


def _copy_records(log: str) -> None:
    root, registry = os.environ["RATTAIL_APPDIR"], load_registry()
    settings = load_settings(registry.options, root=root, environ=os.environ)
    place = CopyPlace.of(root, registry.layout.place(root, {}), settings)
    _until_told(lambda _number: renew_copy(place, now=datetime.now(UTC)).size_bytes, log)


if __name__ == "__main__":
    {"batches": _make_batches, "records": _copy_records}[sys.argv[1]](sys.argv[2])
