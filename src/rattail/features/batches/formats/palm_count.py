"""A count from a Palm handheld: CSV with names, as its conduit writes it, or the handheld's own records."""

import re
from collections.abc import Iterator

from rattail.errors import InputRejected
from rattail.features.batches.reading.format import Format, Reading
from rattail.features.batches.reading.handheld import COLUMNS, count_of, counts_of_lines, share_of_counts
from rattail.features.batches.reading.lines import Event, Problem
from rattail.features.batches.reading.source import Source, open_text

_FIELDS = (slice(0, 15), slice(15, 19), slice(19, 23))
_RECORD_BYTES = 23
_RECORD = re.compile(rb"(?=.{15}.{4}.{4}\Z)\d{3,15}\0*[\d.+-]{0,4}\0*[\d.+-]{0,4}\0*", re.DOTALL)
_MOST_RECORDS_LOOKED_AT = 200
_MOST_LINES_LOOKED_AT = 500


def recognise(source: Source) -> str:
    """Whether it begins with the conduit's names, or is made of records padded with NUL."""
    if _has_records(source):
        return "it is made of records of 15, 4 and 4 characters padded with NUL"
    if source.container == "text" and _names(source.text) == ",".join(COLUMNS):
        return "its first line is upc,cases,units"
    return ""


def read(source: Source, _reading: Reading) -> Iterator[Event]:
    """A `CountLine` for every count. Codes have no check digit.

    Raises:
        InputRejected: it is neither form.
    """
    if _has_records(source):
        yield from _read_records(source)
        return
    if source.container != "text" or not share_of_counts(source.text.splitlines()[:_MOST_LINES_LOOKED_AT], ","):
        raise InputRejected(
            f"{source.name} has neither lines of upc,cases,units nor records of 15, 4 and 4 characters.",
            hint="is it another layout? See: rattail list-formats",
        )
    with open_text(source) as lines:
        yield from counts_of_lines(lines, ",")


def _names(text: str) -> str:
    return text.lstrip().partition("\n")[0].replace('"', "").replace(" ", "").strip().lower()


def _has_records(source: Source) -> bool:
    if source.container not in ("text", "binary") or b"\0" not in source.head:
        return False
    end = min(len(source.head), _RECORD_BYTES * _MOST_RECORDS_LOOKED_AT)
    records = [source.head[at : at + _RECORD_BYTES] for at in range(0, end - _RECORD_BYTES + 1, _RECORD_BYTES)]
    return bool(records) and 2 * sum(1 for record in records if _RECORD.fullmatch(record)) >= len(records)


def _read_records(source: Source) -> Iterator[Event]:
    with open(source.path, "rb") as stream:
        row = 0
        while record := stream.read(_RECORD_BYTES):
            row += 1
            texts = [record[field].partition(b"\0")[0].decode("latin-1") for field in _FIELDS]
            if len(record) < _RECORD_BYTES:
                reason = f"is cut off: it has {len(record)} of {_RECORD_BYTES} characters"
                yield Problem(row, "", " ".join(texts).strip(), reason, texts[0])
            elif any(texts):
                yield count_of(row, texts)


FORMAT = Format(
    name="palm_count",
    title="count from a Palm handheld (upc,cases,units, or its records)",
    kind="inventory",
    recognise=recognise,
    read=read,
    row_word="row",
    has_check_digit=False,
)
