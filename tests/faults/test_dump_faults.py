"""pg_dump dying half-way, at every so many bytes: killed, with an error, or as if all were well."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rattail.database.setup import Whereabouts
from rattail.errors import BackupUnproven
from rattail.features.backups.making.make import make_backup
from rattail.features.backups.making.readback import read_back
from rattail.features.backups.records.copy import copy_database, read_note
from rattail.features.backups.shelf.shelf import list_backups
from rattail.features.backups.shelf.state import State
from rattail.registry import Registry
from tests.features.backups.making.backing import NOW, request_of
from tests.features.backups.records.places import programs
from tests.features.backups.restoring.shelf import empty_shop, make_app
from tests.kit.postgres import Server
from tests.kit.records import migrated_database, variables

CUTS = 60
WAYS = {"killed": "kill -9 $$", "with an error": "echo no more >&2; exit 1", "as if all were well": "exit 0"}


class Dumping:
    """A program on PATH that says what pg_dump said, up to a byte, and then ends in some way."""

    def __init__(self, folder: Path, said: bytes) -> None:
        folder.mkdir()
        self._said = folder / "said"
        self._said.write_bytes(said)
        self._program = folder / "pg_dump"
        self.size_bytes = len(said.rstrip(b"\n"))

    def ends(self, at: int, how: str) -> None:
        lines = (
            "#!/bin/sh",
            'if [ "$1" = --version ]; then echo "pg_dump (PostgreSQL) 99.1"; exit; fi',
            f"head -c {at} '{self._said}'",
            how,
        )
        self._program.write_text("\n".join((*lines, "")))
        self._program.chmod(0o755)


@pytest.fixture
def place(postgres: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Whereabouts]:
    """Migrated records on the server, named by this process's environment."""
    with postgres.fresh_database(template=migrated_database(postgres)) as url:
        for name, value in variables(postgres, url).items():
            monkeypatch.setenv(name, value)
        yield Whereabouts(url=url, password=postgres.password)


@pytest.mark.parametrize("way", WAYS)
def test_wherever_pg_dump_dies_no_backup_is_listed_and_the_copy_that_was_there_stays(
    way: str, place: Whereabouts, registry: Registry, quick_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = empty_shop(quick_path / "shop", registry)
    make_app(shop)
    folder, shelf = shop.app / "data/database", quick_path / "backups"
    copied = copy_database(place, str(folder), now=NOW, environ=programs())
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    dumping = Dumping(quick_path / "bin", Path(copied.path).read_bytes())
    monkeypatch.setenv("PATH", f"{quick_path}/bin:/usr/bin:/bin")
    request = request_of(shop.app, registry, target=shelf)

    for at in cuts(dumping.size_bytes, is_whole=way != "as if all were well"):
        dumping.ends(at, WAYS[way])

        with pytest.raises(BackupUnproven) as told:
            make_backup(request)

        assert "pg_dump" in told.value.message
        assert list_backups(str(shelf)) == (), f"after {at} bytes"
        assert {path.name for path in shelf.iterdir()} == {"backups.lock"}
        assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
        assert read_note(str(folder)) is not None

    dumping.ends(dumping.size_bytes + 1, "exit 0")
    made = make_backup(request)
    assert made.state is State.READ_BACK
    assert read_back(made.path, scratch=str(shelf)).problem == ""


def cuts(size_bytes: int, *, is_whole: bool) -> list[int]:
    """So many places in a dump, its first and last bytes among them; all of it where that is a fault, too."""
    between = [size_bytes * number // CUTS for number in range(1, CUTS)]
    return [0, 1, *between, size_bytes - 1, *([size_bytes] if is_whole else [])]
