"""What a person has to hear of."""

from typing import ClassVar

from django.db import models


class Notice(models.Model):
    """One thing to tell, and how often it happened since it was last told.

    Notices with the same `key` are folded: while one waits, another only counts, with the newest text. A notice
    is never deleted before it was told or has become old.
    """

    key = models.CharField(max_length=150)
    level = models.CharField(max_length=10)
    subject = models.CharField(max_length=200)
    text = models.TextField(blank=True, default="")
    times = models.IntegerField(default=1)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    told_at = models.DateTimeField(null=True)
    tries = models.IntegerField(default=0)
    next_try_at = models.DateTimeField(null=True)
    failure = models.TextField(blank=True, default="")

    class Meta:
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["told_at", "last_at"], name="notice_waiting")]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["key"], condition=models.Q(told_at__isnull=True), name="notice_one_waits_per_key"
            )
        ]
