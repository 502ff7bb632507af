"""Things to look at: a shop with its sample records, a batch of each kind, one of them executed."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from tests.kit.served import run_command

_STORE = ("--store", "1")


def furnish(root: Path, environ: Mapping[str, str] | None = None) -> None:
    """Fill an empty app folder whose tables are there, by the same commands as an operator."""
    env = {**(os.environ if environ is None else environ), "RATTAIL_APPDIR": str(root)}
    samples = root / "work" / "csv" / "samples"
    run_command(env, "make-sample")
    run_command(env, "make-batch", "vendor_catalog", str(samples / "unfi-catalog.tsv"), "--vendor", "unfi")
    run_command(env, "make-batch", "vendor_invoice", str(samples / "unfi-invoice.csv"), "--vendor", "unfi", *_STORE)
    count = ("--mode", "replace", "--reason", "count")
    run_command(env, "make-batch", "inventory", str(samples / "count.csv"), *_STORE, *count)
    run_command(env, "execute-batch", "3")
    run_command(env, "make-batch", "vendor_invoice", str(samples / "kehe-invoice.csv"), "--vendor", "kehe", *_STORE)
    run_command(env, "execute-batch", "4")
