"""`RESTORE.txt`: true for the backup it lies in, and its commands do what it says."""

from __future__ import annotations

from datetime import UTC, datetime

from rattail.features.backups.environment.record import Interpreter, Record
from rattail.features.backups.environment.restore_text import Described, restore_text

PYTHON = Interpreter(
    "/srv/envs/poser", (), "", "", "3.11.7", "cpython", "linux-x86_64", "glibc 2.36", "cpython-311", ""
)
KEY = "age1yhs3a0wx8dazn58pp5amt5997r2d5kyd5r7gxtdwcqruqrna0e2ss5vu7n"
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
    encrypted_to=(),
    is_full=False,
    wheel_count=25,
    relocated={"data/exports": "/mnt/exports"},
)
ENCRYPTED = PLAIN._replace(encrypted_to=(KEY,), database="postgresql", server_version="16.2", wheel_count=0)


def test_it_says_what_is_needed_and_what_is_missing() -> None:
    text = restore_text(ENCRYPTED)

    for words in (
        "python3 restore.py poser-20261122T023000Z.tar --into",
        "--identity FILE",
        "--index URL",
        "private age key",
        f"  {KEY}\n",
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
