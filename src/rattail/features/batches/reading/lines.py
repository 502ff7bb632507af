"""What reading a file yields: lines of a catalog, an invoice or a count, and what is wrong with others.

Amounts of money and quantities are whole numbers of ten-thousandths (1/10,000); dates are ISO texts
(`2026-11-22`); codes are as they stand in the file, because only the whole column tells how to read
them. `row` is what a person would look for: the row of a table, counted from 1 with headings, the
segment of an EDI file, the line of an XML invoice.
"""

from typing import Literal, NamedTuple

Unit = Literal["case", "each", "pound", "kilogram"]


class CatalogLine(NamedTuple):
    """One item that a vendor sells.

    `case_size` is units in a case. `other_case_size` is a second candidate where the file has two and
    does not say which; the known cost decides. A discount lasts from `discount_starts` to
    `discount_ends`, both included. `discount_percent` is ten-thousandths of one percent.
    """

    row: int
    code: str = ""
    vendor_code: str = ""
    brand: str = ""
    description: str = ""
    size: str = ""
    case_size: int | None = None
    case_cost: int | None = None
    unit_cost: int | None = None
    suggested_retail: int | None = None
    effective: str | None = None
    discount_amount: int | None = None
    discount_percent: int | None = None
    discount_starts: str | None = None
    discount_ends: str | None = None
    other_case_size: int | None = None
    organic: bool | None = None
    department: str = ""


class InvoiceHead(NamedTuple):
    """Where an invoice begins; `document` counts the invoices of one file from 1."""

    row: int
    document: int
    number: str
    date: str | None = None
    is_credit: bool = False
    currency: str = ""  # ISO 4217; empty: the file does not say
    order_number: str = ""
    vendor_id: str = ""  # as the vendor calls itself: GLN, DUNS, its own number
    vendor_name: str = ""


class InvoiceLine(NamedTuple):
    """One line of an invoice.

    `ordered` and `shipped` count in `unit`; the shipped quantity of a credit is what comes back, positive
    in a credit note and negative where an ordinary invoice takes something back, as the file has it.
    `cost` is for one `unit`, `amount` for the line, each None where the file does not say.
    """

    row: int
    document: int
    number: str = ""
    code: str = ""
    vendor_code: str = ""
    brand: str = ""
    description: str = ""
    size: str = ""
    ordered: int | None = None
    shipped: int | None = None
    unit: Unit = "each"
    case_size: int | None = None
    cost: int | None = None
    amount: int | None = None
    is_out_of_stock: bool = False


class InvoiceCharge(NamedTuple):
    """Freight, a deposit, tax, or an allowance (negative): part of the total, not of the goods."""

    row: int
    document: int
    label: str
    amount: int


class InvoiceTotal(NamedTuple):
    """Where an invoice ends: what it says of itself, None where it does not say.

    `is_checked_by_lines`: lines and charges of the file are meant to add up to `amount`.
    """

    row: int
    document: int
    amount: int | None = None
    line_count: int | None = None
    is_checked_by_lines: bool = True


class CountLine(NamedTuple):
    """One count of one item; `code` may be a code with a price or weight in it, counted once."""

    row: int
    code: str
    cases: int = 0
    units: int = 0
    counted_at: str | None = None  # ISO date and time without a zone: the shop's
    location: str = ""
    description: str = ""


class Problem(NamedTuple):
    """A row that is set aside: which, what stands there, and what was expected. `column` as the file names it."""

    row: int
    column: str
    value: str
    reason: str
    code: str = ""  # what of the row could be read, so that a person can find the item
    vendor_code: str = ""
    description: str = ""


class Remark(NamedTuple):
    """Something about the whole file that a person should know: a fault in an envelope, a formula's value."""

    row: int
    text: str


Line = CatalogLine | InvoiceLine | CountLine
Event = Line | InvoiceHead | InvoiceCharge | InvoiceTotal | Problem | Remark
