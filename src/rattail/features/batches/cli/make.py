"""`rattail make-batch`, `list-formats`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import click

from rattail.cli.command import command
from rattail.cli.console import counted, table
from rattail.cli.outcome import Message, Outcome
from rattail.cli.session import Session
from rattail.errors import InputRejected
from rattail.features.batches.cli.ground import Number, ground_of, pairs

if TYPE_CHECKING:
    from rattail.features.batches.models import Batch
    from rattail.features.batches.reading.lines import Event
    from rattail.features.batches.service.ground import Ground
    from rattail.features.batches.service.plan import Plan, Request

_PREVIEWED = 10
_OLDEST_YEAR = 1980  # as of the dates in files
_KINDS = ("inventory", "vendor_catalog", "vendor_invoice")


@command("make-batch")
@click.argument("kind", required=False, metavar="KIND")
@click.argument("file", required=False, type=click.Path(path_type=str), metavar="FILE")
@click.option("--vendor", metavar="CODE", help="Whose file it is (catalogs and invoices).")
@click.option(
    "--store", metavar="CODE", help="The store that was counted, or that receives; not needed where there is one."
)
@click.option("--format", "format_name", default="auto", show_default=True, metavar="NAME", help="See list-formats.")
@click.option(
    "--set", "answers", multiple=True, metavar="NAME=VALUE", help="Answer a question about the file, for this time."
)
@click.option(
    "--check-digits",
    multiple=True,
    metavar="LENGTH=yes|no",
    help="Whether codes of so many digits end in a check digit.",
)
@click.option("--mode", metavar="MODE", help="inventory: replace, adjust, zero or variance.")
@click.option(
    "--counted-at",
    metavar="TIME",
    help="inventory: when it was counted, in the shop's time; default: the newest scan of the file, or now.",
)
@click.option("--duplicates", metavar="add|last", help="inventory: add up what was counted twice, or take the last.")
@click.option("--effective", metavar="DATE", help="vendor_catalog: from which day on the costs hold; default: today.")
@click.option(
    "--hold-above",
    type=click.IntRange(0),
    metavar="PERCENT",
    help="Catalogs and invoices: hold larger changes of cost.",
)
@click.option("--no-receive", is_flag=True, help="vendor_invoice: record it, and leave the stock as it is.")
@click.option("--take-costs", is_flag=True, help="vendor_invoice: take over costs that differ from the catalog.")
@click.option("--reason", default="", metavar="TEXT", help="Why; it stands in the ledger of stock.")
@click.option("--description", default="", metavar="TEXT", help="What people will see in lists.")
@click.option("--force", is_flag=True, help="Read the file though another batch has it, or has the same invoice.")
@click.option(
    "--resume", type=Number(), metavar="ID", help="Read the file of a batch again whose reading was interrupted."
)
@click.option("--dry-run", is_flag=True, help="Show how the first rows are understood, and make nothing.")
def make_batch(
    session: Session, kind: str | None, file: str | None, resume: int | None, dry_run: bool, **given: Any
) -> Outcome:
    """Make a batch of a file: read every row, match it with the records, and judge it.

    KIND is inventory, vendor_catalog or vendor_invoice. Nothing of the records changes before execute-batch. Rows that
    cannot be read are set aside, each with its row, column, value and reason, in problems.csv in the batch's folder.
    """
    ground = ground_of(session)
    from rattail.features.batches.service import make
    from rattail.features.batches.service.plan import plan_batch

    progress = make.Progress(reading=session.console.progress("reading rows"))
    looking = session.console.progress("looking at codes")
    if resume is not None:
        from rattail.features.batches.service.again import request_of

        batch, request = request_of(resume, ground=ground)
        return _made(
            session,
            make.resume_batch(
                batch, plan_batch(request, ground=ground, progress=looking), ground=ground, progress=progress
            ),
            ground,
        )
    if kind is None or file is None:
        raise InputRejected(
            "KIND and FILE are needed: what the file is, and where it is.",
            hint="rattail make-batch vendor_catalog catalog.csv --vendor unfi",
        )
    request = _request(kind, file, ground, session, **given)
    plan = plan_batch(request, ground=ground, progress=looking)
    if dry_run:
        return _previewed(plan)
    session.console.say(f"format {plan.format.name}: {plan.reason}")
    session.console.say(f"codes: {plan.rules.describe()}") if session.console.is_verbose else None
    return _made(session, make.make_batch(plan, ground=ground, progress=progress), ground)


def _request(kind: str, file: str, ground: Ground, session: Session, **given: Any) -> Request:
    from rattail.features.batches.service.plan import Request

    plain = kind.strip().lower().replace("-", "_")
    settings: dict[str, Any] = {"reason": given["reason"]}
    hold = (
        session.settings.integer("batches.hold_above_percent") if given["hold_above"] is None else given["hold_above"]
    )
    if plain == "inventory":
        settings |= {"mode": given["mode"] or "", "duplicates": given["duplicates"] or ""}
        settings["counted_at"] = _moment(given["counted_at"], ground)
        settings["takes_scan_times"] = given["counted_at"] is None
    elif plain == "vendor_catalog":
        settings["hold_above_percent"] = hold
        settings["effective"] = _day(given["effective"], ground)
    elif plain == "vendor_invoice":
        settings |= {"receive": not given["no_receive"], "take_costs": given["take_costs"], "is_forced": given["force"]}
        settings["hold_above_percent"] = hold
    return Request(
        kind=kind,
        path=file,
        vendor=given["vendor"],
        store=given["store"],
        format=given["format_name"],
        settings=settings,
        options=pairs(given["answers"], option="--set"),
        check_digits=_check_digits(pairs(given["check_digits"], option="--check-digits")),
        description=given["description"],
        is_forced=given["force"],
    )


def _moment(text: str | None, ground: Ground) -> str:
    """When it was counted: in the shop's time, unless a zone is said with it."""
    if text is None:
        return ground.now.isoformat()
    moment: datetime | None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or _is_day(text) or moment.year < _OLDEST_YEAR:
        raise InputRejected(f"--counted-at {text!r}: expected a date and a time such as '2026-11-22 07:30'.")
    if moment.tzinfo is None:
        moment = ground.moment(text)
    if moment > ground.now:
        raise InputRejected(f"--counted-at {text!r} is in the future ({ground.time_zone}).")
    return moment.astimezone(UTC).isoformat()


def _is_day(text: str) -> bool:
    """Whether it is a date without a time."""
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _day(text: str | None, ground: Ground) -> str:
    try:
        return ground.today.isoformat() if text is None else date.fromisoformat(text).isoformat()
    except ValueError:
        raise InputRejected(f"--effective {text!r}: expected a date such as {ground.today.isoformat()}.") from None


def _check_digits(given: Mapping[str, str]) -> dict[int, bool]:
    words = {"yes": True, "no": False}
    for length, word in given.items():
        if not (length.isascii() and length.isdigit() and word.lower() in words):
            raise InputRejected(
                f"--check-digits {length}={word}: expected a number of digits and yes or no, as in 11=yes."
            )
    return {int(length): words[word.lower()] for length, word in given.items()}


def _previewed(plan: Plan) -> Outcome:
    from rattail.features.batches.service.plan import preview
    from rattail.features.batches.service.shown import event_text

    events = preview(plan, _PREVIEWED)
    shown = [_shown(one, plan) for one in events]
    data = {
        "is_dry_run": True,
        "kind": plan.kind.name,
        "format": plan.format.name,
        "reason": plan.reason,
        "rows": plan.row_count,
        "codes": plan.rules.describe(),
        "preview": shown,
    }
    lines = [f"Format {plan.format.name} ({plan.format.title}): {plan.reason}", f"Codes: {plan.rules.describe()}"]
    lines += [event_text(event, one) for event, one in zip(events, shown, strict=True)]
    lines.append(f"About {counted(plan.row_count, 'row')} in all. Nothing was made; without --dry-run the batch is.")
    return Outcome(data, lines, is_answer=True)


def _shown(event: Event, plan: Plan) -> dict[str, Any]:
    """An event as a person checks it: amounts as decimals, the code as it will be known."""
    from rattail.features.batches.reading.lines import CatalogLine, CountLine, InvoiceLine
    from rattail.features.batches.service.shown import shown_line
    from rattail.retail.barcodes import BadCode

    found: dict[str, Any] = {"what": type(event).__name__, **shown_line(event)}
    if isinstance(event, CatalogLine | InvoiceLine | CountLine) and event.code:
        try:
            found["key"] = plan.rules.read(event.code).key
        except BadCode as error:
            found["key"] = f"none: {error}"
    return found


def _made(session: Session, batch: Batch, ground: Ground) -> Outcome:
    from rattail.features.batches.service.find import folder_of
    from rattail.features.batches.service.shown import count_lines, shown_batch

    folder = folder_of(batch, ground=ground)
    data = {**shown_batch(batch), "folder": folder.path, "reason": batch.answers.get("reason", "")}
    size = f"{counted(batch.row_count, 'row')}, {counted(batch.change_count, 'change')}"
    lines = [f"Made batch {batch} of {batch.file_name}: {size}."]
    lines += [f"  {line}" for line in count_lines(batch)]
    if batch.problem_count:
        lines.append(f"  rows set aside: {batch.problem_count:,}, see {folder.path}/problems.csv")
    lines += [f"see what would change:  {session.hint_line('check-batch', str(batch.number))}"]
    messages = tuple(Message("warning", text) for text in batch.remarks)
    return Outcome(data, lines, messages)


@command("list-formats")
@click.argument("kind", required=False, metavar="[KIND]")
def list_formats(_: Session, kind: str | None) -> Outcome:
    """List the layouts of files that can be read, by kind of batch."""
    from rattail.features.batches.reading.choose import all_formats

    wanted = kind.strip().lower().replace("-", "_") if kind else ""
    if wanted and wanted not in _KINDS:
        raise InputRejected(f"there is no kind of batch {kind!r}: expected one of {', '.join(_KINDS)}.")
    formats = sorted(
        (one for one in all_formats() if wanted in ("", one.kind)), key=lambda one: (one.kind, one.is_generic, one.name)
    )
    rows = [("kind", "format", "what it is"), *((one.kind, one.name, one.title) for one in formats)]
    data = {"formats": [{"kind": one.kind, "name": one.name, "title": one.title} for one in formats]}
    return Outcome(data, table(rows), is_answer=True)
