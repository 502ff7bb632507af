"""Text with a delimiter between cells: which one it is, and the rows."""

import csv
from collections import Counter
from collections.abc import Callable, Iterator

from rattail.features.batches.reading.lines import Problem, Remark
from rattail.features.batches.reading.source import Source, open_text

USUAL = (",", ";", "\t", "|", "~", "^", "\x1f", "\u00a6", "\u00a7")
_SNIFFED_ROWS = 200
_MOST_LINES_OF_ONE_ROW = 20
_MOST_LINES_JOINED = 20
_TAIL_BYTES = 4096
_NO_DELIMITERS = frozenset(" \t\"'.-_/()$€£%&+@#*:=\\<>?![]{},\r\n\0")


def sniff_delimiter(text: str, *, is_known: Callable[[str], bool]) -> str:
    """The character between the cells, from the beginning of a file; a comma where nothing tells.

    It is the one with which a row has most known column names, then the one that gives most rows the same
    number of cells, then the one that gives most cells.
    """
    lines = text.splitlines(keepends=True)[: _SNIFFED_ROWS + 1]
    if len(lines) > 1:
        lines = lines[:-1]  # the last one may be cut
    first = "".join(lines[:5])
    others = sorted({letter for letter in first if not letter.isalnum() and letter not in _NO_DELIMITERS} - {*USUAL})
    best, best_score = ",", (0, 0.0, 0)
    for candidate in (*USUAL, *others[:8]):
        if candidate not in first and not any(candidate in line for line in lines):
            continue
        score = _score(lines, candidate, is_known)
        if score > best_score:
            best, best_score = candidate, score
    return best


def delimited_rows(source: Source, *, delimiter: str, troubles: list[Problem | Remark]) -> Iterator[list[str]]:
    """Every record of a text as a list of cells, one by one.

    A record that cannot be read, or that swallowed others because a quotation mark was never closed, is an
    empty row, and a `Problem` is added to `troubles`.
    """
    with open_text(source) as stream:
        lines: Iterator[str] = stream
        if _ends_in_crlf(source.text):
            lines = _mended(stream, delimiter, _cells_in_a_row(source.text, delimiter))
        reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=True)
        number = skipped = 0  # of records; lines that belong to the record before
        usual = 0  # cells in a row, once it matters
        while True:
            try:
                for cells in reader:
                    number += 1
                    if reader.line_num == number + skipped:
                        yield cells
                        continue
                    spanned = reader.line_num - number - skipped + 1
                    skipped = reader.line_num - number
                    usual = usual or _usual_width(source.text, delimiter)
                    if spanned <= _MOST_LINES_OF_ONE_ROW and not _holds_rows(cells, delimiter, usual):
                        yield cells
                        continue
                    troubles.append(_never_closed(number, spanned, cells))
                    yield []
                return
            except csv.Error as error:
                number += 1
                skipped = reader.line_num - number
                troubles.append(Problem(number, "", "", f"cannot be split into cells: {error}"))
                yield []


def cut_off(source: Source, *, delimiter: str) -> str:
    """A sentence where the last row of a text is shorter than the others and no line break ends it; else nothing."""
    if source.encoding.startswith(("utf-16", "utf-32")):
        return ""
    with open(source.path, "rb") as stream:
        stream.seek(max(0, source.size_bytes - _TAIL_BYTES))
        tail = stream.read().decode(source.encoding, errors="replace")
    lines = tail.splitlines()
    if tail.endswith(("\n", "\r", "\x1a")) or len(lines) < 3 or '"' in tail:
        return ""
    found, usual = lines[-1].count(delimiter) + 1, lines[-2].count(delimiter) + 1
    if found >= usual:
        return ""
    return f"its last row has {found} cells instead of {usual} and no end of line: the file may be cut off"


def _score(lines: list[str], delimiter: str, is_known: Callable[[str], bool]) -> tuple[int, float, int]:
    try:
        rows = [row for row in csv.reader(lines, delimiter=delimiter, skipinitialspace=True) if any(row)]
    except (csv.Error, TypeError, ValueError):
        return 0, 0.0, 0
    widths = Counter(len(row) for row in rows)
    width, count = max(widths.items(), key=lambda item: (item[1] * (item[0] > 1), item[0])) if widths else (0, 0)
    if width < 2:
        return 0, 0.0, 0
    known = max(len({cell.strip().casefold() for cell in row if is_known(cell)}) for row in rows[:60])
    return (known if known > 1 else 0), round(count / len(rows), 2), width


def _ends_in_crlf(text: str) -> bool:
    """Whether lines end in CR LF, so that a bare LF is rather part of a cell."""
    return text.count("\r\n") > 1 and text.count("\r\n") * 2 >= text.count("\n")


def _cells_in_a_row(text: str, delimiter: str) -> int:
    try:
        lines = (line.replace("\n", " ").replace("\r", " ") for line in text.split("\r\n")[:_SNIFFED_ROWS])
        rows = list(csv.reader(lines, delimiter=delimiter, skipinitialspace=True))
    except csv.Error:
        return 0
    widths = Counter(len(row) for row in rows if row)
    return widths.most_common(1)[0][0] if widths else 0


def _usual_width(text: str, delimiter: str) -> int:
    """How many cells most rows of the beginning have, each line taken by itself."""
    widths = Counter(line.count(delimiter) + 1 for line in text.splitlines()[:_SNIFFED_ROWS] if line.strip())
    return widths.most_common(1)[0][0] if widths else 0


def _holds_rows(cells: list[str], delimiter: str, usual: int) -> bool:
    """Whether a cell of more than one line holds what looks like whole rows: its quotation mark was never closed."""
    return usual > 1 and any(
        line.count(delimiter) >= usual - 1
        for cell in cells
        if "\n" in cell or "\r" in cell
        for line in cell.splitlines()[1:]
    )


def _mended(lines: Iterator[str], delimiter: str, cells: int) -> Iterator[str]:
    """Lines with a bare LF inside a row taken for a blank, where the rest of the row follows on the next line."""
    for line in lines:
        if line.endswith("\r\n") or line.count(delimiter) >= cells - 1:
            yield line
            continue
        parts = [line]
        while not parts[-1].endswith("\r\n") and len(parts) < _MOST_LINES_JOINED:
            following = next(lines, None)
            if following is None:
                break
            parts.append(following)
        joined = " ".join(part.rstrip("\r\n") for part in parts[:-1]) + " " + parts[-1]
        if len(parts) > 1 and joined.count(delimiter) <= cells - 1:
            yield joined
        else:
            yield from parts


def _never_closed(number: int, spanned: int, cells: list[str]) -> Problem:
    longest = max(cells, key=len)
    return Problem(
        number,
        "",
        longest[:60],
        f"a quotation mark is never closed, so that this row swallowed the {spanned - 1:,} lines after it",
    )
