"""What stores and vendors may be called."""

from __future__ import annotations

from rattail.errors import InputRejected

_LONGEST_CODE = 20
_LONGEST_NAME = 100


def checked_code(code: str, *, what: str) -> str:
    """The code of a `what`, without blanks around it.

    Raises:
        InputRejected: it is empty, too long, or has signs that cannot be shown.
    """
    plain = code.strip()
    if not plain or len(plain) > _LONGEST_CODE or not plain.isprintable():
        raise InputRejected(
            f"{plain!r} cannot be the code of a {what}: expected 1 to {_LONGEST_CODE} letters or digits."
        )
    return plain


def checked_name(name: str, *, what: str) -> str:
    """The name of a `what`, without blanks around it.

    Raises:
        InputRejected: it is empty, too long, or has signs that cannot be shown.
    """
    plain = name.strip()
    if not plain or len(plain) > _LONGEST_NAME or not plain.isprintable():
        raise InputRejected(
            f"{plain!r} cannot be the name of a {what}: expected 1 to {_LONGEST_NAME} letters, all in one line."
        )
    return plain
