"""What has to be said of a count before it can be taken."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from rattail.errors import InputRejected

_LONGEST_REASON = 100


class Mode(StrEnum):
    """What a count does to the stock. There is no default: each of them is wrong where another one is meant."""

    REPLACE = "replace"
    ADJUST = "adjust"
    ZERO = "zero"
    VARIANCE = "variance"


class Duplicates(StrEnum):
    """What is done where one product is counted in several rows; asked where it happens."""

    ADD = "add"
    LAST = "last"
    ASK = ""


_MEANING = {
    Mode.REPLACE: "the stock is what was counted",
    Mode.ADJUST: "what the file says is added to the stock",
    Mode.ZERO: "as replace, and nothing is left of what was not counted in the departments that were",
    Mode.VARIANCE: "only a report, nothing is changed",
}


def check_settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings as the batch will keep them: `mode`, `counted_at` (aware, ISO), `duplicates` and `reason`.

    With `takes_scan_times` nobody said when it was counted: then the newest scan of the file tells, if it has times.

    Raises:
        InputRejected: says everything that is wrong, and which option to type.
    """
    kept = {name: str(settings.get(name) or "").strip() for name in ("mode", "counted_at", "duplicates", "reason")}
    faults: list[tuple[str, str]] = []
    if kept["mode"] not in list(Mode):
        modes = "; ".join(f"{mode} ({meaning})" for mode, meaning in _MEANING.items())
        said = f"there is no mode {kept['mode']!r}" if kept["mode"] else "a count needs a mode, and none is given"
        faults.append((f"{said}: expected {modes}", f"--mode {Mode.VARIANCE}"))
    if not _is_moment(kept["counted_at"]):
        said = f"counted at {kept['counted_at']!r}: expected a date and a time with a zone"
        faults.append((said, "--counted-at '2026-11-22 07:30'"))
    if kept["duplicates"] not in list(Duplicates):
        said = f"duplicates {kept['duplicates']!r}: expected add (rows of one product add up) or last (the last counts)"
        faults.append((said, f"--duplicates {Duplicates.ADD}"))
    if len(kept["reason"]) > _LONGEST_REASON:
        said = f"the reason has {len(kept['reason'])} letters: expected {_LONGEST_REASON} at most"
        faults.append((said, "--reason TEXT"))
    if faults:
        hint = " ".join(option for _, option in faults)
        raise InputRejected("; ".join(said for said, _ in faults) + ".", hint=f"for example: {hint}")
    moment = datetime.fromisoformat(kept["counted_at"]).isoformat()
    return {**kept, "counted_at": moment, "takes_scan_times": bool(settings.get("takes_scan_times"))}


def _is_moment(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False
