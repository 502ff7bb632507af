"""What a batch would change or has changed, and the numbers that people call batches by."""

from django.db import models


class Counter(models.Model):
    """The one counter of everything that has an eight-digit number."""

    name = models.CharField(max_length=20, primary_key=True)
    value = models.BigIntegerField(default=0)

    class Meta:
        db_table = "retail_counter"


class Change(models.Model):
    """One record that a batch inserts or updates, with every value before and after.

    `batch` is the batch's number. `sequence` is the row of the batch that asks for the change (0: the
    batch as a whole), `position` counts the changes of a row. `fields` names the fields of the
    record, separated by commas; `before` and `after` are JSON arrays of their values in that order.
    `is_held` marks, inside a transaction that puts back, what cannot be.
    """

    pk = models.CompositePrimaryKey("batch", "sequence", "position")
    batch = models.BigIntegerField()
    sequence = models.IntegerField()
    position = models.SmallIntegerField()
    record = models.CharField(max_length=40)
    action = models.CharField(max_length=6)
    record_id = models.BigIntegerField()
    fields = models.CharField(max_length=400)
    before = models.JSONField()
    after = models.JSONField()
    is_held = models.BooleanField(default=False)

    class Meta:
        constraints = (
            models.CheckConstraint(
                name="retail_change_action", condition=models.Q(action__in=["insert", "update", "seen"])
            ),
        )
