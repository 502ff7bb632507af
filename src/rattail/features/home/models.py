"""What was found out about the app folder, so that a page need not find it out itself."""

from django.db import models


class Kept(models.Model):
    """The newest answer to one question that takes long: `name` is the question, `at` when it was answered."""

    name = models.CharField(max_length=20, primary_key=True)
    at = models.DateTimeField()
    value = models.JSONField()
