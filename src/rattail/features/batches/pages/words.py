"""Kinds, states, statuses and records of batches in the words of a shop."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal, NamedTuple

from rattail.features.batches.states import State
from rattail.features.batches.statuses import HELD, TITLES, Status
from rattail.web.listing import Badge

Tone = Literal["good", "warning", "bad", "quiet", "busy"]

KINDS = {
    "vendor_catalog": "Vendor catalog",
    "vendor_invoice": "Vendor invoice",
    "inventory": "Count",
    "csv_import": "Import of tables",
}
_STATES: dict[State, tuple[str, Tone, str]] = {
    State.NEW: ("waiting to be read", "busy", "Its file is here and will be read in the background."),
    State.READING: ("being read", "busy", "Its file is being read in the background."),
    State.READY: ("ready", "warning", "It was read. Nothing was changed yet: look at its rows, then execute it."),
    State.EXECUTING: ("being executed", "busy", "What it changes is being carried out."),
    State.EXECUTED: ("executed", "good", "What it changes was carried out. It can be undone."),
    State.UNDONE: ("undone", "quiet", "What it had changed was put back."),
    State.FAILED: ("not read", "bad", "Its file could not be read to the end. Nothing was changed."),
}
#: What a status means for the shop, and what to do about it.
EXPLAINED = {
    Status.NO_CHANGE: "The records say the same already.",
    Status.NEW_ITEM: "That this vendor sells it is new to us.",
    Status.NEW_PRODUCT: "Nothing of ours has this code: a product will be made, and waits for somebody to approve it.",
    Status.COST_CHANGE: "The cost is not the one we know.",
    Status.CASE_SIZE_CHANGE: "A case holds another number of units than we know.",
    Status.CODE_CHANGE: "The vendor gives a product that we know another item number.",
    Status.PRODUCT_CHANGE: "The vendor uses a known item number for another product now. Look whether that can be.",
    Status.RETAIL_CHANGE: "The vendor suggests another price for the customer.",
    Status.DISCOUNT_CHANGE: "A discount begins, ends or differs.",
    Status.QUANTITY_CHANGE: "The stock is not what was counted.",
    Status.PRODUCT_NOT_FOUND: "Nothing of ours has this code. Correct the code, or make the product first.",
    Status.COST_NOT_KNOWN: "We know no cost of this item to compare with.",
    Status.COST_DIFFERS: "The invoice charges another cost than the catalog says.",
    Status.DUPLICATE: "The same item stands in the file twice. Held back: remove one of the rows.",
    Status.SUSPICIOUS: "The change is unusually large. Held back: accept it, or correct the row.",
    Status.QUESTION: "Something is open about this row. Held back: its note says what; correct the row.",
    Status.BAD_ROW: "This row could not be understood. Set aside: correct it, or leave it out.",
    Status.OUT_OF_STOCK: "The vendor did not have it: nothing came.",
    Status.RECEIVED: "What came is added to the stock.",
    Status.REMOVED: "Somebody removed this row: it changes nothing. It can be put back.",
    Status.EDITED: "Somebody corrected or added this row.",
    Status.CASE_SIZE_NOT_KNOWN: "Cases are named, and nobody knows how many units a case holds. Say it in the row.",
    Status.NEGATIVE: "The quantity is below zero.",
    Status.NEW_RECORD: "It will be added.",
    Status.RECORD_CHANGE: "It is there, and will be changed.",
}
_BAD = Status.BAD_ROW
_DOUBTFUL = HELD | Status.PRODUCT_NOT_FOUND | Status.COST_DIFFERS | Status.CASE_SIZE_NOT_KNOWN | Status.NEGATIVE
_QUIET = Status.NO_CHANGE | Status.REMOVED | Status.OUT_OF_STOCK
#: Records as a sentence counts them: one, several.
_RECORDS = {
    "store": ("store", "stores"),
    "department": ("department", "departments"),
    "vendor": ("vendor", "vendors"),
    "product": ("product", "products"),
    "product_code": ("barcode", "barcodes"),
    "price": ("price", "prices"),
    "vendor_item": ("item of the vendor", "items of the vendor"),
    "vendor_cost": ("cost", "costs"),
    "stock": ("stock of a product", "stocks of products"),
    "stock_movement": ("line of the stock ledger", "lines of the stock ledger"),
    "invoice": ("invoice", "invoices"),
    "invoice_line": ("line of an invoice", "lines of invoices"),
}
FIELDS = {
    "code": "barcode",
    "vendor_code": "item number",
    "case_size": "units in a case",
    "case_cost": "cost of a case",
    "unit_cost": "cost of a unit",
    "on_hand": "in stock",
    "counted_at": "counted at",
    "suggested_retail": "suggested price",
    "is_preferred": "preferred vendor",
    "is_active": "active",
    "is_pending": "to be approved",
    "key": "code",
}


_CODES = {("vendor_item", "code"): "item number", ("store", "code"): "number", ("vendor", "code"): "short name"}


class StatusShown(NamedTuple):
    """A status of rows as a person meets it; `name` is its stable name, `rows` how many rows have it."""

    name: str
    title: str
    explained: str
    tone: Tone
    rows: int = 0


def kind_word(kind: str) -> str:
    return KINDS.get(kind, kind)


def state_badge(state: str) -> Badge:
    """A state of a batch in words, explained."""
    return Badge(*_STATES[State(state)])


def states() -> list[tuple[str, str]]:
    """Every state with its words, for a choice."""
    return [(state.value, word) for state, (word, _, _) in _STATES.items()]


@lru_cache(maxsize=1024)
def status_badge(statuses: int) -> Badge:
    """All statuses of one row in one badge, as bad as the worst of them."""
    return Badge(", ".join(TITLES[one] for one in Status(statuses)) or "nothing to say", tone_of(statuses))


def tone_of(statuses: int) -> Tone:
    if statuses & _BAD:
        return "bad"
    if statuses & _QUIET:
        return "quiet"
    return "warning" if statuses & _DOUBTFUL else "good"


def statuses_shown(counts: dict[str, int]) -> list[StatusShown]:
    """What is said of the counts of a batch, the most frequent first."""
    found = []
    for status, title in TITLES.items():
        name = (status.name or "").lower()
        if name in counts:
            found.append(StatusShown(name, title, EXPLAINED[status], tone_of(status), counts[name]))
    return sorted(found, key=lambda one: -one.rows)


def explained(statuses: int) -> list[StatusShown]:
    """Each status of one row, explained."""
    return [
        StatusShown((one.name or "").lower(), TITLES[one], EXPLAINED[one], tone_of(one)) for one in Status(statuses)
    ]


def record_word(record: str, count: int = 1) -> str:
    one, several = _RECORDS.get(record, (record.replace("_", " "), f"{record.replace('_', ' ')}s"))
    return one if count == 1 else several


def field_word(name: str, record: str = "") -> str:
    """What a field of a record is called; several records have a code, each of another kind."""
    return _CODES.get((record, name)) or FIELDS.get(name, name.removesuffix("_id").replace("_", " "))
