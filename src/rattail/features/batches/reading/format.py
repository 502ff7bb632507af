"""What a format module declares, and what it is given to read with."""

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from rattail.features.batches.reading.layout import Layout
from rattail.features.batches.reading.lines import Event
from rattail.features.batches.reading.source import Source

Kind = str  # "vendor_catalog", "vendor_invoice", "inventory"


class Reading(NamedTuple):
    """What the reader may need to know beside the file.

    `mapping` is the vendor's saved column mapping (None: none is saved); `options` are answers that were
    given on the command line; `currency` is the shop's.
    """

    mapping: Layout | Mapping[str, object] | None = None
    options: Mapping[str, str] = {}
    currency: str = "USD"


class Format(NamedTuple):
    """One layout of files.

    `recognise` looks at the beginning of a file, never raises, and returns why the file looks like this
    format, as a phrase ("its first line names UPRD and CAVD"), or an empty text. `read` yields events in the
    order of the file; a bad row is a `Problem`, a file that cannot be read at all an `InputRejected`.
    `codes` yields only the item codes of the same file, as quickly as possible, for the vote on check digits;
    without it they are taken from `read`. `row_word` is what `row` counts. A `is_generic` format steps back
    where another one recognises the file as well.
    """

    name: str
    title: str
    kind: Kind
    recognise: Callable[[Source], str]
    read: Callable[[Source, Reading], Iterator[Event]]
    codes: Callable[[Source, Reading], Iterator[str]] | None = None
    row_word: str = "row"
    is_generic: bool = False
    has_check_digit: bool | None = None  # the layout's own rule; None: the column votes
