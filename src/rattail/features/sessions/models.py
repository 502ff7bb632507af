"""Where sessions are in the database: for an app that runs on several machines."""

from typing import ClassVar

from django.db import models


class StoredSession(models.Model):
    """One session: `name` is the hash of its key, `content` is signed, `person` and `seen_s`
    (seconds of the epoch) are for finding it."""

    name = models.CharField(max_length=64, primary_key=True)
    person = models.CharField(max_length=50, blank=True, default="")
    seen_s = models.BigIntegerField()
    content = models.TextField()

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["person"], name="session_person"),
            models.Index(fields=["seen_s"], name="session_seen"),
        ]
