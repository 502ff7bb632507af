"""`rattail make-vendor-mapping`."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from rattail.cli.command import command
from rattail.cli.outcome import Outcome
from rattail.cli.session import Session
from rattail.features.batches.cli.ground import ground_of, pairs

if TYPE_CHECKING:
    from rattail.features.batches.service.mapping import MappingMade

_MONEY = {"dollars": "whole currency (34.68)", "cents": "cents without a point (3468)"}
_USUAL = ("code", "vendor_code", "description", "case_size", "unit_cost")  # what a column may hold that is not known


@command("make-vendor-mapping")
@click.argument("vendor", metavar="VENDOR")
@click.argument("file", metavar="FILE", type=click.Path(path_type=str))
@click.option("--kind", default="vendor_catalog", show_default=True, metavar="KIND", help="What the file is.")
@click.option(
    "--set", "answers", multiple=True, metavar="NAME=VALUE", help="Answer a question, or name the column of a field."
)
@click.option("--force", is_flag=True, help="Make it anew where there is one for this kind.")
@click.option("--dry-run", is_flag=True, help="Show what was guessed, and write nothing.")
def make_vendor_mapping(
    session: Session, vendor: str, file: str, kind: str, answers: tuple[str, ...], force: bool, dry_run: bool
) -> Outcome:
    """Settle once how the files of a vendor are laid out: columns, numbers, dates, packs.

    What FILE shows is taken from it; what it does not show is asked, with the option that answers. The result is a
    readable TOML file in data/templates/vendor_files that can be edited; every later file of the vendor is read by it.
    """
    ground = ground_of(session)
    from rattail.features.batches.reading.mapping import as_document
    from rattail.features.batches.service.mapping import make_mapping
    from rattail.features.batches.service.shown import shown_line

    made = make_mapping(
        vendor=vendor,
        kind=kind,
        path=file,
        answers=pairs(answers, option="--set"),
        ground=ground,
        is_forced=force,
        is_dry_run=dry_run,
    )
    shown = [{"what": type(one).__name__, **shown_line(one)} for one in made.preview]
    data = {
        "path": made.path,
        "is_dry_run": dry_run,
        "mapping": as_document(made.layout),
        "why": dict(made.why),
        "not_used": list(made.not_used),
        "preview": shown,
    }
    lines = [f"{'Would write' if dry_run else 'Wrote'} {made.path}"]
    lines += _said(made)
    lines.append("The first rows, as they are understood:")
    for one in shown:
        lines.append(
            "  "
            + ", ".join(f"{name} {value}" for name, value in one.items() if value not in ("", None) and name != "what")
        )
    plain = kind.strip().lower().replace("-", "_")
    words = ("make-batch", plain, file, "--vendor", vendor, *(("--mode", "replace") if plain == "inventory" else ()))
    lines.append(f"read it:  {session.hint_line(*words)}")
    return Outcome(data, lines, is_answer=dry_run)


def _said(made: MappingMade) -> list[str]:
    """What a mapping says, as a person reads it: a line for each field and choice, and what was left out."""
    from rattail.features.batches.reading.mapping import as_document

    found = as_document(made.layout)
    columns = found.pop("columns", {})
    lines = []
    for field, column in made.layout.columns.items() if columns else ():
        shown = f"column {column}" if isinstance(column, int) else column
        lines.append(f"  {field.replace('_', ' ')} = {shown}{_why(made.why, field)}")
    for name, value in found.items():
        shown = _MONEY.get(str(value), str(value)) if name == "money" else _plain(value)
        lines.append(f"  {name.replace('_', ' ')}: {shown}{_why(made.why, name)}")
    if made.not_used:
        names = ", ".join(f"'{name}'" for name in made.not_used)
        field = next((one for one in _USUAL if one in made.open_fields), "FIELD")
        lines.append(f"  not used: {names} (--set {shlex.quote(f'{field}={made.not_used[0]}')})")
    return lines


def _plain(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_plain(one)}" for name, one in value.items())
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "tab" if value == "\t" else str(value)


def _why(why: Mapping[str, str], name: str) -> str:
    return f" ({why[name]})" if why.get(name) else ""
