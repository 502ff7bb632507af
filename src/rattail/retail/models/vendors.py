"""Who sells to the store, what, and at what cost."""

from django.db import models
from django.db.models import Q

from rattail.retail.fields import AmountField
from rattail.retail.models.products import Product


class Vendor(models.Model):
    """A vendor. People know it by its code; `identifier` is what it calls itself in EDI (GLN, DUNS)."""

    code = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=100)
    identifier = models.CharField(max_length=40, blank=True, default="")
    is_active = models.BooleanField(default=True)

    def __str__(self) -> str:
        return self.code


class VendorItem(models.Model):
    """What a vendor calls one of our products. A product may have several, one of them preferred."""

    vendor = models.ForeignKey(Vendor, models.PROTECT, related_name="items")
    code = models.CharField(max_length=40)
    product = models.ForeignKey(Product, models.PROTECT, related_name="vendor_items")
    is_preferred = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["vendor", "code"], name="retail_vendor_item_once"),
            models.UniqueConstraint(
                fields=["product"], condition=Q(is_preferred=True), name="retail_vendor_item_one_preferred"
            ),
        )


class VendorCost(models.Model):
    """What a vendor item costs from a day on; the cost of a day is the newest one that has begun.

    Past, present and future are in this one table: nothing has to be moved on the day. `unit_cost` is for
    one unit of the product, before the discount, which lasts from `discount_starts` to `discount_ends`,
    both included. `discount_percent` is in percent.
    """

    vendor_item = models.ForeignKey(VendorItem, models.PROTECT, related_name="costs")
    effective = models.DateField()
    case_size = AmountField(null=True)
    case_cost = AmountField(null=True)
    unit_cost = AmountField(null=True)
    suggested_retail = AmountField(null=True)
    discount_amount = AmountField(null=True)
    discount_percent = AmountField(null=True)
    discount_starts = models.DateField(null=True)
    discount_ends = models.DateField(null=True)
    batch = models.IntegerField(null=True)
    recorded_at = models.DateTimeField()
    recorded_by = models.CharField(max_length=100)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["vendor_item", "effective"], name="retail_vendor_cost_once"),)
