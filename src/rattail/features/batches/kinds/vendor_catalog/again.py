"""Rows of a catalog that are judged again: as the lines they came from, with what a person corrected, and with the
rows that depend on them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from rattail.database.bulk import fetch_rows
from rattail.database.dialect import one_of
from rattail.features.batches.kinds.vendor_catalog.costs import two_sizes
from rattail.features.batches.models import CatalogRow
from rattail.features.batches.reading.lines import CatalogLine
from rattail.features.batches.statuses import Status
from rattail.retail.amounts import from_decimal
from rattail.retail.changes.journal import stored
from rattail.retail.records import RECORDS

_AMOUNTS = ("case_size", "case_cost", "unit_cost", "suggested_retail", "discount_amount", "discount_percent")
_DATES = ("effective", "discount_starts", "discount_ends")
_APART = int(Status.BAD_ROW | Status.REMOVED)
_ORGANIC = RECORDS["product"].fields.index("is_organic")


class Links(NamedTuple):
    """What rows of one catalog share where one of them depends on another."""

    names: set[str]  # vendor codes, and keys that stand for one
    keys: set[str]
    products: set[int]
    items: set[int]


def line_of(row: CatalogRow) -> CatalogLine:
    """A saved row as the line of a catalog, with the question that it may have left open."""
    values = {name: getattr(row, name) for name in _AMOUNTS}
    said: dict[str, Any] = {name: None if one is None else from_decimal(one) for name, one in values.items()}
    said |= {name: stored(getattr(row, name)) for name in _DATES}
    if said["case_size"] is None:
        said["case_size"], said["other_case_size"] = two_sizes(row.note)
    return CatalogLine(
        row=row.source_row,
        code=row.code,
        vendor_code=row.vendor_code,
        brand=row.brand,
        description=row.description,
        size=row.size,
        organic=_organic(row) if row.statuses & Status.NEW_PRODUCT else None,
        **said,
    )


def correct(row: CatalogRow, values: Mapping[str, Any]) -> None:
    """Put what a person says into a row. Of case cost and unit cost, the one that follows from the other goes.

    A row keeps both, whichever the file said. So a new case cost or case size gives another unit cost, and a new
    unit cost another case cost, unless both are said.
    """
    was_open = row.case_size is None
    for name, value in values.items():
        setattr(row, name, value)
    if "case_cost" in values and "unit_cost" in values:
        return
    if "unit_cost" in values:
        row.case_cost = None
    elif values.get("case_cost") is not None:
        row.unit_cost = None
    elif "case_size" in values and row.case_cost is not None:
        is_the_known_one = row.case_cost == row.old_case_cost and row.unit_cost is not None
        if was_open and is_the_known_one:
            row.case_cost = None
        else:
            row.unit_cost = None


def related_rows(batch_id: int, links: Links) -> set[int]:
    """The rows that share something with these links, or with a row that does, and so on.

    Among them one counts and the others are duplicates, one makes the product and the others use it, one is preferred.
    """
    found: set[int] = set()
    seen = Links(set(), set(), set(), set())
    while any(links):
        seen = Links(
            seen.names | links.names, seen.keys | links.keys, seen.products | links.products, seen.items | links.items
        )
        rows = _linked(batch_id, links)
        found.update(row[0] for row in rows)
        names = {row[1] for row in rows if row[1]}
        keys = {row[2] for row in rows if row[2]}
        links = Links(
            (names | keys) - seen.names,
            (names | keys) - seen.keys,
            {row[3] for row in rows if row[3]} - seen.products,
            {row[4] for row in rows if row[4]} - seen.items,
        )
    return found


def _linked(batch_id: int, links: Links) -> list[tuple[Any, ...]]:
    conditions, parameters = [], []
    columns: tuple[tuple[str, list[Any], str], ...] = (
        ("vendor_code", sorted(links.names), "text"),
        ("key", sorted(links.keys), "text"),
        ("product_id", sorted(links.products), "bigint"),
        ("vendor_item_id", sorted(links.items), "bigint"),
    )
    for column, values, kind in columns:
        if values:
            condition, parameter = one_of(column, values, kind=kind)
            conditions.append(condition)
            parameters.append(parameter)
    return fetch_rows(
        "SELECT sequence, vendor_code, key, product_id, vendor_item_id FROM batches_catalogrow "  # noqa: S608
        f"WHERE batch_id = %s AND statuses & {_APART} = 0 AND ({' OR '.join(conditions)})",
        [batch_id, *parameters],
    )


def _organic(row: CatalogRow) -> bool | None:
    """Whether the product that the row makes is organic: only the change knows."""
    rows = fetch_rows(
        "SELECT c.after FROM retail_change c JOIN batches_batch b ON b.number = c.batch "
        "WHERE b.id = %s AND c.sequence = %s AND c.record = 'product'",
        [row.batch_id, row.sequence],
    )
    if not rows:
        return None
    values = json.loads(rows[0][0]) if isinstance(rows[0][0], str) else rows[0][0]
    return bool(values[_ORGANIC])
