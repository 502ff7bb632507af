"""Restoring where it is not easy: disks of their own, full disks, keys, paths, other users."""

from __future__ import annotations

import hashlib
import os
import shutil
from contextlib import suppress
from pathlib import Path

import pytest

from rattail.appdir.marker import require_marker
from rattail.appdir.still import files_held_still
from rattail.errors import AppDirBroken, AppDirBusy, InputRejected, KeyDoesNotFit, NotAllowed, WouldOverwrite
from rattail.features.backups.keys.keys import make_key, read_identities
from rattail.features.backups.restoring.mend import mend_paths
from rattail.features.backups.restoring.plan import plan_restore
from rattail.features.backups.restoring.restore import restore
from rattail.registry import Registry
from tests.conftest import Run
from tests.features.backups.restoring.shelf import Shop, empty_shop, made_shop, make_app
from tests.kit.killing import as_user
from tests.kit.mounting import small_file_system
from tests.kit.snapshot import snapshot


@pytest.fixture
def shop(tmp_path: Path, registry: Registry) -> Shop:
    return made_shop(tmp_path / "poser", registry)


def test_what_is_a_disk_of_its_own_is_exchanged_name_by_name(as_root: None, shop: Shop, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    with small_file_system(disk, options="size=4m"):
        shutil.rmtree(shop.app / "data/templates")
        settings = shop.app / "rattail.toml"
        settings.write_text(settings.read_text().replace("[folders]", f'[folders]\n"data/templates" = "{disk}"'))
        make_app(shop)
        (disk / "label.txt").write_text("a label\n")
        (disk / "gone.txt").write_text("removed since\n")
        backup = shop.backup(tmp_path / "backups")
        (disk / "label.txt").write_text("spoilt\n")
        (disk / "gone.txt").unlink()
        (disk / "more.txt").write_text("new since\n")

        restored = restore(shop.request(backup))

        kept = next(path for path in disk.iterdir() if path.name.startswith(".before-"))
        assert restored.errors == ()
        assert (disk / "label.txt").read_text() == "a label\n"
        assert (disk / "gone.txt").read_text() == "removed since\n"
        assert {path.name for path in disk.iterdir()} == {".rattail-folder.json", "label.txt", "gone.txt", kept.name}
        assert {path.name for path in kept.iterdir()} == {".rattail-folder.json", "label.txt", "more.txt"}


def test_an_app_folder_that_is_a_disk_of_its_own_is_exchanged_name_by_name(
    as_root: None, tmp_path: Path, registry: Registry
) -> None:
    environment = tmp_path / "poser"
    environment.mkdir()
    (environment / "pyvenv.cfg").touch()
    with small_file_system(environment / "app", options="size=64m,mode=0750"):
        first = made_shop(tmp_path / "first", registry)
        backup = first.backup(tmp_path / "backups")
        shop = Shop(environment, registry)

        restored = restore(shop.request(backup))
        (shop.app / "data/own/notes.txt").write_text("written since\n")
        again = restore(shop.request(backup))

        assert restored.errors == again.errors == ()
        assert (shop.app / "data/own/notes.txt").read_text() == "Pallet 17, bay 4\n"
        assert (Path(again.kept) / "data/own/notes.txt").read_text() == "written since\n"
        assert shop.leftovers() == []


def test_a_disk_that_is_too_small_is_refused_before_anything_is_written(
    as_root: None, shop: Shop, tmp_path: Path, registry: Registry
) -> None:
    (shop.app / "data/own/large").write_bytes(os.urandom(3 << 20))
    backup = shop.backup(tmp_path / "backups")
    disk = tmp_path / "disk"
    with small_file_system(disk, options="size=8m"):
        other = empty_shop(disk / "other", registry)

        with pytest.raises(AppDirBroken, match="too little room"):
            restore(other.request(backup))

        assert [path.name for path in other.environment.iterdir()] == ["pyvenv.cfg"]


def test_a_disk_that_fills_up_meanwhile_leaves_nothing(
    as_root: None, shop: Shop, tmp_path: Path, registry: Registry
) -> None:
    (shop.app / "data/own/large").write_bytes(os.urandom(3 << 20))
    backup = shop.backup(tmp_path / "backups")
    disk = tmp_path / "disk"
    with small_file_system(disk, options="size=64m"):
        other = empty_shop(disk / "other", registry)

        def fill(what: str, _done: int, _total: int | None) -> None:
            if what == "unpacking files" and not (disk / "filler").exists():
                with open(disk / "filler", "wb", buffering=0) as filler, suppress(OSError):
                    while True:
                        filler.write(bytes(1 << 20))

        with pytest.raises(AppDirBroken, match="full"):
            restore(other.request(backup), progress=fill)

        assert [path.name for path in other.environment.iterdir()] == ["pyvenv.cfg"]


def test_an_encrypted_backup_is_restored_with_its_key_only(
    shop: Shop, tmp_path: Path, registry: Registry, run: Run
) -> None:
    key, wrong = make_key(), make_key()
    backup = shop.backup(tmp_path / "backups", recipients=(key.public,))
    other = empty_shop(tmp_path / "other", registry)
    (tmp_path / "key").write_text(key.secret + "\n")

    with pytest.raises(InputRejected, match="encrypted, and no key was given"):
        restore(other.request(backup))
    with pytest.raises(KeyDoesNotFit):
        restore(other.request(backup, identities=read_identities(wrong.secret, source="wrong")))
    assert other.leftovers() == []

    ran = run("restore-backup", backup, "--into", other.environment, "--identity", tmp_path / "key", "--json")

    assert ran.code == 0, ran.out
    assert (other.app / "data/own/notes.txt").read_text() == "Pallet 17, bay 4\n"
    tables = run(
        "restore-backup", backup, "--tables", "products", "--to", tmp_path / "csv", "--identity", tmp_path / "key"
    )
    assert tables.code == 0, tables.err
    assert os.listdir(tmp_path / "csv") == ["products.csv"]


def test_paths_in_our_own_files_are_those_of_the_new_place_and_still_known_as_ours(shop: Shop) -> None:
    settings = b"[core]\nlogging_conf_file=/srv/envs/poser/app/luigi/log.cfg\nother=/srv/envs/poser/apple\n"
    (shop.app / "luigi.cfg").write_bytes(settings)
    marker = require_marker(str(shop.app))
    known = next(iter(marker.files.values()))._replace(sha256=hashlib.sha256(settings).hexdigest())
    (shop.app / "app-folder.json").write_bytes(marker._replace(files={**marker.files, "luigi.cfg": known}).encode())

    said = mend_paths(
        str(shop.app), was="/srv/envs/poser/app", is_now="/opt/b/app", inside={}, options=shop.registry.options
    )

    mended = (shop.app / "luigi.cfg").read_bytes()
    assert mended == b"[core]\nlogging_conf_file=/opt/b/app/luigi/log.cfg\nother=/srv/envs/poser/apple\n"
    assert require_marker(str(shop.app)).files["luigi.cfg"].sha256 == hashlib.sha256(mended).hexdigest()
    assert len(said) == 1


def test_a_backup_that_is_being_made_is_waited_for_by_a_person(shop: Shop, tmp_path: Path) -> None:
    backup = shop.backup(tmp_path / "backups")

    with files_held_still(str(shop.app)), pytest.raises(AppDirBusy, match="backup of app folder"):
        restore(shop.request(backup))


def test_what_is_no_environment_is_not_restored_into(shop: Shop, tmp_path: Path) -> None:
    backup = shop.backup(tmp_path / "backups")
    strange = tmp_path / "strange"
    strange.mkdir()
    (strange / "letters.txt").write_text("dear")
    before = snapshot(strange)

    with pytest.raises(WouldOverwrite, match="no environment, and it is not empty"):
        restore(shop.request(backup)._replace(environment=str(strange)))

    assert snapshot(strange) == before
    (shop.environment / "app").rename(shop.environment / "away")
    (shop.environment / "app").mkdir()
    (shop.environment / "app/letters.txt").write_text("dear")
    with pytest.raises(WouldOverwrite, match="no app folder"):
        plan_restore(shop.request(backup))


def test_a_folder_whose_marker_is_damaged_can_be_put_aside(shop: Shop, tmp_path: Path) -> None:
    backup = shop.backup(tmp_path / "backups")
    (shop.app / "app-folder.json").write_text("{")
    with pytest.raises(AppDirBroken, match="damaged") as refused:
        restore(shop.request(backup))
    assert "--replace-other-app" in refused.value.hint

    restored = restore(shop.request(backup, may_be_other=True))

    assert restored.errors == ()
    assert (Path(restored.kept) / "app-folder.json").read_text() == "{"
    assert require_marker(str(shop.app)).name


def test_an_environment_that_is_not_there_needs_packages(shop: Shop, tmp_path: Path) -> None:
    backup = shop.backup(tmp_path / "backups")

    with pytest.raises(InputRejected, match="holds no packages") as refused:
        restore(shop.request(backup)._replace(environment=str(tmp_path / "nowhere")))

    assert "python3 -m venv" in refused.value.hint
    assert not (tmp_path / "nowhere").exists()


def test_root_follows_nobodys_link(as_root: None, shop: Shop, tmp_path: Path) -> None:
    backup = shop.backup(tmp_path / "backups")
    (tmp_path / "link").symlink_to(shop.environment)
    os.chown(tmp_path / "link", 4321, 4321, follow_symlinks=False)

    with pytest.raises(NotAllowed, match="through"):
        plan_restore(shop.request(backup)._replace(environment=str(tmp_path / "link")))


def test_somebody_else_who_may_not_write_there_is_told_so(as_root: None, shop: Shop, tmp_path: Path) -> None:
    backup = shop.backup(tmp_path / "backups")
    os.chmod(backup, 0o644)
    for path in (tmp_path, *tmp_path.parents[:2], tmp_path / "backups"):
        path.chmod(0o755)
    before = snapshot(shop.environment)

    def act() -> None:
        with pytest.raises(AppDirBroken, match="permission is denied"):
            restore(shop.request(backup))

    assert as_user(4321, act) == 0
    assert snapshot(shop.environment) == before
