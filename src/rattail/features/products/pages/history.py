"""What a product cost and costs: by vendor item, as a table and as a line."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from django.utils.safestring import SafeString

from rattail.retail.models import VendorCost, VendorItem
from rattail.web import charts, show

_MOST_ITEMS = 20
_MOST_COSTS = 500  # of all items together, the newest


class Item(NamedTuple):
    """What one vendor calls the product, and what it costs there, the newest first."""

    item: VendorItem
    costs: tuple[VendorCost, ...]
    chart: SafeString
    in_force: VendorCost | None
    scheduled: tuple[VendorCost, ...]


def items_of(product: int, *, today: date, has_costs: bool) -> list[Item]:
    """The vendor items of a product, the preferred one first; two queries."""
    found = VendorItem.objects.filter(product_id=product).select_related("vendor")
    items = list(found.order_by("-is_preferred", "-is_active", "vendor__code", "code")[:_MOST_ITEMS])
    costs: dict[int, list[VendorCost]] = {item.pk: [] for item in items}
    if has_costs:
        for cost in VendorCost.objects.filter(vendor_item__in=items).order_by("-effective")[:_MOST_COSTS]:
            costs[cost.vendor_item_id].append(cost)
    return [_item(item, costs[item.pk], today) for item in items]


def _item(item: VendorItem, costs: Sequence[VendorCost], today: date) -> Item:
    begun = [cost for cost in costs if cost.effective <= today]
    scheduled = tuple(reversed([cost for cost in costs if cost.effective > today]))
    return Item(item, tuple(costs), _chart(item, costs, today), begun[0] if begun else None, scheduled)


def _chart(item: VendorItem, costs: Sequence[VendorCost], today: date) -> SafeString:
    known = [(cost.effective, cost.unit_cost) for cost in reversed(costs) if cost.unit_cost is not None]
    if len(known) < 2:
        return SafeString("")
    first, last = known[0][0], max(known[-1][0], today)
    days = (last - first).days or 1
    points = [
        charts.Point((effective - first).days / days, float(cost), f"{effective.isoformat()}: {show.money(cost)}")
        for effective, cost in known
    ]
    return charts.steps(f"Unit cost of {item.vendor.code} {item.code} over time; the table says the same", points)
