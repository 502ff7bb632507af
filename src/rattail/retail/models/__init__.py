"""The tables of the records."""

from rattail.retail.models.changes import Change, Counter
from rattail.retail.models.invoices import Invoice, InvoiceLine
from rattail.retail.models.places import Department, Store
from rattail.retail.models.products import Price, Product, ProductCode
from rattail.retail.models.stock import Stock, StockMovement
from rattail.retail.models.vendors import Vendor, VendorCost, VendorItem

__all__ = [
    "Change",
    "Counter",
    "Department",
    "Invoice",
    "InvoiceLine",
    "Price",
    "Product",
    "ProductCode",
    "Stock",
    "StockMovement",
    "Store",
    "Vendor",
    "VendorCost",
    "VendorItem",
]
