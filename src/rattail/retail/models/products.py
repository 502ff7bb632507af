"""What is sold: products, the codes they are known by, and their prices."""

from django.db import models
from django.db.models import Q

from rattail.retail.fields import AmountField
from rattail.retail.models.places import Department, Store


class Product(models.Model):
    """One product. A pending one came with a vendor's file and waits until somebody approves it."""

    brand = models.CharField(max_length=100, blank=True, default="")
    description = models.CharField(max_length=255, blank=True, default="")
    size = models.CharField(max_length=50, blank=True, default="")
    unit = models.CharField(max_length=10, default="each")
    department = models.ForeignKey(Department, models.PROTECT, null=True, related_name="products")
    tax_code = models.CharField(max_length=20, blank=True, default="")
    is_weighed = models.BooleanField(default=False)
    is_food_stamp = models.BooleanField(default=False)
    is_organic = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    is_pending = models.BooleanField(default=False)

    class Meta:
        constraints = (
            models.CheckConstraint(
                name="retail_product_unit", condition=Q(unit__in=["each", "pound", "kilogram", "case"])
            ),
        )
        indexes = (models.Index(fields=["id"], name="retail_product_pending", condition=Q(is_pending=True)),)

    def __str__(self) -> str:
        return f"{self.brand} {self.description}".strip()


class ProductCode(models.Model):
    """A code that a product is known by. `key` has 13 digits and no check digit, whatever kind the code is."""

    product = models.ForeignKey(Product, models.PROTECT, related_name="codes")
    kind = models.CharField(max_length=10)
    key = models.CharField(max_length=13)
    is_primary = models.BooleanField(default=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["key", "kind"], name="retail_code_once"),
            models.UniqueConstraint(fields=["product"], condition=Q(is_primary=True), name="retail_code_one_primary"),
            models.CheckConstraint(name="retail_code_kind", condition=Q(kind__in=["gtin", "plu", "weighed"])),
        )


class Price(models.Model):
    """What a product costs the customer, from a day on, in one store or (store empty) in all of them.

    The price of a day is the newest regular one that has begun, unless a sale that has begun has not ended:
    `ends` is the last day of a sale.
    """

    product = models.ForeignKey(Product, models.PROTECT, related_name="prices")
    store = models.ForeignKey(Store, models.PROTECT, null=True, related_name="prices")
    kind = models.CharField(max_length=10)
    starts = models.DateField()
    ends = models.DateField(null=True)
    amount = AmountField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["product", "store", "kind", "starts"],
                condition=Q(store__isnull=False),
                name="retail_price_once_a_store",
            ),
            models.UniqueConstraint(
                fields=["product", "kind", "starts"], condition=Q(store__isnull=True), name="retail_price_once"
            ),
            models.CheckConstraint(name="retail_price_kind", condition=Q(kind__in=["regular", "sale"])),
        )
