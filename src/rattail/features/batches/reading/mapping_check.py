"""Check what somebody wrote into a column mapping, and say all that is wrong with it at once."""

import codecs
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from rattail.config.statements import lines_of
from rattail.features.batches.reading.column_names import NAMES
from rattail.features.batches.reading.layout import BY_NAME, TABLES, Layout

_LONGEST_SHOWN = 40
_MOST_COLUMNS = 16_384
_MOST_ROWS_ABOVE = 60
_ENCODINGS = ("utf-", "cp", "iso8859", "latin", "mac", "ascii", "koi8", "big5", "gb", "shift", "euc")


class Faults:
    """All that is wrong, a sentence each, with the line where it stands."""

    def __init__(self, text: str, name: str) -> None:
        self.messages: list[str] = []
        self._text = text
        self._name = name
        self._lines: dict[tuple[str, ...], int] | None = None

    def add(self, path: tuple[str, ...], said: str) -> None:
        if self._lines is None:
            self._lines = lines_of(self._text)
        line = self._lines.get(path)
        self.messages.append(f"{self._name}{f' line {line}' if line else ''}: {said}.")

    def unknown(self, path: tuple[str, ...], said: str, known: Iterable[str]) -> None:
        names = tuple(known)
        near = get_close_matches(path[-1], names, 1)
        hint = f". Did you mean '{near[0]}'?" if near else f"; expected one of {', '.join(names)}."
        self.add(path, said + hint)
        self.messages[-1] = self.messages[-1].removesuffix(".")


def checked_layout(kind: str, raw: Mapping[str, object], faults: Faults) -> Layout:
    """A section of a mapping as a layout; what is wrong goes to `faults`, and has its default here."""
    values: dict[str, Any] = {}
    for name, value in raw.items():
        path = (kind, name)
        if name in TABLES:
            if isinstance(value, Mapping):
                values[name] = _checked_table(kind, name, value, faults)
            else:
                faults.add(path, f"[{kind}] {name} should be a table: expected a line [{kind}.{name}]")
        elif name in BY_NAME:
            checked = _checked_choice(kind, name, value, faults)
            if checked is not None:
                values[name] = checked
        else:
            faults.unknown(path, f"[{kind}] has no choice '{_short(name)}'", (*BY_NAME, *TABLES))
    layout = Layout(**values)
    if layout.names_row == 0:
        for field, column in layout.columns.items():
            if isinstance(column, str):
                said = f"[{kind}.columns] {field}: there is no row of names (names_row = 0), so its place is expected"
                faults.add((kind, "columns", field), said)
    return layout


def _checked_choice(kind: str, name: str, value: object, faults: Faults) -> object | None:
    path = (kind, name)
    choice = BY_NAME[name]
    if name == "names_row":
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MOST_ROWS_ABOVE:
            return value
        faults.add(path, f"[{kind}] names_row: expected a number from 0 to {_MOST_ROWS_ABOVE}; found {_found(value)}")
    elif name == "weight_is_case_size":
        if isinstance(value, bool):
            return value
        faults.add(path, f"[{kind}] {name}: expected true or false; found {_found(value)}")
    elif not isinstance(value, str) or (choice.choices and value not in choice.choices):
        expected = " or ".join(f'"{one}"' for one in choice.choices if one) or "a text in quotes"
        faults.add(path, f"[{kind}] {name}: expected {expected}; found {_found(value)}")
    elif name == "delimiter" and (len(value) > 1 or value in ('"', "\r", "\n", "\0") or "\ud800" <= value <= "\udfff"):
        faults.add(path, f"[{kind}] delimiter: expected one character; found {_found(value)}")
    elif name == "encoding" and value and not _is_encoding(value):
        faults.add(path, f"[{kind}] encoding: there is no text encoding {_found(value)}")
    else:
        return value
    return None


def _checked_table(kind: str, table: str, raw: Mapping[str, object], faults: Faults) -> dict[str, Any]:
    checked: dict[str, Any] = {}
    for name, value in raw.items():
        path = (kind, table, name)
        where = f"[{kind}.{table}] {_short(name)}"
        if table in ("columns", "defaults") and name not in NAMES[kind]:
            faults.unknown(path, f"[{kind}.{table}] has no field '{_short(name)}'", NAMES[kind])
        elif table == "columns" and not _is_position(value):
            faults.add(
                path, f"{where}: expected the name of a column in quotes, or its place from 1; found {_found(value)}"
            )
        elif table == "defaults" and not isinstance(value, str):
            faults.add(path, f"{where}: expected a text in quotes; found {_found(value)}")
        elif table == "has_check_digit" and (not isinstance(value, bool) or not (name.isascii() and name.isdigit())):
            faults.add(path, f"{where}: expected a number of digits, and true or false; found {_found(value)}")
        elif table == "skip":
            texts = [value] if isinstance(value, str) else value
            if isinstance(texts, list | tuple) and all(isinstance(text, str) for text in texts):
                checked[name] = tuple(texts)
            else:
                faults.add(path, f'{where}: expected texts, such as ["TOTAL", "FREIGHT"]; found {_found(value)}')
        else:
            checked[name] = value
    return checked


def _is_position(value: object) -> bool:
    if isinstance(value, str):
        return bool(value.strip())
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= _MOST_COLUMNS


def _is_encoding(name: str) -> bool:
    try:
        return codecs.lookup(name).name.startswith(_ENCODINGS)
    except (LookupError, ValueError, UnicodeError):
        return False


def _found(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return "a table"
    if isinstance(value, list):
        return "a list"
    return f'"{_short(value)}"' if isinstance(value, str) else _short(str(value))


def _short(text: str) -> str:
    shown = "".join(letter if letter.isprintable() else "?" for letter in text[:_LONGEST_SHOWN])
    return shown + ("..." if len(text) > _LONGEST_SHOWN else "")
