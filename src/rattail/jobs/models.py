"""The queue."""

from typing import ClassVar

from django.db import models


class Job(models.Model):
    """One piece of background work, from being asked for to its end.

    `state` goes ready -> running -> done, failed or cancelled, and back to ready where it is tried again or its
    worker died; a trigger refuses every other step. `token` counts the times it was taken: whoever holds an older
    one can no longer finish it, which makes its effect happen once.
    """

    kind = models.CharField(max_length=100)
    arguments = models.JSONField(default=dict)
    actor = models.CharField(max_length=100)
    subject = models.CharField(max_length=100, blank=True, default="")
    unique_key = models.CharField(max_length=150, null=True)
    state = models.CharField(max_length=10, default="ready")
    created_at = models.DateTimeField()
    run_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    tries = models.IntegerField(default=0)
    token = models.IntegerField(default=0)
    worker = models.CharField(max_length=200, blank=True, default="")
    heartbeat_at = models.DateTimeField(null=True)
    is_cancel_wanted = models.BooleanField(default=False)
    done = models.BigIntegerField(default=0)
    total = models.BigIntegerField(null=True)
    message = models.CharField(max_length=300, blank=True, default="")
    result = models.JSONField(null=True)
    failure = models.TextField(blank=True, default="")

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["state", "run_at", "id"], name="job_next"),
            models.Index(fields=["subject", "id"], name="job_subject"),
        ]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["unique_key"],
                condition=models.Q(state__in=("ready", "running")),
                name="job_one_waits_per_unique_key",
            )
        ]


class Recurrence(models.Model):
    """When a recurring job runs next; one row a declaration, made by the first worker that sees it."""

    job = models.CharField(max_length=100, unique=True)
    next_at = models.DateTimeField()
    rule = models.CharField(max_length=50)
