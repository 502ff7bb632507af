"""Where goods are sold."""

from django.db import models


class Store(models.Model):
    """A location that has stock and prices of its own. People know it by its code."""

    code = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=100)
    is_active = models.BooleanField(default=True)

    def __str__(self) -> str:
        return self.code


class Department(models.Model):
    """A part of the assortment: Grocery, Produce. People know it by its code."""

    code = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=100)

    def __str__(self) -> str:
        return self.code
