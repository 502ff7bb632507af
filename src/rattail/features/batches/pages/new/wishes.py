"""What a person chose in the form of a new batch, from text to a request of the service."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from django.http import QueryDict

from rattail.errors import InputRejected
from rattail.features.batches.models import Batch
from rattail.features.batches.reading.layout import BY_NAME
from rattail.features.batches.service.ground import Ground
from rattail.features.batches.service.plan import Request

_LONGEST = 255
_OLDEST_YEAR = 1980  # as of the dates in files
_MOST_COLUMNS = 200
_MOST_PERCENT = 100_000
#: Choices about the writing of a file that the form offers, where the file does not tell.
CHOICES = ("names_row", "decimals", "money", "cost_is", "dates", "quantity_is")


class Wishes(NamedTuple):
    """All texts as typed; `columns` are places (from 0) and what they hold, None where the file or the vendor's
    mapping says it. `changed` is the place of the column that was chosen last."""

    kind: str = ""
    vendor: str = ""
    store: str = ""
    format: str = "auto"
    mode: str = ""
    counted_at: str = ""
    duplicates: str = ""
    reason: str = ""
    description: str = ""
    effective: str = ""
    hold_above: str = ""
    receives: bool = True
    takes_costs: bool = False
    is_forced: bool = False
    is_remembered: bool = False
    options: Mapping[str, str] = {}
    check_digits: Mapping[int, bool] = {}
    columns: Mapping[int, str] | None = None
    changed: int = -1


def wishes_in(post: QueryDict) -> Wishes:
    """What a form says; whatever else is in it counts for nothing."""

    def text(name: str) -> str:
        return post.get(name, "").replace("\0", "").strip()[:_LONGEST]

    changed = text("changed")
    return Wishes(
        **{name: text(name) for name in ("kind", "vendor", "store", "mode", "counted_at", "duplicates", "reason")},
        **{name: text(name) for name in ("description", "effective", "hold_above")},
        format=text("format") or "auto",
        receives="receives" in post,
        takes_costs="takes_costs" in post,
        is_forced="force" in post,
        is_remembered="remember" in post,
        options={name: said for name in CHOICES if (said := text(f"set_{name}"))},
        check_digits={
            length: said == "yes" for length in range(1, 19) if (said := text(f"digits_{length}")) in ("yes", "no")
        },
        columns=_columns(post) if text("mapped") and text("mapped_kind") in ("", text("kind")) else None,
        changed=int(changed) if changed.isascii() and changed.isdigit() and len(changed) < 6 else -1,
    )


def wishes_of_batch(batch: Batch, ground: Ground) -> Wishes:
    """What was wished when a batch was made."""
    settings, answers = batch.settings, batch.answers
    counted = "" if settings.get("takes_scan_times") else _local(settings.get("counted_at", ""), ground)
    return Wishes(
        kind=batch.kind,
        vendor=batch.vendor.code if batch.vendor else "",
        store=batch.store.code if batch.store else "",
        format="auto",
        mode=str(settings.get("mode", "")),
        counted_at=counted,
        duplicates=str(settings.get("duplicates", "")),
        reason=str(settings.get("reason", "")),
        description=batch.description,
        effective=str(settings.get("effective", "")),
        hold_above=str(settings.get("hold_above_percent", "")),
        receives=bool(settings.get("receive", True)),
        takes_costs=bool(settings.get("take_costs", False)),
        options={name: str(said) for name, said in answers.get("options", {}).items() if name in BY_NAME},
    )


def request_of(wishes: Wishes, *, path: str, name: str, ground: Ground, hold_above: int) -> Request:
    """What the service is asked.

    Raises:
        InputRejected: a moment, a day or a number is none.
    """
    settings: dict[str, Any] = {"reason": wishes.reason}
    if wishes.kind == "inventory":
        settings |= {"mode": wishes.mode, "duplicates": wishes.duplicates}
        settings |= {"counted_at": _moment(wishes.counted_at, ground), "takes_scan_times": not wishes.counted_at}
    elif wishes.kind == "vendor_catalog":
        settings |= {"hold_above_percent": _percent(wishes, hold_above), "effective": _day(wishes.effective, ground)}
    elif wishes.kind == "vendor_invoice":
        settings |= {"receive": wishes.receives, "take_costs": wishes.takes_costs, "is_forced": wishes.is_forced}
        settings["hold_above_percent"] = _percent(wishes, hold_above)
    return Request(
        kind=wishes.kind,
        path=path,
        name=name,
        vendor=wishes.vendor or None,
        store=wishes.store or None,
        format=wishes.format,
        settings=settings,
        options=wishes.options,
        check_digits=wishes.check_digits,
        description=wishes.description,
        is_forced=wishes.is_forced,
    )


def _columns(post: QueryDict) -> dict[int, str]:
    found = {}
    for place in range(_MOST_COLUMNS):
        field = post.get(f"col_{place}", "")
        if field:
            found[place] = field[:40]
    return found


def _percent(wishes: Wishes, usual: int) -> int:
    text = wishes.hold_above
    if not text:
        return usual
    if not (text.isascii() and text.isdigit() and int(text[:9]) <= _MOST_PERCENT):
        raise InputRejected(f"hold changes above {text!r}: expected a number of percent such as 50; 0: hold none.")
    return int(text[:9])


def _moment(text: str, ground: Ground) -> str:
    """When it was counted, in the shop's time; nothing said: now, unless the file tells."""
    if not text:
        return ground.now.isoformat()
    try:
        moment = ground.moment(text).astimezone(UTC) if datetime.fromisoformat(text).year >= _OLDEST_YEAR else None
    except (ValueError, OverflowError):
        moment = None
    if moment is None:
        raise InputRejected(f"counted at {text!r}: expected a date and a time such as 2026-11-22 07:30.")
    if moment > ground.now:
        raise InputRejected(f"counted at {text}: that is in the future ({ground.time_zone}).")
    return moment.isoformat()


def _day(text: str, ground: Ground) -> str:
    try:
        return ground.today.isoformat() if not text else date.fromisoformat(text).isoformat()
    except ValueError:
        raise InputRejected(f"costs hold from {text!r}: expected a date such as {ground.today}.") from None


def _local(text: object, ground: Ground) -> str:
    """A moment as a form for dates and times wants it, in the shop's zone."""
    from zoneinfo import ZoneInfo

    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return ""
    return moment.astimezone(ZoneInfo(ground.time_zone)).strftime("%Y-%m-%dT%H:%M")
