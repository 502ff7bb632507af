"""`rattail import-csv`."""

from __future__ import annotations

import click

from rattail.cli.command import command
from rattail.cli.console import counted
from rattail.cli.outcome import Message, Outcome
from rattail.cli.session import Session
from rattail.features.batches.cli.ground import ground_of


@command("import-csv")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=str), metavar="FILE|DIR...")
@click.option("--description", default="", metavar="TEXT", help="What people will see in lists.")
@click.option("--force", is_flag=True, help="Read the files though another import has them.")
def import_csv(session: Session, files: tuple[str, ...], description: str, force: bool) -> Outcome:
    """Read tables of the records from CSV files, as a batch: nothing changes before execute-batch.

    The tables look as export-csv writes them; each is known by the names in its first row. A file with fewer
    columns changes only those. Of a DIR all its CSV files are read. Records that are not in a file stay as they are.
    """
    ground = ground_of(session)
    from rattail.features.batches.csv_in.make import make_import, plan_import
    from rattail.features.batches.service.find import folder_of
    from rattail.features.batches.service.shown import count_lines, shown_batch

    looking = session.console.progress("looking at codes")
    planned = plan_import(files, ground=ground, progress=looking, is_forced=force)
    reading = session.console.progress("reading rows")
    batch = make_import(planned, ground=ground, progress=reading, description=description)
    folder = folder_of(batch, ground=ground)
    tables = [{"name": file.source.name, "table": file.sheet.name} for file in planned.files]
    data = {**shown_batch(batch), "folder": folder.path, "tables": tables}
    size = f"{counted(batch.row_count, 'row')}, {counted(batch.change_count, 'change')}"
    lines = [f"Made batch {batch} of {batch.file_name}: {size}."]
    lines += [f"  {file['name']} is the table {file['table']}" for file in tables]
    lines += [f"  {line}" for line in count_lines(batch)]
    if batch.problem_count:
        what = counted(batch.problem_count, "cell or row was", "cells or rows were")
        lines.append(f"  {what} set aside: {folder.path}/problems.csv")
    lines.append(f"see what would change:  {session.hint_line('check-batch', str(batch.number))}")
    return Outcome(data, lines, tuple(Message("warning", text) for text in batch.remarks))
