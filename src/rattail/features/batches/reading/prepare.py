"""From a file and what is known of its layout to columns that can be read row by row."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any, NamedTuple

from rattail.errors import InputRejected
from rattail.features.batches.reading.cells import NumberStyle, Order, order_of, tidy
from rattail.features.batches.reading.columns import Matched, is_known_for, key_of, match_columns, spoken
from rattail.features.batches.reading.format import Reading
from rattail.features.batches.reading.layout import BY_NAME, Layout, Position
from rattail.features.batches.reading.lines import Remark
from rattail.features.batches.reading.mapping import layout_of
from rattail.features.batches.reading.second_look import NUMBERS, judged_by_cells
from rattail.features.batches.reading.settle import SAMPLE_ROWS, decimals_of, may_be_cents, question
from rattail.features.batches.reading.source import Source
from rattail.features.batches.reading.tables import Table, name_of, open_table

DATES = ("effective", "discount_starts", "discount_ends", "date", "counted_at")
#: Fields that one column may hold: items that are ordered by their barcode, `12/16 OZ` in a column of sizes.
_MAY_SHARE = ({"code", "vendor_code"}, {"size", "pack"})
_SKIP_NAMES_SHOWN = 12


class Prepared(NamedTuple):
    """A table with its columns found and its style settled; `places` has the index of each field that it has."""

    table: Table
    places: Mapping[str, int]
    layout: Layout
    style: NumberStyle
    sample: Sequence[Sequence[str]]
    remarks: Sequence[Remark]
    is_skipped: Callable[[Sequence[str]], bool] | None

    def column(self, field: str) -> str:
        """What a message calls the column of a field: its name in the file, or its letter."""
        return name_of(self.table.names, self.places[field]) if field in self.places else ""

    def texts(self, field: str) -> list[str]:
        """The cells of a field in the first rows, those that are not empty."""
        place = self.places.get(field)
        if place is None:
            return []
        return [row[place] for row in self.sample if len(row) > place and row[place].strip()]


def prepare(source: Source, kind: str, reading: Reading) -> Prepared:
    """Open a table, find its columns by the mapping or by known names, and settle how it writes numbers and dates.

    Raises:
        InputRejected: it has no columns that are known, lacks one that the mapping names, or leaves open
            what has to be known; then it names the option that answers.
        ConfigInvalid: the mapping is wrong.
    """
    layout = answered(layout_of(kind, reading.mapping), reading.options)
    table, sample, matched = matched_table(source, kind, layout)
    places = matched.fields
    remarks = [*table.remarks, *(Remark(table.names_row, text) for text in matched.said)]
    prepared = Prepared(table, places, layout, NumberStyle(), sample, remarks, _skipping(source, table, layout))
    layout = _settled(source, kind, prepared)
    style = NumberStyle(layout.decimals or "point", layout.money == "cents")
    return prepared._replace(layout=layout, style=style)


def matched_table(source: Source, kind: str, layout: Layout) -> tuple[Table, list[list[str]], Matched]:
    """The table of a file, its first rows, and which column holds what: as the layout says, or by known names.

    Raises:
        InputRejected: it is no table, or lacks a column that the layout names.
    """
    table = _opened(source, kind, layout)
    sample = list(islice(table.rows, SAMPLE_ROWS))
    table = table._replace(rows=chain(iter(sample), table.rows))
    if layout.columns:
        width = max(map(len, (table.names, *sample)), default=0)
        return table, sample, Matched(_places(source, table, layout.columns, width), ())
    return table, sample, judged_by_cells(match_columns(table.names, kind), table.names, sample)


def answered(layout: Layout, options: Mapping[str, str]) -> Layout:
    """The layout with what was answered on the command line.

    Raises:
        InputRejected: an answer is none of the choices.
    """
    for name, text in options.items():
        choice = BY_NAME.get(name)
        if choice is None:
            continue
        value: Any = text
        if name == "names_row":
            if not (text.isascii() and text.isdigit() and len(text) < 3):
                raise InputRejected(f"--set names_row={text}: expected the number of a row, at most 60.")
            value = int(text)
        elif name == "weight_is_case_size":
            value = text == "true"
        elif choice.choices and text not in choice.choices:
            raise InputRejected(f"--set {name}={text}: expected {' or '.join(one for one in choice.choices if one)}.")
        elif name == "delimiter":
            value = {"tab": "\t", "\\t": "\t"}.get(text, text)
            if len(text) > 1 and value == text:
                raise InputRejected(f"--set delimiter={text}: expected one character, or tab.")
        layout = layout._replace(**{name: value})
    return layout


def codes(source: Source, kind: str, reading: Reading) -> Iterator[str]:
    """The cells of the barcode column, as they stand, quickly."""
    layout = answered(layout_of(kind, reading.mapping), reading.options)
    table = _opened(source, kind, layout)
    if layout.columns:
        column = layout.columns.get("code")
        place = _place(source, table, column, "code") if column is not None else None
    else:
        place = match_columns(table.names, kind).fields.get("code")
    if place is None:
        return
    for row in table.rows:
        if len(row) > place and row[place]:
            yield row[place]


def _opened(source: Source, kind: str, layout: Layout) -> Table:
    if layout.encoding and source.container == "text":
        source = source._replace(encoding=layout.encoding)
    named = {key_of(column) for column in layout.columns.values() if isinstance(column, str)}
    is_known = (lambda name: key_of(name) in named) if named else is_known_for(kind)
    return open_table(
        source,
        is_known=is_known,
        delimiter=layout.delimiter,
        sheet=layout.sheet,
        names_row=layout.names_row,
        least_known=min(2, len(named)) if named else 2,
    )


def _places(source: Source, table: Table, columns: Mapping[str, Position], width: int) -> dict[str, int]:
    """The index of each column that a mapping names; of `width` columns none stands for two fields."""
    places: dict[str, int] = {}
    for field, column in columns.items():
        place = _place(source, table, column, field, width)
        other = next((name for name, taken in places.items() if taken == place), "")
        if other and {field, other} not in _MAY_SHARE:
            raise InputRejected(
                f"the vendor's mapping gives '{name_of(table.names, place)}' of {source.name} to two fields: "
                f"{other} and {field}.",
                hint="name another column for one of them, or leave that one out",
            )
        places[field] = place
    return places


def _place(source: Source, table: Table, column: Position, field: str, width: int = 0) -> int:
    """The index of a column; a place beyond `width` is refused, unless that is 0 and not known."""
    if isinstance(column, int):
        if 0 < width < column:
            raise InputRejected(
                f"{source.name} has no column {column}, which the vendor's mapping names for the {spoken(field)}: "
                f"it has {width} column{'' if width == 1 else 's'}.",
                hint="correct the mapping, or make it anew from this file: rattail make-vendor-mapping",
            )
        return column - 1
    if column in table.names:
        return list(table.names).index(column)
    key = key_of(column)
    for place, name in enumerate(table.names):
        if name and tidy(name).casefold() == tidy(column).casefold():
            return place
    for place, name in enumerate(table.names):
        if name and key and key_of(name) == key:
            return place
    shown = ", ".join(f"'{name}'" for name in table.names[:_SKIP_NAMES_SHOWN] if name) or "none"
    raise InputRejected(
        f"{source.name} has no column '{column}', which the vendor's mapping names for the {spoken(field)}. "
        f"Its columns: {shown}.",
        hint="correct the mapping, or make it anew from this file: rattail make-vendor-mapping",
    )


def _settled(source: Source, kind: str, prepared: Prepared) -> Layout:
    layout = prepared.layout
    if not layout.decimals:
        numbers = [text for field in NUMBERS for text in prepared.texts(field)]
        found = decimals_of(numbers)
        if found == "open":
            if prepared.table.delimiter == ";":
                shown = next((text for text in numbers if decimals_of([text]) == "open"), "")
                raise question(source.name, "decimals", f"it has numbers such as {shown}")
            found = "point"
        layout = layout._replace(decimals=found or "point")
    if not layout.money and kind != "inventory":
        for field in ("case_cost", "unit_cost", "cost", "amount"):
            texts = prepared.texts(field)
            if source.container == "text" and may_be_cents(texts):
                why = f"column '{prepared.column(field)}' has only whole amounts such as {texts[0].strip()}"
                raise question(source.name, "money", why)
    if not layout.dates:
        layout = layout._replace(dates=_order(source, kind, prepared))
    return layout


def _order(source: Source, kind: str, prepared: Prepared) -> Order:
    """Which number of a date comes first: from the first rows, else from the whole columns, else asked."""
    fields = [field for field in DATES if field in prepared.places]
    order, is_open = order_of(text for field in fields for text in prepared.texts(field))
    if order or not is_open:
        return order
    table = _opened(source, kind, prepared.layout)
    places = [prepared.places[field] for field in fields]
    order, is_open = order_of(row[place] for row in table.rows for place in places if len(row) > place and row[place])
    if is_open and not order:
        shown = next(text for field in fields for text in prepared.texts(field) if order_of([text])[1])
        raise question(source.name, "dates", f"{shown.strip()} can be read two ways, and no other date tells")
    return order


def _skipping(source: Source, table: Table, layout: Layout) -> Callable[[Sequence[str]], bool] | None:
    """Whether the mapping says to leave a row out; None where it never does."""
    rules = []
    for column, texts in layout.skip.items():
        named = int(column) if column.isascii() and column.isdigit() and column not in table.names else column
        rules.append((_place(source, table, named, "rows to skip"), frozenset(tidy(text).casefold() for text in texts)))
    if not rules:
        return None
    return lambda row: any(len(row) > place and tidy(row[place]).casefold() in texts for place, texts in rules)
