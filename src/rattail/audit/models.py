"""The audit trail."""

from django.db import models


class Entry(models.Model):
    """One deed. `actor` is text, never a reference: `alice`, `os:root`, `job:nightly`."""

    at = models.DateTimeField()
    actor = models.CharField(max_length=100)
    action = models.CharField(max_length=50)
    subject = models.CharField(max_length=100)
    details = models.JSONField(default=dict)

    class Meta:
        indexes = (
            models.Index(fields=["subject", "at"], name="audit_subject"),
            models.Index(fields=["at", "id"], name="audit_at"),
        )
