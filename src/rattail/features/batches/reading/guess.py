"""A first mapping for a vendor's file: what can be told, why, and which questions remain."""

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import NamedTuple

from rattail.errors import InputRejected
from rattail.features.batches.reading.cells import BadCell, Decimals, order_of
from rattail.features.batches.reading.columns import is_known_for, key_of, match_columns, spoken
from rattail.features.batches.reading.generic_rows import barcode, has_digit
from rattail.features.batches.reading.layout import BY_NAME, Layout
from rattail.features.batches.reading.prepare import DATES, answered
from rattail.features.batches.reading.second_look import MONEY, NUMBERS, judged_by_cells
from rattail.features.batches.reading.settle import SAMPLE_ROWS, decimals_of, may_be_cents
from rattail.features.batches.reading.source import Source
from rattail.features.batches.reading.tables import Table, is_blank, name_of, open_table, width_of

_USUAL_DIGITS = (8, 11, 12, 13, 14)
_MOSTLY = 0.8
_SETTLED: Mapping[str, Decimals] = {"comma": "comma", "either": "either"}


class Question(NamedTuple):
    """What the file does not tell: which choice or field is open, in words, its answers, the option that answers."""

    choice: str
    text: str
    answers: Sequence[str]
    option: str


class Guess(NamedTuple):
    """A layout, why each part of it was taken (by choice or field), and what is still to be answered.

    `not_used` are the names of columns that hold no field, `open_fields` the fields that no column holds.
    """

    layout: Layout
    why: Mapping[str, str]
    questions: Sequence[Question]
    not_used: Sequence[str] = ()
    open_fields: Sequence[str] = ()


def guess_mapping(source: Source, kind: str, *, answers: Mapping[str, str] | None = None) -> Guess:
    """What the mapping of a file would be, as far as the file tells; `answers` are choices already made.

    Fields may be answered as well: `code=EAN` or `code=2` says which column holds the barcode. Delimiter,
    encoding, sheet and the row of the names are left to be found in each file, where they were not answered.

    Raises:
        InputRejected: the file is no table, or an answer is none of the choices.
    """
    given = dict(answers or {})
    fixed = answered(Layout(), given)
    read_as = source._replace(encoding=fixed.encoding) if fixed.encoding and source.encoding else source
    table = _opened(read_as, kind, fixed, given)
    rows = [row for row in islice(table.rows, SAMPLE_ROWS) if not is_blank(row)]
    why: dict[str, str] = {name: "as answered" for name in given if name in BY_NAME}
    layout = fixed
    if not table.names_row and fixed.names_row is None:
        layout, why["names_row"] = layout._replace(names_row=0), "no row with known column names was found"
    places = _places(table, rows, kind, given, why)
    columns = {field: _position(table, place) for field, place in places.items()}
    cells = {
        field: [row[place] for row in rows if len(row) > place and row[place].strip()]
        for field, place in places.items()
    }
    layout, questions = _styled(layout._replace(columns=columns), kind, cells, table, why)
    not_used = [name for place, name in enumerate(table.names) if name and place not in places.values()]
    open_fields = [field for field in _fields(kind) if field not in places]
    return Guess(layout, why, [*questions, *_missing(kind, columns, table)], not_used, open_fields)


def _opened(source: Source, kind: str, fixed: Layout, given: Mapping[str, str]) -> Table:
    """The table, its names found by those that are known and by those that were answered."""
    is_known = is_known_for(kind)
    named = {key_of(text) for field, text in given.items() if field not in BY_NAME and not text.isdigit()} - {""}
    return open_table(
        source,
        is_known=lambda name: is_known(name) or key_of(name) in named,
        delimiter=fixed.delimiter,
        sheet=fixed.sheet,
        names_row=fixed.names_row,
        least_known=1 if named else 2,
    )


def _places(
    table: Table, rows: Sequence[Sequence[str]], kind: str, given: Mapping[str, str], why: dict[str, str]
) -> dict[str, int]:
    matched = judged_by_cells(match_columns(table.names, kind), table.names, rows)
    places = dict(matched.fields)
    for field, place in places.items():
        why[field] = f"by its name, '{table.names[place]}'"
    found = _column_of_barcodes(rows, places) if "code" not in places else None
    if found is not None:
        places["code"] = found
        why["code"] = f"most cells of {name_of(table.names, found)} have as many digits as a barcode"
    for field, text in given.items():
        if field in BY_NAME or field not in _fields(kind):
            continue
        places[field] = _given_place(table, text, max(map(len, (table.names, *rows)), default=0))
        why[field] = "as answered"
    taken = {places[field] for field in given if field in places}
    for field in [one for one, place in places.items() if place in taken and one not in given]:
        del places[field], why[field]  # what was answered goes before what its name says
    return places


def _fields(kind: str) -> Sequence[str]:
    from rattail.features.batches.reading.column_names import NAMES

    return tuple(NAMES[kind])


def _given_place(table: Table, text: str, width: int) -> int:
    for place, name in enumerate(table.names):
        if name == text or (name and key_of(name) == key_of(text) != ""):
            return place
    is_place = text.isascii() and text.isdigit() and 0 < int(text[:6]) <= 16_384
    if is_place and (not width or int(text) <= width):
        return int(text) - 1
    if is_place:
        raise InputRejected(f"there is no column {text}: the file has {width} column{'' if width == 1 else 's'}.")
    shown = ", ".join(f"'{name}'" for name in table.names[:12] if name) or "none with a name"
    raise InputRejected(f"there is no column '{text}'; the columns: {shown}.")


def _column_of_barcodes(rows: Sequence[Sequence[str]], places: Mapping[str, int]) -> int | None:
    """The column whose cells are mostly of a length that only barcodes have."""
    for place in range(width_of(rows)):
        if place in places.values():
            continue
        found = fitting = 0
        for row in rows:
            cell = row[place].strip() if len(row) > place else ""
            if not cell:
                continue
            found += 1
            try:
                digits = barcode(cell).replace("-", "").replace(" ", "")
            except BadCell:
                continue
            fitting += digits.isdigit() and len(digits) in _USUAL_DIGITS and has_digit(digits)
        if fitting and fitting >= found * _MOSTLY:
            return place
    return None


def _position(table: Table, place: int) -> str | int:
    """A column by its name where no other has it, else by its place."""
    name = table.names[place] if place < len(table.names) else ""
    return name if name and list(table.names).count(name) == 1 else place + 1


def _styled(
    layout: Layout, kind: str, cells: Mapping[str, Sequence[str]], table: Table, why: dict[str, str]
) -> tuple[Layout, list[Question]]:
    questions = []
    if not layout.decimals:
        found = decimals_of(text for field in NUMBERS for text in cells.get(field, ()))
        if found == "open" and table.delimiter == ";":
            questions.append(_question("decimals"))
        else:
            layout = layout._replace(decimals=_SETTLED.get(found, "point"))
            why["decimals"] = "nothing speaks for a comma" if found in ("", "open") else "by the first rows"
    if not layout.money and kind != "inventory":
        whole = [field for field in MONEY if may_be_cents(cells.get(field, ()))]
        if whole:
            questions.append(_question("money"))
        else:
            layout = layout._replace(money="dollars")
    if not layout.dates:
        order, is_open = order_of(text for field in DATES for text in cells.get(field, ()))
        layout = layout._replace(dates=order)
        if order:
            why["dates"] = "by a number above 12 in the first rows"
        elif is_open:
            questions.append(_question("dates"))
    if kind == "vendor_catalog" and "cost" in cells and not layout.cost_is:
        if cells.keys() & {"case_size", "pack"}:
            questions.append(_question("cost_is"))
        elif not cells.keys() & {"case_cost", "unit_cost"}:
            layout = layout._replace(cost_is="unit")
            why["cost_is"] = "there is no column of case sizes"
    return layout, questions


def _question(choice: str) -> Question:
    known = BY_NAME[choice]
    answers = tuple(one for one in known.choices if one)
    option = " or ".join(f"--set {choice}={one}" for one in answers)
    return Question(choice, f"the file does not tell {known.asked}", answers, option)


def _missing(kind: str, columns: Mapping[str, str | int], table: Table) -> list[Question]:
    """A question for every column without which a file of this kind says nothing."""
    from rattail.features.batches.reading.recognising import NEEDED

    names = tuple(name or str(place) for place, name in enumerate(table.names, 1))
    return [
        Question(
            group[0],
            f"no column is known as {' or '.join(spoken(field) for field in group)}",
            names,
            f"--set {group[0]}=COLUMN",
        )
        for group in NEEDED[kind]
        if not any(field in columns for field in group)
    ]
