"""What all invoices in EDI and XML have in common: numbers that come twice, and charges."""

from collections.abc import Iterator, Sequence

from rattail.errors import InputRejected
from rattail.features.batches.reading.edi_values import Charge
from rattail.features.batches.reading.lines import InvoiceCharge, Remark

_MOST_CHARGES = 200_000
_MOST_NUMBERS = 1_000_000


class SeenNumbers:
    """The invoice numbers of one file; a number that comes again is remarked."""

    def __init__(self, row_word: str) -> None:
        self._row_word = row_word
        self._first: dict[str, tuple[int, int]] = {}

    def remarks(self, number: str, *, row: int, document: int) -> Iterator[Remark]:
        if not number:
            return
        if number in self._first:
            first_document, first_row = self._first[number]
            yield Remark(
                row,
                f"invoice {number} is in this file more than once: as invoice {first_document} "
                f"({self._row_word} {first_row}) and as invoice {document} ({self._row_word} {row})",
            )
        elif len(self._first) < _MOST_NUMBERS:
            self._first[number] = (document, row)


def charge_events(charges: Sequence[Charge], *, document: int) -> Iterator[InvoiceCharge]:
    """Charges as events; those of nothing are left out."""
    for charge in charges:
        if charge.amount:
            yield InvoiceCharge(charge.row, document, charge.label, charge.amount)


def most_charges(charges: Sequence[Charge], name: str) -> None:
    """Refuse an invoice with more charges than can be kept until its total is read.

    Raises:
        InputRejected: there are too many.
    """
    if len(charges) > _MOST_CHARGES:
        raise InputRejected(f"{name}: an invoice in it has more than {_MOST_CHARGES:,} allowances and charges.")
