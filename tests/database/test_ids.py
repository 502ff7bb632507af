"""Ids and numbers that several processes take at once."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.features.batches.service.racing import together
from tests.kit.shop import Shop, in_shop

Env = Mapping[str, str]


def test_two_processes_never_get_the_same_id_nor_one_that_a_model_takes(emptied_env: Env, tmp_path: Path) -> None:
    def act(shop: Shop, meet: Any) -> Any:
        from rattail.database.ids import reserve_ids
        from rattail.retail.models import Department

        ids = []
        meet()
        for number in range(40):
            ids += list(reserve_ids(Department, number % 4))
            ids.append(shop.make("Department", code=f"{os.getpid()}-{number}", name="x"))
        return ids

    one, other = together(emptied_env, tmp_path, act)

    assert len({*one, *other}) == len(one) + len(other) == 2 * (60 + 40)


def test_the_first_ids_of_a_table_are_given_out_once(emptied_env: Env, tmp_path: Path) -> None:
    def forget(_: Shop) -> bool:
        from rattail.database.bulk import change_rows
        from rattail.database.dialect import is_sqlite

        if is_sqlite():
            change_rows("DELETE FROM sqlite_sequence")
        return True

    def act(_: Shop, meet: Any) -> Any:
        from rattail.database.ids import reserve_ids
        from rattail.retail.records import RECORDS

        given = []
        for record in RECORDS.values():
            meet()
            given.append(list(reserve_ids(record.model, 3)))
        return given

    in_shop(emptied_env, forget)
    one, other = together(emptied_env, tmp_path, act)

    for mine, theirs in zip(one, other, strict=True):
        assert len({*mine, *theirs}) == 6


def test_two_processes_never_get_the_same_number(emptied_env: Env, tmp_path: Path) -> None:
    def act(_: Shop, meet: Any) -> Any:
        from rattail.retail.numbers import next_number

        meet()
        return [next_number() for _ in range(25)]

    one, other = together(emptied_env, tmp_path, act)

    assert sorted([*one, *other]) == list(range(1, 51))
