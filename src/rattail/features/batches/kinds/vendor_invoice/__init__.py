"""A vendor's invoice: what was charged and shipped, recorded, compared with the catalog, received into stock."""

from rattail.features.batches.kinds.kind import Kind
from rattail.features.batches.kinds.vendor_invoice.judge import InvoiceJudge
from rattail.features.batches.kinds.vendor_invoice.settings import check_settings

KIND = Kind(
    name="vendor_invoice",
    title="vendor invoice",
    judge=InvoiceJudge,
    correctable=("code", "vendor_code", "shipped", "unit", "case_size", "unit_cost", "amount"),
    needs_vendor=True,
    needs_store=True,
    check_settings=check_settings,
)
