"""What a person has to hear of, and the letters in which they are told."""

from typing import ClassVar

from django.db import models


class Letter(models.Model):
    """What is told at one time: the text of one mail, kept as it is from the first try on.

    `name` is in the mail's Message-ID, so that a letter that was sent twice can be recognised. `reached` are the
    addresses that the mail server took it for; `next_try_at` is None once there is nothing left to do. The rest says
    how the mail and the call of `on_failure` are going.
    """

    name = models.CharField(max_length=100, unique=True)
    level = models.CharField(max_length=10)
    subject = models.CharField(max_length=200)
    text = models.TextField()
    sealed_at = models.DateTimeField()
    next_try_at = models.DateTimeField(null=True)
    reached = models.JSONField(default=list)
    mailed_at = models.DateTimeField(null=True)
    tries = models.IntegerField(default=0)
    failure_kind = models.CharField(max_length=30, blank=True, default="")
    failure = models.TextField(blank=True, default="")
    wants_call = models.BooleanField(default=False)
    called_at = models.DateTimeField(null=True)
    call_tries = models.IntegerField(default=0)
    call_failure = models.TextField(blank=True, default="")

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["next_try_at", "id"], name="letter_next"),
            models.Index(fields=["sealed_at"], name="letter_age"),
        ]


class Notice(models.Model):
    """One thing to tell, and how often it happened since it was last told.

    A notice is open until it is put into a letter. While one is open, another with the same `key` only counts, with
    the newest text. `told_at` is set when somebody was told. A notice is never deleted before that, or before it has
    become old.
    """

    key = models.CharField(max_length=150)
    level = models.CharField(max_length=10)
    subject = models.CharField(max_length=200)
    text = models.TextField(blank=True, default="")
    times = models.IntegerField(default=1)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    letter = models.ForeignKey(Letter, null=True, on_delete=models.CASCADE, related_name="notices")
    told_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["key", "id"], name="notice_key"),
            models.Index(fields=["told_at", "last_at"], name="notice_waiting"),
        ]


class Watermark(models.Model):
    """How far a watcher has looked, so that it tells nothing twice."""

    name = models.CharField(max_length=100, unique=True)
    value = models.JSONField(default=dict)
