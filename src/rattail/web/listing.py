"""Lists: what they show, how they are filtered, where the next rows begin. One description for page and download."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple, cast

from rattail.errors import NoSuchThing
from rattail.registry import Registry, load_target
from rattail.site import Site
from rattail.web.access import Person

CellKind = Literal["text", "code", "number", "money", "quantity", "day", "moment", "size", "yes"]
PAGE_ROWS = 100
_STREAM_ROWS = 5000


class Column(NamedTuple):
    """One column. `money` and `quantity` are ten-thousandths, `moment` an aware datetime, `size` bytes; a `code`
    is text that must never become a number (barcodes, account numbers)."""

    name: str
    title: str
    kind: CellKind = "text"


class Link(NamedTuple):
    """A cell that leads to a page."""

    text: str
    address: str


class Badge(NamedTuple):
    """A cell that says a state: in words, and by a colour that repeats them."""

    text: str
    tone: Literal["good", "warning", "bad", "quiet", "busy"] = "quiet"
    explained: str = ""


Cell = str | int | bool | object | None


class Filter(NamedTuple):
    """One way to narrow a list. A choice gets its (value, label) pairs from `choices`."""

    name: str
    title: str
    kind: Literal["text", "choice", "day"] = "text"
    choices: Sequence[tuple[str, str]] | Callable[[Site, Person], Sequence[tuple[str, str]]] = ()


class Asked(NamedTuple):
    """What is wanted of a list: at most `limit` rows that come after the row which `after` stands for."""

    site: Site
    person: Person
    filters: Mapping[str, str]
    after: str = ""
    limit: int = PAGE_ROWS


class Chunk(NamedTuple):
    """Some rows, each in the order of the columns, and where the next ones begin; empty: there are no more.

    `marks` may hold a CSS class for each row.
    """

    rows: Sequence[Sequence[Cell]]
    after: str = ""
    marks: Sequence[str] = ()


class Listing(NamedTuple):
    """A list. `select` is one query whatever the depth: it seeks by `after`, and never counts or skips rows.

    `filters` are names of what may narrow it; anything else that a request says is ignored. `fixed` are names that
    an address gives rather than the person (the number of a batch): they come in `Asked.filters` as well. `note`
    says beneath the title what one looks at; `empty` what to do where there is nothing.
    """

    name: str
    title: str
    columns: tuple[Column, ...]
    select: Callable[[Asked], Chunk]
    filters: tuple[Filter, ...] = ()
    fixed: tuple[str, ...] = ()
    empty: str = "There is nothing here yet."
    counted: Callable[[Asked], int] | None = None

    def wanted(self, given: Mapping[str, str]) -> dict[str, str]:
        """The filters in what was given, without the empty ones."""
        names = (*(each.name for each in self.filters), *self.fixed)
        return {name: text for name in names if (text := given.get(name, "").strip().replace("\0", ""))}

    def stream(self, site: Site, person: Person, filters: Mapping[str, str]) -> Iterator[Sequence[Cell]]:
        """All rows, some thousands at a time."""
        asked = Asked(site, person, self.wanted(filters), limit=_STREAM_ROWS)
        while True:
            chunk = self.select(asked)
            yield from chunk.rows
            if not chunk.after:
                return
            asked = asked._replace(after=chunk.after)


def listing_of(registry: Registry, name: str) -> Listing:
    """A declared list by its name.

    Raises:
        NoSuchThing: no feature declares it.
    """
    declared = registry.lists.get(name)
    if declared is None:
        raise NoSuchThing(f"there is no list '{name[:60]}'.")
    return cast("Listing", load_target(declared.target))
