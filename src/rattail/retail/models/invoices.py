"""What vendors charged."""

from django.db import models

from rattail.retail.fields import AmountField
from rattail.retail.models.places import Store
from rattail.retail.models.products import Product
from rattail.retail.models.vendors import Vendor


class Invoice(models.Model):
    """One invoice or credit note; `total` is what the vendor says, in `currency`."""

    vendor = models.ForeignKey(Vendor, models.PROTECT, related_name="invoices")
    number = models.CharField(max_length=40)
    is_credit = models.BooleanField(default=False)
    store = models.ForeignKey(Store, models.PROTECT, null=True, related_name="invoices")
    date = models.DateField(null=True)
    currency = models.CharField(max_length=3)
    order_number = models.CharField(max_length=40, blank=True, default="")
    total = AmountField(null=True)
    charges = AmountField(default=0)
    batch = models.IntegerField(null=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["vendor", "number", "is_credit"], name="retail_invoice_once"),)


class InvoiceLine(models.Model):
    """One line as it was charged. `shipped` counts in `unit`; `units` is what it is in units of the product."""

    invoice = models.ForeignKey(Invoice, models.PROTECT, related_name="lines")
    position = models.IntegerField()
    product = models.ForeignKey(Product, models.PROTECT, null=True, related_name="invoice_lines")
    code = models.CharField(max_length=50, blank=True, default="")
    vendor_code = models.CharField(max_length=40, blank=True, default="")
    description = models.CharField(max_length=255, blank=True, default="")
    ordered = AmountField(null=True)
    shipped = AmountField(null=True)
    unit = models.CharField(max_length=10)
    case_size = AmountField(null=True)
    units = AmountField(null=True)
    unit_cost = AmountField(null=True)
    amount = AmountField(null=True)
    is_out_of_stock = models.BooleanField(default=False)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["invoice", "position"], name="retail_invoice_line_once"),)
