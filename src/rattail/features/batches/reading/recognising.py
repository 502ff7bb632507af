"""Whether a file is a table that the generic formats can read without a mapping, and of which kind."""

from collections.abc import Container, Sequence

from rattail.errors import InputRejected
from rattail.features.batches.reading.columns import is_known_for, match_columns
from rattail.features.batches.reading.source import Source
from rattail.features.batches.reading.tables import open_table

_MOST_SHOWN = 4
#: Of each kind, the fields of which it has to have one: each group at least one.
NEEDED = {
    "vendor_catalog": (("code", "vendor_code"), ("case_cost", "unit_cost", "cost")),
    "vendor_invoice": (
        ("code", "vendor_code"),
        ("shipped", "ordered"),
        ("case_cost", "unit_cost", "cost", "amount"),
    ),
    "inventory": (("code",), ("units", "cases")),
}


def names_of(source: Source, kind: str) -> tuple[int, Sequence[str]]:
    """The row with the names of the columns and the names, by what is known of a kind; 0 where there is none.

    Raises:
        InputRejected: it is a spreadsheet that cannot be opened.
    """
    table = open_table(source, is_known=is_known_for(kind))
    return table.names_row, tuple(table.names)


def missing_fields(fields: Container[str], kind: str) -> list[tuple[str, ...]]:
    """The groups of fields of which a file has none and needs one."""
    return [group for group in NEEDED[kind] if not any(field in fields for field in group)]


def _has_prices(names: Sequence[str]) -> bool:
    """Whether there are prices for a case or a unit: then `Case` and `Each` are rather prices than counts."""
    found = match_columns(names, "vendor_catalog").fields
    return any(field in found for field in ("case_cost", "unit_cost", "suggested_retail"))


def recognised_table(source: Source, *, kind: str) -> str:
    """Why a file looks like a table of this kind, as a phrase; empty where it does not. Never raises."""
    if source.container not in ("text", "xlsx", "xls"):
        return ""
    try:
        row, names = names_of(source, kind)
    except InputRejected:
        return ""
    fields = match_columns(names, kind).fields if row else {}
    if not row or missing_fields(fields, kind) or (kind == "inventory" and _has_prices(names)):
        return ""
    shown = [names[place] for place in sorted(fields.values())]
    more = f" and {len(shown) - _MOST_SHOWN} more known columns" if len(shown) > _MOST_SHOWN else ""
    return f"its row {row} names {', '.join(shown[:_MOST_SHOWN])}{more}"
