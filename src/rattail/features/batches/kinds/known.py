"""The kinds of batches there are. A kind is one module or package beside this one, named here."""

from __future__ import annotations

from importlib import import_module

from rattail.errors import NoSuchThing
from rattail.features.batches.kinds.kind import Kind

NAMES = ("inventory", "vendor_catalog", "vendor_invoice", "csv_import")
MADE_FROM_FILES = NAMES[:3]


def kind_named(name: str) -> Kind:
    """The kind that people call `name`; hyphens are as good as underscores.

    Raises:
        NoSuchThing: there is none.
    """
    plain = name.strip().lower().replace("-", "_")
    if plain not in NAMES:
        raise NoSuchThing(f"there is no kind of batch {name!r}: expected one of {', '.join(MADE_FROM_FILES)}.")
    kind = import_module(f"rattail.features.batches.kinds.{plain}").KIND
    assert isinstance(kind, Kind)
    return kind
