"""A batch, and the documents in its file."""

from django.db import models
from django.db.models import Q

from rattail.features.batches.states import State
from rattail.retail.fields import AmountField
from rattail.retail.models import Store, Vendor


class Batch(models.Model):
    """One file that is to change records. `number` is what people call it by, in eight digits.

    `settings` is what the operator asked for (mode, counted_at, effective ...), `counts` how many rows have
    which status, `totals` how many records of which kind are added and changed (None: not counted yet),
    `answers` what was decided about the file (format, code rules, ...).
    """

    number = models.BigIntegerField(unique=True)
    kind = models.CharField(max_length=20)
    state = models.CharField(max_length=10, default=State.NEW)
    description = models.CharField(max_length=255, blank=True, default="")
    vendor = models.ForeignKey(Vendor, models.PROTECT, null=True, related_name="batches")
    store = models.ForeignKey(Store, models.PROTECT, null=True, related_name="batches")
    format = models.CharField(max_length=40, blank=True, default="")
    file_name = models.CharField(max_length=255)
    file_bytes = models.BigIntegerField(default=0)
    file_sha256 = models.CharField(max_length=64, db_index=True)
    settings = models.JSONField(default=dict)
    answers = models.JSONField(default=dict)
    row_count = models.IntegerField(default=0)
    problem_count = models.IntegerField(default=0)
    change_count = models.IntegerField(default=0)
    counts = models.JSONField(default=dict)
    totals = models.JSONField(null=True)
    remarks = models.JSONField(default=list)
    failure = models.TextField(blank=True, default="")
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=100)
    executed_at = models.DateTimeField(null=True)
    executed_by = models.CharField(max_length=100, blank=True, default="")
    undone_at = models.DateTimeField(null=True)
    undone_by = models.CharField(max_length=100, blank=True, default="")

    class Meta:
        constraints = (
            models.CheckConstraint(name="batches_batch_state", condition=Q(state__in=[state.value for state in State])),
        )
        indexes = (models.Index(fields=["kind", "state", "number"], name="batches_batch_list"),)

    def __str__(self) -> str:
        return f"{self.number:08d}"


class Document(models.Model):
    """One invoice in the file of a batch, as the file states it."""

    pk = models.CompositePrimaryKey("batch_id", "document")
    batch = models.ForeignKey(Batch, models.CASCADE, related_name="documents")
    document = models.IntegerField()
    number = models.CharField(max_length=40)
    date = models.DateField(null=True)
    is_credit = models.BooleanField(default=False)
    currency = models.CharField(max_length=3, blank=True, default="")
    order_number = models.CharField(max_length=40, blank=True, default="")
    vendor_id = models.CharField(max_length=40, blank=True, default="")
    total = AmountField(null=True)
    lines_total = AmountField(default=0)
    charges = AmountField(default=0)
    line_count = models.IntegerField(default=0)
    stated_line_count = models.IntegerField(null=True)

    class Meta:
        indexes = (models.Index(fields=["number"], name="batches_document_number"),)
