"""Using an upload: claimed, moved, let go; and what is left when a process is killed."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from rattail.appdir.cleaning.clean import plan_clean
from rattail.appdir.folder import Folder, Keep
from rattail.appdir.layout import Place
from rattail.errors import AppDirBusy, InputRejected, NoSuchThing, WouldOverwrite
from rattail.features.uploads.ground import Ground
from rattail.features.uploads.service.append import append
from rattail.features.uploads.service.clean import purge_uploads
from rattail.features.uploads.service.find import all_uploads, find_upload, find_whole_upload
from rattail.features.uploads.service.remove import cancel
from rattail.features.uploads.service.start import start_upload
from rattail.features.uploads.service.use import claim, move_into, put_into, release, used_up
from tests.features.uploads.conftest import ROWS, upload_whole
from tests.kit.killing import killed_at
from tests.kit.mounting import small_file_system


@pytest.fixture
def batch(tmp_path: Path) -> Path:
    folder = tmp_path / "00000012"
    folder.mkdir()
    return folder


def test_moving_copies_nothing_on_one_file_system(ground: Ground, batch: Path) -> None:
    upload = upload_whole(ground)
    before = os.stat(upload.path).st_ino

    path = Path(move_into(upload.token, str(batch), ground=ground))

    assert (path.parent, path.name, path.stat().st_ino) == (batch, "prices.csv", before)
    assert path.stat().st_mode & 0o777 == 0o640
    assert os.listdir(ground.folder) == []


def test_moving_across_file_systems_copies_and_leaves_one(ground: Ground, tmp_path: Path) -> None:
    upload = upload_whole(ground)
    with small_file_system(tmp_path / "other", options="size=1m") as other:
        path = Path(move_into(upload.token, str(other), name="q.csv", ground=ground))

        assert path.read_bytes() == ROWS
        assert path.stat().st_mode & 0o777 == 0o640
        assert os.listdir(other) == ["q.csv"]
    assert os.listdir(ground.folder) == []


def test_moving_replaces_nothing(ground: Ground, batch: Path) -> None:
    upload = upload_whole(ground)
    (batch / "prices.csv").write_text("mine")

    with pytest.raises(WouldOverwrite):
        move_into(upload.token, str(batch), ground=ground)

    assert (batch / "prices.csv").read_text() == "mine"
    assert find_upload(upload.token, ground=ground).is_whole


def test_used_up_at_the_end_and_kept_after_an_error(ground: Ground, batch: Path) -> None:
    upload = upload_whole(ground)

    def make_batch() -> None:
        with used_up(upload.token, by="job 7", ground=ground) as held:
            put_into(held, str(batch), name="a.csv", mode=0o640, ground=ground)
            (batch / "a.csv").unlink()  # as a batch that cannot be read is taken back
            raise InputRejected("row 3 makes no sense")

    with pytest.raises(InputRejected):
        make_batch()
    kept = find_upload(upload.token, ground=ground)
    with used_up(upload.token, by="job 8", ground=ground) as held:
        put_into(held, str(batch), name="a.csv", mode=0o640, ground=ground)

    assert kept == upload
    assert (batch / "a.csv").read_bytes() == ROWS
    assert os.listdir(ground.folder) == []


def test_a_claim_is_for_one_and_can_be_taken_again_by_the_same(ground: Ground) -> None:
    upload = upload_whole(ground)

    claim(upload.token, by="batch 00000012", ground=ground)
    again = claim(upload.token, by="batch 00000012", ground=ground)

    assert again.claimed_by == "batch 00000012"
    with pytest.raises(AppDirBusy, match="in use by batch 00000012"):
        claim(upload.token, by="batch 00000013", ground=ground)
    with pytest.raises(AppDirBusy, match="in use by batch 00000012"):
        cancel(upload.token, ground=ground)
    release(upload.token, by="batch 00000013", ground=ground)
    assert find_upload(upload.token, ground=ground).claimed_by == "batch 00000012"
    release(upload.token, by="batch 00000012", ground=ground)
    assert find_upload(upload.token, ground=ground).claimed_by == ""


def test_what_is_on_its_way_cannot_be_used(ground: Ground, batch: Path) -> None:
    upload = start_upload(ground, name="a.csv", size_bytes=len(ROWS))
    append(upload.token, offset=0, blocks=[ROWS], ground=ground)

    with pytest.raises(AppDirBusy, match="still being uploaded"):
        find_whole_upload(upload.token, ground=ground)
    with pytest.raises(AppDirBusy, match="still being uploaded"):
        claim(upload.token, by="x", ground=ground)
    with pytest.raises(AppDirBusy):
        move_into(upload.token, str(batch), ground=ground)


def test_another_person_cannot_use_it(ground: Ground, batch: Path) -> None:
    upload = upload_whole(ground)

    with pytest.raises(NoSuchThing):
        move_into(upload.token, str(batch), ground=ground._replace(actor="mallory"))

    assert os.listdir(batch) == []


def test_killed_at_any_touch_of_the_disk_the_file_is_in_one_place_at_least(ground: Ground, batch: Path) -> None:
    moment, was_killed = 1, True
    while was_killed:
        token = upload_whole(ground).token

        def act(token: str = token) -> None:
            with used_up(token, by="job 7", ground=ground) as held:
                put_into(held, str(batch), name="a.csv", mode=0o640, ground=ground)

        was_killed = killed_at(moment, act)
        there = (batch / "a.csv").exists()
        if there:
            assert (batch / "a.csv").read_bytes() == ROWS
            (batch / "a.csv").unlink()
        else:
            act()  # the job runs again, and takes its own claim
            assert (batch / "a.csv").read_bytes() == ROWS
            (batch / "a.csv").unlink()
        for left in list(all_uploads(ground)):
            release(left.token, by="job 7", ground=ground)
            cancel(left.token, ground=ground)
        moment += 1

    assert moment > 15


def place_of(ground: Ground) -> Place:
    folder = Folder("data/uploads", "uploads", Keep.SCRATCH, age_option="uploads.keep_days")
    return Place(folder, "uploads", ground.folder, False)


@pytest.fixture
def root(tmp_path: Path, ground: Ground) -> Ground:
    """The uploads where an app folder at `tmp_path` has them."""
    (tmp_path / "data").mkdir()
    os.rename(ground.folder, tmp_path / "data" / "uploads")
    return ground._replace(folder=str(tmp_path / "data" / "uploads"))


def test_cleaning_takes_what_is_old_and_spares_what_is_claimed(root: Ground, tmp_path: Path) -> None:
    old, claimed = upload_whole(root, name="old.csv"), upload_whole(root, name="claimed.csv")
    claim(claimed.token, by="batch 00000012", ground=root)
    later = datetime.now(UTC) + timedelta(days=8)

    done = purge_uploads(
        [place_of(root)], root=str(tmp_path), app_id="x", older_than_days=7, now=later, is_dry_run=False
    )
    purge_uploads([place_of(root)], root=str(tmp_path), app_id="x", older_than_days=7, now=later, is_dry_run=False)

    assert done.uploads == (old.token,)
    assert done.removed == done.files == 2
    assert [one.token for one in all_uploads(root)] == [claimed.token]


def test_purging_and_cleaning_plan_the_same(root: Ground, tmp_path: Path) -> None:
    upload_whole(root)
    later = datetime.now(UTC) + timedelta(days=8)

    cleaned = plan_clean(
        [place_of(root)], root=str(tmp_path), app_id="x", keep_days={"data/uploads": 7}, now=later
    ).planned
    purged = purge_uploads(
        [place_of(root)], root=str(tmp_path), app_id="x", older_than_days=7, now=later, is_dry_run=True
    )

    assert purged.files == sum(1 for one in cleaned if one.look.kind == "file") == 2
    assert len(list(all_uploads(root))) == 1


def test_a_part_that_nobody_went_on_with_is_gone_after_a_day(root: Ground, tmp_path: Path) -> None:
    upload = start_upload(root, name="a.csv", size_bytes=len(ROWS))
    append(upload.token, offset=0, blocks=[ROWS[:100]], ground=root)
    tomorrow = datetime.now(UTC) + timedelta(hours=25)

    done = purge_uploads(
        [place_of(root)], root=str(tmp_path), app_id="x", older_than_days=7, now=tomorrow, is_dry_run=False
    )

    assert done.removed == 1
    with pytest.raises(NoSuchThing):
        append(upload.token, offset=0, blocks=[ROWS], ground=root)
