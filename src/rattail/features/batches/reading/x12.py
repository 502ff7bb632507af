"""X12: from a file to the segments of the transaction sets that are asked for, and what is wrong with its envelopes.

A file is read in blocks, so that its size does not matter. Separators come from each ISA segment; its
fields may have the wrong width. Line ends are no part of the data, even in the middle of a segment.

What is cut off is refused: nobody can tell what is missing, and half an invoice must not be taken for a
whole one. A count or control number that does not agree is only remarked: many senders write wrong ones
for years, every trailer is there, and the total of an invoice tells whether a line is missing.
"""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from rattail.errors import InputRejected
from rattail.features.batches.reading.lines import Remark
from rattail.features.batches.reading.source import Source, open_text

_BLOCK_CHARACTERS = 1 << 16
_LONGEST_SEGMENT = 1 << 18
_MOST_KINDS = 200  # of transaction sets that are remembered as left out
_MARGIN = " \t\r\n\x00\x0b\x0c\x1a\ufeff"
_ISA = re.compile(r"ISA([^A-Za-z0-9\s])")
_ISA_ELEMENTS = 16
_ISA_CHARACTERS = 512  # it has 106; wrong widths are borne
_MOST_STRAYS = 20
_MOST_CHANGES = 1_000  # of separators from one interchange to the next
SETS: Final = {
    "810": "invoice",
    "812": "credit or debit adjustment",
    "820": "payment",
    "824": "application advice",
    "830": "planning schedule",
    "832": "price catalog",
    "846": "inventory report",
    "850": "purchase order",
    "852": "product activity report",
    "855": "purchase order acknowledgment",
    "856": "ship notice",
    "860": "purchase order change",
    "861": "receiving advice",
    "867": "product transfer report",
    "875": "grocery purchase order",
    "879": "grocery price list",
    "880": "grocery invoice",
    "888": "item maintenance",
    "889": "promotion announcement",
    "894": "delivery record",
    "895": "delivery record",
    "940": "warehouse shipping order",
    "943": "warehouse transfer",
    "945": "warehouse shipping advice",
    "997": "functional acknowledgment",
    "999": "implementation acknowledgment",
}


class Segment(NamedTuple):
    """One segment: its number in the file, counted from 1, and its elements, the first of them its tag."""

    row: int
    elements: list[str]


class Separators(NamedTuple):
    """What stands between elements and after segments.

    `is_one_a_line`: the sender begins a new line after each segment, so a line end is never inside one.
    """

    element: str
    terminator: str
    is_one_a_line: bool


class _Envelope:
    """What is open at this point of the file, and what was counted in it."""

    def __init__(self) -> None:
        self.interchange: Segment | None = None
        self.group: Segment | None = None
        self.set: Segment | None = None
        self.groups = self.sets = self.segments = 0


def element(segment: Segment, position: int) -> str:
    """One element, without blanks around it; empty where it is not there. ISA06 is `element(isa, 6)`."""
    return segment.elements[position].strip() if position < len(segment.elements) else ""


def is_x12(source: Source) -> bool:
    return source.container == "x12"


def sets_of(source: Source) -> list[str]:
    """Which transaction sets the beginning of the file has (`810`), each once, in their order."""
    try:
        separators = _separators(source.text.lstrip(_MARGIN), source.name)
    except InputRejected:
        return []
    pieces = (piece.strip().split(separators.element) for piece in source.text.split(separators.terminator))
    return list(dict.fromkeys(piece[1].strip() for piece in pieces if piece[0] == "ST" and len(piece) > 1))


def describe_x12(source: Source) -> str:
    """What the file is, as a phrase: `an X12 850 (purchase order)`; empty where it is no X12."""
    if not is_x12(source):
        return ""
    found = sets_of(source)
    if not found:
        return "an X12 file without a transaction set that can be read"
    named = [f"{one} ({SETS[one]})" if one in SETS else one[:10] for one in found[:4]]
    return f"an X12 {' and '.join(named)}"


def transaction_segments(source: Source, wanted: str) -> Iterator[Segment | Remark]:
    """The segments of all transaction sets of one kind, from ST to SE, and remarks on envelopes.

    Raises:
        InputRejected: there is no ISA, or a trailer is missing: the file is cut off or damaged; or there
            is no such transaction set in it.
    """
    opened = _Envelope()
    skipped: dict[str, list[int]] = {}
    is_wanted, has_wanted, row, strays = False, False, 0, 0
    for piece in _segments(source):
        if isinstance(piece, Remark):
            yield piece
            continue
        row, elements = piece
        tag = elements[0]
        if opened.set is not None:
            opened.segments += 1
            if tag not in _ENVELOPE:
                if is_wanted:
                    yield piece
                continue
        elif tag not in _ENVELOPE:
            strays += 1
            if strays <= _MOST_STRAYS and tag not in ("TA1", "ISB", "ISE"):
                yield Remark(row, f"segment {row} ({tag[:10]}) stands outside of any transaction set and was left out")
            continue
        yield from _step(source.name, opened, piece)
        if tag == "ST":
            is_wanted = element(piece, 1) == wanted
            has_wanted = has_wanted or is_wanted
            if not is_wanted and len(skipped) < _MOST_KINDS:
                skipped.setdefault(element(piece, 1), []).append(row)
                del skipped[element(piece, 1)][1:-1]
        if is_wanted and tag in ("ST", "SE"):
            yield piece
    if opened.interchange is not None:
        inner = "SE" if opened.set is not None else "GE" if opened.group is not None else "IEA"
        raise _cut_off(source.name, row, f"where it ends, the trailer {inner}")
    if not has_wanted:
        raise InputRejected(f"{source.name} holds no X12 {wanted} ({SETS[wanted]}).")
    for kind, rows in skipped.items():
        named = f"{kind} ({SETS[kind]})" if kind in SETS else kind[:10]
        yield Remark(rows[0], f"transaction sets {named} were left out, the first at segment {rows[0]}")


_ENVELOPE = frozenset(("ISA", "GS", "ST", "SE", "GE", "IEA"))


def _step(name: str, opened: _Envelope, piece: Segment) -> Iterator[Remark]:
    """Open or close one envelope."""
    row, tag = piece.row, piece.elements[0]
    if tag in ("ST", "GS", "ISA", "GE", "IEA") and opened.set is not None:
        raise _cut_off(name, row, f"SE, the trailer of the transaction set that begins at segment {opened.set.row},")
    if tag in ("GS", "ISA", "IEA") and opened.group is not None:
        raise _cut_off(name, row, f"GE, the trailer of the group that begins at segment {opened.group.row},")
    if tag == "ISA":
        if opened.interchange is not None:
            raise _cut_off(name, row, "IEA, the trailer of the interchange before")
        opened.interchange, opened.groups = piece, 0
    elif tag == "GS":
        opened.group, opened.sets = piece, 0
        opened.groups += 1
    elif tag == "ST":
        if opened.group is None:
            yield Remark(row, f"segment {row}: a transaction set without a group (GS) around it")
        opened.set, opened.segments = piece, 1
        opened.sets += 1
    else:
        yield from _close(name, opened, piece)


def _close(name: str, opened: _Envelope, piece: Segment) -> Iterator[Remark]:
    tag = piece.elements[0]
    if tag == "SE":
        begin, counted, what, control = opened.set, opened.segments, "segments", 2
        opened.set = None
    elif tag == "GE":
        begin, counted, what, control = opened.group, opened.sets, "transaction sets", 6
        opened.group = None
    else:
        begin, counted, what, control = opened.interchange, opened.groups, "groups", 13
        opened.interchange = None
    if begin is None:
        raise InputRejected(
            f"{name}: segment {piece.row} ({tag}) closes what nothing opened: the file is damaged.",
            hint="ask the sender for the file again",
        )
    told, number, expected = element(piece, 1), element(piece, 2), element(begin, control)
    if not _is_same(told, str(counted)):
        yield Remark(piece.row, f"segment {piece.row}: {tag} counts {told or 'no'} {what}; there are {counted}")
    if not _is_same(number, expected):
        opener = begin.elements[0]
        yield Remark(
            piece.row,
            f'segment {piece.row}: control number "{number[:20]}" of {tag} is not "{expected[:20]}" of {opener}',
        )


def _is_same(one: str, other: str) -> bool:
    """Whether two numbers are equal but for zeros in front."""
    return one == other or (one.isdigit() and other.isdigit() and one.lstrip("0") == other.lstrip("0"))


def _cut_off(name: str, row: int, missing: str) -> InputRejected:
    return InputRejected(
        f"{name} is cut off or damaged: at segment {row}, {missing} is missing. Nothing of it was taken.",
        hint="ask the sender for the file again",
    )


def _segments(source: Source) -> Iterator[Segment | Remark]:
    """All segments of the file, without knowing what they mean."""
    row = 0
    for text, separators in _texts(source):
        if "\n" not in text and "\r" not in text:
            row += 1
            yield Segment(row, text.split(separators.element))
            continue
        for position, part in enumerate(_parts(text, separators)):
            if position:
                yield Remark(row, f"the end of segment {row} is not marked; the end of its line was taken for it")
            row += 1
            yield Segment(row, part.split(separators.element))


def _parts(text: str, separators: Separators) -> list[str]:
    """A segment with line ends in it: wrapped somewhere, or two segments where a terminator was forgotten."""
    parts = [text]
    if separators.is_one_a_line:
        parts = re.split(r"[\r\n]+\s*(?=[A-Z][A-Z0-9]{1,2}" + re.escape(separators.element) + ")", text)
    return [part.replace("\r", "").replace("\n", "") for part in parts]


def _texts(source: Source) -> Iterator[tuple[str, Separators]]:
    """The texts of all segments, each with the separators of its interchange."""
    separators: Separators | None = None
    rest, is_new, changes = "", True, 0
    with open_text(source) as stream:
        while True:
            block = stream.read(_BLOCK_CHARACTERS)
            rest += block
            while True:
                if is_new:
                    rest = rest.lstrip(_MARGIN)
                    if not rest or (block and len(rest) < _ISA_CHARACTERS):
                        break
                    if separators is None or _ISA.match(rest):
                        separators = _separators(rest, source.name)
                    is_new = False
                assert separators is not None
                pieces = rest.split(separators.terminator)
                rest = pieces.pop()
                for position, piece in enumerate(pieces):
                    text = piece.strip(_MARGIN)
                    if text:
                        yield text, separators
                        if text.startswith("IEA") and not _goes_on(pieces, position, separators):
                            rest = separators.terminator.join([*pieces[position + 1 :], rest])
                            is_new = True
                            changes += position + 1 < len(pieces)
                            break
                if not is_new:
                    break
            if not block:
                break
            if len(rest) > _LONGEST_SEGMENT or changes > _MOST_CHANGES:
                raise _endless(source.name, separators)
    text = rest.strip(_MARGIN)
    if text and separators is not None:
        yield text, separators


def _goes_on(pieces: list[str], position: int, separators: Separators) -> bool:
    """Whether the next interchange, as far as it can be seen, has the same separators."""
    if position + 1 >= len(pieces):
        return False
    following = pieces[position + 1].strip(_MARGIN)
    return following.startswith("ISA" + separators.element) and following.count(separators.element) == _ISA_ELEMENTS


def _separators(text: str, name: str) -> Separators:
    """The separators that an ISA segment defines by where they stand: after its name, and after its last element.

    Raises:
        InputRejected: the text does not begin with an ISA segment, or that has no 16 elements.
    """
    match = _ISA.match(text)
    if match is None:
        raise InputRejected(
            f"{name} has no ISA segment where one must begin, so its separators are not known.",
            hint="ask the sender for the whole interchange, from ISA to IEA",
        )
    mark, position = match[1], 2
    for _ in range(_ISA_ELEMENTS):
        position = text.find(mark, position + 1, _ISA_CHARACTERS)
        if position < 0:
            raise InputRejected(
                f"{name} begins with an ISA segment of fewer than {_ISA_ELEMENTS} elements: it is cut off or damaged.",
                hint="ask the sender for the whole interchange, from ISA to IEA",
            )
    after = text[position + 1 : position + 200]
    if "\n" in text[:position]:  # wrapped: line ends mean nothing
        after = after.replace("\r", "").replace("\n", "")
    component, terminator = after[:1], after[1:2]
    line = after[2:].split("\n", 1)[0].rstrip("\r")
    is_component_missing = terminator.isalnum() or terminator == " " or not terminator
    if terminator in ("\r", "\n") and line.endswith(component):
        is_component_missing = True
    if is_component_missing:
        terminator = component
    if not terminator or terminator.isalnum() or terminator == mark:
        raise InputRejected(
            f"{name} begins with an ISA segment whose end is not marked: it is cut off or damaged.",
            hint="ask the sender for the whole interchange, from ISA to IEA",
        )
    following = text[position + 1 :].split(terminator, 1)[-1]
    is_one_a_line = terminator not in "\r\n" and following[:1] in ("\r", "\n")
    return Separators(mark, terminator, is_one_a_line)


def _endless(name: str, separators: Separators | None) -> InputRejected:
    mark = separators.terminator if separators else ""
    return InputRejected(
        f"{name} has a segment of more than {_LONGEST_SEGMENT:,} characters (its segments should end in {mark!r}), "
        f"or changes its separators more than {_MOST_CHANGES:,} times.",
        hint="ask the sender for the file again",
    )
