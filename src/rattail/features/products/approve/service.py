"""Products that came with vendors' files: which wait for somebody to approve them, and approving them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import transaction

from rattail.audit.trail import record
from rattail.database.bulk import fetch_rows
from rattail.database.dialect import one_of
from rattail.database.refused import in_sentences
from rattail.errors import InputRejected, NoSuchThing
from rattail.retail.amounts import text_of
from rattail.retail.barcodes import BadCode, CodeRules
from rattail.retail.find import vendor_named
from rattail.retail.models import ProductCode
from rattail.retail.sheets.codes import code_text, read_code_text

_IDS_KEPT = 1000


class Wanted(NamedTuple):
    """Which of the pending products are meant; all that is said has to be true of them."""

    vendor: str | None = None
    batch: int | None = None
    codes: Sequence[str] = ()


class Pending(NamedTuple):
    """One product that waits. The vendor, its item, who brought it and what it costs are of its first item.

    `unit_cost` and `suggested_retail` are ten-thousandths; `batch` is None where no batch brought it.
    """

    id: int
    code: str
    brand: str
    description: str
    size: str
    vendor: str
    vendor_code: str
    unit_cost: int | None
    suggested_retail: int | None
    batch: int | None
    brought_by: str

    def shown(self) -> dict[str, Any]:
        """As `--json` gives it: amounts as decimals."""
        amounts = {
            name: None if value is None else text_of(value)
            for name, value in (("unit_cost", self.unit_cost), ("suggested_retail", self.suggested_retail))
        }
        return {**self._asdict(), **amounts, "batch": None if self.batch is None else f"{self.batch:08d}"}


class Waiting(NamedTuple):
    """How many products wait, and the first of them."""

    total: int
    products: list[Pending]


def pending_products(wanted: Wanted, *, limit: int) -> Waiting:
    """The products that wait for somebody to approve them, by age.

    Raises:
        NoSuchThing: there is no such vendor, or no product has such a code.
        InputRejected: a code cannot be read.
    """
    condition, parameters = _condition(wanted)
    count = int(fetch_rows(f"SELECT count(*) FROM retail_product p WHERE {condition}", parameters)[0][0])  # noqa: S608
    rows = fetch_rows(
        "SELECT p.id, c.kind, c.key, p.brand, p.description, p.size, v.code, i.code, k.unit_cost, "  # noqa: S608
        "k.suggested_retail, k.batch, k.recorded_by FROM retail_product p "
        "LEFT JOIN retail_productcode c ON c.product_id = p.id AND c.is_primary "
        "LEFT JOIN retail_vendoritem i ON i.id = (SELECT min(x.id) FROM retail_vendoritem x WHERE x.product_id = p.id) "
        "LEFT JOIN retail_vendor v ON v.id = i.vendor_id "
        "LEFT JOIN retail_vendorcost k ON k.id = (SELECT min(x.id) FROM retail_vendorcost x "
        f"WHERE x.vendor_item_id = i.id) WHERE {condition} ORDER BY p.id LIMIT {int(limit)}",
        parameters,
    )
    return Waiting(count, [_pending(row) for row in rows])


def approve_products(wanted: Wanted, *, actor: str, now: datetime) -> int:
    """Approve those products in one transaction, with an entry in the audit trail; returns how many.

    A batch that made one of them cannot be undone any more: it is not as the batch left it.

    Raises: as `pending_products`.
    """
    condition, parameters = _condition(wanted)
    with in_sentences(), transaction.atomic():
        rows = fetch_rows(
            f"UPDATE retail_product AS p SET is_pending = FALSE WHERE {condition} RETURNING id",  # noqa: S608
            parameters,
        )
        if rows:
            ids = sorted(row[0] for row in rows)
            details = {**wanted._asdict(), "codes": list(wanted.codes)[:_IDS_KEPT], "products": len(ids)}
            details["ids"] = ids[:_IDS_KEPT]
            record("approve products", "products", actor=actor, now=now, details=details)
    return len(rows)


def _condition(wanted: Wanted) -> tuple[str, list[Any]]:
    conditions, parameters = ["p.is_pending"], []
    if wanted.vendor is not None:
        conditions.append("p.id IN (SELECT x.product_id FROM retail_vendoritem x WHERE x.vendor_id = %s)")
        parameters.append(vendor_named(wanted.vendor).pk)
    if wanted.batch is not None:
        made = "SELECT x.record_id FROM retail_change x WHERE x.batch = %s AND x.record = 'product'"
        conditions.append(f"p.id IN ({made} AND x.action = 'insert')")
        parameters.append(wanted.batch)
    if wanted.codes:
        condition, values = one_of("p.id", _products(wanted.codes), kind="bigint")
        conditions.append(condition)
        parameters.append(values)
    return " AND ".join(conditions), parameters


def _products(codes: Sequence[str]) -> list[int]:
    rules = CodeRules({})
    found: list[int] = []
    for text in codes:
        try:
            code = read_code_text(text.strip(), rules)
        except BadCode as error:
            raise InputRejected(f"{error}.", hint="write a code as it is printed on the product") from None
        product = ProductCode.objects.filter(kind=code.kind, key=code.key).values_list("product_id", flat=True).first()
        if product is None:
            raise NoSuchThing(f"no product has the code {text!r}.", hint="see what waits: rattail approve-products")
        found.append(product)
    return found


def _pending(row: tuple[Any, ...]) -> Pending:
    product_id, kind, key, brand, description, size, vendor, vendor_code, unit_cost, retail, batch, brought_by = row
    return Pending(
        id=product_id,
        code=code_text(kind, key) if kind else "",
        brand=brand,
        description=description,
        size=size,
        vendor=vendor or "",
        vendor_code=vendor_code or "",
        unit_cost=unit_cost,
        suggested_retail=retail,
        batch=batch,
        brought_by=brought_by or "",
    )
