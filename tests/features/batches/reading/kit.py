"""Files of a test, and what the generic formats make of them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import xlsxwriter

from rattail.features.batches.formats import generic_catalog, generic_count, generic_invoice
from rattail.features.batches.reading.format import Format, Reading
from rattail.features.batches.reading.lines import CatalogLine, Event, Problem, Remark
from rattail.features.batches.reading.source import Source, look_at

_E = TypeVar("_E")

GENERIC: Mapping[str, Format] = {
    "vendor_catalog": generic_catalog.FORMAT,
    "vendor_invoice": generic_invoice.FORMAT,
    "inventory": generic_count.FORMAT,
}


def source_of(folder: Path, content: str | bytes, *, name: str = "from-vendor.csv") -> Source:
    """A file with this content, looked at; text is written as UTF-8."""
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return look_at(str(path))


def workbook(
    folder: Path, sheets: Mapping[str, list[list[object]]], *, hidden: str = "", name: str = "a.xlsx"
) -> Source:
    """A workbook of rows by sheet; a text that begins with '=' is a formula with the saved value 7."""
    path = folder / name
    with xlsxwriter.Workbook(str(path)) as book:
        for title, rows in sheets.items():
            sheet = book.add_worksheet(title)
            if title == hidden:
                sheet.hide()
            for number, row in enumerate(rows):
                for column, cell in enumerate(row):
                    if isinstance(cell, str) and cell.startswith("="):
                        sheet.write_formula(number, column, cell, None, 7)
                    elif cell is not None:
                        sheet.write(number, column, cell)
    return look_at(str(path))


def read(
    source: Source, kind: str = "vendor_catalog", mapping: Mapping[str, object] | None = None, **options: str
) -> list[Event]:
    return list(GENERIC[kind].read(source, Reading(mapping=mapping, options=options)))


def of(kind: type[_E], events: list[Event]) -> list[_E]:
    return [event for event in events if isinstance(event, kind)]


def remarks(events: list[Event]) -> str:
    return "\n".join(remark.text for remark in of(Remark, events))


def catalog(folder: Path, content: str | bytes, **options: str) -> list[CatalogLine]:
    """The items of a catalog in which nothing may be set aside."""
    events = read(source_of(folder, content), "vendor_catalog", None, **options)
    assert of(Problem, events) == []
    return of(CatalogLine, events)


def problem(folder: Path, content: str | bytes, kind: str = "vendor_catalog", **options: Any) -> Problem:
    """The only problem of a file."""
    (found,) = of(Problem, read(source_of(folder, content), kind, **options))
    return found
