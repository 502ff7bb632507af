"""The state machine of batches: one table in the code, and a database that keeps to it."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from rattail.features.batches.states import FOLLOWING, State
from tests.kit.shop import Shop, in_shop


def test_the_migration_knows_the_same_states_as_the_code() -> None:
    migration = import_module("rattail.features.batches.migrations.0002_states")

    assert {State(old): tuple(map(State, new)) for old, new in migration._FOLLOWING.items()} == FOLLOWING
    assert set(FOLLOWING) == set(State)


def test_the_database_refuses_every_change_of_state_that_the_machine_does_not_know(
    emptied_env: Mapping[str, str],
) -> None:
    def act(shop: Shop) -> Any:
        from django.db import IntegrityError, transaction

        from rattail.features.batches.models import Batch

        taken: list[list[str]] = []
        stamps = {"kind": "inventory", "file_name": "f", "file_sha256": "0", "created_by": "a test"}
        for number, (old, new) in enumerate(((old, new) for old in State for new in State), 1):
            batch = Batch.objects.create(number=number, state=old, created_at=shop.ground.now, **stamps)
            try:
                with transaction.atomic():
                    Batch.objects.filter(pk=batch.pk).update(state=new)
            except IntegrityError:
                assert Batch.objects.get(pk=batch.pk).state == old
            else:
                taken.append([old, new])
        return taken

    taken = in_shop(emptied_env, act)

    assert {(old, new) for old, new in taken if old != new} == {
        (old.value, new.value) for old, following in FOLLOWING.items() for new in following
    }
    assert len(taken) == sum(len(following) for following in FOLLOWING.values()) + len(State)


def test_the_database_refuses_a_state_that_there_is_not(emptied_env: Mapping[str, str]) -> None:
    def act(shop: Shop) -> str:
        from django.db import IntegrityError

        from rattail.features.batches.models import Batch

        stamps = {"kind": "inventory", "file_name": "f", "file_sha256": "0", "created_by": "a test"}
        try:
            Batch.objects.create(number=1, state="half", created_at=shop.ground.now, **stamps)
        except IntegrityError:
            return "refused"
        return "taken"

    assert in_shop(emptied_env, act) == "refused"
