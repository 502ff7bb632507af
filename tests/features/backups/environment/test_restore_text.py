"""`RESTORE.txt`: true for the backup it lies in, and its commands do what it says."""

from __future__ import annotations

import re
import shutil
import sqlite3
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from rattail.features.backups.environment.record import Interpreter, Record
from rattail.features.backups.environment.restore_text import Described, restore_text
from tests.features.backups.environment.made_up import write_backup

PYTHON = Interpreter(
    "/srv/envs/poser", (), "", "", "3.11.7", "cpython", "linux-x86_64", "glibc 2.36", "cpython-311", ""
)
PLAIN = Described(
    archive_name="poser-20261122T023000Z.tar",
    app="poser",
    made_at=datetime(2026, 11, 22, 2, 30, tzinfo=UTC),
    made_by="rattail-appfolder 0.1.0",
    host="db1",
    root="/srv/envs/poser/app",
    environment_path="/srv/envs/poser",
    record=Record(PYTHON, ()),
    database="sqlite",
    server_version="",
    is_encrypted=False,
    is_full=False,
    wheel_count=25,
    relocated={"data/exports": "/mnt/exports"},
)
ENCRYPTED = PLAIN._replace(is_encrypted=True, database="postgresql", server_version="16.2", wheel_count=0)


def test_it_says_what_is_needed_and_what_is_missing() -> None:
    text = restore_text(ENCRYPTED)

    for words in (
        "python3 restore.py poser-20261122T023000Z.tar --into",
        "--identity FILE",
        "--index URL",
        "private age key",
        "PostgreSQL server itself, its roles",
        "systemd units",
        "TLS certificates",
        "cron jobs",
        "PostgreSQL 16.2",
        "Python        3.11.7",
    ):
        assert words in text
    assert max(map(len, text.splitlines())) <= 100


def test_of_an_encrypted_backup_it_gives_no_place_away() -> None:
    text = restore_text(ENCRYPTED._replace(environment_path="/opt/hidden", root="/opt/hidden/app"))

    assert not [word for word in ("db1", "/opt/hidden", "/mnt/exports") if word in text]
    assert "/mnt/exports" in restore_text(PLAIN)


def test_where_no_records_were_ever_made_it_names_none() -> None:
    text = restore_text(PLAIN._replace(database=""))

    assert not [word for word in ("database.", "sqlite3", "psql") if word in text]


@pytest.mark.parametrize("is_encrypted", [False, True])
def test_its_commands_by_hand_bring_folder_and_records_back(tmp_path: Path, is_encrypted: bool) -> None:
    needed = ["bash", "zstd", "sqlite3", *(["age"] if is_encrypted else [])]
    if missing := [name for name in needed if not shutil.which(name)]:
        pytest.skip(f"not installed: {', '.join(missing)}")
    what = PLAIN._replace(is_encrypted=is_encrypted)
    (tmp_path / "old" / "data").mkdir(parents=True)
    (tmp_path / "old" / "rattail.toml").write_text("[app]\n")
    with sqlite3.connect(tmp_path / "records") as records:
        records.execute("CREATE TABLE product (name TEXT)")
        records.execute("INSERT INTO product VALUES ('Oats')")
    records.close()
    commands = {"folder.tar.zst": "tar -c -C old . | zstd", "database.sqlite3.zst": "zstd < records"}
    if is_encrypted:
        subprocess.run("age-keygen -o KEYFILE 2>/dev/null", shell=True, cwd=tmp_path, check=True)
        seal = " | age -r $(age-keygen -y KEYFILE)"
        commands = {f"{name}.age": f"{command}{seal}" for name, command in commands.items()}
        commands["manifest.json.age"] = f"echo '{{}}'{seal}"
    parts = {
        name: subprocess.run(command, shell=True, cwd=tmp_path, capture_output=True, check=True).stdout
        for name, command in commands.items()
    }
    write_backup(tmp_path / what.archive_name, {"RESTORE.txt": restore_text(what).encode(), **parts})

    section = restore_text(what).partition("2. BY HAND")[2].partition("3. THE ENVIRONMENT")[0]
    lines = [line.partition("      (")[0] for line in re.findall(r"(?m)^    (\S.*)$", section) if " was /" not in line]
    script = "set -euo pipefail\n" + "\n".join(lines)
    ran = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)

    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.endswith("ok\n") or is_encrypted
    assert (tmp_path / "app" / "rattail.toml").read_text() == "[app]\n"
    with sqlite3.connect(tmp_path / "app" / "data" / "rattail.sqlite3") as back:
        assert back.execute("SELECT name FROM product").fetchall() == [("Oats",)]
    back.close()
