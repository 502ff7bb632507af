"""`rattail approve-products`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from rattail.cli.command import command
from rattail.cli.console import counted, table
from rattail.cli.outcome import Outcome
from rattail.cli.session import Session
from rattail.errors import InputRejected

if TYPE_CHECKING:
    from rattail.features.products.approve.service import Pending

_LISTED = 50


@command("approve-products")
@click.argument("codes", nargs=-1, metavar="[CODE]...")
@click.option("--vendor", metavar="CODE", help="Only products that this vendor sells.")
@click.option("--batch", metavar="ID", help="Only products that this batch made.")
@click.option("--all", "is_all", is_flag=True, help="Approve all that would be listed.")
@click.option("--limit", type=click.IntRange(0), default=_LISTED, show_default=True, help="How many are listed.")
@click.option("--dry-run", is_flag=True, help="List what would be approved, and approve nothing.")
def approve_products(
    session: Session,
    codes: tuple[str, ...],
    vendor: str | None,
    batch: str | None,
    is_all: bool,
    limit: int,
    dry_run: bool,
) -> Outcome:
    """Approve products that came with vendors' files and that nobody knew; list them where none is named.

    Without CODE and without --all nothing is approved: the products that wait are listed. A batch that made one of
    the approved products cannot be undone any more.
    """
    if codes and is_all:
        raise InputRejected("CODE and --all are both given.", hint="name the products, or take all of them")
    session.open_records()
    from rattail.features.products.approve.service import Wanted, pending_products
    from rattail.features.products.approve.service import approve_products as approve
    from rattail.retail.numbers import parse_number

    wanted = Wanted(vendor, parse_number(batch, what="batch") if batch else None, codes)
    waiting = pending_products(wanted, limit=limit)
    is_approving = bool(codes or is_all)
    count = 0
    if is_approving and not dry_run:
        count = approve(wanted, actor=session.actor, now=datetime.now(UTC))
    data = {
        "is_dry_run": dry_run,
        "pending": waiting.total,
        "approved": count,
        "products": [one.shown() for one in waiting.products],
    }
    if not waiting.total:
        return Outcome(data, ["No product waits for that."], is_answer=not is_approving)
    lines = _table(waiting.products)
    if waiting.total < len(codes):
        lines.append("The others that are named do not wait: they are approved already.")
    if waiting.total > len(waiting.products):
        lines.append(f"... {waiting.total - len(waiting.products):,} more (--limit lists more)")
    if not is_approving:
        given = [*(("--vendor", vendor) if vendor else ()), *(("--batch", batch) if batch else ())]
        hint = session.hint_line("approve-products", *given, "--all")
        lines.append(f"{counted(waiting.total, 'product waits', 'products wait')}; approve all of them:  {hint}")
    else:
        verb, number = ("Would approve", waiting.total) if dry_run else ("Approved", count)
        lines.append(f"{verb} {counted(number, 'product')}.")
    return Outcome(data, lines, is_answer=not is_approving or dry_run)


def _table(products: list[Pending]) -> list[str]:
    rows = [("code", "product", "size", "vendor", "item", "unit cost", "retail", "batch", "brought by")]
    for one in products:
        shown = one.shown()
        name = f"{one.brand} {one.description}".strip()
        amounts = (shown["unit_cost"] or "", shown["suggested_retail"] or "")
        rows.append(
            (one.code, name, one.size, one.vendor, one.vendor_code, *amounts, shown["batch"] or "", one.brought_by)
        )
    return list(table(rows, right=(5, 6)))
