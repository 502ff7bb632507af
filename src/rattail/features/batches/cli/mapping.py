"""`rattail make-vendor-mapping`."""

from __future__ import annotations

import click

from rattail.cli.command import command
from rattail.cli.outcome import Outcome
from rattail.cli.session import Session
from rattail.features.batches.cli.ground import ground_of, pairs


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
        "preview": shown,
    }
    lines = [f"{'Would write' if dry_run else 'Wrote'} {made.path}"]
    lines += [f"  {name}: {value!r}{_why(made.why, name)}" for name, value in as_document(made.layout).items()]
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


def _why(why: object, name: str) -> str:
    reason = why.get(name, "") if isinstance(why, dict) else ""
    return f" ({reason})" if reason else ""
