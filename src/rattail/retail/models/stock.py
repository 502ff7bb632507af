"""How much there is, and how it came to be."""

from django.db import models

from rattail.retail.fields import AmountField
from rattail.retail.models.places import Store
from rattail.retail.models.products import Product


class Stock(models.Model):
    """What one store has of one product, in units of the product."""

    store = models.ForeignKey(Store, models.PROTECT, related_name="stock")
    product = models.ForeignKey(Product, models.PROTECT, related_name="stock")
    on_hand = AmountField()
    counted_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["store", "product"], name="retail_stock_once"),)


class StockMovement(models.Model):
    """One line of the ledger: lines are added and never changed; what is undone gets a line of its own.

    `at` is when it happened in the store, `recorded_at` when we were told.
    """

    store = models.ForeignKey(Store, models.PROTECT, related_name="movements")
    product = models.ForeignKey(Product, models.PROTECT, related_name="movements")
    before = AmountField()
    after = AmountField()
    reason = models.CharField(max_length=100)
    batch = models.IntegerField(null=True)
    at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    recorded_by = models.CharField(max_length=100)

    class Meta:
        indexes = (models.Index(fields=["store", "product", "at"], name="retail_movement_when"),)
