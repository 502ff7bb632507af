"""Why an upload is refused, beyond what every feature says: the web turns each into a status of its own."""

from __future__ import annotations

from rattail.errors import AppDirBroken, AppDirBusy, InputRejected


class TooLarge(InputRejected):
    """A file, or all files that wait together, would be larger than allowed."""


class Unsuited(InputRejected):
    """What a file holds, or is called, cannot be used."""


class NoRoom(AppDirBroken):
    """The disk has too little room for it."""


class OffsetElsewhere(AppDirBusy):
    """Bytes were sent for another place than the end of what is here; `offset` is where that is."""

    def __init__(self, message: str, *, offset: int, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.offset = offset
