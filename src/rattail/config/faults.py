"""Say what is wrong with a value in a settings file; imported only where something is."""

from collections.abc import Mapping
from functools import lru_cache

from rattail.config.kinds import nearest_value
from rattail.config.option import Option
from rattail.config.render import toml_value
from rattail.config.statements import lines_of
from rattail.config.toml_text import SECRETS_FILE, SETTINGS_FILE, STRANGER, Fault

_LONGEST_SHOWN = 60
_A_SLIP = 0.75  # how like a known name a misspelt one is, from 0 to 1
_lines_of = lru_cache(maxsize=2)(lines_of)


def describe(
    by_key: Mapping[str, Option], path: tuple[str, ...], raw: object, *, text: str, name: str, is_secret: bool
) -> Fault:
    """The fault at `path`: its line, what was expected, what was found, and what was meant perhaps."""
    number = _lines_of(text).get(path)
    at = f"{name} line {number}" if number else name
    where = f"{name}:{'.'.join(path)}"
    option = by_key.get(".".join(path)) if len(path) == 2 else None
    if option is None or option.table != path[0]:
        if _is_stranger(by_key, path, raw):
            return Fault(STRANGER, f"{at}: {_strangers_text(path)}", where)
        return Fault("unknown", f"{at}: {_unknown(by_key, path, raw, is_secret)}", where)
    if option.is_secret and not is_secret:
        said = f"is a secret and belongs in {SECRETS_FILE}, where only the app can read it"
        return Fault("misplaced", f"{at}: [{option.table}] {option.name} {said}.", where)
    if is_secret and not option.is_secret:
        return Fault(
            "misplaced", f"{at}: [{option.table}] {option.name} is no secret and belongs in {SETTINGS_FILE}.", where
        )
    expected = option.expected
    if not isinstance(raw, str) and option.kind not in ("integer", "boolean", "list"):
        expected += ", in quotes"
    said = f"expected {expected}; found {found_text(option, raw)}.{suggestion(option, raw)}"
    return Fault("value", f"{at}: [{option.table}] {option.name}: {said}", where)


def _is_stranger(by_key: Mapping[str, Option], path: tuple[str, ...], raw: object) -> bool:
    """Whether this is rather the setting of an extension that is not installed now than a slip of the pen."""
    from difflib import get_close_matches

    if len(path) == 1:
        known = {option.table for option in by_key.values()}
        return isinstance(raw, dict) and not get_close_matches(path[0], known, 1, _A_SLIP)
    if path[0] != "folders":
        return False
    folders = [option.name for option in by_key.values() if option.table == "folders"]
    is_above = any(folder.startswith(f"{path[1]}/") for folder in folders)  # one of ours that cannot be moved
    return not is_above and not get_close_matches(path[1], folders, 1, _A_SLIP)


def _strangers_text(path: tuple[str, ...]) -> str:
    what = f"a table {_bracketed(path[0])}" if len(path) == 1 else f"a folder {_quoted(path[1])}"
    return f"no feature and no installed extension has {what}. It is left as it is."


def found_text(option: Option, raw: object) -> str:
    """A wrong value, short and on one line; nothing of it where it may hold a secret."""
    if option.is_secret:
        return "something else (a secret, not shown)"
    if option.kind == "database address" and isinstance(raw, str):
        return "something else (not shown, it may hold a password)"
    if isinstance(raw, dict):
        return "a table"
    if isinstance(raw, list):
        return "a list" if option.kind != "list" else "a list that holds something else"
    if isinstance(raw, bool):
        return "true" if raw else "false"
    if isinstance(raw, str):
        text = toml_value(raw if len(raw) <= _LONGEST_SHOWN else raw[:_LONGEST_SHOWN] + "...")
        return f"{text} (not UTF-8)" if any("\ud800" <= letter <= "\udfff" for letter in raw) else text
    if isinstance(raw, int) and abs(raw) >> 256:
        return "a number of very many digits"
    return str(raw)


def suggestion(option: Option, raw: object) -> str:
    """A sentence with the right value that was perhaps meant; else nothing."""
    near = nearest_value(option, raw)
    return f" Did you mean '{near}'?" if near else ""


def _unknown(by_key: Mapping[str, Option], path: tuple[str, ...], raw: object, is_secret: bool) -> str:
    from difflib import get_close_matches

    options = [option for option in by_key.values() if option.is_secret is is_secret]
    table = path[0]
    if len(path) == 1:
        near = get_close_matches(table, sorted({option.table for option in by_key.values()}), 1)
        if isinstance(raw, dict):
            said = f"no feature and no installed extension has a table {_bracketed(table)}."
        elif near == [table]:
            return f"{_quoted(table)} should be a table: expected a line [{table}] and below it its options."
        else:
            said = f"{_quoted(table)} stands in no table."
            near = [option.key for option in options if option.name == table][:1] or near
    else:
        here = [option.name for option in options if option.table == table]
        near = get_close_matches(path[1], here, 1)
        said = f"{_bracketed(table)} has no option {_quoted(path[1])}."
        if not near:
            near = [option.key for option in options if option.name == path[1]][:1]
    return f"{said} Did you mean '{near[0]}'?" if near else said


def _bracketed(table: str) -> str:
    return f"[{table}]" if len(table) <= _LONGEST_SHOWN and table.isprintable() else f"[{_quoted(table)}]"


def _quoted(name: str) -> str:
    short = name if len(name) <= _LONGEST_SHOWN else name[:_LONGEST_SHOWN] + "..."
    return f"'{short}'" if short.isprintable() else toml_value(short)
