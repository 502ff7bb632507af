"""The reason why a cell cannot be read, and the first tidying of any cell."""

_BLANKS = str.maketrans(dict.fromkeys("\u00a0\u2007\u2009\u202f\t\r\n", " ") | {"\u2212": "-", "\u2013": "-"})


class BadCell(Exception):
    """A cell that cannot be read; `reason` completes the sentence "it ..."."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def tidy(text: str) -> str:
    """The text with plain blanks, none at its ends, each run of them as one; any dash is a minus."""
    return " ".join(text.translate(_BLANKS).split())
