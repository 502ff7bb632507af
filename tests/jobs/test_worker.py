"""Workers: what becomes of a job that ends well, fails, dies, is cancelled, or is left behind."""

from __future__ import annotations

import os
import signal
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from rattail.site import Site
from tests.jobs.conftest import Env
from tests.jobs.open_site import in_site
from tests.jobs.working import ask, end, facts, let_wait_no_longer, noted, state, wait_until, work_off, worker


def _notices() -> list[tuple[str, str, int]]:
    from rattail.notices.models import Notice

    return list(Notice.objects.order_by("key").values_list("key", "text", "times"))


def test_a_job_is_done_with_what_it_found_out(env: Env) -> None:
    def act(site: Site) -> list[Any]:
        plain = ask(site, "plain", arguments={"n": 7})
        tally = ask(site, "tally", arguments={"n": 8})
        follows = ask(site, "follows")
        work_off(site)
        return [
            facts(plain, "state", "result"),
            facts(tally, "state", "done", "total", "tries"),
            facts(follows, "state", "result"),
        ]

    assert in_site(env, act) == [
        ["done", {"seen": {"n": 7}}],
        ["done", 2, 2, 1],
        ["done", {"kept": "with the effect"}],  # what comes after the effect cannot undo it
    ]


def test_a_persons_mistake_is_told_in_its_own_words_and_to_whoever_runs_the_shop(env: Env) -> None:
    def act(site: Site) -> list[Any]:
        job_id = ask(site, "refuses", subject="batch 00000012")
        work_off(site)
        return [*facts(job_id, "state", "reason"), _notices()]

    found, reason, notices = in_site(env, act)

    assert (found, reason) == ("failed", "the file is empty. choose another one")
    assert [(key, times) for key, _, times in notices] == [("job.failed:tallies.refuses", 1)]
    assert "the file is empty" in notices[0][1]


def test_what_no_database_takes_stops_no_worker(env: Env) -> None:
    def act(site: Site) -> list[Any]:
        odd, result, after = ask(site, "odd"), ask(site, "odd_result"), ask(site, "nothing")
        work_off(site)
        return [facts(odd, "state", "message", "reason"), state(result), state(after)]

    text = "file a\\0b\\udc80.csv"
    is_sqlite = "RATTAIL_DATABASE_URL" not in env
    assert in_site(env, act) == [
        ["failed", text, f"{text} is odd."],
        "done" if is_sqlite else "failed",
        "done",
    ]


def test_a_job_that_fails_is_tried_again_later_and_later_and_then_given_up(env: Env) -> None:
    def act(site: Site) -> list[Any]:
        job_id = ask(site, "fails")
        waits = []
        for _ in range(3):
            work_off(site)
            found, run_at, began = facts(job_id, "state", "run_at", "started_at")
            waits.append((found, (run_at - began).total_seconds()))
            let_wait_no_longer(site, job_id)
        return [waits, *facts(job_id, "tries", "reason", "failure"), noted(text="tried"), len(_notices())]

    waits, tries, reason, failure, tried, told = in_site(env, act)

    assert [found for found, _ in waits] == ["ready", "ready", "failed"]
    assert 7 < waits[0][1] < 14 < waits[1][1]
    assert (tries, tried, told) == (3, 3, 1)
    assert "a secret of the program" in failure
    assert "secret" not in reason


def test_a_job_that_takes_too_long_is_stopped(sqlite_env: Env) -> None:
    def act(site: Site) -> list[Any]:
        job_id = ask(site, "limited")
        work_off(site)
        return facts(job_id, "state", "reason")

    assert in_site(sqlite_env, act) == ["failed", "it took longer than it may: 1 s."]


def test_a_job_whose_process_is_killed_again_and_again_is_given_up(sqlite_env: Env) -> None:
    def act(site: Site) -> list[Any]:
        job_id = ask(site, "dies")
        while state(job_id) == "ready":
            let_wait_no_longer(site, job_id)
            work_off(site)
        return facts(job_id, "state", "tries", "deaths", "reason")

    *counts, reason = in_site(sqlite_env, act)

    assert counts == ["failed", 5, 5]
    assert "killed 5 times in a row" in reason


def test_a_running_job_that_is_cancelled_can_clean_up_and_one_that_does_not_hear_is_killed(env: Env) -> None:
    def act(site: Site) -> list[Any]:
        from rattail.jobs.queue import cancel

        seen = []
        with worker(site):
            for count, name in enumerate(("slow", "deaf"), 1):
                job_id = ask(site, name)
                wait_until(partial(_has_begun, count))
                cancel(job_id, now=site.now())
                wait_until(partial(_has_left, job_id))
                seen.append(state(job_id))
        return [*seen, noted(text="cleaned up")]

    assert in_site(env, act) == ["cancelled", "cancelled", 1]


def test_a_job_in_the_middle_of_its_effect_can_be_cancelled_and_nothing_of_it_stays(env: Env, tmp_path: Path) -> None:
    gate = str(tmp_path / "gate")

    def act(site: Site) -> list[Any]:
        from rattail.jobs.queue import cancel

        with worker(site):
            job_id = ask(site, "holds", arguments={"gate": gate})
            wait_until(lambda: os.path.exists(f"{gate}.begun"))
            cancel(job_id, now=site.now())
            wait_until(lambda: state(job_id) == "cancelled")
        return [noted(text="held")]

    assert in_site(env, act) == [0]


def test_a_job_that_holds_the_lock_of_sqlite_for_long_is_not_taken_for_dead(sqlite_env: Env, tmp_path: Path) -> None:
    gate = tmp_path / "gate"

    def act(site: Site) -> list[Any]:
        from rattail.jobs.taking import sweep

        with worker(site):
            job_id = ask(site, "holds", arguments={"gate": str(gate)})
            wait_until(lambda: os.path.exists(f"{gate}.begun"))
            later = site.now() + timedelta(minutes=5)  # nobody could write a heartbeat all the time
            given_back = sweep(kinds=site.registry.jobs, worker="", held=(), now=later)
            gate.touch()
            wait_until(lambda: state(job_id) == "done")
        return [given_back, *facts(job_id, "tries"), noted(text="held")]

    assert in_site(sqlite_env, act) == [0, 1, 1]


@pytest.mark.parametrize(("silent_for_s", "found"), [(20, "running"), (31, "ready")])
def test_a_job_of_another_machine_is_given_back_when_that_was_silent_for_long(
    silent_for_s: int, found: str, env: Env
) -> None:
    def act(site: Site) -> list[Any]:
        from rattail.jobs.models import Job
        from rattail.jobs.taking import sweep, take

        job_id = ask(site, "nothing")
        take(worker="elsewhere/boot/1/1/1", kinds=["tallies.nothing"], now=site.now())
        Job.objects.filter(pk=job_id).update(heartbeat_at=site.now() - timedelta(seconds=silent_for_s))
        sweep(kinds=site.registry.jobs, worker="", held=(), now=site.now())
        return facts(job_id, "state", "deaths")

    assert in_site(env, act) == [found, int(found == "ready")]


def test_a_killed_worker_takes_its_jobs_process_along_and_the_next_worker_runs_the_job_again(env: Env) -> None:
    def act(site: Site) -> list[Any]:
        from rattail.jobs.alive import workers_alive
        from rattail.jobs.models import Worker

        with worker(site) as pid:
            job_id = ask(site, "slow")
            wait_until(lambda: noted(text="begun"))
            child = os.pidfd_open(int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0]))
            end(pid, signal.SIGKILL)
            wait_until(lambda: _has_ended(child))
        left = [Worker.objects.count(), len(workers_alive(site.now()))]
        with worker(site):
            let_wait_no_longer(site, job_id)
            wait_until(lambda: noted(text="begun") == 2)
            alive = len(workers_alive(site.now()))
        return [left, alive, *facts(job_id, "tries", "deaths", "token"), Worker.objects.count()]

    left, alive, tries, deaths, token, workers = in_site({**env, "RATTAIL_JOBS_STOP_WAIT_S": "0"}, act)

    assert left == [1, 0]  # its row is still there, but it is not taken for alive
    assert (alive, tries, deaths, token) == (1, 1, 1, 2)  # the second try was given back, and counts as not begun
    assert workers == 0


def _has_begun(count: int) -> bool:
    return noted(text="begun") == count


def _has_left(job_id: int) -> bool:
    return state(job_id) != "running"


def _has_ended(pid_fd: int) -> bool:
    import select

    poll = select.poll()
    poll.register(pid_fd, select.POLLIN)
    return bool(poll.poll(0))


def test_a_process_that_was_taken_for_dead_cannot_take_effect(env: Env) -> None:
    def act(site: Site) -> list[Any]:
        job_id = ask(site, "late")
        work_off(site)
        seen = [state(job_id), noted(text="effect of try 1")]
        let_wait_no_longer(site, job_id)
        work_off(site)
        return [*seen, state(job_id), noted(text="effect of try 1"), noted(text="effect of try 2")]

    assert in_site(env, act) == ["ready", 0, "done", 0, 1]


def test_a_worker_that_is_told_to_stop_lets_its_job_end_or_gives_it_back(sqlite_env: Env, tmp_path: Path) -> None:
    gate = tmp_path / "gate"

    def lets_end(site: Site) -> list[Any]:
        with worker(site) as pid:
            first = ask(site, "holds", arguments={"gate": str(gate)})
            wait_until(lambda: os.path.exists(f"{gate}.begun"))
            os.kill(pid, signal.SIGTERM)
            os.kill(pid, signal.SIGTERM)  # systemd may tell every process of a unit, and serve tells its worker
            gate.touch()
            wait_until(lambda: state(first) != "running")
            second = ask(site, "nothing")
            os.waitpid(pid, 0)
        return [state(first), state(second)]

    def gives_back(site: Site) -> list[Any]:
        with worker(site) as pid:
            job_id = ask(site, "slow")
            wait_until(lambda: noted(text="begun"))
            end(pid, signal.SIGTERM)
        return [*facts(job_id, "state", "tries", "deaths"), noted(text="cleaned up")]

    assert in_site(sqlite_env, lets_end) == ["done", "ready"]
    assert in_site({**sqlite_env, "RATTAIL_JOBS_STOP_WAIT_S": "0"}, gives_back) == ["ready", 0, 0, 1]


def test_a_worker_in_quarantine_is_there_and_takes_nothing(sqlite_env: Env) -> None:
    def act(site: Site) -> list[Any]:
        from rattail.jobs.alive import workers_alive

        job_id = ask(site, "nothing")
        with worker(site, claims=False):
            seen = [each.is_claiming for each in workers_alive(site.now())]
            with worker(site, claims=False):
                pass
        return [seen, state(job_id)]

    assert in_site(sqlite_env, act) == [[False], "ready"]


def test_several_workers_share_the_jobs(postgres_jobs: Env) -> None:
    def act(site: Site) -> list[Any]:
        from rattail.jobs.models import Job

        with worker(site, concurrency=1), worker(site, concurrency=1):
            for number in range(20):
                ask(site, "tally", arguments={"n": number, "work_s": 0.05})
            wait_until(lambda: not Job.objects.filter(kind="tallies.tally").exclude(state="done").exists())
        jobs = Job.objects.filter(kind="tallies.tally")
        return [jobs.values("worker").distinct().count(), sum(noted(text=f"tally {number}") for number in range(20))]

    assert in_site(postgres_jobs, act) == [2, 20]


def test_nothing_is_lost_and_nothing_happens_twice_under_fire(env: Env) -> None:
    is_sqlite = "RATTAIL_DATABASE_URL" not in env

    def act(site: Site) -> dict[str, Any]:
        from tests.jobs.under_fire import under_fire

        return under_fire(site, jobs=60, kills=12, workers=1 if is_sqlite else 2, seed=os.getpid())._asdict()

    came = in_site(env, act)

    assert (came["done"], came["effects"], came["distinct_effects"]) == (60, 60, 60)
    assert came["workers_killed"] + came["processes_killed"] == 12
