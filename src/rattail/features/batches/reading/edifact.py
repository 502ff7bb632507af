"""EDIFACT: from a file to the segments of the messages that are asked for, and what is wrong with its envelopes.

The tokenizer is our own: pydifact reads a whole file into memory, fails on a byte order mark, on lines
wrapped inside UNB and on binary data in it, and counts no segments. It serves the tests as a second opinion.

A file is read in blocks. Separators come from UNA where there is one; line ends are no part of the data,
even in the middle of a segment. Numbers may have a point or a comma, whatever UNA says, as files mix both.

What is cut off is refused; counts and reference numbers that do not agree are remarked, as in `x12`.
"""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from rattail.errors import InputRejected
from rattail.features.batches.reading.lines import Remark
from rattail.features.batches.reading.source import Source, open_text

_BLOCK_CHARACTERS = 1 << 16
_LONGEST_SEGMENT = 8 << 20  # objects count as one
_MOST_KINDS = 200
_MOST_STRAYS = 20
_MOST_CHANGES = 1_000  # of separators from one interchange to the next
_MARGIN = " \t\r\n\x00\x0b\x0c\x1a\ufeff"
_ENVELOPE = frozenset(("UNA", "UNB", "UNG", "UNH", "UNT", "UNE", "UNZ"))
_INDENTED = re.compile(r"[\r\n]+[ \t]*")
MESSAGES: Final = {
    "APERAK": "application error and acknowledgement",
    "CONTRL": "syntax acknowledgement",
    "DESADV": "despatch advice",
    "INVOIC": "invoice",
    "INVRPT": "inventory report",
    "ORDCHG": "purchase order change",
    "ORDERS": "purchase order",
    "ORDRSP": "purchase order response",
    "PAORES": "travel availability",
    "PARTIN": "party information",
    "PRICAT": "price catalog",
    "QUOTES": "quote",
    "RECADV": "receiving advice",
    "REMADV": "remittance advice",
    "REQOTE": "request for quote",
    "SLSRPT": "sales report",
}


class Segment(NamedTuple):
    """One segment: its number in the file, counted from 1, its tag, and its elements as lists of components."""

    row: int
    tag: str
    elements: list[list[str]]


class Separators(NamedTuple):
    """`release` is empty where there is none."""

    component: str = ":"
    element: str = "+"
    release: str = "?"
    terminator: str = "'"


class _Envelope:
    """What is open at this point of the file, and what was counted in it."""

    def __init__(self) -> None:
        self.interchange: Segment | None = None
        self.group: Segment | None = None
        self.message: Segment | None = None
        self.groups = self.messages = self.group_messages = self.segments = 0


def component(segment: Segment, element: int, position: int = 0) -> str:
    """One component, without blanks around it; empty where it is not there.

    Elements count from 1, components from 0.
    """
    if element > len(segment.elements):
        return ""
    components = segment.elements[element - 1]
    return components[position].strip() if position < len(components) else ""


def is_edifact(source: Source) -> bool:
    return source.container == "edifact"


def messages_of(source: Source) -> list[str]:
    """Which messages the beginning of the file has (`INVOIC`), each once, in their order."""
    text = source.text.lstrip(_MARGIN)
    separators, text = _separators(text)
    plain = _INDENTED.sub("", text) if separators.terminator not in "\r\n" else text
    found = []
    for piece in plain.split(separators.terminator):
        elements = piece.strip(_MARGIN).split(separators.element)
        if elements[0] == "UNH" and len(elements) > 2:
            found.append(elements[2].split(separators.component)[0].strip())
    return list(dict.fromkeys(found))


def describe_edifact(source: Source) -> str:
    """What the file is, as a phrase: `an EDIFACT ORDERS (purchase order)`; empty where it is no EDIFACT."""
    if not is_edifact(source):
        text = source.text[:200].lstrip(_MARGIN)
        return "a TRADACOMS file, of British trade before EDIFACT" if re.match(r"STX[=+]ANA", text) else ""
    found = messages_of(source)
    if not found:
        return "an EDIFACT file without a message that can be read"
    named = [f"{one} ({MESSAGES[one]})" if one in MESSAGES else one[:10] for one in found[:4]]
    return f"an EDIFACT {' and '.join(named)}"


def message_segments(source: Source, wanted: str) -> Iterator[Segment | Remark]:
    """The segments of all messages of one kind, from UNH to UNT, and remarks on envelopes.

    Raises:
        InputRejected: there is no interchange, or the trailer of a message is missing: the file is cut
            off or damaged; or there is no such message in it.
    """
    opened = _Envelope()
    skipped: dict[str, int] = {}
    is_wanted = has_wanted = is_in_object = False
    row = strays = 0
    for piece in _segments(source):
        row, tag, _ = piece
        if is_in_object:
            is_in_object = tag not in _ENVELOPE and not tag.endswith("UNP")
            if tag not in _ENVELOPE:
                continue
        if opened.message is not None:
            opened.segments += 1
            if tag not in _ENVELOPE:
                if is_wanted:
                    yield piece
                continue
        elif tag == "UNO":
            is_in_object = True
            opened.messages += 1
            yield Remark(row, f"segment {row}: an object (UNO), such as a picture of the document, was left out")
            continue
        elif tag not in _ENVELOPE:
            strays += 1
            if strays <= _MOST_STRAYS:
                yield Remark(row, f"segment {row} ({tag[:10]}) stands outside of any message and was left out")
            continue
        yield from _step(source.name, opened, piece)
        if tag == "UNH":
            kind = component(piece, 2)
            is_wanted = kind == wanted
            has_wanted = has_wanted or is_wanted
            if not is_wanted and len(skipped) < _MOST_KINDS:
                skipped.setdefault(kind, row)
        if is_wanted and tag in ("UNH", "UNT"):
            yield piece
    _at_the_end(source.name, opened, row)
    if not has_wanted:
        raise InputRejected(f"{source.name} holds no EDIFACT {wanted} ({MESSAGES[wanted]}).")
    for kind, first in skipped.items():
        named = f"{kind} ({MESSAGES[kind]})" if kind in MESSAGES else kind[:10]
        yield Remark(first, f"messages {named} were left out, the first at segment {first}")


def _at_the_end(name: str, opened: _Envelope, row: int) -> None:
    if opened.message is not None:
        raise _cut_off(name, row, "where it ends, the trailer UNT of the message")
    if not row:
        raise InputRejected(f"{name} has no EDIFACT segment in it.", hint="ask the sender for the file again")
    if opened.interchange is not None:
        raise _cut_off(name, row, "where it ends, the trailer UNZ of the interchange")


def _step(name: str, opened: _Envelope, piece: Segment) -> Iterator[Remark]:
    """Open or close one envelope."""
    row, tag, _ = piece
    if tag != "UNT" and opened.message is not None:
        raise _cut_off(name, row, f"UNT, the trailer of the message that begins at segment {opened.message.row},")
    if tag == "UNB":
        if opened.interchange is not None:
            raise _cut_off(name, row, "UNZ, the trailer of the interchange before,")
        opened.interchange, opened.group = piece, None
        opened.groups = opened.messages = 0
    elif tag == "UNG":
        opened.group, opened.group_messages = piece, 0
        opened.groups += 1
    elif tag == "UNH":
        if opened.interchange is None:
            yield Remark(row, f"segment {row}: a message without an interchange (UNB) around it")
        opened.message, opened.segments = piece, 1
        opened.messages += 1
        opened.group_messages += 1
    elif tag != "UNA":
        yield from _close(name, opened, piece)


def _close(name: str, opened: _Envelope, piece: Segment) -> Iterator[Remark]:
    row, tag, _ = piece
    if tag == "UNT":
        begin, counted, what, position = opened.message, opened.segments, "segments", 1
        opened.message = None
    elif tag == "UNE":
        begin, counted, what, position = opened.group, opened.group_messages, "messages", 5
        opened.group = None
    else:
        begin, counted, what, position = opened.interchange, opened.groups or opened.messages, "messages", 5
        opened.interchange = opened.group = None
    if begin is None:
        raise InputRejected(
            f"{name}: segment {row} ({tag}) closes what nothing opened: the file is damaged.",
            hint="ask the sender for the file again",
        )
    told, number, expected = component(piece, 1), component(piece, 2), component(begin, position)
    if told.lstrip("0") != str(counted):
        yield Remark(row, f"segment {row}: {tag} counts {told[:20] or 'no'} {what}; there are {counted}")
    if number != expected:
        yield Remark(row, f'segment {row}: reference "{number[:20]}" of {tag} is not "{expected[:20]}" of {begin.tag}')


def _cut_off(name: str, row: int, missing: str) -> InputRejected:
    return InputRejected(
        f"{name} is cut off or damaged: at segment {row}, {missing} is missing. Nothing of it was taken.",
        hint="ask the sender for the file again",
    )


def _segments(source: Source) -> Iterator[Segment]:
    """All segments of the file, without knowing what they mean."""
    for row, (text, separators) in enumerate(_texts(source), 1):
        if "\n" in text or "\r" in text:
            text = _INDENTED.sub("", text)
        mark, release = separators.component, separators.release
        if release and release in text:
            elements = [
                [_released(one, release) for one in _split(element, mark, release)]
                for element in _split(text, separators.element, release)
            ]
        else:
            elements = [element.split(mark) for element in text.split(separators.element)]
        yield Segment(row, elements[0][0].strip(), elements[1:])


def _split(text: str, mark: str, release: str) -> list[str]:
    """Split at a mark that no release character takes its meaning from; release characters stay."""
    whole: list[str] = []
    is_open = False
    for piece in text.split(mark):
        if is_open:
            whole[-1] += mark + piece
        else:
            whole.append(piece)
        is_open = _is_released(piece, release)
    return whole


def _is_released(piece: str, release: str) -> bool:
    """Whether the mark after this piece is part of the text: an odd number of release characters ends it."""
    return piece.endswith(release) and (len(piece) - len(piece.rstrip(release))) % 2 == 1


def _released(text: str, release: str) -> str:
    """The text without its release characters; a doubled one is one."""
    if release not in text:
        return text
    return release.join(part.replace(release, "") for part in text.split(release * 2))


def _texts(source: Source) -> Iterator[tuple[str, Separators]]:
    """The texts of all segments but UNA, each with the separators that hold for it."""
    separators, rest, is_new, held, changes = Separators(), "", True, "", 0
    with open_text(source) as stream:
        while True:
            block = stream.read(_BLOCK_CHARACTERS)
            rest += block
            while True:
                if is_new:
                    rest = rest.lstrip(_MARGIN)
                    if not rest or (block and len(rest) < 9):
                        break
                    if rest.startswith("UNA") or not rest.startswith("UNB" + separators.element):
                        separators, rest = _separators(rest)
                    is_new = False
                pieces = rest.split(separators.terminator)
                rest = pieces.pop()
                for position, piece in enumerate(pieces):
                    held += piece
                    if separators.release and _is_released(held, separators.release):
                        held += separators.terminator
                        continue
                    text, held = held.strip(_MARGIN), ""
                    if len(text) > _LONGEST_SEGMENT:
                        raise _endless(source.name, separators)
                    if text:
                        yield text, separators
                        if text.startswith("UNZ") and _may_change(pieces, position, separators):
                            rest = separators.terminator.join([*pieces[position + 1 :], rest])
                            is_new = True
                            changes += position + 1 < len(pieces)
                            break
                if not is_new:
                    break
            if not block:
                break
            if len(rest) + len(held) > _LONGEST_SEGMENT or changes > _MOST_CHANGES:
                raise _endless(source.name, separators)
    text = (held + rest).strip(_MARGIN)
    if text:
        yield text, separators


def _may_change(pieces: list[str], position: int, separators: Separators) -> bool:
    """Whether the next interchange may have separators of its own."""
    following = pieces[position + 1].strip(_MARGIN) if position + 1 < len(pieces) else ""
    return not following.startswith("UNB" + separators.element)


def _separators(text: str) -> tuple[Separators, str]:
    """The separators that a UNA at the beginning defines, and the text after it; the usual ones where there is none.

    Line ends inside UNA are passed over.
    """
    if not text.startswith("UNA") or len(text) < 9:
        return Separators(), text
    marks = [mark for mark in text[3:40] if mark not in "\r\n"][:6]
    length = 3
    for mark in marks:
        length = text.index(mark, length) + 1
    if len(marks) < 6 or len({marks[0], marks[1], marks[5]}) < 3 or any(mark.isalnum() for mark in marks):
        return Separators(), text
    return Separators(marks[0], marks[1], marks[3].strip(), marks[5]), text[length:]


def _endless(name: str, separators: Separators) -> InputRejected:
    return InputRejected(
        f"{name} has a segment of more than {_LONGEST_SEGMENT:,} characters (its segments should end in "
        f"{separators.terminator!r}), or changes its separators more than {_MOST_CHANGES:,} times.",
        hint="ask the sender for the file again",
    )
