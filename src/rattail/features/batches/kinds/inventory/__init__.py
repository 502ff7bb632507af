"""A count: what is in the store, as somebody counted it."""

from rattail.features.batches.kinds.inventory.judge import CountJudge
from rattail.features.batches.kinds.inventory.settings import check_settings
from rattail.features.batches.kinds.kind import Kind

KIND = Kind(
    name="inventory",
    title="count",
    judge=CountJudge,
    correctable=("code", "cases", "units"),
    needs_store=True,
    check_settings=check_settings,
)
