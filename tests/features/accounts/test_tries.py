"""How often somebody may try: growing waits for a name, a limit for an address, and never for ever."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from threading import Thread

import pytest

from tests.features.accounts.people import is_in, log_in, text_of, with_password
from tests.kit.web import Web, run_in_web, web_test

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@web_test()
@pytest.mark.parametrize("name", ["alice", "nobody"])
def test_after_five_wrong_passwords_a_name_waits_whether_there_is_somebody_of_it_or_not(web: Web, name: str) -> None:
    with_password(web, "alice")
    tries = [log_in(web.client(), name, "wrong").status_code for _ in range(5)]

    answer = log_in(web.client(), name)

    assert tries == [422] * 5
    assert answer.status_code == 429
    assert 0 < int(answer["Retry-After"]) <= 60
    assert text_of(answer).startswith("Too many tries There were too many tries to log in. Wait ")
    assert name not in text_of(answer)


@web_test(options={"accounts.lock_after_tries": "3"})
def test_after_how_many_tries_is_a_setting_and_the_wait_ends_by_itself(web: Web) -> None:
    from rattail.features.accounts.models import Tries

    with_password(web, "alice")
    tries = [log_in(web.client(), "alice", "wrong").status_code for _ in range(4)]
    Tries.objects.filter(locked_until__isnull=False).update(locked_until=web.site.now())
    browser = web.client()

    log_in(browser, "alice")

    assert tries == [422] * 3 + [429]
    assert is_in(browser)


@web_test()
def test_a_new_password_ends_the_wait(web: Web) -> None:
    from rattail.features.accounts.service import set_password

    with_password(web, "alice")
    for _ in range(5):
        log_in(web.client(), "alice", "wrong")
    set_password(name="alice", password="another long one 8", actor="os:test", now=web.site.now())

    assert log_in(web.client(), "alice", "another long one 8").status_code == 302


@web_test()
def test_waits_grow_to_a_quarter_of_an_hour_and_are_forgotten_after_a_day(web: Web) -> None:
    from rattail.features.accounts.models import Tries
    from rattail.features.accounts.tries import Limits, admit

    now, waits = NOW, []
    for number in range(12):
        address = f"192.0.2.{number}"
        limits = Limits(tries=5, longest=timedelta(minutes=15))
        assert admit(name="alice", address=address, limits=limits, now=now) == 0
        waits.append(admit(name="alice", address=address, limits=limits, now=now) if number >= 4 else 0)
        now += timedelta(seconds=waits[-1])
    later = now + timedelta(days=1, seconds=1)

    assert [wait // 60 for wait in waits] == [0, 0, 0, 0, 1, 2, 4, 8, 15, 15, 15, 15]
    assert admit(name="bob", address="192.0.2.99", limits=limits, now=later) == 0
    assert Tries.objects.count() == 2


@web_test()
def test_an_address_may_try_twenty_times_a_minute_whatever_the_names(web: Web) -> None:
    from rattail.features.accounts.tries import Limits, admit

    limits = Limits(tries=5, longest=timedelta(minutes=15))

    def seen(address: str, number: int, now: datetime = NOW) -> int:
        return admit(name=f"name {number}", address=address, limits=limits, now=now)

    waits = [seen("192.0.2.7", number) for number in range(22)]
    of_one_network = [seen(f"2001:db8::{number:x}", 100 + number) for number in range(21)]

    assert waits == [0] * 20 + [60] * 2
    assert of_one_network == [0] * 20 + [60]
    assert seen("192.0.2.8", 300) == 0
    assert seen("192.0.2.7", 301, NOW + timedelta(minutes=1)) == 0


@web_test()
def test_right_passwords_use_up_no_tries_of_an_address(web: Web) -> None:
    from rattail.features.accounts.models import Tries
    from rattail.features.accounts.tries import Limits, admit, take_back

    with_password(web, "alice")
    answers = [log_in(web.client(), "alice").status_code for _ in range(21)]
    counted = list(Tries.objects.values_list("count", flat=True))
    limits = Limits(tries=5, longest=timedelta(minutes=15))
    for number in range(2):  # the second one begins the next minute
        admit(name=f"name {number}", address="192.0.2.7", limits=limits, now=NOW + timedelta(minutes=number))
    take_back("192.0.2.7", now=NOW)

    assert answers == [302] * 21
    assert counted == [0]
    assert Tries.objects.get(key="address:192.0.2.7").count == 1


def test_many_tries_at_once_are_no_way_around_it(emptied_env: Mapping[str, str]) -> None:
    def act(_web: Web) -> None:
        from django.db import connection

        from rattail.features.accounts.tries import Limits, admit

        limits = Limits(tries=5, longest=timedelta(minutes=15))
        waits: list[int] = []

        def attempt(number: int) -> None:
            waits.append(admit(name="alice", address=f"192.0.2.{number}", limits=limits, now=NOW))
            connection.close()

        threads = [Thread(target=attempt, args=(number,)) for number in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert sorted(waits) == [0] * 5 + [60] * 7

    run_in_web(emptied_env, act)
