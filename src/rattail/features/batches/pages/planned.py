"""What executing a batch would do, in words and numbers."""

from __future__ import annotations

from typing import NamedTuple

from rattail.features.batches.models import Batch
from rattail.features.batches.pages.words import record_word
from rattail.features.batches.service.show import totals_of as totals_kept

_LEDGER = "the stock ledger gets a line for each stock that changes"


class Planned(NamedTuple):
    """How many records of one kind are added and changed; `word` is the kind in the plural."""

    record: str
    word: str
    added: int
    changed: int


def totals_of(batch: Batch) -> list[Planned]:
    """What a batch adds and changes, by kind of record."""
    counts: dict[str, dict[str, int]] = {}
    for record, action, count in totals_kept(batch):
        counts.setdefault(record, {})[action] = count
    return [
        Planned(record, record_word(record, 2), one.get("insert", 0), one.get("update", 0))
        for record, one in sorted(counts.items())
    ]


def sentences(totals: list[Planned]) -> list[str]:
    """What executing will do, one sentence for each kind of record."""
    said = []
    for one in totals:
        if one.added:
            is_one = one.added == 1
            said.append(f"{one.added:,} {record_word(one.record, one.added)} {'is' if is_one else 'are'} added")
        if one.changed:
            is_one = one.changed == 1
            said.append(f"{one.changed:,} {record_word(one.record, one.changed)} {'is' if is_one else 'are'} changed")
    if any(one.record == "stock" for one in totals):
        said.append(_LEDGER)
    return said
