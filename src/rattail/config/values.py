"""Values of options: from TOML or text to the option's type, and back to text."""

from rattail.config.kinds import is_right
from rattail.config.option import LARGEST_INTEGER, Option, Value
from rattail.config.render import toml_value


class WrongValue(Exception):
    """A value that its option does not take; what was expected is the option's to say."""


def check_value(option: Option, raw: object) -> Value:
    """Turn a value as TOML gives it into a value of the option's type.

    Raises:
        WrongValue: it is not one; no more is said, because the option knows what it expected.
    """
    match option.kind:
        case "integer":
            return _checked_integer(option, raw)
        case "boolean":
            if isinstance(raw, bool):
                return raw
            raise WrongValue
        case "list":
            if not isinstance(raw, list | tuple):
                raise WrongValue
            return tuple(_checked_text(one) for one in raw)
        case _:
            text = _checked_text(raw)
            if option.choices and text not in option.choices:
                raise WrongValue
            if option.kind != "text" and not is_right(option.kind, text):
                raise WrongValue
            return text


def parse_value(option: Option, text: str) -> Value:
    """Turn text (from a command line or an environment variable) into a value of the option's type.

    A list is written as `a,b`, or as TOML writes it where an entry holds a comma: `["a,b", "c"]`; a
    boolean as `true` or `false`. Raises `WrongValue` as `check_value`.
    """
    match option.kind:
        case "integer":
            word = text.strip()
            if not (word.isascii() and word.lstrip("+-").isdigit()):
                raise WrongValue
            try:
                return check_value(option, int(word))
            except ValueError:  # two signs, or thousands of digits
                raise WrongValue from None
        case "boolean":
            words = {"true": True, "false": False}
            return check_value(option, words.get(text.strip().lower()))
        case "list":
            if text.lstrip().startswith("["):
                return check_value(option, _parsed_list(text))
            return check_value(option, [one.strip() for one in text.split(",") if one.strip()])
        case _:
            return check_value(option, text)


def text_of(value: Value) -> str:
    """A value as people read it and as `parse_value` takes it back."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, tuple):
        return str(value)
    if all(one and one == one.strip() and "," not in one and not one.startswith("[") for one in value):
        return ",".join(value)
    return toml_value(value)


def _checked_integer(option: Option, raw: object) -> int:
    if isinstance(raw, bool) or not isinstance(raw, int) or abs(raw) > LARGEST_INTEGER:
        raise WrongValue
    if option.minimum is not None and raw < option.minimum:
        raise WrongValue
    if option.maximum is not None and raw > option.maximum:
        raise WrongValue
    return raw


def _checked_text(raw: object) -> str:
    """Any text but one with bytes that were no UTF-8: those could not be written to a file again."""
    if not isinstance(raw, str):
        raise WrongValue
    try:
        raw.encode()
    except UnicodeEncodeError:
        raise WrongValue from None
    return raw


def _parsed_list(text: str) -> object:
    import tomllib

    try:
        document = tomllib.loads(f"list = {text.strip()}")
    except (ValueError, RecursionError):
        raise WrongValue from None
    return document["list"] if len(document) == 1 else None
