"""`rattail make-sample`."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from rattail.appdir.hints import pasted_line
from rattail.appdir.refusal import shown
from rattail.cli.command import command
from rattail.cli.console import size_text, table
from rattail.cli.outcome import Outcome
from rattail.cli.session import Session
from rattail.errors import InputRejected

if TYPE_CHECKING:
    from rattail.features.sample.files.picked import SampleFile
    from rattail.features.sample.service import Order, SampleMade

_FOLDER = "samples"
_MOST_PRODUCTS = 200_000
_FIRST_COMMANDS = ("unfi-catalog.tsv", "unfi-invoice.csv", "count.csv")


@command("make-sample")
@click.option(
    "--products",
    type=click.IntRange(100, _MOST_PRODUCTS),
    default=5_000,
    show_default=True,
    help="How many products the shop has.",
)
@click.option("--seed", type=int, default=1, show_default=True, help="The same number makes the same shop.")
@click.option(
    "--output", metavar="DIR", type=click.Path(), help="Write the sample files there, instead of work/csv/samples."
)
@click.option("--dry-run", is_flag=True, help="Print what would be made, and make nothing.")
def make_sample(session: Session, products: int, seed: int, output: str | None, dry_run: bool) -> Outcome:
    """Fill an empty store with a generated shop, and write sample vendor files, to try everything at once.

    Products, codes, vendors, costs, prices and stock are made up and fit together; so do the files: catalogs,
    invoices and counts about these same products, with changed costs, new items and mistakes in them.
    """
    if output == "":
        raise InputRejected("--output is empty: expected the name of a folder.")
    session.open_records()
    from rattail.features.sample import service

    folders = {place.path: place.location for place in session.places}
    order = service.Order(
        products=products,
        seed=seed,
        folder=os.path.realpath(output) if output else f"{folders['work/csv']}/{_FOLDER}",
        is_ours=output is None,
        currency=session.settings.text("app.currency"),
    )
    made = service.make_sample(
        order,
        actor=session.actor,
        now=datetime.now(UTC),
        progress=session.console.progress("saving"),
        is_dry_run=dry_run,
    )
    return _outcome(session, made, order)


def _outcome(session: Session, made: SampleMade, order: Order) -> Outcome:
    data = {
        "is_dry_run": made.saved is None,
        "products": order.products,
        "seed": order.seed,
        "records": made.saved._asdict() if made.saved else {},
        "folder": made.folder,
        "files": [
            {
                "name": file.name,
                "title": file.title,
                "size_bytes": len(file.content),
                "command": _command(session, made.folder, file),
            }
            for file in made.files
        ],
    }
    return Outcome(data, _lines(session, made, order.products))


def _lines(session: Session, made: SampleMade, products: int) -> list[str]:
    if made.saved is None:
        lines = [f"Would make a shop of {products:,} products and {len(made.files)} files (nothing was done)."]
    else:
        counts = [(name.replace("_", " "), f"{count:,}") for name, count in made.saved._asdict().items()]
        lines = [f"Made a shop of {products:,} products:", *(f"  {line}" for line in table(counts, right=(1,)))]
    lines.append(f"{'Would write' if made.saved is None else 'Wrote'} to {shown(made.folder)}:")
    rows = [(file.name, size_text(len(file.content)), file.title) for file in made.files]
    lines += [f"  {line}" for line in table(rows, right=(1,))]
    if made.saved is not None:
        lines.append("Next, for example:")
        first = [file for file in made.files if file.name in _FIRST_COMMANDS]
        lines += [f"  {_command(session, made.folder, file)}" for file in first]
    return lines


def _command(session: Session, folder: str, file: SampleFile) -> str:
    words = [f"{folder}/{file.name}" if word == "FILE" else word for word in file.words]
    return pasted_line(*session.program, "make-batch", *words, *session.appdir_words)
