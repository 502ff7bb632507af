"""The only place that prints: short lines for people, one JSON object for machines."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING, TextIO

from rattail.errors import ConfigInvalid, RattailError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from rattail.cli.outcome import Level, Message, Outcome

_PROGRESS_EVERY_S = 0.2


def program_words() -> list[str]:
    """How this program is called from anywhere: for command lines that can be pasted."""
    name = sys.argv[0]
    if name.endswith("__main__.py"):
        return [sys.executable, "-m", "rattail"]
    return [os.path.abspath(name) if os.sep in name else name]


def harmless(text: str) -> str:
    """A text for a terminal: everything that would steer it, or turn the direction of writing, is written out.

    Texts come from vendors' files. Line breaks and tabs of ours stay.
    """
    if text.isprintable():
        return text
    return "".join(
        letter if letter.isprintable() or letter in "\n\t" else letter.encode("unicode_escape").decode()
        for letter in text
    )


class Console:
    """Where a command's outcome, remarks and errors go."""

    def __init__(self, *, is_json: bool = False, is_quiet: bool = False, is_verbose: bool = False) -> None:
        self.is_json = is_json
        self.is_quiet = is_quiet
        self.is_verbose = is_verbose
        #: The app folder as a command has to name it in a hint; empty where that is the environment's own.
        self.root_to_name = ""
        self._held: list[tuple[Level, str]] = []
        self._has_progress_line = False
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(errors="backslashreplace")

    def say(self, text: str, *, level: Level = "note") -> None:
        """A remark: at once for people, with the outcome for machines."""
        if self.is_json:
            self._held.append((level, text))
        elif level == "warning" or not self.is_quiet:
            self._write(sys.stderr, harmless(f"warning: {text}" if level == "warning" else text))

    def show(self, outcome: Outcome) -> int:
        """Print an outcome; returns the exit code."""
        if self.is_json:
            self._print_envelope(outcome.data, outcome.messages, outcome.error)
            return outcome.error.exit_code if outcome.error else 0
        if not self.is_quiet or outcome.is_answer or outcome.error:
            for line in outcome.lines:
                self._write(sys.stdout, harmless(line) if sys.stdout.isatty() else line)
        for message in outcome.messages:
            self.say(message.text, level=message.level)
        return self.fail(outcome.error) if outcome.error else 0

    def fail(self, error: RattailError) -> int:
        """Print an error a person can mend; returns the exit code."""
        if self.is_json:
            self._print_envelope(None, (), error)
            return error.exit_code
        lines = error.faults if isinstance(error, ConfigInvalid) else (error.message,)
        for line in lines:
            if line:
                self._write(sys.stderr, f"rattail: {harmless(self._in_full(line))}")
        if error.hint:
            self._write(sys.stderr, f"    {self._in_full(error.hint)}")
        return error.exit_code

    def progress(self, what: str) -> Callable[[int], None]:
        """A function to call with a count now and then; it draws one changing line on a terminal."""
        if self.is_json or self.is_quiet or not sys.stderr.isatty():
            return lambda _count: None
        last = time.monotonic()

        def draw(count: int) -> None:
            nonlocal last
            now = time.monotonic()
            if now - last >= _PROGRESS_EVERY_S:
                last = now
                self._has_progress_line = True
                sys.stderr.write(f"\r\033[K{what}: {count:,} ...")
                sys.stderr.flush()

        return draw

    def _write(self, stream: TextIO, line: str) -> None:
        if self._has_progress_line:
            self._has_progress_line = False
            sys.stderr.write("\r\033[K")
        try:
            stream.write(line + "\n")
        except BrokenPipeError:
            let_go(stream)
        except OSError as error:
            let_go(stream)
            raise RattailError(f"cannot write the output: {error.strerror}.") from error

    def _print_envelope(
        self, data: Mapping[str, object] | None, messages: Iterable[Message], error: RattailError | None
    ) -> None:
        import json

        envelope = {
            "ok": error is None,
            "data": data,
            "messages": [{"level": level, "text": text} for level, text in (*self._held, *messages)],
            "errors": [] if error is None else self._errors(error),
        }
        self._write(sys.stdout, json.dumps(envelope, indent=2 if sys.stdout.isatty() else None, default=str))

    def _errors(self, error: RattailError) -> list[dict[str, object]]:
        texts = error.faults if isinstance(error, ConfigInvalid) else (error.message,)
        kind, hint = type(error).__name__, self._in_full(error.hint)
        return [{"kind": kind, "code": error.exit_code, "message": self._in_full(text), "hint": hint} for text in texts]

    def _in_full(self, text: str) -> str:
        from rattail.appdir.hints import called_from_anywhere

        return called_from_anywhere(text, program=program_words(), root=self.root_to_name)


def table(rows: Sequence[Sequence[str]], *, right: Iterable[int] = ()) -> list[str]:
    """Rows as aligned lines; `right` names the columns (from 0) that align to the right."""
    if not rows:
        return []
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    aligned_right = set(right)
    return [
        "  ".join(
            cell.rjust(widths[column]) if column in aligned_right else cell.ljust(widths[column])
            for column, cell in enumerate(row)
        ).rstrip()
        for row in rows
    ]


def counted(count: int, one: str, many: str = "") -> str:
    """How many of something there are: `1 row`, `2,000 rows`; `many` where it is not `one` with an s."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def size_text(size_bytes: int) -> str:
    """A number of bytes for people: `12 B`, `3.4 MB` (decimal units, as disks are sold)."""
    size = float(size_bytes)
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"


def flush(code: int) -> int:
    """Write out what is buffered; returns the exit code, which is a failure's where that is impossible."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BrokenPipeError:
            let_go(stream)
        except OSError as error:
            let_go(stream)
            os.write(2, f"rattail: cannot write the output: {error.strerror}.\n".encode())
            code = code or RattailError.exit_code
    return code


def let_go(stream: TextIO) -> None:
    """Send what is still written to `stream` nowhere: its reader went away, which is no error of ours.

    The command goes on to its end, so that its exit code is the true one.
    """
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
