"""What a person says of a row, from text to values: read as files are, and refused where it cannot be read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import models

from rattail.database.bulk import field_of
from rattail.errors import InputRejected
from rattail.features.batches.models.rows import Row
from rattail.features.batches.reading import cells
from rattail.features.batches.reading.bad_cell import BadCell, tidy
from rattail.retail.amounts import NotAnAmount, parse, to_decimal
from rattail.retail.fields import AmountField

_SHOWN = 60
_CODES = {"code": cells.code, "vendor_code": cells.vendor_code}


def said_values(model: type[Row], said: Mapping[str, str], *, allowed: Sequence[str]) -> dict[str, Any]:
    """The values of fields of a row, as its model has them; an empty text is no value.

    Raises:
        InputRejected: names everything that cannot be taken.
    """
    faults: list[str] = []
    values: dict[str, Any] = {}
    unknown = [name for name in said if name not in allowed]
    if unknown:
        faults.append(f"no field of these rows that can be set is called {', '.join(unknown)}")
    for name in said:
        if name in allowed:
            try:
                values[name] = _value(field_of(model, name), name, said[name].strip())
            except BadCell as bad:
                faults.append(f'{name}: "{said[name][:_SHOWN]}" {bad.reason}')
    if faults:
        raise InputRejected("; ".join(faults) + ".", hint=f"fields that can be set: {', '.join(allowed)}")
    return values


def empty_row(model: type[Row], batch_id: int, sequence: int) -> Row:
    """A row of no file, of which nothing is said yet."""
    row = model(batch_id=batch_id, sequence=sequence, source_row=0, statuses=0)
    for field in model._meta.concrete_fields:
        value = getattr(row, field.attname)
        if isinstance(field, AmountField) and value is not None:
            setattr(row, field.attname, Decimal(value))
    return row


def _value(field: models.Field[Any, Any], name: str, text: str) -> Any:
    if isinstance(field, AmountField):
        return _amount(field, name, text)
    if isinstance(field, models.DateField):
        return _date(text)
    if isinstance(field, models.IntegerField):
        if not (text.isascii() and text.isdigit() and 0 < int(text) < 10**6):
            raise BadCell("is no number from 1 up")
        return int(text)
    if name == "unit":
        unit = cells.unit(text)
        if unit is None:
            raise BadCell("is no unit: expected case, each, pound or kilogram")
        return unit
    read = _CODES.get(name, tidy)(text)
    if field.max_length and len(read) > field.max_length:
        raise BadCell(f"is longer than {field.max_length} characters")
    return read


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise BadCell("is no date: expected one such as 2026-11-22") from None


def _amount(field: AmountField, name: str, text: str) -> Decimal | None:
    if not text:
        if not field.null:
            raise BadCell("is no amount: expected a number such as 12")
        return None
    try:
        amount = parse(text)
    except NotAnAmount:
        raise BadCell("is no amount: expected a number such as 34.68") from None
    if name == "case_size" and amount <= 0:
        raise BadCell("is no case size: expected units in a case, more than 0, such as 12")
    return to_decimal(amount)
