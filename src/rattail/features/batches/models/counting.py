"""Counting in the store by hand: who counts where, and every single entry, until a batch is made of them."""

from typing import ClassVar

from django.db import models

from rattail.retail.fields import AmountField
from rattail.retail.models import Store


class Count(models.Model):
    """One count that people type into. `changes` grows with each entry and each removal; with `finished_at` set no
    entry is taken any more, and `batch` is the number of the batch that has them all."""

    store = models.ForeignKey(Store, models.PROTECT, related_name="counts")
    changes = models.IntegerField(default=0)
    started_at = models.DateTimeField()
    started_by = models.CharField(max_length=100)
    finished_at = models.DateTimeField(null=True)
    finished_by = models.CharField(max_length=100, blank=True, default="")
    batch = models.BigIntegerField(null=True)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["started_at"], name="batches_count_open", condition=models.Q(finished_at=None))
        ]


class CountEntry(models.Model):
    """One product, so and so often, as one person typed it. `client_id` is given by the page that it was typed into:
    the same id twice is the same entry, sent twice. `entered_at` is when it was typed, as far as the page knows."""

    count = models.ForeignKey(Count, models.CASCADE, related_name="entries")
    client_id = models.CharField(max_length=40)
    code = models.CharField(max_length=50)
    quantity = AmountField()
    section = models.CharField(max_length=50, blank=True, default="")
    product_id = models.BigIntegerField(null=True)
    description = models.CharField(max_length=255, blank=True, default="")
    entered_at = models.DateTimeField()
    entered_by = models.CharField(max_length=100)
    removed_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["count", "client_id"], name="batches_count_entry_once")
        ]
