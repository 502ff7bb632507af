"""A file on its way: started, added to, gone on with, finished, given up; and everything that is refused."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from rattail.errors import AppDirBusy, NoSuchThing, RattailError
from rattail.features.uploads.ground import Ground
from rattail.features.uploads.refused import NoRoom, OffsetElsewhere, TooLarge, Unsuited
from rattail.features.uploads.service.append import append
from rattail.features.uploads.service.find import all_uploads, find_upload
from rattail.features.uploads.service.finish import finish
from rattail.features.uploads.service.remove import cancel
from rattail.features.uploads.service.start import MOST_WAITING, start_upload
from rattail.features.uploads.upload import is_token, locked, new_token, open_content, opened_upload
from tests.features.uploads.conftest import MB, ROWS, upload_whole
from tests.kit.killing import at_once, killed_at


def test_an_upload_ends_with_its_name_its_size_and_its_hash(ground: Ground) -> None:
    upload = upload_whole(ground, name="Spring prices.csv", said_type="text/csv")

    assert (upload.name, upload.size_bytes, upload.content_kind) == ("Spring prices.csv", len(ROWS), "text")
    assert upload.sha256 == hashlib.sha256(ROWS).hexdigest()
    assert Path(upload.path).read_bytes() == ROWS
    assert sorted(os.listdir(upload.folder)) == ["Spring prices.csv", "upload.json"]
    assert find_upload(upload.token, ground=ground) == upload


def test_nobody_else_can_read_it_on_the_disk(ground: Ground) -> None:
    upload = upload_whole(ground)

    modes = {path.name: path.stat().st_mode & 0o777 for path in (Path(upload.folder), *Path(upload.folder).iterdir())}

    assert modes == {upload.token: 0o700, "prices.csv": 0o600, "upload.json": 0o600}


def test_a_connection_that_breaks_leaves_what_came_and_can_be_gone_on_with(ground: Ground) -> None:
    def broken() -> Iterator[bytes]:
        yield ROWS[:100]
        raise ConnectionResetError

    upload = start_upload(ground, name="a.csv", size_bytes=len(ROWS))
    with pytest.raises(ConnectionResetError):
        append(upload.token, offset=0, blocks=broken(), ground=ground)
    there = find_upload(upload.token, ground=ground).received_bytes
    append(upload.token, offset=there, blocks=[ROWS[there:]], ground=ground)

    assert there == 100
    assert finish(upload.token, ground=ground).sha256 == hashlib.sha256(ROWS).hexdigest()


@pytest.mark.parametrize("offset", [0, 99, 101, 1 << 40])
def test_bytes_for_another_place_are_refused_with_the_right_one(ground: Ground, offset: int) -> None:
    upload = start_upload(ground, name="a.csv", size_bytes=len(ROWS))
    append(upload.token, offset=0, blocks=[ROWS[:100]], ground=ground)

    with pytest.raises(OffsetElsewhere) as refused:
        append(upload.token, offset=offset, blocks=[b"x"], ground=ground)

    assert refused.value.offset == 100
    assert find_upload(upload.token, ground=ground).received_bytes == 100


def test_finishing_too_early_says_where_to_go_on(ground: Ground) -> None:
    upload = start_upload(ground, name="a.csv", size_bytes=len(ROWS))
    append(upload.token, offset=0, blocks=[ROWS[:100]], ground=ground)

    with pytest.raises(OffsetElsewhere) as refused:
        finish(upload.token, ground=ground)

    assert refused.value.offset == 100


def test_of_many_who_append_at_once_one_wins_and_the_file_is_right(ground: Ground) -> None:
    upload = start_upload(ground, name="a.csv", size_bytes=len(ROWS))

    def act() -> None:
        try:
            append(upload.token, offset=0, blocks=[ROWS[:300], ROWS[300:]], ground=ground)
        except (OffsetElsewhere, AppDirBusy):
            raise SystemExit(3) from None

    codes = at_once(6, act)

    assert codes.count(0) == 1
    assert finish(upload.token, ground=ground).sha256 == hashlib.sha256(ROWS).hexdigest()


def test_while_one_writes_another_is_sent_away(ground: Ground) -> None:
    upload = start_upload(ground, name="a.csv", size_bytes=len(ROWS))
    with opened_upload(upload.token, ground=ground) as fd:
        content = open_content(fd, upload)
        with locked(content), pytest.raises(AppDirBusy):
            append(upload.token, offset=0, blocks=[ROWS], ground=ground)
        os.close(content)

    assert find_upload(upload.token, ground=ground).received_bytes == 0


def test_killed_at_any_touch_of_the_disk_an_append_can_be_gone_on_with(ground: Ground) -> None:
    moment, was_killed = 1, True
    while was_killed:
        upload = start_upload(ground, name="a.csv", size_bytes=len(ROWS))

        def act(token: str = upload.token) -> None:
            append(token, offset=0, blocks=[ROWS[:50], ROWS[50:100]], ground=ground)

        was_killed = killed_at(moment, act)
        there = find_upload(upload.token, ground=ground).received_bytes
        assert there in (0, 50, 100)
        append(upload.token, offset=there, blocks=[ROWS[there:]], ground=ground)
        assert finish(upload.token, ground=ground).sha256 == hashlib.sha256(ROWS).hexdigest()
        cancel(upload.token, ground=ground)
        moment += 1

    assert moment > 5


def test_killed_at_any_touch_of_the_disk_a_finish_can_be_done_again(ground: Ground) -> None:
    moment, was_killed = 1, True
    while was_killed:
        upload = start_upload(ground, name="a.csv", size_bytes=len(ROWS))
        append(upload.token, offset=0, blocks=[ROWS], ground=ground)

        was_killed = killed_at(moment, lambda token=upload.token: finish(token, ground=ground))  # type: ignore[misc]
        found = find_upload(upload.token, ground=ground)
        assert found.received_bytes == len(ROWS)
        assert finish(upload.token, ground=ground).sha256 == hashlib.sha256(ROWS).hexdigest()
        assert Path(found.path).read_bytes() == ROWS
        cancel(upload.token, ground=ground)
        moment += 1

    assert moment > 10
    assert os.listdir(ground.folder) == []


def test_killed_at_any_touch_of_the_disk_a_start_leaves_nothing_that_could_be_used(ground: Ground) -> None:
    moment = 1
    while killed_at(moment, lambda: start_upload(ground, name="a.csv", size_bytes=5)):
        for upload in all_uploads(ground):
            assert (upload.is_whole, upload.received_bytes) == (False, 0)
        for left in Path(ground.folder).iterdir():
            shutil.rmtree(left)
        moment += 1

    assert moment > 5


@pytest.mark.parametrize("size_bytes", [50 * MB + 1, 5_000 * MB, 1 << 61])
def test_a_file_that_is_too_large_is_refused_before_its_first_byte(ground: Ground, size_bytes: int) -> None:
    with pytest.raises(TooLarge, match="at most 50 MB"):
        start_upload(ground, name="huge.csv", size_bytes=size_bytes)

    assert os.listdir(ground.folder) == []


def test_more_than_was_announced_is_refused(ground: Ground) -> None:
    upload = start_upload(ground, name="a.csv", size_bytes=10)

    with pytest.raises(TooLarge, match="was announced with 10 bytes, and 12 bytes or more came"):
        append(upload.token, offset=0, blocks=[b"12345678", b"9012"], ground=ground)

    assert find_upload(upload.token, ground=ground).received_bytes == 8


def test_a_file_of_unknown_size_is_refused_where_it_grows_too_large(ground: Ground) -> None:
    small = ground._replace(limits=ground.limits._replace(largest_bytes=100))
    upload = start_upload(small, name="a.csv", size_bytes=None)

    with pytest.raises(TooLarge, match="more than 1 MB; no more can be uploaded"):
        append(upload.token, offset=0, blocks=[ROWS[:90], ROWS[90:120]], ground=small)


def test_all_uploads_together_have_a_limit_whoever_they_belong_to(ground: Ground) -> None:
    for actor in ("alice", "bob"):
        start_upload(ground._replace(actor=actor), name="a.csv", size_bytes=45 * MB)

    with pytest.raises(TooLarge, match="all uploads together"):
        start_upload(ground, name="b.csv", size_bytes=11 * MB)

    assert len(os.listdir(ground.folder)) == 2


def test_of_many_who_start_at_once_never_more_than_the_limit_get_through(ground: Ground) -> None:
    def act() -> None:
        try:
            start_upload(ground, name="a.csv", size_bytes=40 * MB)
        except TooLarge:
            raise SystemExit(3) from None

    at_once(6, act)

    assert len(os.listdir(ground.folder)) <= 2


def test_nobody_can_start_uploads_without_end(ground: Ground) -> None:
    first = start_upload(ground, name="a.csv", size_bytes=1)
    for _ in range(MOST_WAITING - 1):
        shutil.copytree(first.folder, f"{ground.folder}/{new_token()}")

    with pytest.raises(TooLarge, match="200 of your uploads wait"):
        start_upload(ground, name="one more.csv", size_bytes=1)
    start_upload(ground._replace(actor="bob"), name="of bob.csv", size_bytes=1)


def test_room_that_is_to_stay_free_on_the_disk_is_not_used(ground: Ground) -> None:
    wanting = ground._replace(limits=ground.limits._replace(least_free_bytes=1 << 60))

    with pytest.raises(NoRoom, match=r"check\.min_free_mb"):
        start_upload(wanting, name="a.csv", size_bytes=1)


def test_room_that_others_were_promised_is_not_given_away(ground: Ground) -> None:
    disk = os.statvfs(ground.folder)
    free = disk.f_bavail * disk.f_frsize
    tight = ground._replace(limits=ground.limits._replace(least_free_bytes=free - 60 * MB))
    start_upload(tight._replace(actor="bob"), name="of bob.csv", size_bytes=45 * MB)

    with pytest.raises(NoRoom):
        start_upload(tight, name="a.csv", size_bytes=30 * MB)


@pytest.mark.parametrize("name", ["setup.exe", "../x/run.BAT", "page.php", "a.csv.js", "x.scr "])
def test_the_name_of_a_program_is_refused_before_its_first_byte(ground: Ground, name: str) -> None:
    with pytest.raises(Unsuited, match="program by its name"):
        start_upload(ground, name=name, size_bytes=10)


def test_an_empty_file_is_refused(ground: Ground) -> None:
    with pytest.raises(Unsuited, match="is empty"):
        start_upload(ground, name="a.csv", size_bytes=0)


def test_nothing_can_be_uploaded_for_a_purpose_that_nobody_knows(ground: Ground) -> None:
    with pytest.raises(NoSuchThing):
        start_upload(ground, name="a.csv", size_bytes=1, purpose="../etc")


TOKENS = [
    *("", ".", "..", "../uploads", "/etc", "a" * 31, "a" * 33, "a" * 31 + "/", "a" * 31 + "\0", "a" * 31 + "\n"),
    *("é" * 32, "a" * 30 + "..", "." * 32, "A" * 300, "a" * 32),
]


@pytest.mark.parametrize("token", TOKENS, ids=ascii)
def test_a_token_that_is_none_is_told_nothing(ground: Ground, token: str) -> None:
    for act in (find_upload, cancel, finish):
        with pytest.raises(NoSuchThing):
            act(token, ground=ground)
    with pytest.raises(NoSuchThing):
        append(token, offset=0, blocks=[b"x"], ground=ground)


def test_another_persons_upload_does_not_exist(ground: Ground) -> None:
    upload = upload_whole(ground)
    other = ground._replace(actor="mallory")

    with pytest.raises(NoSuchThing):
        find_upload(upload.token, ground=other)
    with pytest.raises(NoSuchThing):
        cancel(upload.token, ground=other)
    assert list(all_uploads(other)) == []
    assert [one.token for one in all_uploads(ground)] == [upload.token]


def test_tokens_cannot_be_guessed() -> None:
    tokens = {new_token() for _ in range(1000)}

    assert len(tokens) == 1000
    assert all(is_token(token) for token in tokens)


def test_links_planted_among_the_uploads_are_not_followed(ground: Ground, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "upload.json").write_text("{}")
    token = new_token()
    (Path(ground.folder) / token).symlink_to(outside)

    with pytest.raises(NoSuchThing):
        find_upload(token, ground=ground)
    assert list(all_uploads(ground)) == []


def test_a_link_planted_in_the_place_of_the_content_is_not_written_through(ground: Ground, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    upload = start_upload(ground, name="a.csv", size_bytes=6)
    part = Path(upload.folder) / upload.part
    part.unlink()
    part.symlink_to(secret)

    with pytest.raises(NoSuchThing):
        append(upload.token, offset=0, blocks=[b"x"], ground=ground)
    cancel(upload.token, ground=ground)

    assert secret.read_text() == "secret"


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{", "null", '{"name": "../../etc/passwd"}', "[" * 5000, '{"name": 1, "size_bytes": "x"}'],
    ids=range(7),
)
def test_a_damaged_record_is_no_upload(ground: Ground, text: str) -> None:
    upload = start_upload(ground, name="a.csv", size_bytes=6)
    (Path(upload.folder) / "upload.json").write_text(text)

    with pytest.raises(NoSuchThing):
        find_upload(upload.token, ground=ground)


def test_a_record_that_names_another_place_is_no_upload(ground: Ground) -> None:
    upload = upload_whole(ground)
    record = Path(upload.folder) / "upload.json"
    record.write_text(record.read_text().replace('"prices.csv"', '"../../secret"'))

    with pytest.raises(NoSuchThing):
        find_upload(upload.token, ground=ground)


def test_what_is_refused_at_the_end_is_gone(ground: Ground) -> None:
    with pytest.raises(Unsuited):
        upload_whole(ground, b"\x7fELF" + bytes(1000))

    assert os.listdir(ground.folder) == []


def test_an_upload_that_was_given_up_while_it_was_written_is_not_written_on(ground: Ground) -> None:
    upload = start_upload(ground, name="a.csv", size_bytes=len(ROWS))

    def blocks() -> Iterator[bytes]:
        yield ROWS[:10]
        cancel(upload.token, ground=ground)
        yield ROWS[10:]

    with pytest.raises(NoSuchThing):
        append(upload.token, offset=0, blocks=blocks(), ground=ground)
    assert os.listdir(ground.folder) == []


def test_the_record_grows_old_with_the_content_and_not_before(ground: Ground) -> None:
    upload = start_upload(ground, name="a.csv", size_bytes=len(ROWS))
    record = Path(upload.folder) / "upload.json"
    long_ago = (ground.now - timedelta(days=9)).timestamp()
    os.utime(record, (long_ago, long_ago))

    append(upload.token, offset=0, blocks=[ROWS], ground=ground)

    assert record.stat().st_mtime >= (Path(upload.folder) / upload.part).stat().st_mtime - 1


def test_every_refusal_says_what_to_do(ground: Ground) -> None:
    for name, size_bytes in (("a.csv", 0), ("a.csv", 1 << 50)):
        with pytest.raises(RattailError) as refused:
            start_upload(ground, name=name, size_bytes=size_bytes)
        assert refused.value.hint
