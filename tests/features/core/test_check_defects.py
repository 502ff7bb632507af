"""check-appdir finds every defect that is seeded, under its id, and names the right place."""

from __future__ import annotations

import json
import os
import shutil
import socket
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pytest

from rattail.appdir.inspect import Finding, all_finding_kinds
from rattail.appdir.locate import Located
from rattail.appdir.lock import lock_appdir
from rattail.features.core.check.service import Checked, check
from rattail.features.core.make.service import Request, make
from rattail.registry import Registry
from tests.conftest import NOW

OLD_S = time.time() - 2 * 86_400
SECRET = "0123456789abcdef" * 4


class Shop(NamedTuple):
    """A made app folder, the folder around it, and how to make and check it."""

    root: Path
    registry: Registry

    @property
    def around(self) -> Path:
        return self.root.parent

    @property
    def located(self) -> Located:
        return Located(str(self.root), "in a test")

    def make(self) -> None:
        make(self.registry, Request(located=self.located, now=NOW), environ={})

    def check(self, environ: Mapping[str, str] | None = None) -> Checked:
        return check(self.registry, self.located, environ=environ or {}, now=datetime.now(UTC))

    def settings(self, text: str) -> None:
        (self.root / "rattail.toml").write_text(text)

    def secrets(self, text: str) -> None:
        (self.root / "secrets.toml").write_text(text)

    def relocate(self, folder: str, place: Path) -> Path:
        self.settings(f"[folders]\n{json.dumps(folder)} = {json.dumps(str(place))}\n")
        self.make()
        return place

    def write(self, path: str, *, mode: int = 0o640, at_s: float | None = None) -> None:
        (self.root / path).write_text("x")
        (self.root / path).chmod(mode)
        if at_s is not None:
            os.utime(self.root / path, (at_s, at_s))


@pytest.fixture
def shop(appdir: Path, registry: Registry) -> Shop:
    return Shop(appdir, registry)


Seed = Callable[[Shop], object]


class Defect(NamedTuple):
    """`path` is what the finding has to name; `{around}` is the folder around the app folder."""

    name: str
    id: str
    path: str
    seed: Seed


def marker_says(text: str) -> Seed:
    return lambda shop: (shop.root / "app-folder.json").write_text(text)


def mode(path: str, bits: int) -> Seed:
    return lambda shop: (shop.root / path).chmod(bits)


def gone(path: str) -> Seed:
    return lambda shop: _remove(shop.root / path)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def new(path: str, bits: int = 0o640) -> Seed:
    return lambda shop: shop.write(path, mode=bits)


def settings(text: str) -> Seed:
    return lambda shop: shop.settings(text)


def secrets(text: str) -> Seed:
    return lambda shop: shop.secrets(text)


def link(path: str, target: str) -> Seed:
    def seed(shop: Shop) -> None:
        _remove(shop.root / path)
        (shop.root / path).symlink_to(target)

    return seed


def instead(path: str, make_it: Callable[[Path], object]) -> Seed:
    def seed(shop: Shop) -> None:
        _remove(shop.root / path)
        make_it(shop.root / path)

    return seed


def newer_layout(shop: Shop) -> None:
    path = shop.root / "app-folder.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "layout": 99}))


def layout_is_true(shop: Shop) -> None:
    path = shop.root / "app-folder.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "layout": True}))


def upstream(shop: Shop) -> None:
    (shop.root / "app-folder.json").unlink()
    (shop.root / "rattail.conf").write_text("[rattail]\n")


def upstream_beside(shop: Shop) -> None:
    (shop.around / "app.old").mkdir()
    (shop.around / "app.old" / "rattail.conf").write_text("[rattail]\n")


def unmounted(shop: Shop) -> None:
    shop.relocate("data/templates", shop.around / "disk").rename(shop.around / "away")


def lost_identity(shop: Shop) -> None:
    (shop.relocate("data/templates", shop.around / "disk") / ".rattail-folder.json").unlink()


def other_app(shop: Shop) -> None:
    place = shop.relocate("data/templates", shop.around / "disk")
    (place / ".rattail-folder.json").write_text('{"app_id": "another", "folder": "data/templates", "appdir": "/srv/b"}')


def copy_of_the_app(shop: Shop) -> None:
    place = shop.relocate("data/templates", shop.around / "disk")
    identity = json.loads((place / ".rattail-folder.json").read_text())
    (place / ".rattail-folder.json").write_text(json.dumps({**identity, "appdir": "/srv/original"}))


def other_folder(shop: Shop) -> None:
    place = shop.relocate("data/templates", shop.around / "disk")
    shop.settings(f'[folders]\nlog = "{place}"\n')


def two_on_one(shop: Shop) -> None:
    shop.settings(f'[folders]\n"work/csv" = "{shop.around}/disk"\nlog = "{shop.around}/disk"\n')


def above_itself(shop: Shop) -> None:
    shop.settings(f'[folders]\nlog = "{shop.around}"\n')


def left_behind(shop: Shop) -> None:
    shop.write("data/templates/letter.html")
    shop.relocate("data/templates", shop.around / "disk")


def moved_on(shop: Shop) -> None:
    place = shop.relocate("data/templates", shop.around / "disk")
    (place / "letter.html").write_text("x")
    shop.settings("")


def not_claimed(shop: Shop) -> None:
    (shop.around / "disk").mkdir()
    (shop.around / "disk" / "photo.jpg").write_text("x")
    shop.settings(f'[folders]\n"data/templates" = "{shop.around}/disk"\n')


def stale_lock(shop: Shop) -> None:
    (shop.root / "app-folder.lock").write_text(
        '{"pid": 4121, "host": "db1", "command": "make-appdir", "since": "2026-08-22 10:04:00 UTC"}'
    )


def long_lock(shop: Shop) -> object:
    held = lock_appdir(str(shop.root), command="make-backup")
    held.__enter__()
    stale_lock(shop)
    return held


def socket_at(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as one:
        before = Path.cwd()
        os.chdir(path.parent)  # a socket's path is short
        one.bind(path.name)
        os.chdir(before)


def pit(shop: Shop) -> None:
    folder = shop.root / "data" / "own"
    for _ in range(210):
        folder = folder / "d"
    folder.mkdir(parents=True)


def folder_for_all(shop: Shop) -> None:
    (shop.root / "own").mkdir()
    (shop.root / "own").chmod(0o1777)


def tag(path: str) -> Seed:
    def seed(shop: Shop) -> None:
        (shop.root / path).parent.mkdir(exist_ok=True)
        (shop.root / path).write_text("Signature: 8a477f597d28d172789f06886806bc55")

    return seed


TEMPORARY = "work/csv/.tmp-0123456789abcdef"
HIDDEN = "data/uploads/.cleaning-17-1-0-0123456789abcdef"

DEFECTS = (
    Defect("no marker", "core.E001", "app-folder.json", gone("app-folder.json")),
    Defect("an empty marker", "core.E002", "app-folder.json", marker_says("")),
    Defect("a marker of something else", "core.E002", "app-folder.json", marker_says('{"format": "other"}')),
    Defect("a marker that is a link", "core.E002", "app-folder.json", link("app-folder.json", "README.txt")),
    Defect("a newer layout", "core.E003", "app-folder.json", newer_layout),
    Defect("upstream's folder", "core.E004", "", upstream),
    Defect("upstream's folder beside", "core.I010", "{around}/app.old", upstream_beside),
    Defect("a missing folder", "core.E005", "data/uploads", gone("data/uploads")),
    Defect("a missing folder with folders in it", "core.E005", "data", gone("data")),
    Defect("a file instead of a folder", "core.E006", "log", instead("log", Path.touch)),
    Defect("a pipe instead of a folder", "core.E006", "luigi/log", instead("luigi/log", os.mkfifo)),
    Defect("a link instead of a folder", "core.E007", "data/templates", link("data/templates", "/usr/share")),
    Defect("a dangling link instead of a folder", "core.E007", "work/csv", link("work/csv", "nowhere")),
    Defect("a folder for everybody", "core.E008", "work", mode("work", 0o777)),
    Defect("a folder others may enter", "core.E008", "data/database", mode("data/database", 0o705)),
    Defect("the app folder open to others", "core.E008", ".", mode(".", 0o755)),
    Defect("a folder too closed", "core.W001", "work/csv", mode("work/csv", 0o700)),
    Defect("secrets for the group", "core.E009", "secrets.toml", mode("secrets.toml", 0o640)),
    Defect("an editor's copy of the secrets", "core.E009", "secrets.toml~", new("secrets.toml~", 0o644)),
    Defect("a .bak of the secrets", "core.E009", "secrets.toml.bak", new("secrets.toml.bak", 0o640)),
    Defect("a .new of the secrets", "core.E009", "secrets.toml.new", new("secrets.toml.new", 0o644)),
    Defect("a .orig of the secrets", "core.E009", "secrets.toml.orig", new("secrets.toml.orig", 0o604)),
    Defect("a .save of the secrets", "core.E009", "secrets.toml.save", new("secrets.toml.save", 0o644)),
    Defect("a copy of the secrets by a file manager", "core.E009", "secrets (1).toml", new("secrets (1).toml", 0o644)),
    Defect("vim's swap file of the secrets", "core.E009", ".secrets.toml.swp", new(".secrets.toml.swp", 0o644)),
    Defect("a .swp of the secrets", "core.E009", "secrets.toml.swp", new("secrets.toml.swp", 0o644)),
    Defect("settings for everybody", "core.W002", "rattail.toml", mode("rattail.toml", 0o644)),
    Defect("a copy of the settings", "core.W002", "rattail.toml.bak", new("rattail.toml.bak", 0o644)),
    Defect("a README for everybody to write", "core.W003", "README.txt", mode("README.txt", 0o666)),
    Defect("a marker for the group to write", "core.W003", "app-folder.json", mode("app-folder.json", 0o660)),
    Defect("a link out of the folder", "core.W004", "data/own", link("data/own", "/etc")),
    Defect("a link out by way of ..", "core.W004", "data/own", link("data/own", "../../elsewhere")),
    Defect("a dangling link", "core.I001", "data/own", link("data/own", "nowhere")),
    Defect("a link to itself", "core.I001", "data/own", link("data/own", "own")),
    Defect("a crash's leftover", "core.W008", TEMPORARY, lambda shop: shop.write(TEMPORARY, at_s=OLD_S)),
    Defect("a cleaning cut off", "core.W026", HIDDEN, lambda shop: shop.write(HIDDEN, at_s=OLD_S)),
    Defect("a stale lock", "core.W009", "app-folder.lock", stale_lock),
    Defect("a lock held for long", "core.I002", "app-folder.lock", long_lock),
    Defect("a folder instead of the lock", "core.E028", "app-folder.lock", instead("app-folder.lock", Path.mkdir)),
    Defect("a pipe instead of the lock", "core.E028", "app-folder.lock", instead("app-folder.lock", os.mkfifo)),
    Defect("a link instead of the lock", "core.E028", "app-folder.lock", link("app-folder.lock", "README.txt")),
    Defect("a tag that keeps all out of backups", "core.W027", "CACHEDIR.TAG", tag("CACHEDIR.TAG")),
    Defect("a tag in the data", "core.W027", "data/CACHEDIR.TAG", tag("data/CACHEDIR.TAG")),
    Defect("a tag in the log", "core.W027", "log/CACHEDIR.TAG", tag("log/CACHEDIR.TAG")),
    Defect("a tag in a folder of the operator's", "core.W027", "own/CACHEDIR.TAG", tag("own/CACHEDIR.TAG")),
    Defect("a sticky folder", "core.W001", "work", mode("work", 0o1750)),
    Defect("a marker whose layout is no number", "core.E002", "app-folder.json", layout_is_true),
    Defect("data left behind", "core.W010", "data/templates", left_behind),
    Defect("data left where it was relocated to", "core.W010", "data/templates", moved_on),
    Defect("an unmounted relocated folder", "core.E011", "data/templates", unmounted),
    Defect("a relocated folder without identity", "core.E012", "data/templates", lost_identity),
    Defect("a new place that holds somebody's files", "core.E012", "data/templates", not_claimed),
    Defect("another app's folder", "core.E013", "data/templates", other_app),
    Defect("a copy of an app that shares its folder", "core.E013", "data/templates", copy_of_the_app),
    Defect("another folder of this app", "core.E013", "log", other_folder),
    Defect("two folders on one place", "core.E014", "work/csv", two_on_one),
    Defect("a place above the app folder", "core.E014", "log", above_itself),
    Defect("no CACHEDIR.TAG", "core.W011", "work/csv/CACHEDIR.TAG", gone("work/csv/CACHEDIR.TAG")),
    Defect("a damaged CACHEDIR.TAG", "core.W012", "work/csv/CACHEDIR.TAG", new("work/csv/CACHEDIR.TAG")),
    Defect("no README", "core.W013", "README.txt", gone("README.txt")),
    Defect("no settings", "core.W014", "rattail.toml", gone("rattail.toml")),
    Defect("no secrets", "core.E022", "secrets.toml", gone("secrets.toml")),
    Defect("a new edition waiting", "core.I003", "rattail.toml.new", new("rattail.toml.new")),
    Defect("settings that are not TOML", "core.E018", "rattail.toml", settings("[app\n")),
    Defect("secrets that are not TOML", "core.E018", "secrets.toml", secrets("what?")),
    Defect("settings that are a link", "core.E019", "rattail.toml", link("rattail.toml", "README.txt")),
    Defect("a wrong value", "core.E020", "rattail.toml", settings("[uploads]\nkeep_days = 'two'\n")),
    Defect("a wrong time zone", "core.E020", "rattail.toml", settings("[app]\ntime_zone = 'Mars/Base'\n")),
    Defect("an unknown table", "core.W015", "rattail.toml", settings("[uplaods]\nkeep_days = 2\n")),
    Defect("an unknown option", "core.W015", "rattail.toml", settings("[uploads]\nkeep = 2\n")),
    Defect("a secret among the settings", "core.E021", "rattail.toml", settings("[mail]\npassword = 'x1y2'\n")),
    Defect(
        "a password in an address",
        "core.E020",
        "rattail.toml",
        settings("[database]\nurl = 'postgresql://shop:pw@db/shop'\n"),
    ),
    Defect(
        "no secret among the secrets",
        "core.W016",
        "secrets.toml",
        secrets(f"[mail]\nhost = 'a'\n[sessions]\nsecret_key = '{SECRET}'\n"),
    ),
    Defect("an emptied secret", "core.E023", "secrets.toml", secrets("[sessions]\nsecret_key = ''\n")),
    Defect("an example secret", "core.E024", "secrets.toml", secrets("[sessions]\nsecret_key = 'TODO'\n")),
    Defect("a short secret", "core.E024", "secrets.toml", secrets("[sessions]\nsecret_key = 'h7Gs92kLm'\n")),
    Defect(
        "an example with a tail",
        "core.E024",
        "secrets.toml",
        secrets(f"[sessions]\nsecret_key = 'django-insecure-{SECRET}'\n"),
    ),
    Defect("one letter, repeated", "core.E024", "secrets.toml", secrets(f"[sessions]\nsecret_key = '{'a' * 64}'\n")),
    Defect(
        "an example password",
        "core.E024",
        "secrets.toml",
        secrets(f"[mail]\npassword = 'changeme123'\n[sessions]\nsecret_key = '{SECRET}'\n"),
    ),
    Defect(
        "one secret twice",
        "core.I004",
        "secrets.toml",
        secrets(f"[mail]\npassword = '{SECRET}'\n[sessions]\nsecret_key = '{SECRET}'\n"),
    ),
    Defect("a set-uid file", "core.W018", "data/tool", new("data/tool", 0o4750)),
    Defect("a set-gid file", "core.W018", "data/tool", new("data/tool", 0o2750)),
    Defect("a file for everybody to write", "core.W019", "data/list", new("data/list", 0o666)),
    Defect("a folder for everybody to write", "core.W019", "own", folder_for_all),
    Defect("a pipe among the data", "core.I005", "data/pipe", lambda shop: os.mkfifo(shop.root / "data" / "pipe")),
    Defect("a socket among the data", "core.I005", "data/s", lambda shop: socket_at(shop.root / "data" / "s")),
    Defect("a name that is not UTF-8", "core.I006", "data/caf\udce9", new("data/caf\udce9")),
    Defect(
        "a file from the future", "core.I007", "data/list", lambda shop: shop.write("data/list", at_s=4_000_000_000)
    ),
    Defect("a script of the operator's", "core.I009", "nightly.sh", new("nightly.sh", 0o750)),
    Defect("folders nested too deep", "core.I012", "data/own" + "/d" * 199, pit),
    Defect("a folder above for everybody", "core.W021", "{around}", lambda shop: shop.around.chmod(0o777)),
    Defect("little space", "core.W006", ".", settings("[check]\nmin_free_mb = 1000000000\n")),
    Defect("an accepted id that is none", "core.W024", "rattail.toml", settings('[check]\naccept = ["core.E999"]\n')),
)


def _named(findings: tuple[Finding, ...]) -> list[tuple[str, str]]:
    return [(one.id, one.path) for one in findings]


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: defect.name)
def test_a_seeded_defect_is_found_and_named(shop: Shop, defect: Defect) -> None:
    kept = defect.seed(shop)

    findings = shop.check().findings

    assert (defect.id, defect.path.format(around=shop.around)) in _named(findings), findings
    del kept


@pytest.mark.parametrize(
    "name",
    [
        *("secrets.toml~", "secrets.toml.BAK", "secrets.toml.bak2", "secrets.toml.1", "secrets.toml.old~"),
        *("secrets (1).toml", "secrets.toml (2)", "#secrets.toml#", ".secrets.toml.swo", "secrets.toml.~1~"),
        *("secrets-2026-11-22.toml", "secrets.toml.20261122", "secrets.toml.2026-11-22_18:30:05", "secrets_old.toml"),
    ],
)
def test_a_copy_of_the_secrets_is_known_by_its_name(shop: Shop, name: str) -> None:
    shop.write(name, mode=0o644)

    assert ("core.E009", name) in _named(shop.check().findings)


@pytest.mark.parametrize(
    "name", ["rotate-secrets.toml.sh", "edit-rattail.toml.sh", "secrets.toml.gpg", "my-secrets.tomlx", "secrets.tom"]
)
def test_a_name_that_only_speaks_of_the_secrets_is_somebodys_own(shop: Shop, name: str) -> None:
    shop.write(name, mode=0o755)

    assert [one for one in shop.check().findings if one.path == name] == [
        one for one in shop.check().findings if one.path == name and one.id == "core.I009"
    ]


def test_a_tag_of_somebodys_cache_or_without_the_signature_is_nothing(shop: Shop) -> None:
    tag("data/own/CACHEDIR.TAG")(shop)
    (shop.root / "data" / "own").rename(shop.root / "data" / "deeper")
    (shop.root / "data" / "own").mkdir()
    (shop.root / "data" / "deeper").rename(shop.root / "data" / "own" / "cache")
    (shop.root / "data" / "CACHEDIR.TAG").write_text("mine")
    (shop.root / "work" / "csv" / "in" / "x").mkdir(parents=True)
    tag("work/csv/in/x/CACHEDIR.TAG")(shop)

    assert [one for one in shop.check().findings if one.id == "core.W027"] == []


def test_of_a_place_that_is_not_ours_only_that_is_said(shop: Shop) -> None:
    place = shop.around / "shared"
    place.mkdir(mode=0o777)
    place.chmod(0o1777)
    (place / ".tmp-0123456789abcdef").write_text("x")
    os.utime(place / ".tmp-0123456789abcdef", (OLD_S, OLD_S))
    (place / "link").symlink_to("/etc")
    (place / "list").touch()
    os.chown(place / "list", 21_002, 21_002) if os.geteuid() == 0 else None
    shop.settings(f'[folders]\n"work/csv" = "{place}"\n')

    findings = [one for one in shop.check().findings if one.level != "info"]

    assert _named(tuple(findings)) == [("core.E012", "work/csv")]
    assert not findings[0].can_be_fixed


def test_what_a_crash_left_in_a_folder_of_the_operators_is_theirs_to_remove(shop: Shop) -> None:
    (shop.root / "data" / "own").mkdir()
    shop.write("data/own/.tmp-0123456789abcdef", at_s=OLD_S)
    shop.write("data/.tmp-0123456789abcdef", at_s=OLD_S)

    own, ours = sorted(
        (one for one in shop.check().findings if one.id == "core.W008"), key=lambda one: one.can_be_fixed
    )

    assert (own.path, own.can_be_fixed) == ("data/own/.tmp-0123456789abcdef", False)
    assert own.hint == f"rm {shop.root}/data/own/.tmp-0123456789abcdef"
    assert (ours.path, ours.can_be_fixed) == ("data/.tmp-0123456789abcdef", True)


def test_a_weak_secret_of_the_environment_is_named_by_its_variable(shop: Shop) -> None:
    findings = shop.check({"RATTAIL_MAIL_PASSWORD": "changeme123"}).findings

    (finding,) = [one for one in findings if one.id == "core.E024"]
    assert finding.hint == "give the environment variable RATTAIL_MAIL_PASSWORD another value"


def test_a_lock_file_made_to_confuse_is_shown_in_the_clear_or_not_at_all(shop: Shop) -> None:
    lock = shop.root / "app-folder.lock"
    for text in ('{"pid":1e999,"host":"h","command":"x","since":"2020"}', "[" * 4000):
        lock.write_text(text)
        assert [one for one in shop.check().findings if one.id in ("core.W009", "core.E027")] == []

    lock.write_text(json.dumps({"pid": 1, "host": "\x1b[31mh", "command": "c\n", "since": "\u202e"}))

    (finding,) = [one for one in shop.check().findings if one.id == "core.W009"]
    assert finding.sentence.isprintable()


def test_the_other_ids_stay_accepted_in_the_hint_for_one_that_is_none(shop: Shop) -> None:
    shop.settings('[check]\naccept = ["core.E999", "core.W004:data/a,b"]\n')

    (finding,) = [one for one in shop.check().findings if one.id == "core.W024"]

    assert """set-option check.accept '["core.W004:data/a,b"]'""" in finding.hint


def test_at_least_forty_defects_of_nearly_every_kind_are_seeded() -> None:
    seeded = {defect.id for defect in DEFECTS}
    elsewhere = {  # in the other tests of check-appdir: they need mounts, other users or an environment
        *("core.E010", "core.E015", "core.E016", "core.E017", "core.E025", "core.E026", "core.E027"),
        *("core.W005", "core.W007", "core.W017", "core.W020", "core.W022", "core.W023", "core.W025"),
        *("core.I008", "core.I011"),
    }

    assert len(DEFECTS) >= 40
    assert seeded | elsewhere == {kind.id for kind in all_finding_kinds()}


def test_a_fresh_folder_has_no_defect(shop: Shop) -> None:
    checked = shop.check()

    about_the_folder = [one for one in checked.findings if not one.id.startswith(("core.W022", "core.W023"))]
    assert [one for one in about_the_folder if one.level != "info"] == []
    assert (checked.folders, checked.files) == (24, 11)
