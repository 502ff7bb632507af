"""`rattail make-store`, `make-vendor`, `list-vendors`."""

from datetime import UTC, datetime

import click

from rattail.cli.command import command
from rattail.cli.console import table
from rattail.cli.outcome import Outcome
from rattail.cli.session import Session


@command("make-store")
@click.argument("code")
@click.argument("name")
def make_store(session: Session, code: str, name: str) -> Outcome:
    """Make a store (a location); CODE is what people call it, such as 1 or north."""
    session.open_records()
    from rattail.features.products import service

    store = service.make_store(code=code, name=name, actor=session.actor, now=datetime.now(UTC))
    return Outcome({"code": store.code, "name": store.name}, [f"Made store {store.code}, {store.name}."])


@command("make-vendor")
@click.argument("code")
@click.argument("name")
@click.option("--identifier", default="", help="What the vendor calls itself in EDI files: its GLN or DUNS number.")
def make_vendor(session: Session, code: str, name: str, identifier: str) -> Outcome:
    """Make a vendor; CODE is what people call it, such as unfi."""
    session.open_records()
    from rattail.features.products import service

    vendor = service.make_vendor(
        code=code, name=name, identifier=identifier, actor=session.actor, now=datetime.now(UTC)
    )
    data = {"code": vendor.code, "name": vendor.name, "identifier": vendor.identifier}
    return Outcome(data, [f"Made vendor {vendor.code}, {vendor.name}."])


@command("list-vendors")
def list_vendors(session: Session) -> Outcome:
    """List the vendors, and how many items each has."""
    session.open_records()
    from rattail.features.products import service

    vendors = service.list_vendors()
    rows = [("code", "name", "identifier", "items")]
    rows += [(one.code, one.name, one.identifier, f"{one.items:,}") for one in vendors]
    lines = table(rows, right=(3,)) if vendors else ["There are no vendors yet."]
    return Outcome({"vendors": [one._asdict() for one in vendors]}, lines, is_answer=True)
