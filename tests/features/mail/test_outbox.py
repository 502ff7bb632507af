"""From what was written down to somebody who was told: nothing is lost, whatever the mail server does."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.features.mail.office import Env, Office, in_office, with_mail
from tests.features.mail.servers import mail_server, scripted_server, web_server
from tests.kit.shop import Killed


def test_things_that_come_at_once_are_one_mail_the_most_serious_first(emptied_env: Env) -> None:
    def act(office: Office) -> Any:
        office.note("i", "info", subject="a thing of note")
        office.note("w", "warning", subject="a disk fills")
        office.note("e", subject="batch 00000012 failed", text="It had no rows.\nTry again.")
        office.note("e", subject="batch 00000012 failed", text="It had no rows.\nTry again.")
        return office.tell(), office.tell(), office.waiting()

    with mail_server() as box:
        found = in_office(with_mail(emptied_env, box.port), act)

    assert found == [[1, 1, 0], [0, 0, 0], []]
    assert box.subjects == ["[Rattail] 3 things happened: batch 00000012 failed"]
    text = box.mails[0].text
    assert text.index("1. FAILED: batch 00000012") < text.index("2. WARNING: a disk") < text.index("3. INFO: a thing")
    assert "2 times from 12:00 to 2026-11-22 12:00 UTC" in text
    assert "   It had no rows.\n   Try again.\n" in text


def test_the_commands_in_a_mail_can_be_pasted_into_a_shell_that_knows_nothing_of_the_app(emptied_env: Env) -> None:
    def act(office: Office) -> Any:
        office.note("job 7", subject="job 7 failed", text="See\n    rattail show-job 7\n    rattail retry-job 7")
        return office.tell()

    with mail_server() as box:
        in_office(with_mail(emptied_env, box.port), act)

    program, root = f"{sys.prefix}/bin/rattail", emptied_env["RATTAIL_APPDIR"]
    for verb in ("show-job", "retry-job"):
        assert f"       {program} {verb} --appdir {root} 7\n" in box.mails[0].text


def test_the_same_thing_again_within_the_hour_is_counted_and_told_later(emptied_env: Env) -> None:
    def act(office: Office) -> Any:
        rounds = []
        for minutes in (0, 10, 10, 10, 40):
            office.later(minutes=minutes)
            office.note("job", subject="a job failed")
            rounds.append(office.tell())
        return rounds

    with mail_server() as box:
        rounds = in_office(with_mail(emptied_env, box.port), act)

    assert [mailed for _, mailed, _ in rounds] == [1, 0, 0, 0, 1]
    assert box.subjects == ["[Rattail] a job failed", "[Rattail] a job failed (4 times)"]


def test_a_server_that_is_down_loses_nothing_and_gets_one_mail_about_the_rest_when_it_is_back(emptied_env: Env) -> None:
    def down(office: Office) -> Any:
        rounds = []
        for minute in range(60):
            office.note(f"key {minute % 7}", subject=f"thing {minute % 7}")
            rounds.append(office.tell())
            office.later(minutes=1)
        return rounds, office.waiting()

    def back(office: Office) -> Any:
        office.later(hours=2)
        return office.tell(), office.waiting()

    with scripted_server("421 not now") as port:
        rounds, waiting = in_office(with_mail(emptied_env, port), down)
    with mail_server() as box:
        told = in_office(with_mail(emptied_env, box.port), back)

    assert sum(sealed for sealed, _, _ in rounds) == 1
    assert sum(failed for _, _, failed in rounds) == 7  # after 1, 2, 4, 8, 15, 15 minutes
    assert len(set(waiting)) == 7
    assert told == [[1, 2, 0], []]
    assert box.subjects == ["[Rattail] thing 0", "[Rattail] 7 things happened: thing 1"]
    assert box.mails[1].text.count("9 times") == 3  # of 60, the first is in the first mail
    assert box.mails[1].text.count("8 times") == 4


@pytest.mark.parametrize("moment", ["DATA", "RCPT", "MAIL"])
def test_a_grey_listing_server_is_asked_again(emptied_env: Env, moment: str) -> None:
    where = "ada@example.org" if moment == "RCPT" else moment

    def act(office: Office) -> Any:
        from rattail.notices.read import waiting

        office.note("a")
        first = office.tell()
        failure = waiting(1)[0].failure
        office.later(seconds=30)
        return first, failure, office.tell()

    def again(office: Office) -> Any:
        office.later(minutes=1, seconds=1)
        return office.tell(), office.waiting()

    with mail_server() as box:
        box.answers = {where: "451 4.7.1 come back later"}
        first, failure, too_early = in_office(with_mail(emptied_env, box.port), act)
        box.answers = {}
        told = in_office(with_mail(emptied_env, box.port), again)

    assert (first, too_early) == ([1, 0, 1], [0, 0, 0])
    assert "451 4.7.1 come back later" in failure
    assert told == [[0, 1, 0], []]
    assert len(box.mails) == 1


@pytest.mark.parametrize("script", [{}, {"DATA": None}])
def test_a_server_that_dies_in_the_middle_gets_the_same_mail_again(
    emptied_env: Env, script: dict[str, str | None]
) -> None:
    def act(office: Office) -> Any:
        office.note("a")
        return office.tell()

    def again(office: Office) -> Any:
        office.later(minutes=2)
        return office.tell(), office.waiting()

    with scripted_server(**script) as port:
        assert in_office(with_mail(emptied_env, port), act) == [1, 0, 1]
    with mail_server() as box:
        assert in_office(with_mail(emptied_env, box.port), again) == [[0, 1, 0], []]


def test_a_crash_after_the_server_took_a_mail_sends_it_twice_with_the_same_number(
    emptied_env: Env, tmp_path: Path
) -> None:
    taken = tmp_path / "taken"

    def crash(office: Office) -> Any:
        from django.db import connection

        def watch(execute: Any, *words: Any) -> Any:
            if taken.exists():
                os.kill(os.getpid(), signal.SIGKILL)
            return execute(*words)

        office.note("a", text="ü" * 10)
        with connection.execute_wrapper(watch):
            office.tell()

    def again(office: Office) -> Any:
        office.note("a")  # while the letter is under way: another one
        at_once = office.tell()
        office.later(minutes=21)
        return at_once, office.tell(), office.waiting()

    with mail_server() as box:
        env = with_mail(emptied_env, box.port)
        box.taken = taken
        with pytest.raises(Killed):
            in_office(env, crash)
        assert in_office(env, again) == [[0, 0, 0], [0, 1, 0], ["a"]]

    first, second = box.mails
    assert first.raw == second.raw
    assert first.message["Message-ID"]


def test_one_wrong_address_does_not_keep_the_others_from_being_told(emptied_env: Env) -> None:
    def act(office: Office) -> Any:
        from rattail.notices.models import Letter

        office.note("a")
        told = office.tell()
        waiting = office.waiting()
        office.later(minutes=2)
        return told, waiting, office.tell(), Letter.objects.get().failure

    with mail_server() as box:
        box.answers = {"bob@example.org": "550 nobody", "eve@example.org": "451 later"}
        env = with_mail(emptied_env, box.port, to="ada@example.org,bob@example.org,eve@example.org")
        told, waiting, again, failure = in_office(env, act)

    assert (told, waiting, again) == ([1, 0, 1], [], [0, 0, 1])
    assert [one.to for one in box.mails] == [["ada@example.org"]]
    assert "eve@example.org: 451 later" in failure


def test_a_mail_that_is_refused_itself_keeps_no_other_back_and_is_tried_on(emptied_env: Env) -> None:
    def act(office: Office) -> Any:
        rounds = []
        for key in "abc":
            office.note(key)
            rounds.append(office.tell())
        for _ in range(40):
            office.later(minutes=5)
            rounds.append(office.tell())
        return rounds, office.waiting()

    def later(office: Office) -> Any:
        office.later(days=2)
        return office.tell()

    with mail_server() as box:
        box.answers = {"DATA": "554 looks like spam"}
        rounds, waiting = in_office(with_mail(emptied_env, box.port), act)
        box.answers = {}
        told = in_office(with_mail(emptied_env, box.port), later)

    assert [sealed for sealed, _, _ in rounds[:3]] == [1, 1, 1]
    assert sum(failed for _, _, failed in rounds) == 18  # six each, then once a day
    assert sorted(waiting) == ["a", "b", "c"]
    assert told == [0, 3, 0]


def test_without_a_mail_server_everything_is_kept_and_told_once_there_is_one(emptied_env: Env) -> None:
    def act(office: Office) -> Any:
        from rattail.features.mail.jobs import is_something_to_send

        office.note("a")
        return office.tell(), office.waiting(), is_something_to_send(office.site, now=office.now)

    with mail_server() as box:
        assert in_office(emptied_env, act) == [[0, 0, 0], ["a"], False]
        wrong = in_office(with_mail(emptied_env, box.port, to="nobody"), act)
        right = in_office(with_mail(emptied_env, box.port), act)

    assert wrong == [[0, 0, 0], ["a"], False]
    assert right == [[1, 1, 0], [], False]


def test_what_is_old_is_forgotten_told_or_not(emptied_env: Env) -> None:
    def act(office: Office) -> Any:
        from datetime import timedelta

        from rattail.features.mail.outbox import prune
        from rattail.notices.models import Letter, Notice

        office.note("told")
        office.tell()
        office.note("untold")
        office.later(days=89)
        before = prune(keep=timedelta(days=90), now=office.now), Notice.objects.count()
        office.later(days=2)
        office.note("new")
        return before, prune(keep=timedelta(days=90), now=office.now), office.waiting(), Letter.objects.count()

    with mail_server() as box:
        assert in_office(with_mail(emptied_env, box.port), act) == [[0, 2], 1, ["new"], 0]


def test_ten_thousand_different_things_are_a_few_mails_of_bounded_size(emptied_env: Env) -> None:
    def act(office: Office) -> Any:
        from rattail.notices.models import Notice

        Notice.objects.bulk_create(
            Notice(
                key=f"{n}", level="error", subject=f"s {n}", text="t" * 9000, first_at=office.now, last_at=office.now
            )
            for n in range(1000)
        )
        return office.tell(), len(office.waiting())

    with mail_server() as box:
        assert in_office(with_mail(emptied_env, box.port), act) == [[5, 5, 0], 0]

    assert max(len(one.raw) for one in box.mails) < 300_000
    assert "200. FAILED: s 199" in box.mails[0].text


def test_who_is_called_on_failure_gets_what_happened_as_json_while_the_mail_server_is_down(
    emptied_env: Env, tmp_path: Path
) -> None:
    script = tmp_path / "page me"
    script.write_text('#!/bin/sh\ncat > "$1"; env > "$1.env"\n')
    script.chmod(0o755)
    command = json.dumps([str(script), str(tmp_path / "told; touch x")])

    def act(office: Office) -> Any:
        office.note("i", "info")
        office.note("e", subject="it broke", text="badly")
        return office.tell(), office.waiting()

    with scripted_server("421 no") as port, web_server() as (url, got):
        env = with_mail(emptied_env, port, on_failure_command=command, on_failure_url=url, password="hunter2")
        found = in_office(env, act)

    told = json.loads((tmp_path / "told; touch x").read_text())
    assert found == [[1, 0, 1], ["e", "i"]]
    assert told == json.loads(got[0])
    assert (told["level"], told["subject"], told["app"]) == ("error", "2 things happened: it broke", "Rattail")
    assert [one["key"] for one in told["notices"]] == ["e", "i"]
    assert "RATTAIL" not in (tmp_path / "told; touch x.env").read_text()


def test_a_call_alone_counts_as_told_and_one_that_fails_is_tried_three_times(emptied_env: Env) -> None:
    def act(office: Office) -> Any:
        from rattail.notices.models import Letter

        office.note("e")
        rounds = []
        for _ in range(6):
            rounds.append(office.tell())
            office.later(minutes=20)
        return rounds, office.waiting(), Letter.objects.get().call_failure

    with web_server() as (url, got):
        right = in_office({**emptied_env, "RATTAIL_MAIL_ON_FAILURE_URL": url}, act)
    with web_server(status=307) as (url, wrong):
        failing = {**emptied_env, "RATTAIL_MAIL_ON_FAILURE_URL": url}
        in_office(emptied_env, lambda _: _forget())
        failed = in_office(failing, act)

    assert right == [[[1, 0, 0], *[[0, 0, 0]] * 5], [], ""]
    assert [failures for _, _, failures in failed[0]] == [1, 1, 1, 0, 0, 0]
    assert (len(got), len(wrong)) == (1, 3)
    assert failed[1] == ["e"]
    assert "answered 307" in failed[2]
    assert "abc123" not in failed[2]


def _forget() -> None:
    from rattail.notices.models import Letter

    Letter.objects.all().delete()
