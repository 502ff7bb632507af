"""Small EDI and XML files for tests, and what reading them yields."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from rattail.features.batches.reading.format import Format, Reading
from rattail.features.batches.reading.lines import Event, InvoiceCharge, InvoiceLine, InvoiceTotal, Remark
from rattail.features.batches.reading.source import Source, look_at

E = TypeVar("E")

ISA = "ISA*00*          *00*          *08*0065432109000  *ZZ*STORE01        *261120*0713*U*00401*000000101*0*P*>~"
UBL_NAMESPACE = "urn:oasis:names:specification:ubl:schema:xsd:"


def transaction(kind: str, body: str, *, control: str = "0001", count: int | None = None) -> str:
    """One X12 transaction set around the segments of `body`, which ends in `~`."""
    segments = body.count("~") + 2 if count is None else count
    return f"ST*{kind}*{control}~{body}SE*{segments}*{control}~"


def interchange(*sets: str, isa: str = ISA) -> str:
    """One X12 interchange with one group."""
    return f"{isa}GS*IN*SELLER*STORE*20261120*0713*7*X*004010~{''.join(sets)}GE*{len(sets)}*7~IEA*1*000000101~"


def message(kind: str, body: str, *, reference: str = "1", count: int | None = None) -> str:
    """One EDIFACT message around the segments of `body`, which ends in `'`."""
    segments = body.replace("?'", "").count("'") + 2 if count is None else count
    return f"UNH+{reference}+{kind}:D:96A:UN:EAN008'{body}UNT+{segments}+{reference}'"


def edifact(*messages: str, una: str = "") -> str:
    """One EDIFACT interchange."""
    return (
        f"{una}UNB+UNOC:3+5412345000013:14+8798765432106:14+261120:0713+77'{''.join(messages)}UNZ+{len(messages)}+77'"
    )


def ubl(body: str, *, kind: str = "Invoice") -> str:
    """One UBL document; elements of `body` have the prefixes `cac` and `cbc`."""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<{kind} xmlns="{UBL_NAMESPACE}{kind}-2" '
        f'xmlns:cac="{UBL_NAMESPACE}CommonAggregateComponents-2" '
        f'xmlns:cbc="{UBL_NAMESPACE}CommonBasicComponents-2">{body}</{kind}>'
    )


def source_of(folder: Path, content: str | bytes, *, name: str = "file.dat") -> Source:
    """The content as a file that was looked at."""
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return look_at(str(path))


def events_of(layout: Format, folder: Path, content: str | bytes) -> list[Event]:
    """What the format reads in a file with this content; the format recognises it."""
    source = source_of(folder, content)
    assert layout.recognise(source)
    return list(layout.read(source, Reading()))


def only(events: list[Event], kind: type[E]) -> list[E]:
    """The events of one kind."""
    return [event for event in events if isinstance(event, kind)]


def remarks(events: list[Event]) -> list[str]:
    return [remark.text for remark in only(events, Remark)]


def adds_up(events: list[Event]) -> bool:
    """Whether lines and charges come to the total, but for a cent."""
    total = sum(charge.amount for charge in only(events, InvoiceCharge))
    for line in only(events, InvoiceLine):
        amount = line.amount if line.amount is not None else (line.shipped or 0) * (line.cost or 0) / 10_000
        total += round(amount)
    told = only(events, InvoiceTotal)[0].amount
    return told is not None and abs(total - told) <= 100
