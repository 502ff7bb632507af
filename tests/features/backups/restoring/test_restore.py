"""Restoring: all of it, a part, tables; what stood there comes back where the new one is not sound."""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from rattail.appdir.unserved import unserved
from rattail.database.setup import Whereabouts
from rattail.errors import (
    AppDirBusy,
    BackupUnproven,
    InputRejected,
    LayoutOutdated,
    NoSuchThing,
    RattailError,
    WouldOverwrite,
)
from rattail.features.backups.records.copy import copy_database
from rattail.features.backups.restoring.plan import plan_restore
from rattail.features.backups.restoring.restore import restore
from rattail.features.backups.restoring.tables import take_tables
from rattail.registry import Registry
from tests.conftest import NOW, Run
from tests.features.backups.restoring.shelf import Shop, empty_shop, made_shop, make_app
from tests.kit.environment import Environment
from tests.kit.snapshot import snapshot


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, registry: Registry) -> Shop:
    return made_shop(tmp_path_factory.mktemp("envs") / "poser", registry)


@pytest.fixture(scope="module")
def backup(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> str:
    return shop.backup(tmp_path_factory.mktemp("backups"))


@pytest.fixture
def own_shop(tmp_path: Path, registry: Registry) -> Shop:
    return made_shop(tmp_path / "poser", registry)


def _files(app: Path) -> dict[str, object]:
    """Content and permissions of everything but records and the lock."""
    return {
        path: (entry.mode, entry.content)
        for path, entry in snapshot(app).items()
        if not path.startswith(("data/rattail.sqlite3", "data/database/", "app-folder.lock"))
    }


def _spoil(app: Path) -> None:
    (app / "data/own/notes.txt").write_text("spoilt\n")
    (app / "data/own/more.txt").write_text("new since\n")
    (app / "data/own/latest").unlink()
    shutil.rmtree(app / "data/exports/report_output/00000001")
    (app / "log/web.log").write_text("a line\n")


def test_a_folder_is_restored_into_an_environment_without_one(
    shop: Shop, backup: str, tmp_path: Path, registry: Registry
) -> None:
    other = empty_shop(tmp_path / "other", registry)

    restored = restore(other.request(backup))

    assert _files(other.app) == _files(shop.app)
    assert restored.errors == ()
    assert restored.kept == ""
    assert other.leftovers() == []
    assert restored.rows["django_migrations"] > 0
    assert stat.S_IMODE((other.app / "data/rattail.sqlite3").stat().st_mode) == 0o640


def test_in_place_the_dry_run_says_exactly_what_is_done_and_the_old_folder_is_kept(
    own_shop: Shop, tmp_path: Path
) -> None:
    backup = own_shop.backup(tmp_path / "backups")
    wanted = _files(own_shop.app)
    _spoil(own_shop.app)
    spoilt = _files(own_shop.app)
    before = snapshot(own_shop.environment)

    planned = plan_restore(own_shop.request(backup)).difference

    assert {k: v for k, v in snapshot(own_shop.environment).items() if "lock" not in k and k != "app"} == {
        k: v for k, v in before.items() if "lock" not in k and k != "app"
    }
    assert planned[:3] == _difference(spoilt, wanted)
    assert planned.changed == ("data/own/notes.txt",)
    assert planned.only_here == ("data/own/more.txt", "log/web.log")
    restored = restore(own_shop.request(backup))
    assert _files(own_shop.app) == wanted
    assert _files(Path(restored.kept)) == spoilt
    assert own_shop.leftovers() == [os.path.basename(restored.kept)]
    again = plan_restore(own_shop.request(backup)).difference
    assert (again.new, again.changed, again.only_here) == ((), (), ())


def _difference(here: dict[str, object], wanted: dict[str, object]) -> tuple[tuple[str, ...], ...]:
    shared = here.keys() & wanted.keys()
    return (
        tuple(sorted(wanted.keys() - here.keys())),
        tuple(sorted(path for path in shared if here[path] != wanted[path])),
        tuple(sorted(here.keys() - wanted.keys())),
    )


def test_a_part_is_restored_and_the_rest_is_left(own_shop: Shop, tmp_path: Path) -> None:
    backup = own_shop.backup(tmp_path / "backups")
    wanted = _files(own_shop.app)
    _spoil(own_shop.app)
    spoilt = _files(own_shop.app)
    planned = plan_restore(own_shop.request(backup, only=("data/own/", "data/exports"))).difference

    restored = restore(own_shop.request(backup, only=("data/own/", "data/exports")))

    now = _files(own_shop.app)
    assert {path: one for path, one in now.items() if path.startswith(("data/own", "data/exports"))} == {
        path: one for path, one in wanted.items() if path.startswith(("data/own", "data/exports"))
    }
    assert (own_shop.app / "log/web.log").exists()
    assert planned.only_here == ("data/own/more.txt",)
    assert set(planned.new) == now.keys() - spoilt.keys()
    assert (Path(restored.kept) / "data/own/more.txt").exists()


def test_a_part_above_the_records_leaves_the_records_and_what_no_backup_holds(own_shop: Shop, tmp_path: Path) -> None:
    backup = own_shop.backup(tmp_path / "backups")
    _spoil(own_shop.app)
    upload = own_shop.app / "data/uploads/0123"
    upload.mkdir()
    records = (own_shop.app / "data/rattail.sqlite3").stat().st_ino
    planned = plan_restore(own_shop.request(backup, only=("data",))).difference

    restore(own_shop.request(backup, only=("data",)))

    assert (own_shop.app / "data/rattail.sqlite3").stat().st_ino == records
    assert upload.is_dir()
    assert (own_shop.app / "data/own/notes.txt").read_text() == "Pallet 17, bay 4\n"
    assert planned.only_here == ("data/own/more.txt",)
    assert not (own_shop.app / "data/own/more.txt").exists()


def test_a_part_comes_with_the_folders_above_it_that_are_gone(own_shop: Shop, tmp_path: Path) -> None:
    backup = own_shop.backup(tmp_path / "backups")
    wanted = _files(own_shop.app)
    shutil.rmtree(own_shop.app / "data/exports/report_output/00000001")
    shutil.rmtree(own_shop.app / "data/own")

    only = ("data/exports/report_output/00000001/stock.csv", "data/own/notes.txt")
    restored = restore(own_shop.request(backup, only=only))

    now = _files(own_shop.app)
    assert wanted.keys() - now.keys() == {"data/own/latest"}
    assert {path: one for path, one in wanted.items() if path in now} == now
    assert restored.kept == ""
    assert own_shop.leftovers() == []


@pytest.mark.parametrize(
    ("only", "error", "says"),
    [
        ("data/nothing", NoSuchThing, "holds nothing at 'data/nothing'"),
        ("../x", InputRejected, "no part of the app folder"),
        ("/etc", InputRejected, "no part of the app folder"),
        (".", InputRejected, "no part of the app folder"),
        ("data/rattail.sqlite3", InputRejected, "are the records"),
    ],
)
def test_a_part_that_cannot_be_is_refused_and_nothing_changes(
    only: str, error: type[Exception], says: str, shop: Shop, backup: str
) -> None:
    before = _files(shop.app)

    for act in (plan_restore, restore):
        with pytest.raises(error, match=says):
            act(shop.request(backup, only=(only,)))

    assert _files(shop.app) == before
    assert shop.leftovers() == []


def test_the_old_folder_comes_back_by_itself_where_the_new_one_is_not_sound(own_shop: Shop, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(own_shop.app, copy, symlinks=True)
    (copy / "data/rattail.sqlite3").unlink()
    shutil.rmtree(copy / "log")
    (copy / "log").write_text("a file where a folder has to be")
    before = _files(own_shop.app)

    with pytest.raises(RattailError, match="log"):
        restore(own_shop.request(copy))

    assert _files(own_shop.app) == before
    assert own_shop.leftovers() == []


def test_another_app_is_not_replaced_unless_it_is_said(backup: str, own_shop: Shop) -> None:
    before = _files(own_shop.app)

    with pytest.raises(WouldOverwrite, match="is another one"):
        restore(own_shop.request(backup))

    assert _files(own_shop.app) == before
    restored = restore(own_shop.request(backup, may_be_other=True))
    assert _files(Path(restored.kept)) == before


def test_an_app_that_is_being_served_is_refused_with_what_to_type(shop: Shop, backup: str) -> None:
    script = (
        "import fcntl, os, sys\n"
        "fd = os.open(sys.argv[1], os.O_RDWR)\n"
        "fcntl.lockf(fd, fcntl.LOCK_EX, 1, 1 << 40)\n"
        "print(flush=True)\nsys.stdin.read()\n"
    )
    (shop.app / "app-folder.lock").touch()
    command = [sys.executable, "-c", script, str(shop.app / "app-folder.lock")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as serving:
        assert serving.stdout is not None
        serving.stdout.readline()

        for act in (plan_restore, restore):
            with pytest.raises(AppDirBusy, match=f"served, by process {serving.pid}") as refused:
                act(shop.request(backup))

        assert f"kill {serving.pid}" in refused.value.hint
        serving.communicate()
    with unserved(str(shop.app)):
        pass


def test_records_newer_than_the_application_are_refused_before_anything_is_written(
    own_shop: Shop, tmp_path: Path
) -> None:
    with closing(sqlite3.connect(own_shop.app / "data/rattail.sqlite3")) as records, records:
        records.execute("INSERT INTO django_migrations (app, name, applied) VALUES ('retail', '9999_next', '2027')")
    backup = own_shop.backup(tmp_path / "backups")
    before = snapshot(own_shop.environment)

    with pytest.raises(LayoutOutdated, match=r"retail\.9999_next"):
        restore(own_shop.request(backup))

    assert snapshot(own_shop.environment).keys() == before.keys()


def test_older_records_are_migrated(own_shop: Shop, tmp_path: Path, registry: Registry) -> None:
    with closing(sqlite3.connect(own_shop.app / "data/rattail.sqlite3")) as records, records:
        names = records.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name LIKE 'work_%'")
        for (name,) in names.fetchall():
            records.execute(f"DROP TABLE {name}")
        records.execute("DELETE FROM django_migrations WHERE app = 'work'")
    backup = own_shop.backup(tmp_path / "backups")
    other = empty_shop(tmp_path / "other", registry)

    restored = restore(other.request(backup))

    assert restored.migrations == ("work.0001_initial",)
    assert restored.errors == ()


def test_a_plain_copy_is_restored_with_the_newest_consistent_copy_of_its_records(
    own_shop: Shop, tmp_path: Path, registry: Registry
) -> None:
    live = own_shop.app / "data/rattail.sqlite3"
    copied = copy_database(Whereabouts(path=str(live)), str(own_shop.app / "data/database"), now=NOW)
    copy = tmp_path / "copy"
    shutil.copytree(own_shop.app, copy, symlinks=True)
    (copy / "data/rattail.sqlite3").write_bytes(b"half a database")
    other = empty_shop(tmp_path / "other", registry)
    planned = plan_restore(other.request(copy))

    restored = restore(other.request(copy))

    assert _files(other.app) == _files(own_shop.app)
    assert restored.rows == copied.counts == planned.rows
    assert restored.records_at == NOW.isoformat()
    assert restored.errors == ()


def test_a_plain_copy_without_a_consistent_copy_of_its_records_is_refused(shop: Shop, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(shop.app, copy, symlinks=True)
    shutil.rmtree(copy / "data/database")

    with pytest.raises(BackupUnproven, match="no consistent copy of the records"):
        restore(shop.request(copy))


def test_a_plain_copy_without_any_records_says_so(own_shop: Shop, tmp_path: Path, registry: Registry) -> None:
    (own_shop.app / "data/rattail.sqlite3").unlink()
    other = empty_shop(tmp_path / "other", registry)

    restored = restore(other.request(own_shop.app))

    assert any("holds no records" in one for one in restored.messages)
    assert not (other.app / "data/rattail.sqlite3").exists()


def test_folders_that_lay_elsewhere_come_into_the_folder_in_another_environment(
    own_shop: Shop, tmp_path: Path, registry: Registry
) -> None:
    _relocate(own_shop, "data/templates", tmp_path / "disk" / "templates")
    backup = own_shop.backup(tmp_path / "backups")
    other = empty_shop(tmp_path / "other", registry)

    restored = restore(other.request(backup))

    assert (other.app / "data/templates/label.txt").read_text() == "a label\n"
    assert str(tmp_path / "disk") not in (other.app / "rattail.toml").read_text()
    assert json.loads((other.app / "app-folder.json").read_text())["relocated"] == {}
    assert any("it is in the folder itself now" in one for one in restored.messages)
    assert restored.errors == ()


def test_in_place_folders_that_lie_elsewhere_are_exchanged_at_their_places(own_shop: Shop, tmp_path: Path) -> None:
    place = tmp_path / "disk" / "templates"
    _relocate(own_shop, "data/templates", place)
    backup = own_shop.backup(tmp_path / "backups")
    (place / "label.txt").write_text("spoilt\n")
    planned = plan_restore(own_shop.request(backup)).difference

    restored = restore(own_shop.request(backup))

    assert planned.changed == ("data/templates/label.txt",)
    assert (place / "label.txt").read_text() == "a label\n"
    assert restored.errors == ()
    assert sorted(path.name for path in place.parent.iterdir() if not path.name.startswith("templates.before-")) == [
        "templates"
    ]
    assert "spoilt\n" in {(path / "label.txt").read_text() for path in place.parent.iterdir()}
    assert not (own_shop.app / "data/templates").exists()


def _relocate(shop: Shop, name: str, place: Path) -> None:
    place.parent.mkdir()
    os.rename(shop.app / name, place)
    settings = shop.app / "rattail.toml"
    text = settings.read_text()
    assert "[folders]" in text
    settings.write_text(text.replace("[folders]", f'[folders]\n"{name}" = "{place}"'))
    make_app(shop)
    (place / "label.txt").write_text("a label\n")


def test_tables_are_taken_out_and_the_folder_is_not_touched(shop: Shop, backup: str, tmp_path: Path) -> None:
    before = snapshot(shop.environment)

    taken = take_tables(backup, ("products", "vendors"), str(tmp_path / "csv"), layout=shop.registry.layout)

    assert [one.name for one in taken.files] == ["products.csv", "vendors.csv"]
    assert sorted(os.listdir(tmp_path / "csv")) == ["products.csv", "vendors.csv"]
    assert snapshot(shop.environment) == before


def test_root_gives_all_to_whoever_had_the_folder(as_root: None, environment: Environment, tmp_path: Path) -> None:
    assert environment.run("make-appdir").returncode == 0
    copy = tmp_path / "copy"
    shutil.copytree(environment.appdir, copy, symlinks=True)
    (copy / "data/own").mkdir()
    (copy / "data/own/latest").symlink_to("nowhere")
    for path in (environment.appdir, *environment.appdir.rglob("*")):
        os.chown(path, 4321, 4321, follow_symlinks=False)

    ran = environment.run("restore-backup", copy, "--into", environment.path)

    assert ran.returncode == 0, ran.stderr
    owners = {(entry.uid, entry.gid) for entry in snapshot(environment.appdir).values()}
    assert owners == {(4321, 4321)}
    assert (environment.appdir / "data/own/latest").is_symlink()


def test_the_command_restores_and_says_what_it_did(backup: str, shop: Shop, run: Run, tmp_path: Path) -> None:
    other = empty_shop(tmp_path / "other", shop.registry)

    dry = run("restore-backup", backup, "--into", other.environment, "--dry-run", "--json")
    done = run("restore-backup", backup, "--into", other.environment, "--json")

    assert dry.code == done.code == 0, done.out
    assert dry.data["is_dry_run"]
    assert "data/own/notes.txt" in dry.data["new"]
    assert done.data["appdir"] == str(other.app)
    assert done.data["kept"] == ""
    nothing = run("restore-backup", "--into", other.environment)
    assert nothing.code == 0
    assert "no restore that did not come to its end" in nothing.out


def test_the_command_asks_for_what_it_needs(run: Run, backup: str, tmp_path: Path) -> None:
    for words, says in (
        ((backup,), "--into ENV"),
        ((backup, "--tables", "products"), "--tables and --to go together"),
        (("--tables", "products", "--to", tmp_path), "name the backup"),
        ((tmp_path / "none.tar", "--into", tmp_path / "x"), "cannot read"),
        ((tmp_path, "--into", tmp_path / "x"), "no marker file"),
    ):
        ran = run("restore-backup", *words)
        assert ran.code in (2, 50, 51)
        assert re.search(says, ran.err), ran.err
        assert "Traceback" not in ran.err


def test_what_is_no_file_is_no_backup(run: Run, shop: Shop, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "shop-20261122T023000Z.tar")

    told = run("restore-backup", tmp_path / "shop-20261122T023000Z.tar", "--into", shop.environment)

    assert (told.code, "is no file; expected a backup" in told.err) == (57, True)


def test_what_is_no_python_is_said_in_a_sentence(run: Run, backup: str, tmp_path: Path) -> None:
    told = run("restore-backup", backup, "--into", tmp_path / "new", "--python", "/bin/false")

    assert "'/bin/false' is not a Python that can be started: asked for its version, it did not say it." in told.err
    assert not (tmp_path / "new").exists()
