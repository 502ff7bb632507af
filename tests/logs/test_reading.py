"""Reading a log from its end."""

from __future__ import annotations

import json
import os
import tracemalloc
from pathlib import Path

import pytest

from rattail.errors import AppDirBroken, InputRejected, NoSuchThing
from rattail.logs.file import LogFile
from rattail.logs.read import newest


def line(number: int, level: str = "INFO", request: str = "") -> str:
    context = f"1 request:{request}" if request else "1"
    return f"2026-11-22T12:00:00.{number % 1000:03d}Z {level} rattail.web [{context}] line {number}\n"


def write(folder: Path, count: int, *, rotate_bytes: int = 2_000) -> None:
    file = LogFile(str(folder), "web", rotate_bytes=rotate_bytes, keep_files=900)
    for number in range(count):
        file.append(line(number, "ERROR" if number % 50 == 0 else "INFO", "r7" if number % 70 == 7 else "").encode())
    file.close()


def numbers(folder: Path, *, limit: int, **named: str) -> list[int]:
    """The numbers of all lines that fit, gathered page by page."""
    gathered: list[int] = []
    before = ""
    while True:
        found = newest(str(folder), "web", limit=limit, before=before, **named)
        assert len(found.lines) <= limit
        gathered += [int(each.message.split()[1]) for each in found.lines]
        before = found.older
        if not before:
            return gathered


@pytest.mark.parametrize("limit", [1, 7, 1000])
def test_every_line_is_read_once_the_newest_first_across_files(tmp_path: Path, limit: int) -> None:
    write(tmp_path, 300)

    assert len(list(tmp_path.iterdir())) > 5
    assert numbers(tmp_path, limit=limit) == list(range(299, -1, -1))


def test_lines_are_chosen_by_level_text_and_request(tmp_path: Path) -> None:
    write(tmp_path, 300)

    assert numbers(tmp_path, limit=2, level="WARNING") == [250, 200, 150, 100, 50, 0]
    assert numbers(tmp_path, limit=2, request_id="r7") == [287, 217, 147, 77, 7]
    assert numbers(tmp_path, limit=2, text="LINE 29") == [*range(299, 289, -1), 29]
    assert numbers(tmp_path, limit=2, text="LINE 29", level="ERROR") == []


def test_pages_go_on_although_files_were_rotated_in_between(tmp_path: Path) -> None:
    write(tmp_path, 100)
    first = newest(str(tmp_path), "web", limit=10)
    file = LogFile(str(tmp_path), "web", rotate_bytes=500, keep_files=900)
    for number in range(1000, 1050):
        file.append(line(number).encode())

    second = newest(str(tmp_path), "web", limit=5, before=first.older)

    assert [each.message for each in second.lines] == [f"line {number}" for number in range(89, 84, -1)]


def test_a_place_in_a_file_that_is_gone_has_nothing_older(tmp_path: Path) -> None:
    write(tmp_path, 10)

    assert newest(str(tmp_path), "web", limit=5, before="ffffffff-10") == ((), "")


def test_what_somebody_else_wrote_is_a_message_without_a_time(tmp_path: Path) -> None:
    foreign = ["Traceback (most recent call last):", '{"a": 1}', "{" * 5000, "[1]", "99-99 X y [] z"]
    (tmp_path / "web.log").write_text("\n".join(foreign) + "\n" + line(1))

    found = newest(str(tmp_path), "web", limit=9).lines

    assert [each.at is None for each in found] == [False, True, True, True, True, True]
    assert found[-1].message == foreign[0]


def test_lines_of_json_and_plain_ones_stand_side_by_side(tmp_path: Path) -> None:
    document = {"at": "2026-11-22T12:00:01+01:00", "level": "error", "message": "m", "where": ["a", 1], "logger": "l"}
    (tmp_path / "cli.log").write_text(f"{line(1)}{json.dumps(document)}\n")

    newer, older = newest(str(tmp_path), "cli", limit=9).lines

    assert (newer.level, newer.message, newer.logger, newer.details) == ("ERROR", "m", "l", {"where": '["a", 1]'})
    assert newer.at is not None
    assert newer.at.isoformat() == "2026-11-22T11:00:01+00:00"
    assert older.message == "line 1"


def test_half_a_line_at_the_end_and_bytes_that_are_no_text_are_read(tmp_path: Path) -> None:
    (tmp_path / "web.log").write_bytes(line(1).encode() + b"\xff\xfe\x00half")

    assert [each.message for each in newest(str(tmp_path), "web", limit=9).lines] == ["\ufffd\ufffd\x00half", "line 1"]


def test_neither_a_large_file_nor_a_huge_line_takes_much_memory(tmp_path: Path) -> None:
    with open(tmp_path / "web.log", "wb") as stream:
        stream.write(line(1).encode())
        stream.write(b"y" * 40_000_000 + b"\n")
        stream.write(line(2).encode())
    tracemalloc.start()

    found = newest(str(tmp_path), "web", limit=3).lines

    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [each.message[:6] for each in found] == ["line 2", "yyyyyy", "line 1"]
    assert peak < 2_000_000


def test_one_call_reads_so_much_and_says_where_to_go_on(tmp_path: Path) -> None:
    with open(tmp_path / "web.log", "w") as stream:
        stream.write(line(7, "ERROR"))
        stream.writelines(f"{line(1)[:-1]} {'z' * 40_000}\n" for _ in range(900))

    found = newest(str(tmp_path), "web", limit=9, level="ERROR")

    assert found.lines == ()
    assert found.older
    assert numbers(tmp_path, limit=9, level="ERROR") == [7]


def test_only_logs_are_read_and_only_places_that_were_given_out(tmp_path: Path) -> None:
    with pytest.raises(NoSuchThing, match="there is no log of"):
        newest(str(tmp_path), "../secrets", limit=1)
    with pytest.raises(InputRejected, match="no place in a log"):
        newest(str(tmp_path), "web", limit=1, before="../x")
    with pytest.raises(InputRejected, match="no level of a log"):
        newest(str(tmp_path), "web", limit=1, level="LOUD")
    with pytest.raises(AppDirBroken, match="cannot read the log"):
        newest(str(tmp_path / "none"), "web", limit=1)
    assert newest(str(tmp_path), "web", limit=1) == ((), "")


def test_links_and_pipes_in_the_folder_are_left_alone(tmp_path: Path) -> None:
    write(tmp_path, 3)
    (tmp_path / "secret").write_text("secret\n")
    (tmp_path / "web.log.1").symlink_to(tmp_path / "secret")
    os.mkfifo(tmp_path / "web.log.2")

    assert numbers(tmp_path, limit=9) == [2, 1, 0]
