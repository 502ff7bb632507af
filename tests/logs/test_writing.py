"""Log lines: whole, one each, none lost, whoever else is writing, and none with a secret in it."""

from __future__ import annotations

import errno
import json
import logging
import os
import resource
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rattail.config.load import load_settings
from rattail.logs.context import job_id, request_id
from rattail.logs.file import LogFile
from rattail.logs.line import LONGEST_LINE
from rattail.logs.masking import Mask
from rattail.logs.read import newest
from rattail.logs.setup import LogHandler, write_to
from rattail.registry import Registry
from tests.kit.killing import at_once

Log = Callable[..., LogHandler]


@pytest.fixture
def log(tmp_path: Path, registry: Registry) -> Iterator[Log]:
    """Begin to write `web.log` in a folder, with some options; what pytest gathers itself is left out meanwhile."""
    root = logging.getLogger()
    before = root.level
    made: list[LogHandler] = []

    def begin(**options: str) -> LogHandler:
        environ = {f"RATTAIL_{name.upper()}": value for name, value in options.items()}
        settings = load_settings(registry.options, root=str(tmp_path), environ=environ).require_sound()
        root.handlers[:] = [each for each in root.handlers if isinstance(each, LogHandler)]
        made.append(write_to(str(tmp_path), "web", settings=settings))
        return made[-1]

    yield begin
    for handler in made:
        root.removeHandler(handler)
        handler.close()
    root.setLevel(before)
    logging.captureWarnings(False)


def lines(folder: Path, name: str = "web.log") -> list[str]:
    return (folder / name).read_text().splitlines()


def test_a_line_says_when_how_bad_who_what_and_for_which_request(log: Log, tmp_path: Path) -> None:
    log()
    marks = request_id.set("5f0c"), job_id.set("12")

    logging.getLogger("rattail.web").warning("%s is %d", "milk", 3)

    request_id.reset(marks[0])
    job_id.reset(marks[1])
    line = newest(str(tmp_path), "web", limit=1).lines[0]
    assert lines(tmp_path)[0].endswith(f" WARNING rattail.web [{os.getpid()} request:5f0c job:12] milk is 3")
    assert (line.level, line.logger, line.message, line.request_id) == ("WARNING", "rattail.web", "milk is 3", "5f0c")
    assert line.details == {"pid": str(os.getpid()), "job": "12"}


def test_one_setting_makes_every_line_a_json_object(log: Log, tmp_path: Path) -> None:
    log(log_format="json")

    logging.getLogger("rattail.web").info('say "Zoë"\n')

    document = json.loads(lines(tmp_path)[0])
    assert (document["level"], document["message"]) == ("INFO", 'say "Zoë"\n')
    assert newest(str(tmp_path), "web", limit=1).lines[0].message == 'say "Zoë"\n'


def test_less_important_lines_are_left_out_by_setting(log: Log, tmp_path: Path) -> None:
    log(log_level="error")

    logging.getLogger("rattail.web").warning("no")
    logging.getLogger("rattail.web").error("yes")

    assert [line.message for line in newest(str(tmp_path), "web", limit=9).lines] == ["yes"]


HOSTILE = [
    "two\nlines",
    "\r\n2026-01-01T00:00:00.000Z ERROR forged [1] line",
    "bell \x07 escape \x1b[2J nul \x00",
    "\u2028 and \u2029 and \x85",
    "right to left \u202e and \udc80 half",
    "back\\slash \\n and \\u0041",
    "tab\there\t{}",
    "💥 " * 1000,
    "",
]


@pytest.mark.parametrize("style", ["plain", "json"])
@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_whatever_is_logged_is_one_line_and_read_as_it_was(log: Log, tmp_path: Path, style: str, text: str) -> None:
    log(log_format=style)

    logging.getLogger("rattail.web").info("%s", text)
    logging.getLogger("rattail.web").info("after")

    raw = (tmp_path / "web.log").read_bytes()
    assert raw.count(b"\n") == 2
    assert all(character.isprintable() or character in "\n\t" for character in raw.decode())
    assert [line.message for line in newest(str(tmp_path), "web", limit=9).lines] == ["after", text]


@pytest.mark.parametrize("style", ["plain", "json"])
@pytest.mark.parametrize("unit", ["x", "\n", "\U0001f4a5", "\\", "\x00"])
def test_a_message_of_ten_megabytes_is_one_line_that_says_what_was_left_out(
    log: Log, tmp_path: Path, style: str, unit: str
) -> None:
    log(log_format=style)

    try:
        raise ValueError(unit * 10_000_000)
    except ValueError as error:
        logging.getLogger("rattail.web").exception("%s", error)

    raw = (tmp_path / "web.log").read_bytes()
    assert raw.count(b"\n") == 1
    assert len(raw) <= LONGEST_LINE
    assert "characters left out" in newest(str(tmp_path), "web", limit=1).lines[0].message


def test_a_line_whose_values_do_not_fit_is_written_all_the_same(log: Log, tmp_path: Path) -> None:
    class Silent:
        def __str__(self) -> str:
            raise ZeroDivisionError

    log()

    logging.getLogger("rattail.web").info("%d of %d", 1)
    logging.getLogger("rattail.web").info("%s", Silent())

    assert [line.message for line in newest(str(tmp_path), "web", limit=9).lines] == [
        "'%s' (its values do not fit)",
        "'%d of %d' (its values do not fit)",
    ]


def test_four_writers_lose_and_tear_no_line_while_files_are_rotated(tmp_path: Path) -> None:
    writers, each, filler = 4, 3000, "x" * 60

    def write() -> None:
        own = os.getpid()
        file = LogFile(str(tmp_path), "web", rotate_bytes=20_000, keep_files=900)
        for number in range(each):
            file.append(f"{own} {number} {filler}\n".encode())

    assert at_once(writers, write) == [0] * writers

    files = sorted(tmp_path.iterdir())
    found = [line.split() for file in files for line in file.read_text().splitlines()]
    assert len(files) > 20
    assert len(found) == writers * each
    assert all(len(words) == 3 and words[2] == filler for words in found)
    assert len({(words[0], words[1]) for words in found}) == writers * each
    in_order = [line for number in range(len(files) - 1, -1, -1) for line in _lines_of(tmp_path, number)]
    for writer in {words[0] for words in found}:
        assert [int(words[1]) for words in in_order if words[0] == writer] == list(range(each))


def _lines_of(folder: Path, number: int) -> list[list[str]]:
    file = folder / (f"web.log.{number}" if number else "web.log")
    return [line.split() for line in file.read_text().splitlines()]


def test_only_so_many_former_files_are_kept_and_the_operators_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "web.log.old").write_text("mine")
    (tmp_path / "web.log.01").write_text("mine")
    file = LogFile(str(tmp_path), "web", rotate_bytes=10, keep_files=2)

    for number in range(6):
        file.append(f"line {number}\n".encode())

    file.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        *("web.log", "web.log.01", "web.log.1", "web.log.2", "web.log.old"),
    ]
    assert [lines(tmp_path, name) for name in ("web.log", "web.log.1", "web.log.2")] == [
        *(["line 5"], ["line 4"], ["line 3"]),
    ]


def test_a_forked_process_does_not_share_the_locks_of_its_parent(tmp_path: Path) -> None:
    file = LogFile(str(tmp_path), "web", rotate_bytes=2_000, keep_files=900)
    file.append(b"parent\n")

    def write() -> None:
        for number in range(500):
            file.append(f"{os.getpid()} {number}\n".encode())

    assert at_once(3, write) == [0] * 3

    assert sum(len(path.read_text().splitlines()) for path in tmp_path.iterdir()) == 1501


def test_a_full_disk_breaks_nothing_and_the_next_line_says_how_many_were_lost(log: Log, tmp_path: Path) -> None:
    logger = logging.getLogger("rattail.web")
    log()
    logger.info("before")
    before, ignored = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    size = (tmp_path / "web.log").stat().st_size
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 20, before[1]))  # as much as a part of a line
    try:
        logger.info("lost")
        logger.info("lost")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)

    logger.info("after")

    assert [line.message for line in newest(str(tmp_path), "web", limit=9).lines] == [
        *("after", "2 lines before this one could not be written", "before"),
    ]
    assert len(lines(tmp_path)) == 3


def test_a_folder_that_is_gone_breaks_nothing(log: Log, tmp_path: Path) -> None:
    log()
    away = tmp_path.rename(tmp_path.with_name("away"))

    logging.getLogger("rattail.web").info("lost")

    away.rename(tmp_path)
    logging.getLogger("rattail.web").info("after")
    assert [line.message for line in newest(str(tmp_path), "web", limit=9).lines] == [
        *("after", "1 lines before this one could not be written"),
    ]


def test_a_link_in_the_place_of_a_log_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "web.log").symlink_to(tmp_path / "target")

    with pytest.raises(OSError, match="symbolic links") as refused:
        LogFile(str(tmp_path), "web", rotate_bytes=1000, keep_files=2).append(b"x\n")

    assert refused.value.errno == errno.ELOOP
    assert not (tmp_path / "target").exists()


def test_a_log_is_closed_to_strangers(tmp_path: Path) -> None:
    LogFile(str(tmp_path), "web", rotate_bytes=1000, keep_files=2).append(b"x\n")

    assert (tmp_path / "web.log").stat().st_mode & 0o137 == 0


SECRETS = {
    "mail_password": "hunter2",
    "database_password": "p@ss/w%rd \"q'x",
    "sessions_secret_key": "0123456789abcdef" * 4,
}


@pytest.mark.parametrize("style", ["plain", "json"])
@pytest.mark.parametrize(
    "text",
    [
        "login with hunter2 failed",
        "{database_password}",
        "postgresql://shop:{database_password}@db/shop",
        "postgresql://shop:p%40ss%2Fw%25rd+%22q%27x@db/shop",
        "key {sessions_secret_key} here",
        "{{'password': {database_password!r}}}",
    ],
)
def test_the_values_of_secret_options_are_in_no_line(log: Log, tmp_path: Path, style: str, text: str) -> None:
    log(log_format=style, **SECRETS)

    try:
        raise ValueError(text.format(**SECRETS))
    except ValueError as error:
        logging.getLogger("rattail.web").exception("%s", error)

    raw = (tmp_path / "web.log").read_text()
    line = newest(str(tmp_path), "web", limit=1).lines[0]
    for text in (raw, line.message, line.details["traceback"]):
        assert not [secret for secret in (*SECRETS.values(), "p%40ss", "w%25rd") if secret in text]
    assert "********" in line.message


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("Cookie: rattail_session=abc123; other=def456", ("abc123", "def456")),
        ("{'HTTP_COOKIE': 'rattail_session=abc123'}", ("abc123",)),
        ("Authorization: Basic YWxpY2U6c2VjcmV0", ("YWxpY2U6c2VjcmV0",)),
        ("sent Bearer abcdef.ghijkl", ("abcdef",)),
        ("Set-Cookie: rattail_form=xyz789; Path=/", ("xyz789",)),
        ("POST /login password=correct&next=/", ("correct",)),
        ("csrfmiddlewaretoken=tok123", ("tok123",)),
        ("GET /x?token=tok123&page=2", ("tok123",)),
        ('{"new_password": "correct horse"}', ("correct",)),
        ("amqp://user:pw1@host", ("pw1",)),
    ],
)
def test_cookies_and_what_proves_who_somebody_is_are_masked(text: str, hidden: tuple[str, ...]) -> None:
    masked = Mask()(text)

    assert not [word for word in hidden if word in masked]
    assert "********" in masked


def test_a_short_secret_does_not_hide_everything_that_holds_its_letters() -> None:
    assert Mask(["cat", "x"])("cat concatenates x") == "******** concatenates x"


def test_what_strangers_try_is_no_error_and_every_level_has_a_name(log: Log, tmp_path: Path) -> None:
    log()

    logging.getLogger("django.security.DisallowedHost").error("a strange host")
    logging.getLogger("rattail.web").log(25, "between")
    logging.getLogger("rattail.web").log(99, "worse")

    levels = [line.level for line in newest(str(tmp_path), "web", limit=9).lines]
    assert levels == ["CRITICAL", "INFO", "WARNING"]


def test_what_is_said_after_the_end_of_a_request_has_its_number_too(log: Log, tmp_path: Path) -> None:
    class Ended:
        request_id = "5f0c"

    log()

    logging.getLogger("django.request").warning("Not Found", extra={"request": Ended()})

    assert newest(str(tmp_path), "web", limit=1).lines[0].request_id == "5f0c"
