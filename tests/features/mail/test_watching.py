"""What nobody looks at is looked at now and then: disks, the log, the age of the backup, the app folder."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from rattail.features.mail.disks import Disk, days_until_full, judged
from rattail.logs.line import LogLine, written
from tests.features.mail.office import Env, Office, in_office

DAY_S = 86400.0


@pytest.mark.parametrize(
    ("free_mb", "days_left", "level"),
    [
        (199, None, "error"),
        (900, None, "warning"),
        (1000, None, ""),
        (5000, 6.9, "warning"),
        (5000, 7, ""),
        (5000, None, ""),
    ],
)
def test_a_disk_is_judged_by_what_is_left_and_by_how_it_fills(
    free_mb: int, days_left: float | None, level: str
) -> None:
    assert judged(Disk("data", "/app/data", free_mb, 10_000), minimum_mb=200, days_left=days_left)[0] == level


def test_when_a_disk_will_be_full_follows_from_the_last_days() -> None:
    assert days_until_full([[0, 900], [3 * DAY_S, 600]], 600) == 6
    assert days_until_full([[0, 900], [DAY_S, 100]], 100) is None  # a day says little
    assert days_until_full([[0, 600], [3 * DAY_S, 900]], 900) is None
    assert days_until_full([[0, 600]], 600) is None


def test_a_full_disk_is_told_once_a_day(emptied_env: Env) -> None:
    def act(office: Office) -> Any:
        from rattail.features.mail.watching.disk import watch_disks
        from rattail.notices.read import waiting

        told = []
        for _ in range(50):
            watch_disks(office.site.places, minimum_mb=10**12, now=office.now)
            told.append(sum(one.times for one in waiting(10)))
            office.later(hours=1)
        return told, waiting(1)[0].subject

    told, subject = in_office(emptied_env, act)

    disks = told[0]
    assert disks >= 1
    assert [told.index(disks * times) for times in (1, 2, 3)] == [0, 24, 48]
    assert "expected 1,000,000,000,000 MB or more" in subject


def test_no_proven_backup_is_told_after_seven_days_and_again_after_seven(emptied_env: Env) -> None:
    def act(office: Office) -> Any:
        from rattail.audit.trail import record
        from rattail.features.mail.watching.backup import watch_backup
        from rattail.notices.models import Notice

        def days() -> list[int]:
            told = []
            for day in range(1, 16):
                office.later(days=1)
                before = list(Notice.objects.values_list("id", "times"))
                watch_backup(made_at=made_at, warn_days=7, now=office.now)
                told += [day] if list(Notice.objects.values_list("id", "times")) != before else []
            return told

        made_at = office.now.isoformat()
        watch_backup(made_at="2000-01-01T00:00:00Z", warn_days=0, now=office.now)
        never = days()
        subject = Notice.objects.get().subject
        Notice.objects.all().delete()
        record("prove backup", "backup 1", actor="os:root", now=office.now)
        return never, subject, days()

    assert in_office(emptied_env, act) == [[7, 14], "no proven backup for 14 days", [7, 14]]


def test_faults_of_commands_are_told_once_whatever_rotates(emptied_env: Env, tmp_path: Path) -> None:
    log = tmp_path / "cli.log"

    def write(path: Path, *lines: str) -> None:
        with path.open("a") as stream:
            stream.writelines(f"{line}\n" for line in lines)

    def fault(verb: str, minute: int = 0, *, level: str = "ERROR", is_json: bool = True) -> str:
        details = {"command": verb, "error": "KeyError", "where": "z.py:9\na.py:1"}
        at = datetime(2026, 11, 22, 12, minute, tzinfo=UTC)
        line = LogLine(at, level, "rattail.cli", f"ERROR a fault in the command {verb}", details=details)
        return written(line, is_json=is_json).decode().rstrip("\n")

    def act(office: Office) -> Any:
        from rattail.features.mail.watching.faults import watch_faults
        from rattail.notices.models import Notice

        def look() -> list[str]:
            watch_faults(str(tmp_path), now=office.now)
            told = [f"{one.subject}|{one.text.splitlines()[-1]}" for one in Notice.objects.order_by("key")]
            Notice.objects.all().delete()
            return told

        write(log, fault("before the first look"))
        rounds = [look()]
        write(
            log,
            fault("one", is_json=False),
            fault("none", level="INFO"),
            fault("none", level="INFO", is_json=False),
            "ERROR of nobody",
            "{broken",
            "[1]",
            fault("two\x1b"),
        )
        write(tmp_path / "web.log", fault("of no command"))
        rounds.append(look())
        write(log, fault("old"))
        log.rename(tmp_path / "cli.log.1")
        write(log, fault("new", minute=1))
        rounds += [look(), look()]
        os.truncate(log, 0)
        write(log, *(fault(f"{number}", minute=2) for number in range(100)))
        with log.open("a") as stream:
            stream.write(fault("not yet whole"))
        rounds.append(look())
        write(log, "")
        return [*rounds, look()]

    first, second, rotated, nothing, emptied, whole = in_office(emptied_env, act)

    ends = "ended with a fault of the program"
    assert (first, nothing) == ([], [])
    assert second == [f"2 commands {ends}|2026-11-22T12:00:00Z two\\x1b: KeyError at a.py:1"]
    assert rotated == [f"2 commands {ends}|2026-11-22T12:01:00Z new: KeyError at a.py:1"]
    assert emptied == [f"100 commands {ends}|2026-11-22T12:02:00Z 99: KeyError at a.py:1"]
    assert whole == [f"a command {ends}|2026-11-22T12:00:00Z not yet whole: KeyError at a.py:1"]


def test_findings_are_told_when_one_is_new_and_then_once_a_week(migrated_env: Env) -> None:
    root = Path(migrated_env["RATTAIL_APPDIR"])

    def act(office: Office) -> Any:
        from rattail.features.mail.watching.folder import watch_folder
        from rattail.notices.models import Notice

        told = []
        for day in range(10):
            if day == 1:
                (root / "work" / "csv").rmdir() if not any((root / "work" / "csv").iterdir()) else _empty(root)
            if day in (0, 1, 2, 8):
                watch_folder(str(root), now=office.now)
                told.append([one.times for one in Notice.objects.all()])
            office.later(days=1)
        return told, Notice.objects.get().text

    told, text = in_office(migrated_env, act)

    assert told == [[], [1], [1], [2]]
    assert "work/csv" in text


def _empty(root: Path) -> None:
    for one in (root / "work" / "csv").iterdir():
        one.unlink()
    (root / "work" / "csv").rmdir()
