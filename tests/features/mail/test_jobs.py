"""The jobs of mail, run by the real worker."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.conftest import Run
from tests.features.mail.office import Env, Office, in_office, with_mail
from tests.features.mail.servers import mail_server


def ask_for(*kinds: str, **arguments: object) -> Any:
    def act(office: Office) -> None:
        from rattail.jobs.queue import enqueue

        for kind in kinds:
            enqueue(office.site.registry.jobs[kind], arguments=arguments, actor="alice", now=office.site.now())

    return act


def results(_: Office) -> Any:
    from rattail.jobs.models import Job

    return {job.kind: [job.state, job.result, job.failure] for job in Job.objects.filter(actor="alice")}


def test_every_job_of_mail_comes_to_its_end_and_what_happened_reaches_a_person(emptied_env: Env, run: Run) -> None:
    with mail_server() as box:
        env = with_mail(emptied_env, box.port)
        in_office(env, lambda office: office.note("e", subject="it broke"))
        in_office(env, ask_for("mail.watch", "mail.check", "mail.digest"))
        first = run("run-jobs", env=env)
        in_office(env, ask_for("mail.send"))
        second = run("run-jobs", env=env)
        ended = in_office(env, results)

    assert (first.code, second.code) == (0, 0), first.err + second.err
    assert {kind: job[0] for kind, job in ended.items()} == dict.fromkeys(
        ("mail.watch", "mail.check", "mail.digest", "mail.send"), "done"
    ), ended
    subjects = " | ".join(box.subjects)
    assert "it broke" in subjects
    assert "2026: " in subjects  # the digest


def test_a_test_mail_asked_for_on_a_page_says_what_the_server_said(emptied_env: Env, run: Run) -> None:
    with mail_server() as box:
        env = with_mail(emptied_env, box.port)
        box.answers = {"ada@example.org": "550 no such user"}
        in_office(env, ask_for("mail.test", to="bob@example.org"))
        run("run-jobs", env=env)
        right = in_office(env, results)["mail.test"]
        in_office(env, ask_for("mail.test"))
        run("run-jobs", env=env)
        wrong = in_office(env, results)["mail.test"]

    said = f"127.0.0.1:{box.port} took the test mail for bob@example.org."
    assert right[:2] == ["done", {"is_sent": True, "message": said, "hint": ""}]
    assert (wrong[0], wrong[1]["is_sent"]) == ("done", False)
    assert "550 no such user" in wrong[1]["message"]


def test_a_backup_that_fails_is_mailed_once_with_the_reason_and_what_to_type(
    emptied_env: Env, run: Run, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("a file where the folder for backups should be")
    env = {**emptied_env, "RATTAIL_BACKUPS_TARGET": str(tmp_path / "file" / "backups")}
    with mail_server() as box:
        env = with_mail(env, box.port)
        in_office(env, ask_for("backups.make"))
        for _ in range(2):  # the job is tried twice, and asked for again by nobody
            in_office(env, _let_it_be_tried)
            run("run-jobs", env=env)
        in_office(env, ask_for("mail.send"))
        run("run-jobs", env=env)
        letters = list(box.mails)

    assert len(letters) == 1
    text = letters[0].text
    assert "Make a backup" in text
    assert "a file stands where a folder was expected" in text
    assert "rattail retry-job" in text


def _let_it_be_tried(office: Office) -> None:
    """As if the time before the next try were over."""
    from rattail.jobs.models import READY, Job

    Job.objects.filter(kind="backups.make", state=READY).update(run_at=office.site.now())


def test_no_proven_backup_for_too_long_is_mailed_once_and_says_what_to_type(emptied_env: Env, run: Run) -> None:
    def check_again(office: Office) -> None:
        from rattail.features.mail.watching.backup import watch_backup

        for _ in range(3):
            watch_backup(made_at="2026-01-01T00:00:00Z", warn_days=14, now=office.now)
            office.tell()
            office.later(days=1)

    with mail_server() as box:
        in_office(with_mail(emptied_env, box.port), check_again)
        letters = list(box.mails)

    assert len(letters) == 1
    assert "no proven backup for 325 days" in letters[0].text
    assert "rattail make-backup" in letters[0].text
    assert "rattail prove-backup" in letters[0].text
