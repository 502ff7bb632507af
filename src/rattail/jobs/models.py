"""The queue, what comes back by itself, and who works."""

from typing import ClassVar

from django.db import models

READY = "ready"
RUNNING = "running"
DONE = "done"
FAILED = "failed"
CANCELLED = "cancelled"
STATES = (READY, RUNNING, DONE, FAILED, CANCELLED)
UNFINISHED = (READY, RUNNING)

MESSAGE_LENGTH = 300
REASON_LENGTH = 500


class Job(models.Model):
    """One piece of background work, from being asked for to its end.

    `state` goes ready -> running -> done, failed or cancelled, and back to ready where it is tried again or its
    worker died; a trigger refuses every other step. `token` counts the times it was taken: whoever holds an older
    one can no longer finish it, which makes its effect happen once. `deaths` counts how often in a row the process
    that ran it was killed. `reason` is why it failed, for everybody who may see the job; `failure` is the traceback.
    """

    kind = models.CharField(max_length=100)
    arguments = models.JSONField(default=dict)
    actor = models.CharField(max_length=100)
    subject = models.CharField(max_length=100, blank=True, default="")
    unique_key = models.CharField(max_length=150, null=True)
    state = models.CharField(max_length=10, default=READY)
    created_at = models.DateTimeField()
    run_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    tries = models.IntegerField(default=0)
    deaths = models.IntegerField(default=0)
    token = models.IntegerField(default=0)
    worker = models.CharField(max_length=200, blank=True, default="")
    heartbeat_at = models.DateTimeField(null=True)
    is_cancel_wanted = models.BooleanField(default=False)
    done = models.BigIntegerField(default=0)
    total = models.BigIntegerField(null=True)
    message = models.CharField(max_length=MESSAGE_LENGTH, blank=True, default="")
    result = models.JSONField(null=True)
    reason = models.CharField(max_length=REASON_LENGTH, blank=True, default="")
    failure = models.TextField(blank=True, default="")

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["state", "run_at", "id"], name="job_next"),
            models.Index(fields=["subject", "id"], name="job_subject"),
            models.Index(fields=["actor", "id"], name="job_actor"),
        ]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["unique_key"],
                condition=models.Q(state__in=UNFINISHED),
                name="job_one_waits_per_unique_key",
            )
        ]


class Recurrence(models.Model):
    """When a recurring job runs next; one row a declaration, made by the first worker that sees it.

    `rule` is what `next_at` was reckoned from; where the declaration or a setting says something else now, it is
    reckoned anew.
    """

    job = models.CharField(max_length=100, unique=True)
    next_at = models.DateTimeField()
    rule = models.CharField(max_length=100)


class Worker(models.Model):
    """One running worker process; it writes that it is alive, and takes its row away when it ends."""

    identity = models.CharField(max_length=200, unique=True)
    started_at = models.DateTimeField()
    heartbeat_at = models.DateTimeField()
    is_claiming = models.BooleanField(default=True)
