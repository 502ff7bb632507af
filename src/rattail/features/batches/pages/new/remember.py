"""Keeping what was said of a file for the later ones of its vendor."""

from __future__ import annotations

from rattail.errors import InputRejected
from rattail.features.batches.pages.new.looked import Looked
from rattail.features.batches.pages.new.wishes import Wishes
from rattail.features.batches.reading.mapping import VENDOR_FILES, load_mapping, save_mapping
from rattail.features.batches.reading.tables import name_of
from rattail.features.batches.service.ground import Ground


def remember(looked: Looked, wishes: Wishes, *, ground: Ground) -> str:
    """Write the mapping of the vendor; what it says of other kinds of files stays. Returns its path.

    Raises:
        InputRejected: there is no vendor, or the file is not one whose columns are named.
    """
    if looked.table is None or looked.plan is None or looked.plan.vendor is None:
        raise InputRejected("only the columns of a table can be remembered, and only for a vendor.")
    names = [one.title for one in looked.table.columns]
    columns = {
        one.field: one.title if one.title and names.count(one.title) == 1 else one.place + 1
        for one in looked.table.columns
        if one.field
    }
    layout = looked.table.layout._replace(columns=columns)
    why = {field: f"somebody chose {name_of(names, place)}" for place, field in (wishes.columns or {}).items()}
    folder = f"{ground.folders['data/templates']}/{VENDOR_FILES}"
    vendor = looked.plan.vendor.code
    known = dict(load_mapping(folder, vendor) or {})
    return save_mapping(folder, vendor, {**known, wishes.kind: layout}, why=why)
