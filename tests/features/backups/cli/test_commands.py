"""The commands of backups, typed as people type them."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from rattail.features.backups.keys.keys import PROOFS_FILE, make_key, note_proofs
from rattail.features.backups.shelf.shelf import target_lock
from rattail.features.backups.shelf.state import Known, Look
from tests.conftest import Run
from tests.features.backups.shelf.on_shelf import put

NOW = datetime(2026, 11, 22, 2, 30, tzinfo=UTC)
NAME = "shop-20261122T023000Z.tar"


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "shelf"


@pytest.fixture
def env(appdir: Path, target: Path) -> Mapping[str, str]:
    return {
        "RATTAIL_APPDIR": str(appdir),
        "RATTAIL_BACKUPS_TARGET": str(target),
        "RATTAIL_APP_TIME_ZONE": "America/Detroit",
        "RATTAIL_BACKUPS_HAS_WHEELS": "false",
    }


def test_making_listing_and_copying(run: Run, env: Mapping[str, str], target: Path, appdir: Path) -> None:
    far = target.with_name("far")
    far.mkdir()
    (appdir / "data" / "own").mkdir()
    (appdir / "data" / "own" / "mine.txt").write_text("mine")

    planned = run("make-backup", "--dry-run", env=env)
    made = run("make-backup", "--json", env={**env, "RATTAIL_BACKUPS_COPY_TO": str(far)})
    listed = run("list-backups", env=env)

    assert planned.code == 0
    assert "Nothing was made." in planned.out
    assert (made.code, made.data["state"], made.data["copies"][0]["problem"]) == (0, "read back", "")
    assert sorted(os.listdir(far)) == [
        os.path.basename(made.data["path"]),
        os.path.basename(made.data["path"]) + ".json",
    ]
    row = listed.out.splitlines()[1].split()
    assert (row[0], row[5:7], row[-1]) == (os.path.basename(made.data["path"]), ["read", "back"], "1")
    assert listed.out.splitlines()[-1] == f"In '{target}'; times are those of America/Detroit."


def test_a_dry_run_makes_nothing_and_names_what_would_go_in(
    run: Run, env: Mapping[str, str], target: Path, appdir: Path
) -> None:
    (appdir / "data" / "own").mkdir()
    (appdir / "data" / "own" / "mine.txt").write_text("mine")
    (appdir / "log" / "web.log").write_text("history")

    plain = run("make-backup", "--dry-run", "--json", env=env).data
    full = run("make-backup", "--dry-run", "--json", "--full", env=env).data

    folders = {one["path"]: (one["files"], one["size_bytes"]) for one in plain["folders"]}
    assert not target.exists()
    assert folders["data"] == (1, 4)
    assert "log" not in folders
    assert "log" in {one["path"] for one in full["folders"]}
    assert (plain["is_full"], full["is_full"], plain["has_wheels"]) == (False, True, False)
    assert plain["free_bytes"] > plain["needed_bytes"] > 0


def test_keys_from_the_first_one_to_the_proof(run: Run, env: Mapping[str, str], tmp_path: Path) -> None:
    kept = tmp_path / "kept.txt"
    made = run("make-backup-key", "--output", kept, "--json", env=env)
    again = run("make-backup-key", "--output", kept, env=env)
    words = shlex.split(made.data["next"][1])
    run(*words[words.index("set-option") :], env=env)

    backup = run("make-backup", env=env)
    before = run("list-backups", env=env)
    wrong = run("prove-backup-key", "--identity", "-", env=env, stdin=make_key().secret)
    proved = run("prove-backup-key", "--identity", kept, env=env)
    after = run("list-backups", env=env)

    assert (made.code, again.code, backup.code, wrong.code, proved.code) == (0, 55, 59, 64, 0)
    assert kept.stat().st_mode & 0o777 == 0o600
    assert "unproven" in before.out
    assert f"nobody proved the key {made.data['public_key']}" in before.err
    assert "read back" in after.out
    assert after.err == ""
    assert kept.read_text().splitlines()[-1] not in made.out + backup.err + before.err + proved.out


def test_what_is_damaged_or_was_proved_long_ago_is_told(run: Run, env: Mapping[str, str], target: Path) -> None:
    key = make_key().public
    put(target, NOW, known=Known(read_back=Look(NOW, "a byte differs")))
    put(target, NOW - timedelta(days=1), known=Known())
    note_proofs(str(target), [key], now=NOW - timedelta(days=4000))

    listed = run("list-backups", env={**env, "RATTAIL_BACKUPS_ENCRYPT_TO": key})

    row = "shop-20261122T023000Z.tar 2026-11-21 21:30 1 B damaged 2026-11-21 21:30"
    assert listed.out.splitlines()[1].split() == row.split()
    warnings = listed.err.splitlines()
    assert warnings[0].startswith("warning: shop-20261122T023000Z.tar is damaged: a byte differs. Make a new one")
    assert "rattail prove-backup shop-20261121T023000Z.tar" in warnings[1]
    assert warnings[2].startswith(f"warning: the key {key} was last proved on 2015-")
    assert (target / PROOFS_FILE).exists()


def test_a_dry_run_of_pruning_lists_what_pruning_then_deletes(run: Run, env: Mapping[str, str], target: Path) -> None:
    for days in range(9):
        put(target, NOW - timedelta(days=days))
    env = {**env, "RATTAIL_BACKUPS_KEEP_DAILY": "4", "RATTAIL_BACKUPS_KEEP_WEEKLY": "0"}

    dry = run("prune-backups", "--dry-run", "--json", env=env).data
    there = len(list(target.glob("*.tar")))
    text = run("prune-backups", "--dry-run", env=env).out
    done = run("prune-backups", "--json", env=env).data

    doomed = [one["name"] for one in dry["decisions"] if not one["is_kept"]]
    assert there == 9
    assert done["decisions"] == dry["decisions"]
    assert done["removed"] == doomed
    assert len(doomed) == 9 - len(list(target.glob("*.tar"))) > 2
    assert text.splitlines()[-1] == f"Would delete {len(doomed)} backups, {len(doomed)} B (nothing was done)."
    assert "the newest good one, one of the newest 3, the newest of day 2026-11-21" in text


def test_each_refusal_has_its_code(run: Run, env: Mapping[str, str], target: Path, tmp_path: Path) -> None:
    put(target, NOW)
    with target_lock(str(target)):
        busy = run("make-backup", env=env).code
    codes = [
        run("copy-backup", env=env).code,
        run("copy-backup", "nothing.tar", "--to", tmp_path, env=env).code,
        run("copy-backup", "--to", "nonsense:x", env=env).code,
        run("prove-backup-key", "--identity", tmp_path / "none", env=env).code,
        run("prove-backup-key", "--identity", "-", env=env, stdin="nonsense").code,
        run("make-backup", env={**env, "RATTAIL_BACKUPS_ENCRYPT_TO": "age1nonsense"}).code,
        run("list-backups", env={**env, "RATTAIL_BACKUPS_TARGET": "relative"}).code,
    ]

    assert busy == 52
    assert codes == [56, 56, 53, 51, 57, 53, 53]


def test_backups_inside_the_app_folder_are_warned_of(run: Run, env: Mapping[str, str], appdir: Path) -> None:
    inside = run("list-backups", env={**env, "RATTAIL_BACKUPS_TARGET": str(appdir / "backups")})

    assert "lie inside the app folder and go with it" in inside.err
    assert "There is no backup" in inside.out


def test_the_timer_makes_one_only_where_backups_are_its_own(run: Run, env: Mapping[str, str], target: Path) -> None:
    stays_out = run("make-backup", "--by-timer", env=env)
    assert (stays_out.code, "The worker makes the daily backup" in stays_out.out) == (0, True)
    assert not target.exists()

    env = {**env, "RATTAIL_BACKUPS_MADE_BY": "timer"}
    assert run("make-backup", "--by-timer", env=env).code == 0
    assert len(list(target.glob("*.tar"))) == 1
    assert "The systemd timer of make-units makes the daily backup" in run("show-config", "backups", env=env).out


def test_what_was_typed_wrongly_is_said_in_words_of_its_own(
    run: Run, env: Mapping[str, str], target: Path, tmp_path: Path
) -> None:
    empty = run("make-backup", "--to", "", env=env)
    put(target, NOW)
    missing = run("prove-backup", NAME, "--identity", tmp_path / "none", env=env)
    other = run("prove-backup", tmp_path / NAME, env=env)
    nowhere = run("copy-backup", env={**env, "RATTAIL_APPDIR": str(tmp_path / "nowhere")})

    assert (empty.code, "--to names no folder" in empty.err) == (2, True)
    assert (missing.code, "there is nothing with that name" in missing.err) == (51, True)
    assert (other.code, f"there is no backup called '{NAME}' in '{tmp_path}'" in other.err) == (56, True)
    assert (nowhere.code, "there is no app folder" in nowhere.err) == (50, True)
