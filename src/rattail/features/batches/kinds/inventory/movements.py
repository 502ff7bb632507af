"""What moved after it was counted, in words: notes of rows, and a remark on all of them."""

from __future__ import annotations

from rattail.database.bulk import change_rows, fetch_rows
from rattail.database.dialect import is_sqlite

_REMARK = "products that moved after they were counted: "


def tell_movements(store_id: int, counted_at: str) -> None:
    """Say in the table `counted` what moved since, such as `+72 (batch 00000001)` if all of it is of one batch."""
    number = "substr('00000000' || min(m.batch), -8)" if is_sqlite() else "right('00000000' || min(m.batch), 8)"
    is_one = "min(m.batch) = max(m.batch) AND count(m.batch) = count(*)"
    batch = (
        f"SELECT CASE WHEN {is_one} THEN ' (batch ' || {number} || ')' END "  # noqa: S608
        "FROM retail_stockmovement m WHERE m.store_id = %s AND m.product_id = counted.product_id AND m.at > %s"
    )
    change_rows(
        f"UPDATE counted SET moved = CASE WHEN later > 0 THEN '+' ELSE '' END || {shown('later')} "  # noqa: S608
        f"|| COALESCE(({batch}), '') WHERE later <> 0",
        [store_id, counted_at],
    )


def remarks_on_movements() -> list[str]:
    """A remark, where what was counted is not what will be there."""
    count = int(fetch_rows("SELECT count(*) FROM counted WHERE later <> 0 AND will_be IS NOT NULL")[0][0])
    if not count:
        return []
    return [f"{_REMARK}{count:,}; what came and went since is added to what was counted, as the notes of rows say."]


def is_remark_on_movements(text: str) -> bool:
    return text.startswith(_REMARK)


def shown(amount: str) -> str:
    """SQL for ten-thousandths as people write them: `2.5`; for statements with parameters."""
    text = f"printf('%%.4f', {amount} / 10000.0)" if is_sqlite() else f"round({amount} / 10000.0, 4)::text"
    return f"rtrim(rtrim({text}, '0'), '.')"
