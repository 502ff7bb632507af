"""What an operator may ask for when a batch of invoices is made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rattail.errors import InputRejected

_LONGEST_REASON = 80  # with the number of the batch before it, it has to fit into the ledger
_SWITCHES = {"receive": (True, "--no-receive"), "take_costs": (False, "--take-costs"), "is_forced": (False, "--force")}
_HOLD = "hold_above_percent"


def check_settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings as a batch keeps them.

    `receive`: what was shipped goes into stock. `take_costs`: costs that differ from the catalog are taken over from
    the date of the invoice on, but for those that are further than `hold_above_percent` from it (0: however far).
    `reason` stands in the ledger of stock. `is_forced`: an invoice that is somewhere already is read all the same.

    Raises:
        InputRejected: names everything that is wrong, and the options to type.
    """
    faults: list[str] = []
    options: list[str] = []
    kept: dict[str, Any] = {}
    for name, (default, option) in _SWITCHES.items():
        kept[name] = settings.get(name, default)
        if not isinstance(kept[name], bool):
            faults.append(f"{name} is {kept[name]!r}: expected true or false")
            options.append(option)
    kept[_HOLD] = hold = settings.get(_HOLD, 0)
    if not isinstance(hold, int) or isinstance(hold, bool) or hold < 0:
        faults.append(f"{_HOLD} is {hold!r}: expected a whole number from 0 on")
        options.append("--hold-above PERCENT")
    kept["reason"] = settings.get("reason", "")
    if not isinstance(kept["reason"], str):
        faults.append(f"reason is {kept['reason']!r}: expected a text")
        options.append("--reason TEXT")
    elif len(kept["reason"]) > _LONGEST_REASON:
        faults.append(f"the reason has {len(kept['reason'])} characters: expected {_LONGEST_REASON} at most")
        options.append("--reason TEXT")
    unknown = [name for name in settings if name not in kept]
    if unknown:
        faults.append(f"a vendor invoice has no setting {', '.join(unknown)}: expected {', '.join(kept)}")
    if faults:
        raise InputRejected("; ".join(faults) + ".", hint=f"type {' '.join(options)}" if options else "")
    return kept
