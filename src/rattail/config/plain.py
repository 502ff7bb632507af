"""Read the settings files that nearly everybody has without loading the TOML parser.

Loading and running it would cost as much as starting Python. Every plain line (a comment, `[table]`,
`name = value` on one line) is read here; at the first line that is anything else, or wrong, all is
left to the parser. What is read here is what the parser reads: a property test holds the two together.
"""

_BARE = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")
_MOST_DIGITS = 18
_WORDS: dict[str, object] = {"true": True, "false": False, "[]": []}


class _NotPlain(Exception):
    pass


def parse_plain(text: str) -> dict[str, object] | None:
    """The document, or None where the text is not plain (which does not make it wrong)."""
    document: dict[str, object] = {}
    table: dict[str, object] | None = None
    try:
        for raw_line in text.split("\n"):
            line = raw_line.strip(" ")
            if not line:
                continue
            if not line.isprintable():
                return None
            if line[0] == "#":
                continue
            if line[0] == "[":
                name = line[1:-1]
                if line[-1] != "]" or not name or not _BARE.issuperset(name) or name in document:
                    return None
                document[name] = table = {}
                continue
            key, value = _pair(line)
            if table is None or key in table:
                return None
            table[key] = value
    except _NotPlain:
        return None
    return document


def _pair(line: str) -> tuple[str, object]:
    if line[0] == '"':
        name, _, rest = line[1:].partition('"')
        if "\\" in name:
            raise _NotPlain
    else:
        name, _, rest = line.partition("=")
        name, rest = name.rstrip(" "), f"={rest}"
        if not name or not _BARE.issuperset(name):
            raise _NotPlain
    rest = rest.lstrip(" ")
    if rest[:1] != "=":
        raise _NotPlain
    return name, _value(rest[1:].lstrip(" "))


def _value(word: str) -> object:
    if word in _WORDS:
        return [] if word == "[]" else _WORDS[word]
    quote, inner = word[:1], word[1:-1]
    if quote in ('"', "'") and len(word) >= 2 and word[-1] == quote and quote not in inner:
        if quote == '"' and "\\" in inner:
            raise _NotPlain
        return inner
    if quote == "[" and word[-1] == "]":
        return [_value(piece.strip(" ")) for piece in inner.split(",")]
    if word.isascii() and word.isdigit() and len(word) <= _MOST_DIGITS and (word[0] != "0" or word == "0"):
        return int(word)
    raise _NotPlain
