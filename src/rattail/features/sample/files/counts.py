"""Counts of stock, as people and their handheld counters write them."""

from __future__ import annotations

from collections.abc import Iterator

from rattail.features.sample.files.edi import x12
from rattail.features.sample.files.picked import SampleFile, Stage, lines, priced_code, sold
from rattail.features.sample.shop import CENT, Good
from rattail.retail import amounts
from rattail.retail.barcodes import CodeKind, gtin14, printed


def count_files(stage: Stage) -> Iterator[SampleFile]:
    yield _file(stage, "count.csv", "a count as code and quantity", _plain(stage))
    yield _file(stage, "palm-count.csv", "a count of a Palm", _palm(stage))
    yield _file(stage, "wince-count.txt", "a count of a Windows CE counter", _wince(stage))
    yield _file(stage, "opticon-SCANNED.TXT", "scans of an Opticon, with labels of the scale", _opticon(stage))
    yield _file(stage, "wis-count.txt", "a count by a service (WIS), in fixed columns", _wis(stage))
    yield _file(stage, "846.x12", "X12 846 inventory report", _x12_846(stage))


def _file(stage: Stage, name: str, title: str, content: bytes) -> SampleFile:
    words = ("inventory", "FILE", "--store", stage.store, "--mode", "replace", "--reason", "count")
    return SampleFile(name, title, content, words)


def _counted(stage: Stage, subject: str, *, most: int) -> Iterator[tuple[Good, int]]:
    """Products and how many there are, in ten-thousandths of their unit."""
    random = stage.random(f"{subject} quantities")
    for good in sold(stage, most=most, subject=subject):
        units = max(1, good.movement * random.randint(2, 4))
        yield good, units * amounts.SCALE + (random.randrange(1, 100) * CENT if good.is_weighed else 0)


def _plain(stage: Stage) -> bytes:
    rows = [["code", "quantity"]]
    for good, quantity in _counted(stage, "plain count", most=120):
        rows.append([printed(good.key, CodeKind(good.kind)), amounts.text_of(quantity, least_decimals=0)])
    return lines(rows, ",")


def _packaged(stage: Stage, subject: str, *, most: int) -> Iterator[tuple[Good, int]]:
    return ((good, quantity) for good, quantity in _counted(stage, subject, most=most) if not good.is_weighed)


def _palm(stage: Stage) -> bytes:
    """Codes without check digits, as it always wrote them."""
    rows = [["upc", "cases", "units"]]
    for good, quantity in _packaged(stage, "palm count", most=60):
        rows.append([good.key.lstrip("0"), "0", str(quantity // amounts.SCALE)])
    return lines(rows, ",")


def _wince(stage: Stage) -> bytes:
    parts = [
        f"{good.key.lstrip('0')}\r\n0\r\n{quantity // amounts.SCALE}\r\n"
        for good, quantity in _packaged(stage, "wince count", most=60)
    ]
    return "".join(parts).encode()


def _opticon(stage: Stage) -> bytes:
    """One line a scan."""
    random = stage.random("opticon pounds")
    rows = []
    for at, (good, _) in enumerate(_counted(stage, "opticon count", most=80)):
        if good.kind == "plu":
            continue
        if good.kind == "weighed":
            code, scanned = priced_code(good, random.randint(3, 20) * amounts.SCALE // 8), "1"
        else:
            code, scanned = gtin14(good.key)[2 if good.key[0:2] == "00" else 1 :], str(random.randint(1, 24))
        rows.append([code, scanned, "003278", f"14:{at // 60 % 60:02d}:{at % 60:02d}", f"{stage.day(-1):%d/%m/%Y}"])
    return lines(rows, ",")


def _wis(stage: Stage) -> bytes:
    parts = []
    for good, quantity in _packaged(stage, "wis count", most=60):
        if good.key[:2] != "00":
            continue
        name = f"{good.brand} {good.description}".upper().encode("ascii", errors="replace").decode()[:18]
        cost, retail = good.price * 65 // 100, good.price // CENT
        parts.append(f"{good.key[2:]}  {name:<18}{cost:07d}{retail:05d}{quantity // amounts.SCALE:06d}000\r\n")
    return "".join(parts).encode()


def _x12_846(stage: Stage) -> bytes:
    day = f"{stage.day(-1):%Y%m%d}"
    segments = [f"BIA*00*DD*CNT{day}*{day}*0700", f"N1*WH*Sample store*92*{stage.store}"]
    counted = [(good, quantity) for good, quantity in _packaged(stage, "846", most=40) if good.key[:2] == "00"]
    for at, (good, quantity) in enumerate(counted, 1):
        segments += [f"LIN*{at}*UP*{gtin14(good.key)[2:]}", f"QTY*17*{quantity // amounts.SCALE}*EA"]
    segments.append(f"CTT*{len(counted)}")
    return x12(segments, group="IB", transaction="846", sender="SAMPLECOUNT", day=stage.day(-1))
