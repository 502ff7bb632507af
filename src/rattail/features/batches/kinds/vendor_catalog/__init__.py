"""A vendor's catalog: what the vendor sells, in what cases, at what cost from which day on."""

from rattail.features.batches.kinds.kind import Kind
from rattail.features.batches.kinds.vendor_catalog.judge import CatalogJudge

KIND = Kind(
    name="vendor_catalog",
    title="vendor catalog",
    judge=CatalogJudge,
    correctable=("code", "vendor_code", "brand", "description", "size", "case_size", "case_cost", "unit_cost"),
    needs_vendor=True,
)
