"""Texts as every database, mail and terminal can hold them."""

SUBJECT_LENGTH = 200


def one_line(text: str, *, length: int = SUBJECT_LENGTH) -> str:
    """A text as one line that fits into `length`: a line break in it becomes a space."""
    line = " ".join(clean(text).split())
    return line if len(line) <= length else f"{line[: length - 1].rstrip()}…"


def clean(text: str) -> str:
    """A text that every database and every mail can hold: what steers a terminal or is no letter is written out."""
    if text.isprintable():
        return text
    return "".join(
        letter if letter.isprintable() or letter in "\n\t" else _written_out(letter)
        for letter in text.replace("\r\n", "\n").replace("\r", "\n")
    )


def _written_out(letter: str) -> str:
    return " " if letter.isspace() else letter.encode("unicode_escape").decode()
