"""`make-appdir --adopt`: what becomes of upstream's settings, however its files are written."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Run
from tests.kit.adopting import adopt, reconfigure
from tests.kit.upstream import PASSWORD, make_upstream


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """The app folder of an upstream environment."""
    return make_upstream(tmp_path / "old")


@pytest.fixture
def new(tmp_path: Path) -> Path:
    """Where the new app folder is to be: in another environment."""
    (tmp_path / "new").mkdir()
    return tmp_path / "new" / "app"


def settings(new: Path) -> dict[str, Any]:
    return tomllib.loads((new / "rattail.toml").read_text())


def secrets(new: Path) -> dict[str, Any]:
    return tomllib.loads((new / "secrets.toml").read_text())


# --- what is translated


def test_what_is_known_of_the_configuration_is_translated(old: Path, new: Path) -> None:
    adopt(old, new)

    said = settings(new)
    assert said["app"] == {"title": "Poser Foods", "time_zone": "America/Chicago"}
    assert said["database"]["url"] == "postgresql://rattail@db.example:5433/poser"
    assert said["mail"]["host"] == "mail.example"
    assert said["mail"]["port"] == 2525
    assert said["mail"]["tls"] == "none"
    assert said["mail"]["user"] == "poser"
    assert said["mail"]["from"] == "poser@example.com"
    assert said["mail"]["to"] == ["alice@example.com", "bob@example.com"]
    assert secrets(new)["database"]["password"] == PASSWORD
    assert secrets(new)["mail"]["password"] == "mail-pass"
    assert len(secrets(new)["sessions"]["secret_key"]) == 64


def test_the_new_folder_understands_the_translated_settings(old: Path, new: Path, run: Run) -> None:
    adopt(old, new)

    assert run("make-appdir", "--path", new, "--json").data["steps"] == []


def test_no_secret_is_printed_or_written_where_others_read(old: Path, new: Path, run: Run) -> None:
    web = (old / "web.conf").read_text()
    (old / "web.conf").write_text(f"{web}\n[other]\nsync.url = https://bot:hunter2@example.com/x\napi_token = t0ken\n")
    ran = run("make-appdir", "--adopt", old, "--path", new)
    told = ran.out + ran.err + (new / "upstream/ADOPTED.txt").read_text() + (new / "rattail.toml").read_text()

    for secret in (PASSWORD, "s3cr%40t", "mail-pass", "hunter2", "t0ken", "TODO_YOU_SHOULD_CHANGE_THIS"):
        assert secret not in told
    assert "sync.url = https://bot:********@example.com/x" in told


def test_every_other_option_is_listed(old: Path, new: Path) -> None:
    listed = {one["from"]: one["value"] for one in adopt(old, new)["not_translated"]}

    assert listed["[rattail] app_package"] == "poser"
    assert listed["[rattail.db] versioning.enabled"] == "true"
    assert listed["[app:main] use"] == "egg:poser"
    assert listed["[app:main] beaker.session.secret"] == "********"
    assert listed["[formatter_generic] format"] == "%(asctime)s %(levelname)-5.5s %(message)s"
    assert "[rattail] app_title" not in listed


@pytest.mark.parametrize(
    ("url", "plain", "password"),
    [
        ("postgresql://rattail:rattailpass@localhost/rattail", "postgresql://rattail@localhost/rattail", "rattailpass"),
        ("postgresql+psycopg2://u@/db?host=/run/pg", "postgresql://u@/db?host=/run/pg", None),
        ("postgres://u:p%2540@[::1]:5432/db?sslmode=require", "postgresql://u@[::1]:5432/db?sslmode=require", "p%40"),
        ("postgresql://localhost/db", "postgresql://localhost/db", None),
        ("postgresql://u:a@b:c@h/db", "postgresql://u@h/db", "a@b:c"),
        ("postgresql://u:why?@h/db?x=1", "postgresql://u@h/db?x=1", "why?"),
        ("postgresql://u@h/db?password=pw%3D1", "postgresql://u@h/db", "pw=1"),
    ],
)
def test_a_database_url_loses_its_driver_and_its_password(
    old: Path, new: Path, url: str, plain: str, password: str | None
) -> None:
    reconfigure(old, f"[rattail.db]\ndefault.url = {url.replace('%', '%%')}\n")

    adopt(old, new)

    assert settings(new)["database"]["url"] == plain
    assert secrets(new).get("database", {}).get("password") == password


def test_a_sqlite_database_is_copied_and_said_not_to_be_translated(old: Path, new: Path) -> None:
    (old / "data/poser.sqlite").write_bytes(b"SQLite format 3\0")
    reconfigure(old, "[rattail.db]\ndefault.url = sqlite:///%(here)s/data/poser.sqlite\n")

    adoption = adopt(old, new)

    assert (new / "data/poser.sqlite").read_bytes() == b"SQLite format 3\0"
    assert "url" not in settings(new)["database"]
    assert any("its records are not translated" in one for one in adoption["problems"])


def test_mail_that_is_switched_off_stays_off(old: Path, new: Path) -> None:
    reconfigure(old, "[rattail.mail]\nsend_emails = false\nsmtp.server = localhost\n")

    adopt(old, new)

    assert "host" not in settings(new)["mail"]


def test_a_value_that_ours_does_not_take_is_reported_and_not_written(old: Path, new: Path) -> None:
    reconfigure(old, "[rattail]\ntimezone.default = America/Nowhere\n")

    problems = adopt(old, new)["problems"]

    assert any("America/Nowhere: not taken as app.time_zone" in one for one in problems)
    assert settings(new)["app"].get("time_zone") != "America/Nowhere"


# --- INI files as they are found


def test_a_file_goes_before_what_it_requires_and_that_before_what_it_includes(
    old: Path, new: Path, tmp_path: Path
) -> None:
    (tmp_path / "site.conf").write_text("[rattail]\napp_title = Site\ntimezone.default = Europe/Berlin\n")
    mail = "[rattail.mail]\ndefault.from = a@b.c\n"
    (tmp_path / "more.conf").write_text(f"[rattail]\ntimezone.default = Asia/Tokyo\n{mail}")
    config = f"[rattail.config]\nrequire = {tmp_path}/site.conf\ninclude = {tmp_path}/more.conf {tmp_path}/gone.conf\n"
    reconfigure(old, f"[rattail]\napp_title = Own\n{config}")

    adoption = adopt(old, new)

    assert settings(new)["app"] == {"title": "Own", "time_zone": "Europe/Berlin"}
    assert settings(new)["mail"]["from"] == "a@b.c"
    assert not any("gone.conf" in one for one in adoption["problems"])
    assert (new / f"upstream/elsewhere{tmp_path}/site.conf").is_file()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[rattail.config]\nrequire = /nowhere/rattail.conf\n", "cannot be read: No such file"),
        ("[rattail.config]\nrequire = %(here)s/rattail.conf\n", ""),
        ("app_title = Poser\n", "expected a [section]"),
        ("[rattail]\napp_title = A\napp_title = B\n", "is there twice"),
        ("[rattail]\napp_title = A\n[rattail]\napp_title = B\n", "is there twice"),
        ("[rattail]\nthis is no option\napp_title = B\n", "cannot be understood in line 2"),
        ("[rattail]\napp_title = %(unknown)s\n", "nothing is known of %(unknown)s"),
        ("[rattail]\napp_title = %(app_title)s\n", "nothing is known of %(app_title)s"),
        ("[rattail]\napp_title = 100% B\n", "a lone %"),
        ("\0\1\2[rattail\n]]]", "expected a [section]"),
    ],
)
def test_a_file_that_upstream_stumbles_over_is_reported_and_the_folder_adopted_all_the_same(
    old: Path, new: Path, text: str, said: str
) -> None:
    reconfigure(old, text)

    adoption = adopt(old, new)

    assert any(said in one for one in (*adoption["problems"], ""))
    assert (new / "data/own/letters.txt").is_file()


@pytest.mark.parametrize(
    ("content", "title"),
    [
        ("[rattail]\napp_title = Käse\n".encode(), "Käse"),
        ("[rattail]\napp_title = Käse\n".encode("utf-8-sig"), "Käse"),
        ("[rattail]\r\napp_title = Käse\r\n".encode(), "Käse"),
        ("[rattail]\napp_title = Käse\n".encode("latin-1"), "Käse"),
        (b"[rattail]\nApp_Title: 100%% %(app_package)s\napp_package = x\n", "100% x"),
        (b'[DEFAULT]\nbrand = Poser\n[rattail]\napp_title = %(brand)s "Foods" \\ #1\n', 'Poser "Foods" \\ #1'),
    ],
)
def test_a_title_is_read_whatever_the_encoding_and_the_spelling(
    old: Path, new: Path, content: bytes, title: str
) -> None:
    (old / "rattail.conf").write_bytes(content)

    adopt(old, new)

    assert settings(new)["app"]["title"] == title
