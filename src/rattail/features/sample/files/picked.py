"""What goes into the sample files: the same shop, a little later."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from random import Random
from typing import NamedTuple

from rattail.features.sample.shop import CENT, Good, Shop
from rattail.retail import amounts
from rattail.retail.barcodes import CodeKind, check_digit, gtin14, printed
from rattail.retail.barcodes.check_digits import price_digit


class SampleFile(NamedTuple):
    """One file, and the words after `rattail make-batch` that read it (FILE stands for its path)."""

    name: str
    title: str
    content: bytes
    words: tuple[str, ...]


class Item(NamedTuple):
    """One item in a vendor's file; amounts are ten-thousandths."""

    good: Good
    code: str
    case_size: int
    case_cost: int

    @property
    def cases(self) -> int:
        """Units in a case as a plain number."""
        return self.case_size // amounts.SCALE

    @property
    def unit_cost(self) -> int:
        return amounts.divide(self.case_cost, self.case_size)

    @property
    def printed(self) -> str:
        return printed(self.good.key, CodeKind(self.good.kind))

    @property
    def digits(self) -> str:
        """Twelve digits and more, as files without short codes have it."""
        full = gtin14(self.good.key)
        return full[2:] if full[:2] == "00" else full[1:]


class Stage(NamedTuple):
    """Whom the files are about: the shop, its codes of vendors, and the day."""

    shop: Shop
    seed: int
    today: date
    currency: str
    store: str

    def random(self, subject: str) -> Random:
        return Random(f"rattail sample {subject} {self.seed}")  # noqa: S311 - no secret

    def day(self, days: int) -> date:
        return self.today + timedelta(days=days)


def items_of(stage: Stage, vendor: int, *, most: int, subject: str) -> list[Item]:
    """Some of a vendor's items, as they are in the records."""
    offers = stage.shop.offers_of(vendor)
    picked = sorted(stage.random(subject).sample(range(len(offers)), min(most, len(offers))))
    return [
        Item(stage.shop.goods[offers[at].good], offers[at].code, offers[at].case_size, offers[at].case_cost)
        for at in picked
    ]


def later_catalog(stage: Stage, vendor: int, *, most: int, subject: str) -> list[Item]:
    """A catalog of the vendor: one item in eight dearer or cheaper, one case size new, one cost beyond belief,
    and ten items that the shop does not have."""
    random = stage.random(f"{subject} costs")
    items = items_of(stage, vendor, most=most, subject=subject)
    for at, item in enumerate(items):
        if random.randrange(8) == 0:
            percent = random.choice((97, 98, 102, 103, 104, 106))
            items[at] = item._replace(case_cost=max(item.case_cost * percent // 100 // CENT, 1) * CENT)
    if len(items) > 4:
        items[1] = items[1]._replace(case_size=items[1].case_size * 2, case_cost=items[1].case_cost * 2 // CENT * CENT)
        items[3] = items[3]._replace(case_cost=items[3].case_cost * 10)
    return items + [_new_item(items[at], at, vendor) for at in range(min(10, len(items)))]


def sold(stage: Stage, *, most: int, subject: str) -> list[Good]:
    """Some products of the shop."""
    goods = stage.shop.goods
    return [goods[at] for at in sorted(stage.random(subject).sample(range(len(goods)), min(most, len(goods))))]


def priced_code(good: Good, pounds: int) -> str:
    """What the scale prints on one piece: the item, a digit that guards the price, and the price."""
    cents = min(amounts.multiply(good.price, pounds) // CENT, 9_999)
    price = f"{cents:04d}"
    digits = good.key[2:8] + price_digit(price) + price
    return digits + check_digit(digits)


def money(amount: int, *, least_decimals: int = 2) -> str:
    return amounts.text_of(amount, least_decimals=least_decimals)


def lines(rows: Sequence[Sequence[str]], delimiter: str, *, end: str = "\r\n", encoding: str = "utf-8") -> bytes:
    """Rows as text; the goods' names need quotes only where a comma separates."""
    import csv
    import io

    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator=end).writerows(rows)
    return text.getvalue().encode(encoding, errors="replace")


def _new_item(like: Item, at: int, vendor: int) -> Item:
    good = like.good._replace(
        kind="gtin",
        key=f"00899{vendor + 1:02d}{1000 + at * 7:06d}",
        brand="New Leaf Trading",
        description=f"{like.good.description} No. {at + 1}",
        unit="each",
        size="12 oz" if like.good.unit == "pound" else like.good.size,
    )
    code = {0: f"{990_001 + at:07d}", 1: f"{980_001 + at:07d}", 2: f"{97_001 + at:05d}", 3: f"NK-{9_001 + at:05d}"}[
        vendor
    ]
    return Item(good, code, 12 * amounts.SCALE, max(like.unit_cost // CENT, 49) * 12 * CENT)
