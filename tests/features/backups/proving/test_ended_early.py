"""A proof that is called off or killed: nothing of it goes on, nothing stays, and the backup is what it was."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from pathlib import Path

import pytest

from rattail.features.backups.shelf.shelf import list_backups
from rattail.features.backups.shelf.state import State
from rattail.registry import Registry
from rattail.site import Site
from tests.conftest import Run
from tests.features.backups.proving.shop import quarantined, scratch_of, started, wait_until_all_run
from tests.features.backups.restoring.shelf import made_shop
from tests.jobs.open_site import in_site
from tests.jobs.working import state, wait_until, worker

pytestmark = pytest.mark.xdist_group("proofs ended early")  # one backup for all of them


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("shelf")


@pytest.fixture(scope="module")
def env(tmp_path_factory: pytest.TempPathFactory, registry: Registry, target: Path) -> Mapping[str, str]:
    """A shop with one backup, which no test of this module changes."""
    shop = made_shop(tmp_path_factory.mktemp("envs") / "poser", registry)
    shop.backup(target)
    return {"RATTAIL_APPDIR": str(shop.app), "RATTAIL_BACKUPS_TARGET": str(target)}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_the_application_ends_with_the_command_however_that_ends(
    run: Run, env: Mapping[str, str], target: Path, number: signal.Signals
) -> None:
    state_before = _state(target)
    proving = started("prove-backup", env=env)
    pids = wait_until_all_run(target)

    os.kill(proving.pid, number)
    proving.communicate(timeout=60)
    wait_until(lambda: not any(map(_is_alive, pids)))

    assert len(pids) > 2  # the server, who answers, and the worker
    assert proving.returncode == (130 if number == signal.SIGINT else proving.returncode)
    assert proving.returncode != 0
    assert not quarantined(target)
    assert _state(target) == state_before
    if number == signal.SIGINT:
        assert not scratch_of(target)


def test_what_a_killed_proof_left_is_removed_by_the_next(run: Run, env: Mapping[str, str], target: Path) -> None:
    proving = started("prove-backup", env=env)
    wait_until_all_run(target)
    os.kill(proving.pid, signal.SIGKILL)
    proving.communicate(timeout=60)
    assert scratch_of(target)

    proved = run("prove-backup", env=env)

    assert proved.code == 0, proved.err
    assert not scratch_of(target)
    assert not quarantined(target)
    (backup,) = list_backups(str(target))
    assert backup.state is State.PROVEN


def test_a_proof_that_is_called_off_on_the_page_is_cancelled_and_ends_the_application(
    env: Mapping[str, str], target: Path
) -> None:
    state_before = _state(target)

    def act(site: Site) -> list[object]:
        from rattail.jobs.queue import cancel, enqueue

        with worker(site):
            job = enqueue(site.registry.jobs["backups.prove"], arguments={}, actor="alice", now=site.now())
            pids = wait_until_all_run(target)
            cancel(job.pk, now=site.now())
            wait_until(lambda: state(job.pk) == "cancelled")
            wait_until(lambda: not any(map(_is_alive, pids)))
        return [state(job.pk), len(pids) > 2]

    assert in_site(env, act) == ["cancelled", True]
    assert not quarantined(target)
    assert _state(target) == state_before


def _is_alive(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return status != "Z"


def _state(target: Path) -> tuple[State, str]:
    (backup,) = list_backups(str(target))
    return backup.state, backup.problem
