"""Making a shop up: products, what vendors sell them for, and how many there are. The same seed, the same shop."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import NamedTuple
from zlib import crc32

from rattail.features.sample.assortment import AISLES, Aisle, Family
from rattail.features.sample.produce import PLUS
from rattail.retail import amounts

CENT = amounts.SCALE // 100
_ORGANIC_PLU = 90_000
_FIRST_BULK_PLU = 6_000
_BY_THE_CASE = 100


class Vendor(NamedTuple):
    code: str
    name: str
    identifier: str


VENDORS = (
    Vendor("unfi", "United Natural Foods", "0065432109000"),
    Vendor("kehe", "KeHE Distributors", "0098765432100"),
    Vendor("alberts", "Albert's Organics", ""),
    Vendor("nordkorn", "Nordkorn Import", "5412345000013"),
)
UNFI, KEHE, ALBERTS, NORDKORN = range(len(VENDORS))


class Good(NamedTuple):
    """One product as it stands on the shelf; `key` and `kind` are its code, amounts are ten-thousandths."""

    aisle: Aisle
    kind: str
    key: str
    brand: str
    description: str
    size: str
    unit: str
    price: int
    is_organic: bool
    movement: int  # units sold in a week, about

    @property
    def is_weighed(self) -> bool:
        return self.unit == "pound"


class Offer(NamedTuple):
    """What a vendor sells a product for: `good` and `vendor` count from 0, `case_size` is in units."""

    good: int
    vendor: int
    code: str
    case_size: int
    case_cost: int
    is_preferred: bool

    @property
    def unit_cost(self) -> int:
        return amounts.divide(self.case_cost, self.case_size)


class Shop(NamedTuple):
    goods: list[Good]
    offers: list[Offer]

    def offers_of(self, vendor: int) -> list[Offer]:
        return [offer for offer in self.offers if offer.vendor == vendor]


def make_up(*, products: int, seed: int) -> Shop:
    """Make up a shop of so many products; every code is valid and none is there twice."""
    random = Random(f"rattail sample {seed}")  # noqa: S311 - no secret
    goods: list[Good] = []
    families: list[Family] = []
    numbers = _Numbers(random)
    for aisle, family, count in _shares(products):
        for good in _goods(aisle, family, count, numbers, random):
            goods.append(good)
            families.append(family)
    offers = [offer for at, good in enumerate(goods) for offer in _offers(at, good, families[at], numbers, random)]
    return Shop(goods, offers)


def _shares(products: int) -> Iterator[tuple[Aisle, Family, int]]:
    """How many products of each family; what does not fit into a small one goes to the first, which is large."""
    weight = sum(aisle.weight for aisle in AISLES)
    wanted = [
        (aisle, family, products * aisle.weight // weight // len(aisle.families))
        for aisle in AISLES
        for family in aisle.families
    ]
    taken = [min(count, _most(family)) for _, family, count in wanted]
    taken[0] += products - sum(taken)
    for (aisle, family, _), count in zip(wanted, taken, strict=True):
        yield aisle, family, count


def _most(family: Family) -> int:
    if not family.names:
        return 2 * len(PLUS)
    return _combinations(family) if family.numbering != "gtin" else _combinations(family) * _BY_THE_CASE


def _combinations(family: Family) -> int:
    words = (family.names, family.kinds, family.sizes, family.brands)
    product = 1
    for word in words:
        product *= word.count("|") + 1
    return product


def _goods(aisle: Aisle, family: Family, count: int, numbers: _Numbers, random: Random) -> Iterator[Good]:
    if not family.names:
        yield from _produce(aisle, family, count, random)
        return
    names, kinds, sizes, brands = (
        words.split("|") for words in (family.names, family.kinds, family.sizes, family.brands)
    )
    total = _combinations(family)
    picked = random.sample(range(total), min(count, total)) + list(range(total, count))
    for number in picked:
        packs, rest = divmod(number, total)
        rest, name = divmod(rest, len(names))
        rest, kind = divmod(rest, len(kinds))
        brand, size = divmod(rest, len(sizes))
        is_organic = random.randrange(100) < family.organic
        words = ("Organic" if is_organic else "", kinds[kind], names[name])
        yield Good(
            aisle,
            family.numbering,
            numbers.next_key(family, brands[brand]),
            brands[brand],
            " ".join(word for word in words if word),
            f"{packs + 1} x {sizes[size]}" if packs else sizes[size],
            family.unit,
            _price(family, random, is_organic=is_organic),
            is_organic,
            max(1, int(random.expovariate(0.2))),
        )


def _produce(aisle: Aisle, family: Family, count: int, random: Random) -> Iterator[Good]:
    for at in range(count):
        number, name, unit = PLUS[at % len(PLUS)]
        is_organic = at >= len(PLUS)
        yield Good(
            aisle,
            "plu",
            f"{number + _ORGANIC_PLU * is_organic:013d}",
            "",
            f"Organic {name}" if is_organic else name,
            "per lb" if unit == "pound" else "each",
            unit,
            _price(family, random, is_organic=is_organic),
            is_organic,
            20 + random.randrange(100),
        )


def _price(family: Family, random: Random, *, is_organic: bool) -> int:
    low, high = family.cents
    cents = int(low * (high / low) ** random.random())
    if is_organic:
        cents = cents * 5 // 4
    return (cents // 10 * 10 + 9) * CENT


def _offers(at: int, good: Good, family: Family, numbers: _Numbers, random: Random) -> Iterator[Offer]:
    """The preferred vendor's offer, and for every fifth product a dearer one of somebody else."""
    if good.aisle.name == "Produce":
        vendors = [ALBERTS]
    elif good.aisle.name == "Bulk":
        vendors = [KEHE]
    else:
        vendors = random.choices((UNFI, KEHE, NORDKORN), (60, 30, 10))
        if random.randrange(5) == 0:
            vendors.append(KEHE if vendors[0] == UNFI else UNFI)
    margin = random.randint(*family.margin)
    case_size = random.choice(family.cases)
    if good.unit == "pound" and case_size == 1:
        case_size = random.choice((10, 20, 25, 40))
    elif good.unit == "each" and case_size == 1 and good.kind == "plu":
        case_size = random.choice((12, 24, 30))
    for rank, vendor in enumerate(vendors):
        unit_cost = max(good.price // CENT * (100 - margin + 3 * rank) // 100, 1) * CENT
        yield Offer(at, vendor, numbers.next_item(vendor), case_size * amounts.SCALE, unit_cost * case_size, rank == 0)


class _Numbers:
    """Codes that nothing else has: of products by brand, of items by vendor."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._makers: dict[str, int] = {}
        self._products: dict[int, int] = {}
        self._items = [204_500, 100_200, 10_020, 5_001]
        self._weighed = 1_200
        self._bulk = _FIRST_BULK_PLU

    def next_key(self, family: Family, brand: str) -> str:
        if family.numbering == "plu":
            self._bulk += 1
            return f"{self._bulk:013d}"
        if family.numbering == "weighed":
            self._weighed += 3
            return f"002{self._weighed:05d}00000"
        maker = self._maker(brand)
        number = self._products.get(maker, 0) + self._random.randint(1, 7)
        self._products[maker] = number
        if maker >= _FIRST_EUROPEAN:
            return f"0{maker}{number:05d}"
        return f"00{maker}{number:05d}"

    def next_item(self, vendor: int) -> str:
        self._items[vendor] += self._random.randint(1, 9)
        number = self._items[vendor]
        return (f"{number:07d}", f"{number:07d}", f"{number:05d}", f"NK-{number:05d}")[vendor]

    def _maker(self, brand: str) -> int:
        """The six digits (seven of a European one) that all codes of a brand begin with."""
        if brand not in self._makers:
            spread = crc32(brand.encode())
            maker = 800_000 + spread % 90_000
            if brand in _EUROPEAN:
                maker = _FIRST_EUROPEAN + spread % 90_000
            while maker in self._makers.values():
                maker += 1
            self._makers[brand] = maker
        return self._makers[brand]


_FIRST_EUROPEAN = 5_400_000
_EUROPEAN = ("Casa Morela", "Monte Chiaro", "Nordhavn", "Olivella", "Amaia's")
