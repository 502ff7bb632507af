"""The files that were made for people."""

from typing import ClassVar

from django.db import models


class WorkFile(models.Model):
    """One file in `work/user-files`, which only its owner may have. It may be gone from there: files grow old.

    `folder` and `stored_name` say where it lies; `file_name` is what it is called when it is downloaded. One job
    makes one file, however often it has to start again.
    """

    owner = models.CharField(max_length=150)
    folder = models.CharField(max_length=100)
    stored_name = models.CharField(max_length=200)
    file_name = models.CharField(max_length=200)
    title = models.CharField(max_length=200)
    size_bytes = models.BigIntegerField()
    rows = models.BigIntegerField()
    made_at = models.DateTimeField()
    job = models.BigIntegerField(unique=True)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["owner", "id"], name="work_own")]
