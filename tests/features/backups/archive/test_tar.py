"""The tars that are written, in the eyes of other programs; the tars of other programs, in ours."""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
from pathlib import Path

import pytest

from rattail.features.backups.archive import tar
from rattail.features.backups.archive.damaged import Damaged
from rattail.features.backups.archive.format import archive_name, parse_name
from rattail.features.backups.archive.reading import Member, Members

_NAMES = (
    "a.txt",
    "d" * 99,
    "d" * 100,
    "d" * 101,
    "deep/" * 30 + "end",
    "f" * 60 + "/" + "g" * 99,
    "f" * 200 + "/" + "g" * 200,
    "größe/名前",
    "one\nline and another",
    "\udcff\udcfe no UTF-8",
    " leading and trailing ",
)


def _written() -> bytes:
    parts = []
    for number, name in enumerate(_NAMES):
        content = b"x" * (number * 200)
        parts.append(tar.header(name, size_bytes=len(content), mode=0o640, mtime_s=1_700_000_000 + number))
        parts.append(content + tar.padding(len(content)))
    parts.append(tar.header("folder", kind="folder", mode=0o750, uid=3_000_000, gid=5, user="ålice", group="shop"))
    for number, target in enumerate(("a.txt", "t" * 100, "t" * 101, "ziel/größe")):
        parts.append(tar.header(f"link{number}", kind="link", target=target, mode=0o777))
    return b"".join(parts) + tar.END


def _read(content: bytes) -> list[tuple[Member, bytes]]:
    members = Members(io.BytesIO(content))
    return [(member, _whole(members)) for member in members]


def _whole(members: Members) -> bytes:
    return b"".join(iter(lambda: members.read(100), b""))


def test_what_is_written_is_read_again() -> None:
    found = _read(_written())

    assert [member.name for member, _ in found[: len(_NAMES)]] == list(_NAMES)
    assert [len(content) for _, content in found[: len(_NAMES)]] == [200 * number for number in range(len(_NAMES))]
    folder = found[len(_NAMES)][0]
    assert (folder.kind, folder.mode, folder.uid, folder.gid) == ("folder", 0o750, 3_000_000, 5)
    assert (folder.user, folder.group) == ("ålice", "shop")
    assert [member.target for member, _ in found[-4:]] == ["a.txt", "t" * 100, "t" * 101, "ziel/größe"]


def test_python_reads_what_is_written() -> None:
    with tarfile.open(fileobj=io.BytesIO(_written()), mode="r:", errors="surrogateescape") as archive:
        found = archive.getmembers()

    assert [member.name for member in found[: len(_NAMES)]] == list(_NAMES)
    assert [member.linkname for member in found[-4:]] == ["a.txt", "t" * 100, "t" * 101, "ziel/größe"]
    assert found[len(_NAMES)].uid == 3_000_000


def test_tar_unpacks_what_is_written_without_a_word(tmp_path: Path) -> None:
    (tmp_path / "a.tar").write_bytes(_written())
    (tmp_path / "out").mkdir()

    said = subprocess.run(
        ["tar", "--no-same-owner", "-xf", tmp_path / "a.tar", "-C", tmp_path / "out"],
        capture_output=True,
        check=True,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
    )

    assert (said.stdout, said.stderr) == (b"", b"")
    for number, name in enumerate(_NAMES):
        assert os.path.getsize(os.path.join(os.fsencode(tmp_path / "out"), os.fsencode(name))) == 200 * number
    assert os.readlink(tmp_path / "out" / "link2") == "t" * 101


@pytest.mark.parametrize("size_bytes", [8**11 - 1, 8**11, 1 << 40])
def test_sizes_of_8_gib_and_more_are_understood_by_all(size_bytes: int, tmp_path: Path) -> None:
    header = tar.header("large", size_bytes=size_bytes)
    with (tmp_path / "a.tar").open("wb") as stream:  # with a hole where the content would be
        stream.write(header)
        stream.truncate(len(header) + tar.padded(size_bytes) + len(tar.END))

    listed = subprocess.run(["tar", "-tvf", tmp_path / "a.tar"], capture_output=True, text=True, check=True)
    with tarfile.open(tmp_path / "a.tar") as archive:
        assert archive.getmember("large").size == size_bytes
    with (tmp_path / "a.tar").open("rb") as stream:
        members = Members(stream, skip=lambda size: stream.seek(size, os.SEEK_CUR))
        assert [member.size_bytes for member in members] == [size_bytes]

    assert str(size_bytes) in listed.stdout
    assert listed.stderr == ""


@pytest.mark.parametrize("kind", ["gnu", "pax", "ustar"])
def test_the_tars_of_gnu_are_read(kind: str, tmp_path: Path) -> None:
    long_name = "n" * 90 + "/" + "m" * (50 if kind == "ustar" else 180)
    (tmp_path / "in" / long_name).parent.mkdir(parents=True)
    (tmp_path / "in" / long_name).write_bytes(b"content" * 100)
    (tmp_path / "in" / "link").symlink_to("t" * (50 if kind == "ustar" else 150))
    subprocess.run(
        ["tar", f"--format={kind}", "-cf", tmp_path / "a.tar", "-C", tmp_path / "in", "n" * 90, "link"], check=True
    )

    found = {member.name: (member, content) for member, content in _read((tmp_path / "a.tar").read_bytes())}

    assert found[long_name][1] == b"content" * 100
    assert found["n" * 90][0].kind == "folder"
    assert found["link"][0].target == os.readlink(tmp_path / "in" / "link")


def test_a_filler_is_passed_over_by_all(tmp_path: Path) -> None:
    content = b"".join(piece for blocks in (0, 2, 3, 200) for piece in tar.filler(512 * blocks)) + _written()
    (tmp_path / "a.tar").write_bytes(content)

    listed = subprocess.run(["tar", "-tf", tmp_path / "a.tar"], capture_output=True, check=True)

    assert listed.stderr == b""
    assert len(_read(content)) == len(_NAMES) + 5
    with tarfile.open(tmp_path / "a.tar", errors="surrogateescape") as archive:
        assert len(archive.getmembers()) == len(_NAMES) + 5


def test_every_cut_of_a_tar_is_noticed() -> None:
    whole = _written()

    for at in range(0, len(whole), 256):
        with pytest.raises(Damaged, match="it ends"):
            _read(whole[:at])


def test_names_of_archives_say_app_and_time() -> None:
    from datetime import UTC, datetime

    made_at = datetime(2026, 11, 22, 2, 30, tzinfo=UTC)

    assert archive_name("poser", made_at) == "poser-20261122T023000Z.tar"
    assert parse_name("poser-20261122T023000Z.tar") == ("poser", made_at)
    assert parse_name(archive_name("Bio Laden/..", made_at)) == ("Bio-Laden", made_at)
    for other in ("poser-20261122T023000Z.tar.part", "poser.tar", "poser-20261322T023000Z.tar", "x/y-1.tar"):
        assert parse_name(other) is None
