"""Small shops that hypothesis makes up, with whatever text, code, amount and date the records can hold."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from hypothesis import strategies as st

LARGEST = 10**14
_RECORDS = (
    *("store", "department", "vendor", "product", "product_code", "price", "vendor_item", "vendor_cost", "stock"),
    *("stock_movement", "invoice", "invoice_line"),
)
_LETTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
_TRICKY = st.sampled_from(
    ["=1+1", "+", "-5", "@SUM(A1)", "'", "''=", "\tx", "\ry", "\n", ' "q", ', "a\r\nb", " x ", "~a", ";", "true"]
)


def texts(longest: int) -> st.SearchStrategy[str]:
    return st.one_of(_TRICKY, st.text(_LETTERS, max_size=min(longest, 12)))


def names(longest: int) -> st.SearchStrategy[str]:
    return st.one_of(_TRICKY, st.text(_LETTERS, min_size=1, max_size=min(longest, 12)))


amounts = st.integers(-LARGEST, LARGEST)
maybe_amounts = st.one_of(st.none(), amounts)
days = st.dates(date(1990, 1, 1), date(2090, 1, 1)).map(date.isoformat)
maybe_days = st.one_of(st.none(), days)
moments = st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1)).map(lambda at: at.replace(tzinfo=UTC))  # noqa: DTZ001
maybe_moments = st.one_of(st.none(), moments)
flags = st.booleans()
numbers = st.one_of(st.none(), st.integers(-(2**31) + 1, 2**31 - 1))


def _key(draw: Any) -> tuple[str, str]:
    kind = draw(st.sampled_from(["gtin", "gtin", "gtin", "plu", "weighed"]))
    if kind == "plu":
        return kind, f"{draw(st.integers(1_000, 99_998)):013d}"
    if kind == "weighed":
        return kind, f"002{draw(st.integers(0, 99_999)):05d}00000"
    digits = draw(st.sampled_from([7, 8, 11, 12, 13]))
    return kind, f"{draw(st.integers(10 ** (digits - 1), 10**digits - 1)):013d}"


class MadeUp(NamedTuple):
    """Rows of every table by the record's name: an id, then the values of `Record.fields`."""

    rows: dict[str, list[tuple[Any, ...]]]


@st.composite
def shops(draw: Any) -> MadeUp:
    """A shop with references of every sort. Ids have gaps."""
    rows: dict[str, list[tuple[Any, ...]]] = {name: [] for name in _RECORDS}
    taken: set[tuple[Any, ...]] = set()

    def add(record: str, *values: Any, key: tuple[Any, ...]) -> int:
        """Add a row unless there is one of this key; returns its id, 0 where there was one."""
        if (record, *key) in taken:
            return 0
        taken.add((record, *key))
        id_ = 3 + 2 * len(rows[record])
        rows[record].append((id_, *values))
        return id_

    def some(record: str, least: int = 0) -> range:
        return range(draw(st.integers(least, 3), label=record))

    for record in ("store", "department", "vendor"):
        for _ in some(record, 1):
            code, name = draw(names(20)), draw(names(100).filter(str.strip))
            more = {"store": (draw(flags),), "department": (), "vendor": (draw(texts(40)), draw(flags))}[record]
            add(record, code, name, *more, key=(code,))
    for _ in some("product", 1):
        _add_product(draw, add, rows)
    stores, vendors, products = ([row[0] for row in rows[name]] for name in ("store", "vendor", "product"))
    for _ in some("price"):
        product, store = draw(st.sampled_from(products)), draw(st.sampled_from([None, *stores]))
        kind, starts = draw(st.sampled_from(["regular", "sale"])), draw(days)
        ends, amount = draw(maybe_days), draw(st.integers(0, LARGEST))
        ends = ends and max(starts, ends)
        add("price", product, store, kind, starts, ends, amount, key=(product, store, kind, starts))
    preferred: set[int] = set()
    for _ in some("vendor_item"):
        vendor, code, product = draw(st.sampled_from(vendors)), draw(names(40)), draw(st.sampled_from(products))
        is_preferred = draw(flags) and product not in preferred
        if add("vendor_item", vendor, code, product, is_preferred, draw(flags), key=(vendor, code)) and is_preferred:
            preferred.add(product)
    for item in [row[0] for row in rows["vendor_item"]]:
        for _ in some("vendor_cost"):
            effective = draw(days)
            costs = [draw(maybe_amounts) for _ in range(6)]
            add("vendor_cost", item, effective, *costs, draw(maybe_days), draw(maybe_days), key=(item, effective))
    for _ in some("stock"):
        store, product = draw(st.sampled_from(stores)), draw(st.sampled_from(products))
        add("stock", store, product, draw(amounts), draw(maybe_moments), key=(store, product))
        line = (
            store,
            product,
            draw(amounts),
            draw(amounts),
            draw(texts(100)),
            draw(numbers),
            draw(moments),
            draw(moments),
        )
        who = draw(texts(100))
        for time in range(draw(st.integers(0, 2))):  # the very same line twice is two lines
            add("stock_movement", *line, who, key=(*line, who, time))
    for _ in some("invoice"):
        _add_invoice(draw, add, vendors, stores, products)
    return MadeUp(rows)


def _add_product(draw: Any, add: Any, rows: dict[str, list[tuple[Any, ...]]]) -> None:
    departments = [row[0] for row in rows["department"]]
    unit = draw(st.sampled_from(["each", "pound", "kilogram", "case"]))
    told = (draw(texts(100)), draw(texts(255)), draw(texts(50)), unit, draw(st.sampled_from([None, *departments])))
    number = len(rows["product"])
    product = add("product", *told, draw(texts(20)), *(draw(flags) for _ in range(5)), key=(number,))
    has_primary = False
    for _ in range(draw(st.integers(0, 3))):
        kind, key = _key(draw)
        is_primary = not has_primary and draw(st.integers(0, 4)) > 0
        if add("product_code", product, kind, key, is_primary, key=(kind, key)):
            has_primary |= is_primary


def _add_invoice(draw: Any, add: Any, vendors: list[int], stores: list[int], products: list[int]) -> None:
    vendor, number, is_credit = draw(st.sampled_from(vendors)), draw(names(40)), draw(flags)
    head = (draw(st.sampled_from([None, *stores])), draw(maybe_days), draw(texts(3).map(lambda text: text[:3])))
    money = (draw(maybe_amounts), draw(amounts), draw(numbers))
    order = draw(texts(40))
    invoice = add("invoice", vendor, number, is_credit, *head, order, *money, key=(vendor, number, is_credit))
    if not invoice:
        return
    for position in range(draw(st.integers(0, 2))):
        product = draw(st.sampled_from([None, *products]))
        told = (draw(texts(50)), draw(texts(40)), draw(texts(255)))
        quantities = (draw(maybe_amounts), draw(maybe_amounts), draw(texts(10).map(lambda text: text[:10])))
        costs = [draw(maybe_amounts) for _ in range(4)]
        add(
            "invoice_line", invoice, position, product, *told, *quantities, *costs, draw(flags), key=(invoice, position)
        )
