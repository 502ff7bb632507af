"""The folder alone is a backup: any tool copies it, while people work in it."""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from rattail.database.setup import Whereabouts
from rattail.features.backups.restoring.databases import name_of
from rattail.registry import Registry
from tests.conftest import Ran, Run
from tests.features.backups.records.under_fire import SUM, fire, make_bank, make_server_bank
from tests.features.backups.restoring.busy_shop import busy, done_by, open_shop
from tests.features.backups.restoring.shelf import empty_shop
from tests.kit.postgres import Server
from tests.kit.programs import needs_program
from tests.kit.records import variables
from tests.kit.shop import Shop, in_shop

_BATCHES = "SELECT number, file_name, file_sha256 FROM batches_batch"
_PLACE = "data/batches/vendor_catalog"
_PAPERS_BYTES = 12 << 20
_OWN_FILES = 300
_COMMITS_A_SECOND = 100


class Found(NamedTuple):
    """What was restored, and what the command said of it."""

    said: Mapping[str, Any]
    messages: tuple[str, ...]
    sum: int
    batches: Mapping[str, tuple[str, str]]  # number: logical path of the file, and its SHA-256 by the records
    appdir: Path

    @property
    def missing(self) -> list[str]:
        return sorted(path for path, _ in self.batches.values() if not (self.appdir / path).exists())

    @property
    def spoilt(self) -> list[str]:
        """Files that are there and are not those that the records tell of."""
        there = ((self.appdir / path, digest) for path, digest in self.batches.values())
        return [str(path) for path, wanted in there if path.exists() and _digest(path) != wanted]


class Yard:
    """An app folder where people work, and places to restore copies of it into."""

    def __init__(self, env: Mapping[str, str], registry: Registry, base: Path, server: Server | None, run: Run) -> None:
        self.env = env
        self.appdir = Path(env["RATTAIL_APPDIR"])
        self.base = base
        self.made = base / "batches.log"
        self._registry = registry
        self._server = server
        self._run = run

    @property
    def database(self) -> Path | Whereabouts:
        if self._server is None:
            return self.appdir / "data/rattail.sqlite3"
        return Whereabouts(url=self.env["RATTAIL_DATABASE_URL"], password=self._server.password)

    def command(self, *words: str | Path, **more: str) -> Ran:
        return self._run(*words, env={**self.env, **more})

    def copy(self, tool: str) -> Path:
        """A copy made by the tool. That something changed or went away meanwhile, it tells by its exit code."""
        copy = self.base / f"copy-{tool}-{len(list(self.base.iterdir()))}"
        copy.mkdir()
        words = {
            "tar": f"tar -C {self.appdir} -cf {copy}.tar . ; tar -C {copy} -xf {copy}.tar",
            "rsync": f"rsync -a {self.appdir}/ {copy}/",
            "cp": f"cp -a {self.appdir}/. {copy}/",
        }
        done = subprocess.run(["sh", "-c", words[tool]], capture_output=True, text=True, check=False)
        assert done.returncode in (0, 1, 23, 24), done.stderr
        return copy

    def restored(self, copy: Path) -> Found:
        """Restore a copy into another environment, with a database of its own."""
        other = empty_shop(self.base / f"env-{copy.name}", self._registry)
        with self._elsewhere() as database:
            ran = self.command("restore-backup", copy, "--into", other.environment, "--json", **database)
            assert ran.code == 0, ran.out + ran.err
            messages = tuple(str(one) for one in ran.json["messages"])
            return Found(ran.data, messages, *self._looked(other.app, database), other.app)

    @contextmanager
    def _elsewhere(self) -> Iterator[Mapping[str, str]]:
        if self._server is None:
            yield {}
            return
        with self._server.fresh_database() as url:
            yield variables(self._server, url)

    def _looked(self, app: Path, database: Mapping[str, str]) -> tuple[int, dict[str, tuple[str, str]]]:
        if self._server is None:
            with closing(sqlite3.connect(app / "data/rattail.sqlite3")) as records:
                assert records.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
                total, rows = (
                    records.execute("SELECT sum(balance) FROM account").fetchone()[0],
                    list(records.execute(_BATCHES)),
                )
        else:
            with self._server.connect(database=name_of(database["RATTAIL_DATABASE_URL"])) as server:
                total = server.execute("SELECT sum(balance) FROM account").fetchall()[0][0]
                rows = server.execute(_BATCHES).fetchall()
        return int(total), {f"{number:08d}": (f"{_PLACE}/{number:08d}/{name}", digest) for number, name, digest in rows}


@pytest.fixture
def yard(
    migrated_env: Mapping[str, str], registry: Registry, tmp_path: Path, run: Run, request: pytest.FixtureRequest
) -> Yard:
    for program in ("tar", "rsync", "cp"):
        needs_program(program)
    server, env = None, dict(migrated_env)
    if "RATTAIL_DATABASE_URL" in env:
        server = request.getfixturevalue("postgres")
        env["PATH"] = f"{server.bin_folder}:{os.environ['PATH']}"
    base = tmp_path / "copies"
    base.mkdir()
    made = Yard(env, registry, base, server, run)
    if isinstance(made.database, Path):
        make_bank(made.database, size_bytes=_PAPERS_BYTES)
    else:
        make_server_bank(made.database, size_bytes=_PAPERS_BYTES)
    open_shop(env)
    own = made.appdir / "data/own"
    own.mkdir()
    for number in range(_OWN_FILES):
        (own / f"{number}.bin").write_bytes(os.urandom(64 << 10))
    return made


def test_whatever_tool_copies_the_folder_while_people_work_there_is_a_backup(yard: Yard) -> None:
    """The records are copied anew all the time, so that each copy of the folder meets that, too."""
    begun = datetime.now(UTC)
    latencies = yard.base / "latencies"
    latencies.mkdir()
    with (
        fire(yard.database, latencies, processes=2, commits_a_second=_COMMITS_A_SECOND, synchronous="OFF"),
        busy("batches", yard.made, env=yard.env),
    ):
        with busy("records", yard.base / "records.log", env=yard.env):
            copies = [yard.copy(tool) for tool in ("tar", "rsync", "cp")]
        assert yard.command("copy-records").code == 0
        copies.append(yard.copy("tar"))  # as a person would who reads the documentation

    for copy in copies:
        found = yard.restored(copy)
        at = datetime.fromisoformat(found.said["records_at"])
        assert found.sum == SUM
        assert begun < at < datetime.now(UTC)
        assert set(done_by(yard.made, at)) <= set(found.batches)
        assert found.said["missing_files"] == found.missing
        assert found.spoilt == []
        assert len(found.batches) > len(found.missing)
    assert found.missing == []


def test_files_that_went_or_came_between_the_records_and_the_files_are_named(yard: Yard) -> None:
    """No tool can know that files are to be read after the records; a slow one reads `data/batches` first."""
    with busy("batches", yard.made, env=yard.env):
        pass
    assert yard.command("copy-records").code == 0
    went, *_ = done_by(yard.made, datetime.now(UTC))
    in_shop(yard.env, lambda shop: _delete(shop, int(went)))
    copy = yard.copy("cp")

    found = yard.restored(copy)
    assert found.missing == found.said["missing_files"] == [f"{_PLACE}/{went}/catalog-0.csv"]
    assert any(found.missing[0] in one for one in found.messages)

    with busy("batches", yard.made, env=yard.env):
        pass
    assert yard.command("copy-records").code == 0
    shutil.copytree(yard.appdir / "data/database", copy / "data/database", dirs_exist_ok=True)
    came = done_by(yard.made, datetime.now(UTC))[-1]
    shutil.rmtree(yard.base / f"env-{copy.name}")

    found = yard.restored(copy)
    assert came in {Path(path).parent.name for path in found.missing}
    assert found.missing == found.said["missing_files"]


def _delete(shop: Shop, number: int) -> None:
    from rattail.features.batches.service.delete import delete_batch

    delete_batch(number, ground=shop.ground)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
