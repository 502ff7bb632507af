"""Writing down what a person has to hear of, in the transaction of whoever has it to tell."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.kit.shop import Shop, in_shop

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
Env = Mapping[str, str]


def rows() -> list[list[Any]]:
    from rattail.notices.models import Notice

    return [list(row) for row in Notice.objects.order_by("id").values_list("key", "subject", "text", "times", "level")]


def test_the_same_thing_again_only_counts_with_the_newest_words(emptied_env: Env) -> None:
    def act(_: Shop) -> Any:
        from rattail.notices.models import Notice
        from rattail.notices.note import note

        note("job.failed:x", subject="first", text="one", level="warning", now=NOW)
        note("job.failed:y", subject="another", now=NOW)
        note("job.failed:x", subject="second", text="two", now=NOW + timedelta(hours=1))
        first = Notice.objects.get(key="job.failed:x")
        return rows(), first.first_at == NOW, first.last_at == NOW + timedelta(hours=1)

    found, is_first, is_last = in_shop(emptied_env, act)

    assert found == [["job.failed:x", "second", "two", 2, "error"], ["job.failed:y", "another", "", 1, "error"]]
    assert (is_first, is_last) == (True, True)


def test_it_is_there_exactly_if_the_callers_transaction_is(emptied_env: Env) -> None:
    def act(_: Shop) -> Any:
        from django.db import transaction

        from rattail.notices.note import note

        note("a", subject="kept", now=NOW)
        for is_kept in (False, True):
            with transaction.atomic():
                note("a", subject="again", now=NOW)
                note("b", subject="new", now=NOW)
                transaction.set_rollback(not is_kept)
        return rows()

    assert in_shop(emptied_env, act) == [["a", "again", "", 2, "error"], ["b", "new", "", 1, "error"]]


def test_what_no_column_and_no_mail_can_hold_is_written_out_or_cut(emptied_env: Env) -> None:
    def act(_: Shop) -> Any:
        from rattail.notices.note import note

        long = "k" * 200
        note(f"{long}1", subject="a\r\nBcc: eve@example.org\0 \ud800 b", text="x\0y\x1b[2J\r\nz\u00a0Ω", now=NOW)
        note(f"{long}2", subject="s" * 500, text="t" * 1_000_000 + "the end", now=NOW)
        note(f"{long}1", subject="again", now=NOW)
        return rows()

    first, second = in_shop(emptied_env, act)

    assert first[0] != second[0]
    assert {len(first[0]), len(second[0])} == {150}
    assert (first[1], first[3]) == ("again", 2)
    assert len(second[1]) == 200
    assert len(second[2]) < 20_000
    assert second[2].endswith("the end")
    assert "984,007 characters are left out here" in second[2]


def test_a_line_is_one_line_and_a_text_without_what_steers_a_terminal() -> None:
    from rattail.notices.text import clean, one_line

    assert one_line("a\r\nBcc: eve@example.org\0 \ud800 b\u2028c") == "a Bcc: eve@example.org\\x00 \\ud800 b c"
    assert clean("x\0y\x1b[2J\r\nz\u00a0Ω\ttab") == "x\\x00y\\x1b[2J\nz Ω\ttab"


def test_thousands_of_one_key_are_one_row_and_two_statements_each(emptied_env: Env) -> None:
    def act(_: Shop) -> Any:
        from django.db import connection, transaction

        from rattail.notices.note import note

        count = 0

        def counting(execute: Any, *words: Any) -> Any:
            nonlocal count
            count += 1
            return execute(*words)

        with connection.execute_wrapper(counting), transaction.atomic():
            for _number in range(2_000):
                note("same", subject="x", now=NOW)
        return rows(), count

    found, statements = in_shop(emptied_env, act)

    assert found == [["same", "x", "", 2_000, "error"]]
    assert statements <= 4_003


def test_nobody_waits_for_anothers_transaction_and_none_is_lost(migrated_env: Env) -> None:
    """Two processes write down the same two things in opposite orders, each while the other's transaction is open."""
    if "RATTAIL_DATABASE_URL" not in migrated_env:
        return  # SQLite has one writer at a time: see the test above
    here, there = os.pipe(), os.pipe()

    def act(_: Shop, *, keys: str, mine: int, other: int) -> Any:
        from django.db import connection, transaction

        from rattail.notices.note import note

        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '5s'")
            note(keys[0], subject="x", now=NOW)
            os.write(other, b"x")
            os.read(mine, 1)
            note(keys[1], subject="x", now=NOW)
            os.write(other, b"x")
            os.read(mine, 1)
        return True

    in_shop(migrated_env, _noted_both)
    child = os.fork()
    if child == 0:
        is_well = in_shop(migrated_env, lambda shop: act(shop, keys="ab", mine=here[0], other=there[1]))
        os._exit(0 if is_well else 1)
    assert in_shop(migrated_env, lambda shop: act(shop, keys="ba", mine=there[0], other=here[1]))
    assert os.waitpid(child, 0)[1] == 0

    counted = in_shop(migrated_env, lambda _: rows())
    assert {key: sum(row[3] for row in counted if row[0] == key) for key in "ab"} == {"a": 3, "b": 3}


def _noted_both(_: Shop) -> None:
    from rattail.notices.note import note

    note("a", subject="x", now=NOW)
    note("b", subject="x", now=NOW)


def test_what_waits_is_shown_the_most_serious_first_and_what_happened_the_newest_first(emptied_env: Env) -> None:
    def act(_: Shop) -> Any:
        from rattail.notices.models import Notice
        from rattail.notices.note import note
        from rattail.notices.read import count_waiting, recent, waiting, was_noted

        for number, (key, level) in enumerate((("i", "info"), ("w", "warning"), ("e", "error"), ("t", "error"))):
            note(key, subject=key, level=level, now=NOW + timedelta(minutes=number))  # type: ignore[arg-type]
        Notice.objects.filter(key="t").update(told_at=NOW)
        return (
            [one.key for one in waiting(10)],
            [one.key for one in recent(3)],
            count_waiting(),
            [was_noted("w", since=NOW + timedelta(minutes=minutes)) for minutes in (1, 2)],
        )

    assert in_shop(emptied_env, act) == [["e", "w", "i"], ["t", "e", "w"], 3, [True, False]]
