"""Copies in repositories of restic and borg: the programs themselves, installed here."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from rattail.errors import AppDirBroken, BackupUnproven, NoSuchThing
from rattail.features.backups.keys.keys import make_key
from rattail.features.backups.records.copy import read_note
from rattail.features.backups.targets.copying import BROKEN_OFF, Progress
from tests.features.backups.making.backing import NOW
from tests.features.backups.targets.conftest import Shelf
from tests.kit.programs import needs_program


class Repo(NamedTuple):
    """A repository, and the program that keeps it."""

    program: str
    path: Path

    @property
    def place(self) -> str:
        return f"{self.program}:{self.path}"

    def call(self, *words: str, cwd: Path | None = None) -> str:
        environ = {
            **os.environ,
            "RESTIC_PASSWORD": "secret",
            "BORG_PASSPHRASE": "secret",
            "HOME": str(self.path.parent),
        }
        environ |= {"RESTIC_REPOSITORY": str(self.path), "BORG_REPO": str(self.path)}
        command = [self.program, *words]
        return subprocess.run(command, env=environ, cwd=cwd, capture_output=True, text=True, check=True).stdout

    def names(self) -> list[str]:
        """The backups in it, the oldest first."""
        if self.program == "borg":
            return [one["name"] for one in json.loads(self.call("list", "--json"))["archives"]]
        return [one["tags"][1].removesuffix(".tar") for one in json.loads(self.call("snapshots", "--json"))]

    def restore(self, into: Path) -> None:
        """The newest, into a new folder."""
        into.mkdir()
        if self.program == "borg":
            self.call("extract", f"::{self.names()[-1]}", cwd=into)
        else:
            self.call("restore", "latest", "--target", str(into))

    def size_bytes(self) -> int:
        return sum(path.stat().st_size for path in self.path.rglob("*") if path.is_file())


@pytest.fixture(scope="session")
def empty_repositories(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """One empty repository for each program: making one takes as long as filling it."""

    @cache
    def make(program: str) -> Path:
        needs_program(program)
        made = Repo(program, tmp_path_factory.mktemp("repositories") / program)
        made.call("init", *(("--encryption", "repokey") if program == "borg" else ()))
        return made.path

    return make


def repo_of(program: str, empty: Callable[[str], Path], tmp_path: Path) -> Repo:
    return Repo(program, Path(shutil.copytree(empty(program), tmp_path / "repo")))


@pytest.fixture(params=["restic", "borg"])
def repo(request: pytest.FixtureRequest, empty_repositories: Callable[[str], Path], tmp_path: Path) -> Repo:
    return repo_of(request.param, empty_repositories, tmp_path)


@pytest.fixture
def borg(empty_repositories: Callable[[str], Path], tmp_path: Path) -> Repo:
    return repo_of("borg", empty_repositories, tmp_path)


def test_only_differences_travel_however_often_it_breaks_off_and_a_plain_copy_comes_back(
    shelf: Shelf, repo: Repo, tmp_path: Path
) -> None:
    shelf.path.chmod(0o755)
    first = shelf.copy(repo.place)
    before = repo.size_bytes()
    own = shelf.root / "data" / "own"
    (own / "3.csv").write_text("another")
    (own / "4.csv").unlink()
    (own / "5.csv").unlink()
    (own / "5.csv").mkdir()
    (own / "5.csv" / "inner").write_text("new")
    shelf.make(NOW + timedelta(days=1))

    for when in ("unpacking", "sending", "checking the repository"):
        with suppress(KeyboardInterrupt):  # a small one may be sent before anything is told of it
            shelf.copy(repo.place, progress=breaking_off(when))
    assert shelf.newest.known.copies[repo.place].problem == BROKEN_OFF
    second = shelf.copy(repo.place)

    repo.restore(tmp_path / "out")
    folder = tmp_path / "out" / "folder"
    note = read_note(str(folder / "data" / "database"))
    assert [one.error for one in (*first, *second)] == [None, None]
    assert len(repo.names()) == 2
    assert shelf.newest.known.copies[repo.place].problem == ""
    assert repo.size_bytes() - before < 1 << 20
    assert content_of(folder / "data" / "own") == content_of(own)
    assert (folder / "data" / "own" / "link").readlink() == Path("1.csv")
    assert note is not None
    assert (note.at, note.copied.kind) == (NOW + timedelta(days=1), "sqlite")
    assert (tmp_path / "out" / "restore.py").exists()
    assert [path.name for path in shelf.path.iterdir() if path.stat().st_mode & 0o077] == []


def content_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def breaking_off(when: str) -> Progress:
    def break_off(what: str, done: int, total: int | None) -> None:
        if what == when:
            raise KeyboardInterrupt

    return break_off


def test_an_encrypted_backup_goes_in_as_it_is(shelf: Shelf, borg: Repo, tmp_path: Path) -> None:
    shelf.make(NOW + timedelta(days=1), recipients=(make_key().public,))

    (made,) = shelf.copy(borg.place)

    borg.restore(tmp_path / "out")
    assert made.error is None
    assert "gets encrypted backups whole" in made.warnings[0]
    assert not (tmp_path / "out" / "folder").exists()
    subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=tmp_path / "out", check=True)


@pytest.mark.long
def test_a_repository_that_rots_is_found_out(shelf: Shelf, repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rattail.features.backups.targets.restic._SHARES", 1)  # all of the data, not a share
    shelf.copy(repo.place)
    for path in (repo.path / "data").rglob("*"):
        if path.is_file() and path.stat().st_size > 1 << 20:
            path.chmod(0o600)
            with path.open("r+b") as stream:
                stream.seek(path.stat().st_size // 2)
                stream.write(b"rot")

    (made,) = shelf.copy(repo.place)

    assert isinstance(made.error, BackupUnproven)
    assert made.error.message.startswith(f"{repo.program} cannot find all it should have in")
    assert shelf.newest.known.copies[repo.place].problem == made.error.message


def test_what_the_program_says_is_told(shelf: Shelf, repo: Repo, tmp_path: Path) -> None:
    (wrong,) = shelf.copy(repo.place, password="wrong")
    (missing,) = shelf.copy(repo.place, path=str(tmp_path))
    (gone,) = shelf.copy(f"{repo.place}-elsewhere")

    assert isinstance(wrong.error, AppDirBroken)
    assert "pass" in wrong.error.message
    assert isinstance(missing.error, NoSuchThing)
    assert "apt-get install" in missing.error.hint
    assert isinstance(gone.error, AppDirBroken)
    assert gone.error.message.startswith(f"{repo.program} cannot put the backup into")
    assert shelf.newest.known.copies[repo.place].problem == missing.error.message
