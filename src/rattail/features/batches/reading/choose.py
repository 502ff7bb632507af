"""Which format a file has, and why; asked where two fit, explained where none does."""

import importlib
import pkgutil
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from functools import lru_cache
from typing import NamedTuple

from rattail.appdir.hints import pasted_line
from rattail.errors import InputRejected, NoSuchThing
from rattail.features.batches.reading.column_names import NAMES
from rattail.features.batches.reading.columns import match_columns, spoken
from rattail.features.batches.reading.describe import what_it_is
from rattail.features.batches.reading.format import Format
from rattail.features.batches.reading.layout import Layout
from rattail.features.batches.reading.mapping import layout_of
from rattail.features.batches.reading.source import Source

FORMATS_PACKAGE = "rattail.features.batches.formats"
AUTO = "auto"
_KINDS = {"vendor_catalog": "a catalog", "vendor_invoice": "an invoice", "inventory": "a count"}
_SHOWN_LETTERS = 60


class Chosen(NamedTuple):
    """The format to read with, and why it is this one, as a phrase."""

    format: Format
    reason: str


class _Given(NamedTuple):
    """Whose file it is said to be, and which store it is about."""

    vendor: str
    store: str

    def words(self, kind: str) -> list[str]:
        """The options of make-batch for a file of this kind, with those that it cannot do without."""
        vendor = self.vendor or ("" if kind == "inventory" else "VENDOR")
        words = ["--vendor", vendor] if vendor else []
        words += ["--store", self.store] if self.store else []
        return [*words, "--mode", "replace"] if kind == "inventory" else words


@lru_cache(maxsize=1)
def all_formats() -> tuple[Format, ...]:
    """Every format there is, by name: the `FORMAT` or `FORMATS` of each module of the package of formats."""
    package = importlib.import_module(FORMATS_PACKAGE)
    found: list[Format] = []
    for module_info in pkgutil.iter_modules(package.__path__):
        module = importlib.import_module(f"{FORMATS_PACKAGE}.{module_info.name}")
        one = getattr(module, "FORMAT", None)
        found += [*([one] if one is not None else []), *getattr(module, "FORMATS", ())]
    return tuple(sorted(found, key=lambda format_: format_.name))


def choose_format(
    source: Source,
    kind: str,
    *,
    wanted: str = AUTO,
    mapping: Mapping[str, object] | Layout | None = None,
    formats: Sequence[Format] | None = None,
    vendor: str = "",
    store: str = "",
) -> Chosen:
    """The format to read a file of this kind with.

    `wanted` is its name, or `auto`: then the one specific format that recognises the file; else, where the
    vendor's `mapping` names columns, the generic one; else the generic one where it recognises the file.
    `vendor` and `store` are the codes that were given, for hints.

    Raises:
        NoSuchThing: there is no format `wanted`.
        InputRejected: it is of another kind, two fit, or none does.
    """
    known = all_formats() if formats is None else formats
    given = _Given(vendor, store)
    if wanted != AUTO:
        return Chosen(_wanted(wanted, kind, known), "it was asked for")
    here = [format_ for format_ in known if format_.kind == kind]
    fitting = [(format_, why) for format_ in here if not format_.is_generic and (why := format_.recognise(source))]
    if len(fitting) == 1:
        return Chosen(*fitting[0])
    if fitting:
        said = "; ".join(f"{format_.name} ({why})" for format_, why in fitting)
        answers = " or ".join(f"--format {format_.name}" for format_, _ in fitting)
        raise InputRejected(f"{source.name} fits {len(fitting)} formats: {said}.", hint=f"say which: {answers}")
    generic = [format_ for format_ in here if format_.is_generic]
    is_table = source.container in ("text", "xlsx", "xls")
    if generic and is_table and layout_of(kind, mapping).columns:
        return Chosen(generic[0], "the vendor's mapping names its columns")
    others = [
        (format_, why)
        for format_ in known
        if format_.kind != kind and not format_.is_generic and (why := format_.recognise(source))
    ]
    if others:
        raise _of_another_kind(source, kind, *others[0], given)
    for format_ in generic:
        if why := format_.recognise(source):
            return Chosen(format_, why)
    for format_ in known:
        if format_.kind != kind and format_.is_generic and (why := format_.recognise(source)):
            raise _of_another_kind(source, kind, format_, why, given)
    raise _none_fits(source, kind, vendor)


def _wanted(wanted: str, kind: str, known: Sequence[Format]) -> Format:
    found = next((format_ for format_ in known if format_.name == wanted), None)
    if found is None:
        near = get_close_matches(wanted, [format_.name for format_ in known], 1)
        said = f" Did you mean '{near[0]}'?" if near else ""
        raise NoSuchThing(f"there is no format '{wanted}'.{said}", hint="see all: rattail list-formats")
    if found.kind != kind:
        raise InputRejected(
            f"format {wanted} is for {_KINDS.get(found.kind, found.kind)}, not for {_KINDS.get(kind, kind)}.",
            hint="see all: rattail list-formats",
        )
    return found


def _of_another_kind(source: Source, kind: str, format_: Format, why: str, given: _Given) -> InputRejected:
    return InputRejected(
        f"{source.name} looks like {_KINDS.get(format_.kind, format_.kind)} ({format_.name}: {why}), "
        f"not like {_KINDS.get(kind, kind)}.",
        hint=pasted_line("rattail", "make-batch", format_.kind, source.path, *given.words(format_.kind)),
    )


def _none_fits(source: Source, kind: str, vendor: str) -> InputRejected:
    what = _KINDS.get(kind, kind)
    if known_as := what_it_is(source):
        return InputRejected(
            f"{source.name}: this is {known_as}; expected {what}.",
            hint=f"ask the sender for {what}; what can be read: {pasted_line('rattail', 'list-formats', kind)}",
        )
    mapped = pasted_line("rattail", "make-vendor-mapping", vendor or "VENDOR", source.path, "--kind", kind)
    return InputRejected(
        f"{source.name} fits no format of {what}: {_looks_like(source, kind)}.",
        hint=f"say which column is which, once for this vendor: {mapped}",
    )


def _looks_like(source: Source, kind: str) -> str:
    """What a person recognises a table by: its column names as far as any are known, else its first row."""
    from rattail.features.batches.reading.recognising import missing_fields, names_of

    if kind in NAMES:
        row, names = names_of(source, kind)
        missing = missing_fields(match_columns(names, kind).fields, kind)
        if row and missing:
            shown = ", ".join(f"'{name}'" for name in [name for name in names if name][:8])
            wanted = " or ".join(spoken(field) for field in missing[0])
            return f"its row {row} names {shown}; no column is known as {wanted}"
    if source.container == "text":
        return f"no row with known column names was found; it begins with {_beginning(source)!r}"
    return "no row with known column names was found"


def _beginning(source: Source) -> str:
    start = source.text.lstrip()[: _SHOWN_LETTERS * 2].splitlines()
    return start[0][:_SHOWN_LETTERS] if start else ""
