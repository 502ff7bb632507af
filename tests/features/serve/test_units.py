"""What make-units writes: read by the programs that it is for, and by us."""

from __future__ import annotations

import getpass
import os
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from rattail.appdir.folder import Folder, Keep
from rattail.appdir.layout import Place
from rattail.features.serve.units.machine import Machine, Timed, Web, backups_folder, misplaced, unit_name
from rattail.features.serve.units.service import files_of
from rattail.web.public import public_url
from tests.conftest import Run
from tests.features.serve.certificate import with_certificate
from tests.kit.golden import assert_golden
from tests.kit.postgres import running_server
from tests.kit.programs import needs_program
from tests.kit.records import write_migrated_file

MACHINE = Machine(
    unit="rattail-poser",
    title="Our Shop",
    root="/srv/envs/poser/app",
    program="/srv/envs/poser/bin/rattail",
    user="poser",
    group="poser",
    writable=("/srv/envs/poser/app", "/mnt/big/uploads"),
    backups="/srv/envs/poser-backups",
    needs_database_server=True,
    timed=(Timed("clean-appdir", "*-*-* 03:10:00", "Remove scratch and history files that are too old"),),
    has_mail=True,
    stop_wait_s=30,
    web=Web("127.0.0.1", 8700, public_url("https://office.example.org"), 512),
)
LUIGI = Place(Folder("luigi/log", "logs", Keep.HISTORY), "overnight", "/srv/envs/poser/app/luigi/log", False)


@pytest.mark.golden
@pytest.mark.parametrize("name", sorted(files_of(MACHINE, (LUIGI,))))
def test_each_file_is_the_one_that_was_read_and_found_good(name: str) -> None:
    assert_golden(f"units/{name}", files_of(MACHINE, (LUIGI,))[name])


@pytest.fixture
def written(appdir: Path, run: Run) -> Path:
    """The files for a real app folder, in a folder of their own."""
    made = run("make-units", "--appdir", appdir, "--output", "units")
    assert made.code == 0, made.err
    return appdir.parent.parent / "units"


def test_systemd_finds_nothing_wrong_with_the_units(written: Path) -> None:
    if getpass.getuser() == "nobody":
        pytest.skip("needs another user than nobody: the units are for who runs this, and systemd warns of nobody")
    units = sorted([*written.glob("*.service"), *written.glob("*.timer")])

    done = subprocess.run(
        [needs_program("systemd-analyze"), "verify", "--man=no", *map(str, units)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert len(units) >= 4


@pytest.mark.parametrize("name", ["rattail-poser.service", "rattail-poser-failure@.service"])
def test_systemd_finds_the_units_little_exposed(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(files_of(MACHINE, ())[name])
    words = [needs_program("systemd-analyze"), "security", "--offline=true", "--no-pager", "--threshold=20"]

    done = subprocess.run([*words, str(tmp_path / name)], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("url", "listens"),
    [
        ("https://office.example.org", ["443 ssl", "[::]:443 ssl"]),
        ("https://office.example.org:8443", ["8443 ssl", "[::]:8443 ssl"]),
        ("http://192.0.2.7:8080", ["8080", "[::]:8080"]),
        ("http://[2001:db8::7]", ["80", "[::]:80"]),
        ("", ["443 ssl", "[::]:443 ssl"]),
    ],
)
def test_nginx_and_caddy_find_nothing_wrong_with_their_parts(tmp_path: Path, url: str, listens: list[str]) -> None:
    files = files_of(MACHINE._replace(web=MACHINE.web._replace(public=public_url(url))), ())
    plain, tls = files["rattail-poser.nginx.conf"], files.get("rattail-poser-tls.nginx.conf", "")

    assert re.findall(r"listen (.*);", tls or plain) == listens
    assert f"return 301 {url or 'https://office.example.org'}$request_uri;" in plain or not tls
    assert nginx_says(tmp_path, plain) == ""
    assert not tls or nginx_says(tmp_path, with_certificate(tls, tmp_path)) == ""
    assert caddy_says(tmp_path, files["rattail-poser.Caddyfile"]) == "Valid configuration"


def nginx_says(folder: Path, *parts: str) -> str:
    """What nginx finds wrong with these parts of its configuration, taken as they are."""
    whole = f"pid {folder}/pid; events {{}} http {{ access_log off;\n{''.join(parts)}\n}}"
    (folder / "whole.conf").write_text(whole)
    words = [needs_program("nginx"), "-t", "-q", "-e", "stderr", "-p", str(folder), "-c", str(folder / "whole.conf")]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if os.geteuid() != 0 and re.search(r"bind\(\) to .* failed \(13: Permission denied\)", done.stderr):
        pytest.skip("needs root: nginx opens the ports, such as 443, when it tests a configuration")
    return done.stderr or ("" if done.returncode == 0 else "failed")


def caddy_says(folder: Path, text: str) -> str:
    """What Caddy says of a configuration in the end."""
    (folder / "Caddyfile").write_text(text)
    env = {"PATH": os.environ["PATH"], "HOME": str(folder)}
    words = [needs_program("caddy"), "validate", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")]
    done = subprocess.run(words, capture_output=True, text=True, check=False, env=env)
    return (done.stdout.strip().splitlines() or [done.stderr])[-1]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"program": "/tmp/envs/poser/bin/rattail"}, "/tmp/envs/poser/bin/rattail lies where files are temporary"),
        ({"writable": ("/srv/poser/app", "/var/tmp/up")}, "/var/tmp/up lies where files are temporary"),
        ({"user": "root"}, "make-appdir --path /srv/envs/poser/app --user NAME"),
    ],
)
def test_units_that_would_not_work_or_be_unsafe_are_warned_of(changes: dict[str, Any], said: str) -> None:
    assert misplaced(MACHINE) == []
    assert said in "\n".join(misplaced(MACHINE._replace(**changes)))


def test_a_warning_is_said_by_the_command(appdir: Path, run: Run) -> None:
    env = {"RATTAIL_WEB_PUBLIC_URL": "http://192.0.2.7:8700"}
    made = run("make-units", "--appdir", appdir, "--output", "units", env=env)

    assert made.code == 0
    assert "web.public_url names port 8700, on which the application listens itself" in made.err
    assert "web.public_url is empty" in run("make-units", "--appdir", appdir, "--output", "units").err


def test_the_units_may_write_where_backups_go_and_are_copied_to_and_nowhere_else_beside(
    appdir: Path, run: Run, tmp_path: Path
) -> None:
    env = {
        "RATTAIL_BACKUPS_TARGET": "/mnt/backups",
        "RATTAIL_BACKUPS_COPY_TO": "/mnt/far,s3://bucket/folder,restic:/mnt/restic,borg:ssh://host/./repo",
    }
    run("make-units", "--appdir", appdir, "--output", "plain")
    run("make-units", "--appdir", appdir, "--output", "units", env=env)

    def named(folder: str) -> list[str]:
        (unit,) = (appdir.parent.parent / folder).glob("*-make-backup.service")
        return re.findall(r"ReadWritePaths=(.*)", unit.read_text())

    assert named("plain") == [str(appdir), f"-{os.path.realpath(sys.prefix)}-backups"]
    assert named("units") == [str(appdir), "-/mnt/backups", "-/mnt/far", "-/mnt/restic"]


def test_only_the_folder_that_was_named_is_written(appdir: Path, run: Run) -> None:
    before = {path: path.stat().st_mtime_ns for path in appdir.rglob("*")}

    made = run("make-units", "--appdir", appdir, "--output", "units", "--json").data

    assert {path: path.stat().st_mtime_ns for path in appdir.rglob("*")} == before
    assert sorted(made["files"]) == sorted(os.listdir(made["folder"]))
    assert made["install"][-1].startswith("sudo systemctl enable --now rattail-shop.service")


def test_relocated_folders_may_be_written_and_no_others(appdir: Path, tmp_path: Path, run: Run) -> None:
    elsewhere = tmp_path / "elsewhere"
    env = {"RATTAIL_FOLDERS_DATA_UPLOADS": str(elsewhere)}
    made = run("make-units", "--appdir", appdir, "--output", "units", env=env)

    assert made.code == 0, made.err
    unit = (tmp_path / "units" / "rattail-shop.service").read_text()
    paths = [line.partition("=")[2] for line in unit.splitlines() if line.startswith("ReadWritePaths=")]
    assert paths == [str(appdir), str(elsewhere), f"-{os.path.realpath(sys.prefix)}-backups"]


@pytest.mark.parametrize(("output", "said"), [("{appdir}/units", "lies in the app folder")])
def test_a_folder_that_cannot_be_is_refused(appdir: Path, run: Run, output: str, said: str) -> None:
    refused = run("make-units", "--appdir", appdir, "--output", output.format(appdir=appdir))

    assert refused.code == 57
    assert said in refused.err


@pytest.mark.parametrize("name", ["with blank", "per%cent", 'quo"te'])
def test_a_path_that_would_mean_something_else_in_a_unit_is_refused(tmp_path: Path, run: Run, name: str) -> None:
    root = tmp_path / name / "app"
    root.parent.mkdir()
    run("make-appdir", "--path", root)

    refused = run("make-units", "--appdir", root, "--output", "units")

    assert refused.code == 57
    assert "cannot stand in units" in refused.err
    assert not (tmp_path / "units").exists()


def test_a_failure_that_happens_again_is_one_notice_that_counts(appdir: Path, run: Run) -> None:
    file = write_migrated_file(appdir)
    for _ in range(2):
        noted = run("note-failure", "rattail-shop.service", "--appdir", appdir)
        assert noted.out == "Noted that rattail-shop.service failed.\n", noted.err

    with closing(sqlite3.connect(file)) as records:
        notices = records.execute("SELECT key, level, times FROM notices_notice").fetchall()
    assert notices == [("unit.failed:rattail-shop.service", "error", 2)]


def test_a_failure_while_postgresql_is_down_is_kept_and_told_by_the_next_round_of_mail(appdir: Path, run: Run) -> None:
    file = write_migrated_file(appdir)
    with running_server() as server:
        url = f"postgresql://{server.user}@{server.host}:{server.port}/postgres"
    down = {"RATTAIL_DATABASE_URL": url, "RATTAIL_DATABASE_PASSWORD": server.password}

    kept = run("note-failure", "rattail-shop.service", "--appdir", appdir, env=down)
    (waiting,) = (appdir / "data").glob("untold-*")
    mode = waiting.stat().st_mode & 0o777
    found = run("check-appdir", "--appdir", appdir).out
    waiting.with_name("untold-broken.json").write_text("{")
    run("run-jobs", "--appdir", appdir)

    assert (kept.code, kept.out) == (0, "Kept that rattail-shop.service failed.\n"), kept.err
    assert "It is kept in the folder data" in kept.err
    assert (mode, waiting.name in found) == (0o600, False)
    with closing(sqlite3.connect(file)) as records:
        notices = records.execute(
            "SELECT key, text FROM notices_notice WHERE key LIKE 'un%' ORDER BY key DESC"
        ).fetchall()
    assert [key for key, _ in notices] == ["untold:untold-broken.json", "unit.failed:rattail-shop.service"]
    assert "journalctl -u rattail-shop.service" in notices[1][1]
    assert list((appdir / "data").glob("untold-*")) == []


@pytest.mark.parametrize(
    ("name", "unit"), [("poser", "rattail-poser"), ("Our Shop!", "rattail-our-shop"), ("rattail", "rattail")]
)
def test_a_unit_is_named_after_its_app(name: str, unit: str) -> None:
    assert unit_name(name) == unit


def test_backups_lie_beside_the_environment() -> None:
    assert backups_folder("/srv/envs/poser/bin/rattail") == "/srv/envs/poser-backups"
