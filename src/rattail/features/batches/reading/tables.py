"""The rows of a table as lists of text, whatever file they come from."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, islice
from typing import NamedTuple

from rattail.errors import InputRejected
from rattail.features.batches.reading.delimited import cut_off, delimited_rows, sniff_delimiter
from rattail.features.batches.reading.lines import Problem, Remark
from rattail.features.batches.reading.source import Source

MOST_ROWS_ABOVE = 60  # rows that may stand above the names of the columns
MOST_COLUMNS = 1000

IsKnown = Callable[[str], bool]


class Table(NamedTuple):
    """A table that is open at its first row below the names of its columns.

    `names` are the column names as they stand in the file, a blank one for a column without, so that the
    place of a name is the place of its cells. `names_row` is the row that they stand in (0: there are
    none), `first_row` the number of the first of `rows`, counted as a spreadsheet does; every record of
    the file, blank ones too, is one of `rows`, which can be gone through once. A record that could not be
    read is an empty row, and its `Problem` is in `troubles` from that moment on; remarks on all rows are
    there after the last one. `above` are the rows before the names.
    """

    names: Sequence[str]
    names_row: int
    first_row: int
    rows: Iterator[list[str]]
    remarks: Sequence[Remark]
    troubles: list[Problem | Remark]
    above: Sequence[Sequence[str]] = ()
    sheet: str = ""
    delimiter: str = ""


def open_table(
    source: Source,
    *,
    is_known: IsKnown,
    delimiter: str = "",
    sheet: str = "",
    names_row: int | None = None,
    least_known: int = 2,
) -> Table:
    """Open the table in a file and find the row with the names of its columns.

    `is_known` says whether a text is the name of a column that is looked for. The names are the row, or
    the two rows one above the other, with most known names among the first ones; at least `least_known`.
    `names_row` says which row it is instead; 0: there is none, and every row is data. `delimiter` and
    `sheet` go before what would be found.

    Raises:
        InputRejected: the file is no table, or has no such sheet.
    """
    if source.container in ("xlsx", "xls"):
        from rattail.features.batches.reading.sheets import open_sheet

        troubles: list[Problem | Remark] = []
        opened = open_sheet(source, sheet=sheet, is_better=lambda rows: _most_known(rows, is_known), troubles=troubles)
        rows, remarks, name = opened.rows, list(opened.remarks), opened.name
    elif source.container == "text":
        delimiter = delimiter or sniff_delimiter(source.text, is_known=is_known)
        troubles = []
        rows, name = delimited_rows(source, delimiter=delimiter, troubles=troubles), ""
        said = cut_off(source, delimiter=delimiter)
        remarks = [Remark(0, said)] if said else []
    else:
        raise InputRejected(f"{source.name} is no table: it is {_kinds(source.container)}.")
    remarks += [Remark(0, text) for text in source.remarks]
    head = list(islice(rows, MOST_ROWS_ABOVE + 1))
    names, first, last = _names(head, is_known, names_row=names_row, least_known=least_known)
    return Table(
        names=names,
        names_row=last,
        first_row=last + 1,
        rows=chain(iter(head[last:]), rows),
        remarks=remarks,
        troubles=troubles,
        above=head[: max(first - 1, 0)],
        sheet=name,
        delimiter=delimiter,
    )


def is_blank(row: Sequence[str]) -> bool:
    """Whether nothing stands in a row."""
    return not any(cell and not cell.isspace() for cell in row)


def column_name(index: int) -> str:
    """What a spreadsheet calls the column at `index` (from 0): A, B, ... Z, AA."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def name_of(names: Sequence[str], place: int) -> str:
    """A column as a person finds it: by its name, or by its letter where it has none."""
    return (names[place] if place < len(names) else "") or f"column {column_name(place)}"


def width_of(rows: Sequence[Sequence[str]]) -> int:
    """How many cells most of the rows have."""
    widths = Counter(len(row) for row in rows if not is_blank(row))
    return widths.most_common(1)[0][0] if widths else 0


def _names(
    head: Sequence[Sequence[str]], is_known: IsKnown, *, names_row: int | None, least_known: int
) -> tuple[list[str], int, int]:
    """The names, and the first and last row (from 1) that they stand in; 0 and 0 where there are none."""
    if names_row is not None:
        if names_row > len(head):
            raise InputRejected(f"there is no row {names_row} for the names of the columns: the file is shorter.")
        return (_tidied(head[names_row - 1]), names_row, names_row) if names_row else ([], 0, 0)
    best: tuple[int, list[str], int, int] = (0, [], 0, 0)
    for index, row in enumerate(head):
        names = _tidied(row)
        known = _known(names, is_known)
        if known > best[0]:
            best = (known, names, index + 1, index + 1)
        below = head[index + 1] if index + 1 < len(head) else ()
        if below and not any(_is_number(cell) for cell in below):
            joined = _joined(row, below)
            if _known(joined, is_known) > max(best[0], known, _known(_tidied(below), is_known)):
                best = (_known(joined, is_known), joined, index + 1, index + 2)
    return best[1:] if best[0] >= least_known else ([], 0, 0)


def _most_known(rows: Sequence[Sequence[str]], is_known: IsKnown) -> int:
    return max((_known(_tidied(row), is_known) for row in rows), default=0)


def _known(names: Sequence[str], is_known: IsKnown) -> int:
    return len({name.casefold() for name in names[:MOST_COLUMNS] if name and is_known(name)})


def _joined(upper: Sequence[str], lower: Sequence[str]) -> list[str]:
    """Names over two rows: a merged cell above belongs to every cell below until the next one."""
    names, above = [], ""
    for index in range(max(len(upper), len(lower))):
        here = upper[index].strip() if index < len(upper) else ""
        above = here or above
        below = lower[index].strip() if index < len(lower) else ""
        names.append(" ".join((f"{above} {below}" if below else here).split()))
    return names


def _tidied(row: Sequence[str]) -> list[str]:
    return [" ".join(cell.split()).lstrip("\ufeff") for cell in row]


def _is_number(cell: str) -> bool:
    bare = cell.strip().replace(".", "").replace(",", "").replace("-", "").lstrip("$€")
    return bare.isdigit()


def _kinds(container: str) -> str:
    return {"xml": "XML", "x12": "an X12 message", "edifact": "an EDIFACT message"}.get(container, container)
