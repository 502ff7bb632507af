"""The field of all money and quantities: ten-thousandths in the database, `Decimal` in Python."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db import models

from rattail.retail.amounts import from_decimal, to_decimal


class AmountField(models.BigIntegerField):  # type: ignore[type-arg]
    """A fixed-point number with four decimals, exact on every database.

    Django's own DecimalField is a floating-point number on SQLite. More than four decimals are rounded
    by the one rule of `rattail.retail.amounts`.
    """

    def from_db_value(self, value: int | None, *_: object) -> Decimal | None:
        return None if value is None else to_decimal(value)

    def to_python(self, value: Any) -> Decimal | None:
        return None if value is None else Decimal(value)

    def get_prep_value(self, value: Any) -> int | None:
        return None if value is None else from_decimal(Decimal(value))
