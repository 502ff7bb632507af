"""Making the column mapping of a vendor from one of its files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import NamedTuple

from rattail.errors import InputRejected, WouldOverwrite
from rattail.features.batches.kinds.known import MADE_FROM_FILES, kind_named
from rattail.features.batches.reading.choose import all_formats
from rattail.features.batches.reading.format import Reading
from rattail.features.batches.reading.guess import Guess, guess_mapping
from rattail.features.batches.reading.layout import Layout
from rattail.features.batches.reading.lines import Event
from rattail.features.batches.reading.mapping import VENDOR_FILES, load_mapping, mapping_path, save_mapping
from rattail.features.batches.reading.source import look_at
from rattail.features.batches.service.ground import Ground
from rattail.retail.find import vendor_named


class MappingMade(NamedTuple):
    """The file of the mapping, what it says, why, and the first lines of the file as they are read with it.

    `not_used` are the columns that hold no field, `open_fields` the fields that no column holds.
    """

    path: str
    layout: Layout
    why: Mapping[str, str]
    preview: list[Event]
    not_used: Sequence[str]
    open_fields: Sequence[str]


def make_mapping(
    *, vendor: str, kind: str, path: str, answers: Mapping[str, str], ground: Ground, is_forced: bool, is_dry_run: bool
) -> MappingMade:
    """Guess how the vendor's files of this kind are laid out, and save it where nothing is left to ask.

    Mappings of the vendor's other kinds of files stay.

    Raises:
        InputRejected: the file is no table, or questions remain; the hint is the options that answer them.
        WouldOverwrite: the vendor has a mapping of this kind already.
    """
    owner = vendor_named(vendor)
    name = kind_named(kind).name
    if name not in MADE_FROM_FILES:
        raise InputRejected(f"there is no mapping of {kind!r}: expected one of {', '.join(MADE_FROM_FILES)}.")
    folder = f"{ground.folders['data/templates']}/{VENDOR_FILES}"
    known = dict(load_mapping(folder, owner.code) or {})
    if name in known and not is_forced:
        raise WouldOverwrite(
            f"vendor {owner.code!r} has a mapping of kind {name} already: {mapping_path(folder, owner.code)}",
            hint="edit that file, or make it anew from this one with --force",
        )
    source = look_at(path, name=path.rpartition("/")[2])
    guess = guess_mapping(source, name, answers=answers)
    _require_answers(guess, source.name)
    generic = next(one for one in all_formats() if one.is_generic and one.kind == name)
    preview = list(islice(generic.read(source, Reading(mapping=guess.layout, currency=ground.currency)), 5))
    target = mapping_path(folder, owner.code)
    if not is_dry_run:
        target = save_mapping(folder, owner.code, {**known, name: guess.layout}, why=guess.why)
    return MappingMade(target, guess.layout, guess.why, preview, guess.not_used, guess.open_fields)


def _require_answers(guess: Guess, name: str) -> None:
    if guess.questions:
        asked = "; ".join(
            f"{one.text} ({' or '.join(one.answers)})" if one.answers else one.text for one in guess.questions
        )
        raise InputRejected(
            f"{name} does not tell everything: {asked}.",
            hint="answer with " + " ".join(one.option for one in guess.questions),
        )
