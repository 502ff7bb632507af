"""Of the codes of a product one is primary, of its vendor items one is preferred: keeping it at one."""

from __future__ import annotations

from collections.abc import Iterable

from rattail.database.bulk import fetch_rows
from rattail.database.dialect import one_of
from rattail.features.batches.kinds.seen import Seen


class OnlyOne:
    """Who is the one of each product: in the records, and after the rows that were judged already."""

    def __init__(self, table: str, column: str, title: str) -> None:
        self._table, self._column, self.title = table, column, title
        self._now: dict[int, int] = {}
        self._is_next = Seen()  # product -> the record that becomes the one
        self._was = Seen()  # records that stop being the one

    def look_up(self, products: Iterable[int]) -> None:
        """Ask for the ones of a chunk's products."""
        condition, values = one_of("product_id", sorted(set(products)), kind="bigint")
        rows = fetch_rows(
            f"SELECT product_id, id FROM {self._table} WHERE {self._column} AND {condition}",  # noqa: S608
            [values],
        )
        self._now = {int(product): int(id_) for product, id_ in rows}

    def current(self, product: int) -> int:
        """The one of a product, after what was judged already; 0 where there is none."""
        becomes = self._is_next.get(product)
        if becomes:
            return becomes
        now = self._now.get(product, 0)
        return 0 if now and self._was.get(now) else now

    def has_in_records(self, product: int) -> bool:
        return product in self._now

    def take(self, product: int, record_id: int) -> None:
        """From now on this record is the one."""
        self._is_next.first(product, record_id)

    def is_from_this_import(self, product: int) -> bool:
        return bool(self._is_next.get(product))

    def give_up(self, record_id: int) -> bool:
        """A record stops being the one; False where that was said already."""
        if self._was.get(record_id):
            return False
        self._was.first(record_id, 1)
        return True
