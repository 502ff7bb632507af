"""Every declared list as CSV and as a workbook, written by the command that works jobs off: it has no web settings."""

from __future__ import annotations

import os
from itertools import cycle

from rattail.registry import load_registry
from tests.kit.served import run_command
from tests.kit.shop_floor import furnish
from tests.kit.web import Web, web_test

#: What the address of a list's page gives it, by the list's name where it is not the first of its kind.
_GIVEN = {"batch": "1", "product": "1", "vendor": "1", "invoice": "1"}
_BATCHES = {"batches.invoice_rows": "2", "batches.count_rows": "3"}
_OF_IMPORTS = "batches.csv_rows"  # the shop of these tests has imported no tables


@web_test()
def test_every_list_can_be_taken_along_in_both_formats(web: Web) -> None:
    from rattail.features.work.models import WorkFile
    from rattail.jobs.models import Job

    furnish(web.root)
    people = cycle([web.client_of(f"alice{number}", "manager") for number in range(8)])  # so many files wait at most
    names = sorted(load_registry().lists.keys() - {_OF_IMPORTS})

    for name in names:
        for format in ("csv", "xlsx"):
            given = {**_GIVEN, "batch": _BATCHES.get(name, "1")}
            answer = next(people).post("/my-files/make/", {"list": name, "format": format, **given})
            assert answer.status_code == 302, f"{name}: {answer.status_code}"
    run_command(os.environ, "run-jobs", "--appdir", str(web.root))

    failed = Job.objects.filter(kind="work.write_list").exclude(state="done")
    assert [(job.arguments["list"], job.reason) for job in failed] == []
    assert WorkFile.objects.count() == 2 * len(names)
