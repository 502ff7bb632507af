"""Making a batch of tables that come in as CSV."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from django.db import DatabaseError, transaction

from rattail.appdir.still import removing_files
from rattail.audit.trail import record
from rattail.database.refused import in_sentences
from rattail.errors import AppDirBusy, InputRejected, RattailError
from rattail.features.batches.csv_in.files import CsvFile, codes_of, find_files, lines_of
from rattail.features.batches.folders import (
    Folder,
    batch_folder,
    fingerprint,
    keep_copy,
    make_folder,
    remove_folder,
    safe_name,
)
from rattail.features.batches.kinds.known import kind_named
from rattail.features.batches.lease import leased
from rattail.features.batches.models import Batch
from rattail.features.batches.reading.format import Format, Reading
from rattail.features.batches.service.ground import Ground
from rattail.features.batches.service.plan import Plan, Request, refuse_known_file
from rattail.features.batches.service.read import forget_rows, read_into
from rattail.features.batches.states import State
from rattail.retail.barcodes import CodeRules, CodeSurvey, Type2Layout
from rattail.retail.barcodes.rules import FEW
from rattail.retail.numbers import next_number

KIND = "csv_import"
_SAID_EVERY = 5_000
_WITH_CHECK_DIGIT = (8, 12, 13, 14)  # the lengths that codes are printed in


class Import(NamedTuple):
    """What is to be imported, looked at: nothing is written yet."""

    files: tuple[CsvFile, ...]
    rules: CodeRules
    row_count: int
    sha256: str


def plan_import(
    paths: Sequence[str], *, ground: Ground, progress: Callable[[int], None], is_forced: bool = False
) -> Import:
    """Look at the files: which tables they are, how their codes are written.

    Raises:
        InputRejected: a file is no table, or whether its codes end in check digits is not clear.
        WouldOverwrite: another import has the same files, and it is not forced.
    """
    files = find_files(paths)
    sha256 = _sha256([fingerprint(file.source.path) for file in files])
    if not is_forced:
        refuse_known_file(sha256, kind_named(KIND), ground=ground)
    rules, row_count = _survey(files, ground, progress)
    return Import(files, rules, row_count, sha256)


def make_import(planned: Import, *, ground: Ground, progress: Callable[[int], None], description: str = "") -> Batch:
    """Make the batch: copies of the files, rows, and what executing would change.

    Raises:
        AppDirBroken: the folder cannot be written. A file that cannot be read to its end leaves no batch.
    """
    kind = kind_named(KIND)
    place = ground.folders[kind.place]
    with in_sentences():
        number = next_number()
        while not make_folder(place, number):
            number = next_number()
    one = planned.files[0].source.name
    name = safe_name(one) if len(planned.files) == 1 else f"{len(planned.files)} tables"
    folder = batch_folder(place, number, name)
    with leased(number, folder.path):  # before there is a row: nobody may take the batch for one that was left
        try:
            files = tuple(_kept(file, folder, is_only=len(planned.files) == 1) for file in planned.files)
            with in_sentences():
                batch = _make_row(planned, number, folder, ground, description)
        except BaseException:
            remove_folder(folder.path)
            raise
        try:
            with in_sentences():
                read_into(batch, _plan(planned, files, ground), folder, ground=ground, progress=progress)
        except RattailError:
            with suppress(DatabaseError, OSError, AppDirBusy):  # else it is a batch whose reading was interrupted
                _remove(batch, folder, ground)
            raise
    return batch


def _remove(batch: Batch, folder: Folder, ground: Ground) -> None:
    """Take back a batch that could not be read: rows first, files after."""
    with removing_files(ground.root):
        with transaction.atomic():
            forget_rows(batch)
            batch.delete()
        remove_folder(folder.path)


def _kept(file: CsvFile, folder: Folder, *, is_only: bool) -> CsvFile:
    """The same file, as our own copy."""
    copy = folder if is_only else folder._replace(file_name=f"{file.sheet.name}.csv")
    keep_copy(file.source.path, copy)
    return file._replace(source=file.source._replace(path=copy.file))


def _make_row(planned: Import, number: int, folder: Folder, ground: Ground, description: str) -> Batch:
    tables = [file.sheet.name for file in planned.files]
    check_digits = {str(length): has for length, has in planned.rules.decided.items()}
    with transaction.atomic():
        batch = Batch.objects.create(
            number=number,
            kind=KIND,
            state=State.NEW,
            description=description[:255],
            format="csv",
            file_name=folder.file_name,
            file_bytes=sum(file.source.size_bytes for file in planned.files),
            file_sha256=planned.sha256,
            settings={"tables": tables, "reason": "import of tables"},
            answers={"format": "csv", "check_digits": check_digits, "codes": planned.rules.describe()},
            created_at=ground.now,
            created_by=ground.actor,
        )
        details = {"kind": KIND, "file": folder.file_name, "tables": tables}
        record("make batch", f"batch {batch}", actor=ground.actor, now=ground.now, details=details)
    return batch


def _plan(planned: Import, files: tuple[CsvFile, ...], ground: Ground) -> Plan:
    """What reading takes; the files are read one after the other, those first that others refer to."""

    def read(_source: object, _reading: object) -> Iterator[Any]:
        for file in files:
            yield from lines_of(file)

    csv_format = Format(name="csv", title="tables of the records", kind=KIND, recognise=lambda _: "", read=read)
    return Plan(
        request=Request(kind=KIND, path=files[0].source.path),
        kind=kind_named(KIND),
        source=files[0].source,
        format=csv_format,
        reason="",
        reading=Reading(currency=ground.currency),
        rules=planned.rules,
        row_count=planned.row_count,
        vendor=None,
        store=None,
        sha256=planned.sha256,
    )


def _survey(files: Sequence[CsvFile], ground: Ground, progress: Callable[[int], None]) -> tuple[CodeRules, int]:
    """How the codes of all files are written.

    Codes are expected as they are printed: a few wrong check digits are mistakes in those rows, and only a column
    that is full of them may mean that there are none.
    """
    survey = CodeSurvey()
    count = 0
    for file in files:
        for code in codes_of(file):
            count += 1
            if code:
                survey.add(code)
            if count % _SAID_EVERY == 0:
                progress(count)
    tallies = survey.tallies()
    printed = {
        length: True
        for length in _WITH_CHECK_DIGIT
        if length not in tallies or tallies[length].codes - tallies[length].valid < FEW
    }
    rules = survey.rules(given=printed, type2=Type2Layout(ground.weighed_codes))
    questions = rules.questions
    if questions:
        said = "; ".join(str(one) for one in questions)
        raise InputRejected(
            f"whether the codes end in a check digit is not clear: {said}.",
            hint="write all digits, as they are printed on the item",
        )
    return rules, count


def _sha256(digests: list[str]) -> str:
    from hashlib import sha256

    return digests[0] if len(digests) == 1 else sha256("".join(digests).encode()).hexdigest()
