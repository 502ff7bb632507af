"""The rows that were set aside, as a file beside the input: `problems.csv`."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import IO

from rattail.appdir.refusal import refusal
from rattail.appdir.still import removing_files
from rattail.features.batches.folders import PROBLEMS, Folder, finish_beside, forget_beside, write_beside
from rattail.features.batches.reading.lines import Problem

_HEADINGS = ("row", "column", "value", "reason", "code", "vendor_code", "description")
_PATIENCE_S = 600.0  # reading is the work of jobs and of the command line: no page waits for it
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class ProblemFile:
    """Collects problems; at the end the file has its name, or is gone where there were none to tell of.

    Raises:
        AppDirBroken: the folder cannot be written.
        AppDirBusy: there is none to tell of any more, and the file of the last time cannot go while a backup is made.
    """

    def __init__(self, folder: Folder, *, root: str) -> None:
        self._folder = folder
        self._root = root
        self.count = 0
        with self._refusing():
            self._stream: IO[str] = write_beside(folder, PROBLEMS)
            self._writer = csv.writer(self._stream)
            self._writer.writerow(_HEADINGS)

    def add(self, problems: Iterable[Problem]) -> None:
        with self._refusing():
            for one in problems:
                self.count += 1
                self._writer.writerow([one.row, *(_harmless(text) for text in one[1:])])

    def __enter__(self) -> ProblemFile:
        return self

    def __exit__(self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None) -> None:
        try:
            if kind is None:
                with self._refusing():
                    self._finish()
        finally:
            with suppress(OSError):  # what could not be written is tried once more, and told of above
                self._stream.close()

    def _finish(self) -> None:
        if self.count:
            finish_beside(self._stream, self._folder, PROBLEMS)
        elif os.path.lexists(f"{self._folder.path}/{PROBLEMS}"):
            with removing_files(self._root, wait_s=_PATIENCE_S):
                forget_beside(self._stream, self._folder, PROBLEMS)
        else:
            forget_beside(self._stream, self._folder, PROBLEMS)

    @contextmanager
    def _refusing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise refusal("write", f"{self._folder.path}/{PROBLEMS}", error) from error


def _harmless(text: str) -> str:
    """A cell that a spreadsheet shows and does not calculate."""
    return f"'{text}" if text[:1] in _FORMULA else text
