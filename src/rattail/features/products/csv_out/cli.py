"""`rattail export-csv`."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import click

from rattail.appdir.refusal import shown
from rattail.cli.command import command
from rattail.cli.console import counted, size_text, table
from rattail.cli.outcome import Outcome
from rattail.cli.session import Session
from rattail.errors import InputRejected


@command("export-csv")
@click.argument("tables", nargs=-1, metavar="[TABLE]...")
@click.option("--output", metavar="DIR", type=click.Path(), help="Write there, instead of a new folder in work/csv.")
@click.option("--force", is_flag=True, help="Replace files of these names in DIR.")
def export_csv(session: Session, tables: tuple[str, ...], output: str | None, force: bool) -> Outcome:
    """Write the records as CSV files, one a table, for a spreadsheet or for another program.

    Without a TABLE all are written: stores, departments, vendors, products, product_codes, prices, vendor_items,
    vendor_costs, stock, stock_movements, invoices, invoice_lines. import-csv reads them back exactly.
    """
    if output == "":
        raise InputRejected("--output is empty: expected the name of a folder.")
    session.open_records()
    from rattail.features.products.csv_out import service
    from rattail.retail.sheets.files import require_folder

    sheets = service.sheets_named(tables)
    if output is None:
        now = datetime.now(UTC).astimezone(ZoneInfo(session.settings.text("app.time_zone")))
        folders = {place.path: place.location for place in session.places}
        folder = service.export_folder(folders["work/csv"], now=now)
    else:
        folder = os.path.realpath(output)
        hint = "name another folder, or add --force to replace them"
        require_folder(folder, (sheet.name for sheet in sheets), is_forced=force, hint=hint)
    done = service.export_csv(sheets, folder=folder, progress=session.console.progress("exporting"))
    data = {
        "folder": done.folder,
        "rows": sum(file.rows for file in done.files),
        "size_bytes": sum(file.size_bytes for file in done.files),
        "files": [file._asdict() for file in done.files],
    }
    rows = [(file.name, counted(file.rows, "row"), size_text(file.size_bytes)) for file in done.files]
    lines = [f"Wrote to {shown(done.folder)}:", *(f"  {line}" for line in table(rows, right=(1, 2)))]
    return Outcome(data, lines)
