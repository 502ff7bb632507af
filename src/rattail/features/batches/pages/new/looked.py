"""How a file is understood with what was said of it so far, and what is still to be said."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import NamedTuple

from rattail.errors import InputRejected, RattailError
from rattail.features.batches.pages.frame import plain
from rattail.features.batches.pages.new.understood import UnderstoodShown, understood
from rattail.features.batches.pages.new.wishes import Wishes, request_of
from rattail.features.batches.reading.choose import all_formats, choose_format
from rattail.features.batches.reading.column_names import NAMES
from rattail.features.batches.reading.columns import spoken
from rattail.features.batches.reading.format import Reading
from rattail.features.batches.reading.guess import guess_mapping
from rattail.features.batches.reading.layout import Layout, Position
from rattail.features.batches.reading.mapping import VENDOR_FILES, as_document, load_mapping
from rattail.features.batches.reading.prepare import answered, matched_table
from rattail.features.batches.reading.source import Source, look_at
from rattail.features.batches.reading.tables import column_name
from rattail.features.batches.service.ground import Ground
from rattail.features.batches.service.plan import Plan, Request, plan_batch

ROWS_SHOWN = 20
_ROWS_OF_TABLES = 5
_MOST_COLUMNS = 60
_LONGEST_CELL = 60
_TABLES = {
    "vendor_catalog": "a table of items and costs",
    "vendor_invoice": "a table of invoice lines",
    "inventory": "a table of codes and quantities",
}
_SET = re.compile(r"--set (\w+)=")
_DIGITS = re.compile(r"--check-digits (\d+)=")
_OPTION = re.compile(r"--(vendor|store|mode|counted-at|duplicates|format|force|effective)\b")


class ColumnShown(NamedTuple):
    """One column of the file: its place from 0, its title, what it is taken for, and why that is doubtful."""

    place: int
    letter: str
    title: str
    field: str
    doubt: str


class TableShown(NamedTuple):
    """The file as a table. `is_mapped`: a person said what the columns are; `said` are doubts of no one column."""

    columns: Sequence[ColumnShown]
    rows: Sequence[Sequence[str]]
    fields: Sequence[tuple[str, str]]
    is_mapped: bool
    said: Sequence[str]
    layout: Layout


class Looked(NamedTuple):
    """What is known of a file. `fault` says what is still open or wrong, `asked` names the fields that answer it.

    `plan` is there where nothing is open; what was recognised, and the first rows, as soon as the file tells.
    """

    request: Request | None = None
    plan: Plan | None = None
    table: TableShown | None = None
    format_title: str = ""
    reason: str = ""
    fault: str = ""
    asked: frozenset[str] = frozenset()
    digits: Sequence[int] = ()
    understood: UnderstoodShown | None = None

    def with_question(self, text: str, hint: str) -> Looked:
        """The same, with what reading the file left open; `hint` is what the command line would be told."""
        digits = {int(length) for length in _DIGITS.findall(hint)} | set(self.digits)
        return self._replace(fault=text, asked=self.asked | _asked(hint), digits=tuple(sorted(digits)))


def look(path: str, name: str, wishes: Wishes, *, ground: Ground, hold_above: int) -> Looked:
    """Look at a file. What is wrong with it, or open, is in the answer; nothing is raised and nothing written."""
    try:
        source = look_at(path, name=name)
        table = _table(source, wishes, ground)
    except RattailError as error:
        return Looked(fault=plain(error), asked=_asked(error.hint))
    looked = _recognised(Looked(table=table, digits=tuple(sorted(wishes.check_digits))), source, wishes, ground)
    missing = _missing(wishes)
    if missing:
        said = " ".join([*(f"Choose {words}." for words in missing.values()), looked.fault]).strip()
        return looked._replace(fault=said, asked=looked.asked | frozenset(missing))
    try:
        request = request_of(wishes, path=path, name=name, ground=ground, hold_above=hold_above)
        if table is not None and table.is_mapped:
            request = request._replace(mapping=as_document(table.layout))
        plan = plan_batch(request, ground=ground, progress=lambda _count: None)
    except RattailError as error:
        return looked.with_question(plain(error), error.hint)
    return looked if looked.fault else looked._replace(request=request, plan=plan)


def _recognised(looked: Looked, source: Source, wishes: Wishes, ground: Ground) -> Looked:
    """The same with the layout of the file and its first rows, which nobody has to say anything for."""
    table = looked.table
    layout = table.layout if table is not None and table.is_mapped else _saved(wishes, ground)
    try:
        chosen = choose_format(source, wishes.kind, wanted=wishes.format, mapping=layout)
        is_guessed = table is not None and table.is_mapped and chosen.format.is_generic
        looked = looked._replace(
            format_title=_TABLES[wishes.kind] if chosen.format.is_generic else chosen.format.title,
            reason="of its columns, as they are chosen below" if is_guessed else chosen.reason,
        )
        reading = Reading(mapping=layout, options=wishes.options, currency=ground.currency)
        events = list(islice(chosen.format.read(source, reading), ROWS_SHOWN if table is None else _ROWS_OF_TABLES))
    except RattailError as error:
        return looked.with_question(plain(error), error.hint)
    told = [] if table is None else [*table.said, *(one.doubt for one in table.columns)]
    return looked._replace(understood=understood(events, told=told))


def kind_of(path: str, name: str, kinds: Sequence[str]) -> str:
    """Which of these kinds a file most probably is; the first where nothing tells."""
    try:
        source = look_at(path, name=name)
    except InputRejected:
        return kinds[0]
    for is_generic in (False, True):
        for one in all_formats():
            if one.kind in kinds and one.is_generic is is_generic and one.recognise(source):
                return one.kind
    return kinds[0]


def _table(source: Source, wishes: Wishes, ground: Ground) -> TableShown | None:
    """The file as a table with its columns; None where its layout is fixed, or it is none."""
    if source.container not in ("text", "xlsx", "xls"):
        return None
    saved = _saved(wishes, ground)
    is_known = True
    try:
        chosen = choose_format(source, wishes.kind, wanted=wishes.format, mapping=saved)
        if not chosen.format.is_generic:
            return None
    except InputRejected:
        is_known = False
    layout, doubts, is_mapped = saved or Layout(), dict[str, str](), False
    if wishes.columns is None and not is_known and not layout.columns:
        options = {**wishes.options, **({"names_row": "1"} if _has_strange_names(source, wishes) else {})}
        guess = guess_mapping(source, wishes.kind, answers=options)
        layout, is_mapped = guess.layout, True
        doubts = {field: why for field, why in guess.why.items() if field in guess.layout.columns}
    layout = answered(layout, wishes.options)
    if wishes.columns is not None:
        layout = layout._replace(names_row=1) if _has_strange_names(source, wishes) else layout
        names = matched_table(source, wishes.kind, layout._replace(columns={}))[0].names
        layout, is_mapped = layout._replace(columns=_said_columns(wishes, names)), True
    table, sample, matched = matched_table(source, wishes.kind, layout)
    by_place = {place: field for field, place in reversed(list(matched.fields.items()))}
    width = min(max((len(table.names), *(len(row) for row in sample))), _MOST_COLUMNS)
    columns = [
        _column(place, table.names, by_place.get(place, ""), matched.said, doubts if wishes.columns is None else {})
        for place in range(width)
    ]
    told = {text for one in columns for text in matched.said if text == one.doubt}
    rows = [[cell[:_LONGEST_CELL] for cell in row[:width]] for row in sample[:ROWS_SHOWN]]
    return TableShown(
        columns,
        [row + [""] * (width - len(row)) for row in rows],
        [(field, spoken(field)) for field in NAMES[wishes.kind]],
        is_mapped,
        [text for text in matched.said if text not in told],
        layout,
    )


def _has_strange_names(source: Source, wishes: Wishes) -> bool:
    """Whether the first row is one of names that nobody knows: it has no digits, the next one has, and nobody said."""
    if "names_row" in wishes.options:
        return False
    table, sample, _ = matched_table(source, wishes.kind, answered(Layout(), wishes.options))
    has_digits = [any(letter.isdigit() for cell in row for letter in cell) for row in sample[:2]]
    return not table.names_row and has_digits == [False, True]


def _column(
    place: int, names: Sequence[str], field: str, said: Sequence[str], doubts: Mapping[str, str]
) -> ColumnShown:
    name = names[place] if place < len(names) else ""
    doubt = next((text for text in said if name and f"'{name}'" in text), "") or doubts.get(field, "")
    return ColumnShown(place, column_name(place), name, field, doubt)


def _said_columns(wishes: Wishes, names: Sequence[str]) -> dict[str, Position]:
    """Field to column as a person chose; of two columns of one field the one that was chosen last has it."""
    found: dict[str, Position] = {}
    said = dict(wishes.columns or {})
    places = sorted(said, key=lambda place: (place == wishes.changed, -place))
    for place in places:
        if said[place] in NAMES[wishes.kind]:
            name = names[place] if place < len(names) else ""
            found[said[place]] = name if name and list(names).count(name) == 1 else place + 1
    return found


def _missing(wishes: Wishes) -> dict[str, str]:
    """What has to be said of a file of this kind, and is not: field to words."""
    needed = {
        "vendor_catalog": {"vendor": "whose catalog it is"},
        "vendor_invoice": {"vendor": "whose invoice it is", "store": "which store the goods are for"},
        "inventory": {"store": "which store was counted", "mode": "what the count does"},
    }
    return {name: words for name, words in needed[wishes.kind].items() if not getattr(wishes, name)}


def _saved(wishes: Wishes, ground: Ground) -> Layout | None:
    if not wishes.vendor:
        return None
    return (load_mapping(f"{ground.folders['data/templates']}/{VENDOR_FILES}", wishes.vendor) or {}).get(wishes.kind)


def _asked(hint: str) -> frozenset[str]:
    """The fields of the form that answer what the command line would be asked by these options."""
    found = {f"set_{name}" for name in _SET.findall(hint)}
    found |= {f"digits_{length}" for length in _DIGITS.findall(hint)}
    return frozenset(found | {name.replace("-", "_") for name in _OPTION.findall(hint)})
