"""Noting that a unit of systemd failed; also where what failed is the database."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from rattail.errors import RattailError
from rattail.notices.kept import Kept, forget, keep


def note_failed_unit(
    unit: str,
    *,
    folder: str,
    host: str,
    now: datetime,
    open_records: Callable[[], None],
    refused: Callable[[Exception], RattailError | None],
) -> RattailError | None:
    """Note that `unit` failed: first in a file in `folder`, then in the records, after which the file goes.

    Returns why it stays in the file for now; None where it is in the records. `refused` says what an error of the
    database means.

    Raises:
        Exception: neither worked, or a fault of ours; the file stays.
    """
    text = f"systemd says that the unit {unit} failed. What it said is in the journal:\n    journalctl -u {unit}\n"
    notice = Kept(f"unit.failed:{unit}", f"{unit} failed on {host}", text, now)
    try:
        name = keep(folder, notice)
    except OSError:
        name = ""  # a full disk, perhaps: then the records are all there is
    try:
        open_records()
        from rattail.notices.note import note

        note(notice.key, subject=notice.subject, text=notice.text, now=notice.at)
    except Exception as error:
        told = error if isinstance(error, RattailError) else refused(error)
        if told is None or not name:
            raise
        return told
    if name:
        forget(folder, name)
    return None
