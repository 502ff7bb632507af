"""Making a batch: refused whole, read whole, or interrupted and gone on with."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rattail.errors import AppDirBroken, InputRejected, WouldOverwrite
from rattail.features.batches.folders import safe_name
from tests.conftest import Run
from tests.features.batches.kinds.catalogs import BEANS, RICE, Shelf
from tests.features.batches.service.racing import die_at_touch, killed, outcome_of, together
from tests.kit.mounting import small_file_system
from tests.kit.shop import Shop, in_shop, killed_at_statement

Env = Mapping[str, str]
_CATALOG = f"upc,item,case size,case cost\n{BEANS},B-1,12,13\n{RICE},R-1,6,13\n"
_DIGITS: dict[str, Any] = {"check_digits": {12: True}, "vendor": "acme"}


@given(st.text(max_size=300))
def test_a_safe_name_stays_in_its_folder_and_is_never_one_of_ours(name: str) -> None:
    safe = safe_name(name)

    assert safe == os.path.basename(safe)
    assert safe not in ("", ".", "..", "problems.csv", "result.json")
    assert safe[0] not in ".-"
    assert "\0" not in safe
    assert len(safe.encode()) <= 200
    assert safe.isprintable()


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\files\\price list.xls", "price list.xls"),
        ("problems.csv", "input-problems.csv"),
        ("result.json", "input-result.json"),
        (".lease", "input-lease"),
        ("-rf", "input--rf"),
        ("a;rm $HOME.csv", "a_rm _HOME.csv"),
        (f"{'x' * 400}.xlsx", f"{'x' * 145}.xlsx"),
        ("Preisliste März.csv", "Preisliste März.csv"),
        ("", "input-"),
    ],
)
def test_a_safe_name_keeps_what_a_person_knows_the_file_by(name: str, safe: str) -> None:
    assert safe_name(name) == safe


def test_the_same_file_is_refused_by_the_batch_that_has_it_unless_forced_undone_or_left(emptied_env: Env) -> None:
    def act(shop: Shop) -> Any:
        Shelf(shop)
        first = shop.batch("vendor_catalog", _CATALOG, **_DIGITS, is_forced=False)
        with pytest.raises(WouldOverwrite, match=f"batch {first} has this very file already: 'file.csv', ready"):
            shop.batch("vendor_catalog", _CATALOG, **_DIGITS, name="other.csv", is_forced=False)
        forced = shop.batch("vendor_catalog", _CATALOG, **_DIGITS)
        shop.execute(first.number)
        shop.undo(first.number)
        with pytest.raises(WouldOverwrite, match=f"batch {forced} has"):
            shop.batch("vendor_catalog", _CATALOG, **_DIGITS, is_forced=False)
        return [str(first), str(forced), first.answers["reason"]]

    first, forced, reason = in_shop(emptied_env, act)

    assert int(forced) > int(first)
    assert reason


def test_a_number_whose_folder_is_there_already_is_passed_over(emptied_env: Env) -> None:
    def act(shop: Shop) -> Any:
        from rattail.retail.numbers import next_number

        Shelf(shop)
        taken = next_number() + 1
        older = Path(shop.ground.folders["data/batches/vendor_catalog"], f"{taken:08d}")
        older.mkdir()
        (older / "file.csv").write_text("of an older database")
        batch = shop.batch("vendor_catalog", _CATALOG, **_DIGITS)
        return batch.number - taken, (older / "file.csv").read_text(), sorted(os.listdir(older))

    assert in_shop(emptied_env, act) == [1, "of an older database", ["file.csv"]]


def test_a_file_that_cannot_be_read_to_its_end_leaves_nothing(emptied_env: Env) -> None:
    def act(shop: Shop) -> Any:
        from rattail.features.batches.models import Batch, CatalogRow
        from rattail.features.batches.service.make import Progress, make_batch
        from rattail.features.batches.service.plan import Request, plan_batch
        from rattail.retail.models import Change

        Shelf(shop)
        path = shop.folder / "cut.csv"
        path.write_text(_CATALOG)
        asked = Request(kind="vendor_catalog", path=str(path), **_DIGITS)
        plan = plan_batch(asked, ground=shop.ground, progress=lambda _: None)

        def cut_off(source: Any, reading: Any) -> Any:
            yield from plan.format.read(source, reading)
            raise InputRejected("cut.csv ends in the middle of a row.")

        cut = plan._replace(format=plan.format._replace(read=cut_off))
        said = []
        for one in (cut, plan):
            if one is plan:
                path.write_text(f"{_CATALOG}\n")  # between looking and copying
            with pytest.raises(InputRejected) as refused:
                make_batch(one, ground=shop.ground, progress=Progress(reading=lambda _: None))
            said.append(refused.value.message)
        left = [model.objects.count() for model in (Batch, CatalogRow, Change)]
        return said, left, os.listdir(shop.ground.folders["data/batches/vendor_catalog"])

    said, left, folders = in_shop(emptied_env, act)

    assert said[0] == "cut.csv ends in the middle of a row."
    assert said[1].endswith("cut.csv' was changed while it was being read.")
    assert left == [0, 0, 0]
    assert folders == []


def test_there_is_a_file_of_problems_only_where_there_are_problems(emptied_env: Env) -> None:
    def act(shop: Shop) -> Any:
        Shelf(shop)
        good = shop.batch("vendor_catalog", _CATALOG, **_DIGITS)
        bad = shop.batch("vendor_catalog", f"{_CATALOG}{BEANS},=1+1,6,=2*x\n", **_DIGITS)
        above = Path(shop.ground.folders["data/batches/vendor_catalog"])
        return [sorted(os.listdir(above / str(one))) for one in (good, bad)], (
            above / f"{bad}/problems.csv"
        ).read_text()

    (good, bad), text = in_shop(emptied_env, act)

    assert good == [".lease", "file.csv"]
    assert bad == [".lease", "file.csv", "problems.csv"]
    assert ",'=2*x," in text  # which a spreadsheet will not calculate


@pytest.mark.parametrize("room", ["60k", "240k"])
def test_a_full_disk_is_a_sentence_and_leaves_no_batch(
    emptied_env: Env, as_root: None, tmp_path: Path, room: str
) -> None:
    lines = "".join(f"{BEANS},B-{number},12,12x4.00 and a long text\n" for number in range(3_000))
    with small_file_system(tmp_path / "full", options=f"size={room}") as full:

        def act(shop: Shop) -> Any:
            from rattail.features.batches.models import Batch

            Shelf(shop)
            shop.ground.folders["data/batches/vendor_catalog"] = str(full)  # type: ignore[index]
            with pytest.raises(AppDirBroken) as refused:
                shop.batch("vendor_catalog", f"upc,item,case size,case cost\n{lines}", **_DIGITS)
            return refused.value.message, Batch.objects.count(), os.listdir(full)

        message, count, left = in_shop(emptied_env, act)

    assert message.startswith("cannot copy" if room == "60k" else "cannot write")
    assert message.endswith(": the disk is full.")
    assert count == 0
    assert left == []


def test_two_processes_make_batches_of_different_numbers_and_one_of_the_same_file(
    emptied_env: Env, tmp_path: Path
) -> None:
    in_shop(emptied_env, lambda shop: bool(Shelf(shop)))

    def act(shop: Shop, meet: Any) -> Any:
        numbers, outcomes = [], []
        for number in range(6):
            meet()
            name = f"{os.getpid()}-{number}.csv"
            numbers.append(
                shop.batch("vendor_catalog", f"{_CATALOG}{BEANS},C{number},1,1\n", **_DIGITS, name=name).number
            )
            content = f"{_CATALOG}{BEANS},D{number},1,1\n"
            meet()
            make: dict[str, Any] = {"name": f"same-{name}", "is_forced": False, **_DIGITS}
            outcomes.append(outcome_of(partial(shop.batch, "vendor_catalog", content, **make)))
        return numbers, outcomes

    (one, ones), (other, others) = together(emptied_env, tmp_path, act)

    assert len({*one, *other}) == len(one) + len(other) == 12
    assert [sorted(pair) for pair in zip(ones, others, strict=True)] == [["WouldOverwrite", "done"]] * 6


def test_a_batch_whose_making_was_killed_is_gone_or_is_read_again(emptied_env: Env, run: Run) -> None:
    content = _CATALOG + "".join(f"{BEANS},N-{number},1,{number}.50\n" for number in range(1, 40))
    in_shop(emptied_env, lambda shop: bool(Shelf(shop)))

    def make(shop: Shop, moment: int, *, at_touch: bool) -> None:
        if at_touch:
            die_at_touch(moment)
            shop.batch("vendor_catalog", content, **_DIGITS)
        with killed_at_statement(moment):
            shop.batch("vendor_catalog", content, **_DIGITS)

    moments = [
        (1, True),
        (8, True),
        (14, True),
        (20, True),
        (4, False),
        (12, False),
        (16, False),
        (22, False),
        (27, False),
    ]
    died = [killed(emptied_env, partial(make, moment=one[0], at_touch=one[1])) for one in moments]

    def look(shop: Shop) -> Any:
        from rattail.features.batches.models import Batch
        from rattail.features.batches.service.find import find_batch

        batches = [find_batch(one.number, ground=shop.ground) for one in Batch.objects.order_by("number")]
        return [[one.number, one.state, one.failure] for one in batches]

    left = in_shop(emptied_env, look)
    failed = [number for number, state, failure in left if state == "failed" and "reading was interrupted" in failure]
    resumed = run("make-batch", "--resume", str(failed[-1]), "--json", env=emptied_env)

    assert died.count(True) >= 7
    assert {state for _, state, _ in left} <= {"failed", "ready"}
    assert len(failed) >= 2
    assert resumed.code == 0, resumed.err
    assert resumed.data["rows"] == 41
    assert resumed.data["state"] == "ready"
    assert resumed.data["failure"] == ""


def test_a_batch_that_was_executed_since_it_was_found_is_not_read_again(emptied_env: Env) -> None:
    def act(shop: Shop) -> Any:
        from rattail.errors import NotAllowed
        from rattail.features.batches.service.again import request_of
        from rattail.features.batches.service.make import Progress, resume_batch
        from rattail.features.batches.service.plan import plan_batch

        Shelf(shop)
        made = shop.batch("vendor_catalog", _CATALOG, **_DIGITS)
        found, request = request_of(made.number, ground=shop.ground)
        plan = plan_batch(request, ground=shop.ground, progress=lambda _: None)
        shop.execute(made.number)
        with pytest.raises(NotAllowed, match="is executed: it cannot be read again"):
            resume_batch(found, plan, ground=shop.ground, progress=Progress(reading=lambda _: None))
        return shop.undo(made.number).done

    assert in_shop(emptied_env, act) == [2, 0, 0]
