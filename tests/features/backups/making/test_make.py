"""A backup: what is in it, that it can be opened with the system's own tools, and that no half one is ever left."""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import sqlite3
import subprocess
import threading
from pathlib import Path

import pytest

from rattail.appdir.folder import Keep
from rattail.errors import AppDirBroken, AppDirBusy, BackupUnproven
from rattail.features.backups.archive.opened import open_archive
from rattail.features.backups.keys.keys import make_key, read_identities
from rattail.features.backups.making.make import Made, make_backup
from rattail.features.backups.making.plan import MakeRequest, plan_backup
from rattail.features.backups.making.readback import read_back
from rattail.features.backups.shelf.shelf import list_backups, target_lock
from rattail.features.backups.shelf.state import State
from rattail.registry import Registry
from tests.conftest import Run
from tests.features.backups.making.backing import request_of
from tests.kit.killing import killed_at
from tests.kit.mounting import small_file_system
from tests.kit.programs import needs_program


class Cancelled(Exception):
    """What a job raises from its progress."""


@pytest.fixture
def app(appdir: Path, run: Run) -> Path:
    """An app folder with records, and a file in each declared folder."""
    run("make-appdir", "--path", appdir)
    run("migrate-db", "--appdir", appdir)
    run("make-store", "1", "Main Street", "--appdir", appdir)
    for folder in ("data/batches/inventory", "data/own", "luigitasks", "log", "work/csv"):
        (appdir / folder).mkdir(exist_ok=True)
        (appdir / folder / "mine.txt").write_text(f"of {folder}\n" * 100)
    (appdir / "data/own/big.bin").write_bytes(os.urandom(6 << 20))
    (appdir / "inside").symlink_to("data")
    return appdir


@pytest.fixture
def request_(app: Path, registry: Registry, tmp_path: Path) -> MakeRequest:
    return request_of(app, registry, target=tmp_path / "backups")


def shell(line: str, folder: Path) -> str:
    """Run a line of bash, every part of a pipe of which has to succeed."""
    ran = subprocess.run(["bash", "-ec", f"set -o pipefail; {line}"], cwd=folder, capture_output=True, check=False)
    assert ran.returncode == 0, ran.stderr.decode()
    return ran.stdout.decode()


def opened_by_hand(made: Made, into: Path, *, key: str = "") -> Path:
    """Unpack a backup with tar, sha256sum, age and zstd alone; returns the folder with its files and `records`."""
    for program in ("tar", "zstd", "sha256sum"):
        needs_program(program)
    into.mkdir()
    shell(f"tar xf {shlex.quote(made.path)} && sha256sum --strict --status -c SHA256SUMS", into)
    (into / "app").mkdir()
    (into / "key").write_text(key)
    reading = f"{needs_program('age')} -d -i key" if key else "cat"
    ending = ".age" if key else ""
    shell(f"{reading} folder.tar.zst{ending} | zstd -dc | tar xf - -C app", into)
    shell(f"{reading} database.sqlite3.zst{ending} | zstd -dc > records", into)
    shell(f"{reading} manifest.json{ending} > manifest", into)
    return into


def stores_in(path: Path) -> list[str]:
    with sqlite3.connect(path) as records:
        return [name for (name,) in records.execute("SELECT name FROM retail_store")]


@pytest.mark.parametrize("is_encrypted", [False, True])
def test_in_twenty_years_the_tools_of_the_system_open_it(
    request_: MakeRequest, tmp_path: Path, is_encrypted: bool
) -> None:
    key = make_key()
    made = make_backup(request_._replace(recipients=(key.public,) if is_encrypted else ()))

    found = opened_by_hand(made, tmp_path / "found", key=key.secret if is_encrypted else "")

    files = {one["path"]: one for one in json.loads((found / "manifest").read_text())["files"]}
    for path, said in files.items():
        own = found / "app" / path
        assert own.is_symlink() == (said["kind"] == "link"), path
        if said["kind"] == "file":
            assert hashlib.sha256(own.read_bytes()).hexdigest() == said["sha256"], path
            assert own.read_bytes() == (Path(request_.root) / path).read_bytes(), path
            assert own.stat().st_mode & 0o7777 == int(said["mode"], 8), path
    assert {str(path.relative_to(found / "app")) for path in (found / "app").rglob("*")} == set(files)
    assert stores_in(found / "records") == ["Main Street"]
    assert "sqlite3" in (found / "RESTORE.txt").read_text()


def test_it_holds_what_was_declared_essential_and_with_its_history_that_too(request_: MakeRequest) -> None:
    minimal, full = (
        make_backup(request_._replace(is_full=is_full, target=f"{request_.target}-{is_full}"))
        for is_full in (False, True)
    )

    held = []
    for made in (minimal, full):
        with open_archive(made.path) as archive, archive.manifest() as (_, entries):
            held.append({entry.path for entry in entries})
    for place in request_.places:
        name = f"{place.path}/mine.txt"
        if os.path.exists(f"{request_.root}/{name}"):
            assert (name in held[0]) is (place.folder.keep is Keep.ESSENTIAL), name
            assert (name in held[1]) is (place.folder.keep is not Keep.SCRATCH), name
    assert "data/rattail.sqlite3" not in held[1]
    assert not any(path.startswith("data/database/") for path in held[1])


def test_it_is_closed_to_others_from_its_first_byte_and_read_back_before_it_has_its_name(
    request_: MakeRequest,
) -> None:
    modes = set()

    def look(*_: object) -> None:
        for path in Path(request_.target).iterdir():
            if path.is_file():
                modes.add(path.stat().st_mode & 0o777)
                assert path.suffix != ".tar", "it has its name before it was read back"

    os.umask(0)
    try:
        made = make_backup(request_, progress=look)
    finally:
        os.umask(0o022)

    assert modes == {0o600}
    assert (made.state, [one.state for one in list_backups(request_.target)]) == (State.READ_BACK, [State.READ_BACK])
    assert Path(request_.target).stat().st_mode & 0o777 == 0o700


def test_the_host_cannot_read_what_it_encrypted_yesterday(request_: MakeRequest) -> None:
    key = make_key()
    made = make_backup(request_._replace(recipients=(key.public,)))

    whole = read_back(made.path, scratch=request_.target)
    opened = read_back(made.path, scratch=request_.target, identities=read_identities(key.secret, source="a test"))

    assert (whole.problem, whole.is_whole_only) == ("", True)
    assert (opened.problem, opened.is_whole_only) == ("", False)
    assert b"big.bin" not in Path(made.path).read_bytes()


@pytest.mark.parametrize(
    "place", ["folder.tar.zst", "database.sqlite3.zst", "manifest.json", "RESTORE.txt", "SHA256SUMS"]
)
def test_one_bit_that_is_another_is_found_wherever_it_is(request_: MakeRequest, place: str) -> None:
    made = make_backup(request_)
    with open_archive(made.path) as archive:
        stored = archive.members[place]
    with open(made.path, "r+b") as stream:
        stream.seek(stored.offset + stored.size_bytes // 2)
        byte = stream.read(1)[0]
        stream.seek(-1, os.SEEK_CUR)
        stream.write(bytes([byte ^ 1]))

    looked = read_back(made.path, scratch=request_.target)

    assert looked.problem
    assert list_backups(request_.target)[0].state is State.UNPROVEN  # the file was touched


def test_one_bit_that_is_another_is_found_where_nothing_is_said(request_: MakeRequest) -> None:
    made = make_backup(request_)
    with open_archive(made.path) as archive:
        manifest = archive.members["manifest.json"]
        behind = archive.members["database.sqlite3.zst"].offset
    with open(made.path, "r+b") as stream:
        stream.seek((manifest.offset + manifest.size_bytes + behind) // 2)
        stream.write(b"!")

    assert "after 'manifest.json'" in read_back(made.path, scratch=request_.target).problem


def test_who_calls_it_off_finds_nothing_left(request_: MakeRequest) -> None:
    said = set()

    for step in ("looking", "copying", "packing the records", "packing files", "reading"):

        def cancel(what: str, *_: object, step: str = step) -> None:
            said.add(what)
            if what.startswith(step):
                raise Cancelled

        with pytest.raises(Cancelled):
            make_backup(request_, progress=cancel)
        assert sorted(path.name for path in Path(request_.target).iterdir()) == ["backups.lock"], step
    assert len(said) == 5


def test_killed_at_any_touch_of_the_disk_there_is_no_half_backup_and_the_next_one_clears_up(
    request_: MakeRequest,
) -> None:
    moment = 3
    while killed_at(moment, lambda: make_backup(request_)):
        for one in list_backups(request_.target):
            assert read_back(one.path, scratch=request_.target).problem == ""
            os.unlink(one.path)
        moment += 17

    assert moment > 100
    assert [one.state for one in list_backups(request_.target)] == [State.READ_BACK]
    left = {path.name for path in Path(request_.target).iterdir()} - {"backups.lock"}
    assert left == {list_backups(request_.target)[0].file_name, list_backups(request_.target)[0].file_name + ".json"}


def test_a_large_file_that_changes_while_it_is_packed_is_read_again(request_: MakeRequest) -> None:
    big = Path(request_.root) / "data/own/big.bin"
    os.utime(big, (0, 0))  # nobody wrote to it for a long time
    changed = threading.Event()

    def write_to_it(what: str, done: int, _total: int | None) -> None:
        if what == "packing files" and done > 2 << 20 and not changed.is_set():
            changed.set()
            with open(big, "r+b") as stream:
                stream.write(b"NEW")

    made = make_backup(request_, progress=write_to_it)

    assert changed.is_set()
    assert made.warnings == ()
    with open_archive(made.path) as archive, archive.manifest() as (_, entries):
        sums = {entry.path: entry.sha256 for entry in entries}
    assert sums["data/own/big.bin"] == hashlib.sha256(big.read_bytes()).hexdigest()


def test_another_database_goes_in_as_a_whole_one_without_what_lies_beside_it(
    request_: MakeRequest, tmp_path: Path
) -> None:
    path = Path(request_.root) / "data/own/loyalty.db"
    live = sqlite3.connect(path)
    live.execute("PRAGMA journal_mode=WAL")
    live.execute("CREATE TABLE points (n INTEGER)")
    live.executemany("INSERT INTO points VALUES (?)", [(number,) for number in range(1000)])
    live.commit()
    (path.parent / "none.db").write_bytes(b"SQLite format 3\0 and nothing more")

    made = make_backup(request_)
    found = opened_by_hand(made, tmp_path / "found")

    with sqlite3.connect(found / "app/data/own/loyalty.db") as copy:
        assert copy.execute("SELECT sum(n) FROM points").fetchone() == (499_500,)
    assert not (found / "app/data/own/loyalty.db-wal").exists()
    assert (found / "app/data/own/none.db").read_bytes().endswith(b"nothing more")
    assert len(made.warnings) == 1
    live.close()


def test_two_at_once_are_one(request_: MakeRequest) -> None:
    os.mkdir(request_.target)
    with target_lock(request_.target), pytest.raises(AppDirBusy, match="already"):
        make_backup(request_)


def test_it_stops_before_it_fills_the_disk(request_: MakeRequest, tmp_path: Path) -> None:
    with small_file_system(tmp_path / "small", options="size=4m") as small:
        with pytest.raises(AppDirBroken, match=r"too little room .* needs about \d+ MB"):
            make_backup(request_._replace(target=str(small)))

        assert sorted(os.listdir(small)) == ["backups.lock"]


def test_an_app_without_records_has_a_backup_too(appdir: Path, registry: Registry, run: Run, tmp_path: Path) -> None:
    run("make-appdir", "--path", appdir)

    made = make_backup(request_of(appdir, registry, target=tmp_path / "backups"))

    with open_archive(made.path) as archive:
        assert archive.head().database is None
        assert archive.parts == ("folder.tar.zst",)
    assert made.state is State.READ_BACK


def test_the_plan_counts_what_the_backup_holds(request_: MakeRequest) -> None:
    plan = plan_backup(request_)
    made = make_backup(request_)

    assert (plan.files, plan.file_bytes) == (made.files, made.file_bytes)
    assert plan.bytes_by_folder["data"] >= 6 << 20
    assert plan.database_bytes > 0


def test_a_disk_that_gives_back_other_bytes_makes_no_backup(
    request_: MakeRequest,
) -> None:
    def spoil(what: str, done: int, _total: int | None) -> None:
        if what == "reading it back" and done == 0:
            (part,) = Path(request_.target).glob("*.part")
            with open(part, "r+b") as stream:
                stream.seek(part.stat().st_size - (3 << 20))
                stream.write(b"\0" * 64)

    with pytest.raises(BackupUnproven, match="cannot be read back"):
        make_backup(request_, progress=spoil)

    assert list_backups(request_.target) == ()
