"""Python's logging, written to a file of the app folder."""

from __future__ import annotations

import logging
import os
import traceback
from datetime import UTC, datetime

from rattail.config.load import Settings
from rattail.logs.context import job_id, request_id
from rattail.logs.file import LogFile
from rattail.logs.line import LEVELS, LogLine, cut, written
from rattail.logs.masking import Mask

KINDS = ("web", "worker", "cli")
_MB = 1_000_000
_LOOKED_AT = 64 << 10  # of a text, for what is cut afterwards: secrets are looked for before
#: They say everything at the level of debugging, values included.
_STRANGERS = "django.security"
_TOO_TALKATIVE = ("django.db.backends", "django.template", "asyncio")


def write_to(folder: str, kind: str, *, settings: Settings) -> LogHandler:
    """Write all that this process logs to `KIND.log` in a folder, as the options `log.*` say.

    Secrets are masked, whoever logs them. Nothing is ever raised to whoever logs: what cannot be written is counted,
    and the next line that can be says how many were lost. Errors are told to people by whoever watches the file. A
    second call in one process replaces the first.
    """
    file = LogFile(
        folder,
        kind,
        rotate_bytes=settings.integer("log.rotate_mb") * _MB,
        keep_files=settings.integer("log.keep_files"),
    )
    is_json = settings.text("log.format") == "json"
    handler = LogHandler(file, mask=Mask.of(settings), is_json=is_json)
    root = logging.getLogger()
    for other in [each for each in root.handlers if isinstance(each, LogHandler)]:
        root.removeHandler(other)
        other.close()
    root.addHandler(handler)
    root.setLevel(settings.text("log.level").upper())
    for name in _TOO_TALKATIVE:
        logging.getLogger(name).setLevel(logging.INFO)
    logging.captureWarnings(True)
    return handler


class LogHandler(logging.Handler):
    """Writes each record as one line, without what is secret."""

    def __init__(self, file: LogFile, *, mask: Mask, is_json: bool) -> None:
        super().__init__()
        self._file = file
        self._mask = mask
        self._is_json = is_json
        self._lost = 0

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._write(self.line_of(record))
        except Exception:  # noqa: BLE001 - whoever logs has other things to do
            self._lost += 1

    def line_of(self, record: logging.LogRecord) -> LogLine:
        """What is written of a record."""
        details = {"pid": str(record.process or os.getpid())}
        if job_id.get():
            details["job"] = job_id.get()
        if record.exc_info and record.exc_info[0] is not None:
            details["traceback"] = self._masked(_traceback(record))
        elif record.stack_info:
            details["traceback"] = self._masked(record.stack_info)
        at = datetime.fromtimestamp(record.created, UTC)
        return LogLine(at, _level(record), record.name, self._masked(_message(record)), _request_of(record), details)

    def close(self) -> None:
        self.acquire()
        try:
            self._file.close()
        finally:
            self.release()
        super().close()

    def _write(self, line: LogLine) -> None:
        try:
            if self._lost:
                text = f"{self._lost:,} lines before this one could not be written"
                lost = LogLine(line.at, "ERROR", "rattail.logs", text, details={"pid": str(os.getpid())})
                self._file.append(written(lost, is_json=self._is_json))
                self._lost = 0
            self._file.append(written(line, is_json=self._is_json))
        except OSError:
            self._lost += 1

    def _masked(self, text: str) -> str:
        return self._mask(cut(text, _LOOKED_AT))


def _request_of(record: logging.LogRecord) -> str:
    """Which request a line is of; Django says some things about one after its last word, and names it then."""
    said = getattr(getattr(record, "request", None), "request_id", "")
    return request_id.get() or (said if isinstance(said, str) else "")


def _level(record: logging.LogRecord) -> str:
    """How bad it is. What strangers try (a name of a host that is not ours) is no error of ours."""
    number = min(record.levelno, logging.WARNING) if record.name.startswith(_STRANGERS) else record.levelno
    return LEVELS[max(0, min(number // 10, len(LEVELS)) - 1)]


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception:  # noqa: BLE001 - a mistake in the call, or in what some object says of itself
        return f"{record.msg!r} (its values do not fit)"


def _traceback(record: logging.LogRecord) -> str:
    assert record.exc_info is not None
    return "".join(traceback.format_exception(*record.exc_info))
