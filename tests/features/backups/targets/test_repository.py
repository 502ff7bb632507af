"""Copies in repositories of restic and borg: the programs themselves, installed here."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from rattail.errors import AppDirBroken, BackupUnproven, NoSuchThing
from rattail.features.backups.keys.keys import make_key
from rattail.features.backups.records.copy import read_note
from rattail.features.backups.targets.copying import BROKEN_OFF
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


@pytest.fixture(params=["restic", "borg"])
def repo(request: pytest.FixtureRequest, tmp_path: Path) -> Repo:
    needs_program(request.param)
    made = Repo(request.param, tmp_path / "repo")
    made.call("init", *(("--encryption", "repokey") if request.param == "borg" else ()))
    return made


def test_the_content_comes_back_as_a_plain_copy_of_the_folder(shelf: Shelf, repo: Repo, tmp_path: Path) -> None:
    (made,) = shelf.copy(repo.place)

    repo.restore(tmp_path / "out")
    folder, own = tmp_path / "out" / "folder", shelf.root / "data" / "own"
    assert made.error is None
    assert repo.names() == [shelf.newest.file_name.removesuffix(".tar")]
    assert {path.name: path.read_bytes() for path in own.iterdir()} == {
        path.name: path.read_bytes() for path in (folder / "data" / "own").iterdir()
    }
    assert (folder / "data" / "own" / "link").readlink() == Path("1.csv")
    assert (folder / "rattail.toml").stat().st_mtime_ns // 1000 == (
        shelf.root / "rattail.toml"
    ).stat().st_mtime_ns // 1000
    note = read_note(str(folder / "data" / "database"))
    assert note is not None
    assert (note.at, note.copied.kind) == (NOW, "sqlite")
    assert (tmp_path / "out" / "restore.py").exists()


def test_of_the_next_one_only_differences_travel(shelf: Shelf, repo: Repo, tmp_path: Path) -> None:
    shelf.copy(repo.place)
    before = repo.size_bytes()
    own = shelf.root / "data" / "own"
    (own / "3.csv").write_text("another")
    (own / "4.csv").unlink()
    (own / "5.csv").unlink()
    (own / "5.csv").mkdir()
    (own / "5.csv" / "inner").write_text("new")
    unchanged = [shelf.path / "unpacked" / "shop" / "folder" / "data" / "own" / name for name in ("noise.bin", "6.csv")]
    inodes = [path.stat().st_ino for path in unchanged]
    shelf.make(NOW + timedelta(days=1))

    (made,) = shelf.copy(repo.place)

    repo.restore(tmp_path / "out")
    found = tmp_path / "out" / "folder" / "data" / "own"
    assert made.error is None
    assert len(repo.names()) == 2
    assert repo.size_bytes() - before < 1 << 20
    assert [path.stat().st_ino for path in unchanged] == inodes
    assert sorted(os.listdir(found)) == sorted(os.listdir(own))
    assert (found / "3.csv").read_text() == "another"
    assert (found / "5.csv" / "inner").read_text() == "new"


@pytest.mark.parametrize("when", ["unpacking", "sending", "checking the repository"])
def test_one_that_broke_off_is_completed_and_is_there_once(shelf: Shelf, repo: Repo, when: str) -> None:
    def break_off(what: str, done: int, total: int | None) -> None:
        if what == when:
            raise KeyboardInterrupt

    try:
        shelf.copy(repo.place, progress=break_off)
    except KeyboardInterrupt:
        assert shelf.newest.known.copies[repo.place].problem == BROKEN_OFF
    (made,) = shelf.copy(repo.place)
    (again,) = shelf.copy(repo.place)

    assert (made.error, again.error) == (None, None)
    assert repo.names() == [shelf.newest.file_name.removesuffix(".tar")]
    assert shelf.newest.known.copies[repo.place].problem == ""


def test_an_encrypted_backup_goes_in_as_it_is(shelf: Shelf, repo: Repo, tmp_path: Path) -> None:
    shelf.copy(repo.place)
    shelf.make(NOW + timedelta(days=1), recipients=(make_key().public,))

    (made,) = shelf.copy(repo.place)

    repo.restore(tmp_path / "out")
    assert made.error is None
    assert "gets encrypted backups whole" in made.warnings[0]
    assert not (tmp_path / "out" / "folder").exists()
    subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=tmp_path / "out", check=True)


def _lose_data(repo: Repo) -> None:
    for path in sorted((repo.path / "data").rglob("*")):
        if path.is_file() and path.stat().st_size > 1 << 20:
            path.chmod(0o600)
            with path.open("r+b") as stream:
                stream.seek(path.stat().st_size // 2)
                stream.write(b"rot")


def _lose_repository(repo: Repo) -> None:
    repo.path.rename(repo.path.with_name("away"))


@pytest.mark.parametrize(
    ("harm", "kind"), [(_lose_repository, AppDirBroken), (_lose_data, BackupUnproven)], ids=["no repository", "rot"]
)
def test_what_the_program_says_is_told(
    shelf: Shelf, repo: Repo, harm: Callable[[Repo], None], kind: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rattail.features.backups.targets.restic._SHARES", 1)  # all of the data, not a share
    shelf.copy(repo.place)
    harm(repo)

    (made,) = shelf.copy(repo.place)

    assert isinstance(made.error, kind)
    assert made.error.message.startswith(f"{repo.program} cannot ")
    assert shelf.newest.known.copies[repo.place].problem == made.error.message


def test_a_wrong_password_and_a_missing_program_are_told(shelf: Shelf, repo: Repo, tmp_path: Path) -> None:
    (wrong,) = shelf.copy(repo.place, password="wrong")
    (missing,) = shelf.copy(repo.place, path=str(tmp_path))

    assert wrong.error is not None
    assert "pass" in wrong.error.message
    assert isinstance(missing.error, NoSuchThing)
    assert "apt-get install" in missing.error.hint


def test_what_is_unpacked_on_the_way_is_closed_to_others(shelf: Shelf, repo: Repo) -> None:
    shelf.path.chmod(0o755)
    shelf.copy(repo.place)

    open_to_others = [
        path.name for path in shelf.path.iterdir() if path.stat().st_mode & 0o077 and path.name != "wheels"
    ]
    assert open_to_others == []
