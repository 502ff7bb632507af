"""Sessions, the same wherever they are kept."""

from __future__ import annotations

import pytest

from tests.features.sessions import scenes
from tests.features.sessions.conftest import Stage


def test_what_a_request_puts_into_its_session_is_there_in_the_next(stage: Stage) -> None:
    entries, cookie = stage.play(scenes.kept_between_requests)

    assert entries == {"basket": [1, 2], "name": "Zoë"}
    assert cookie == {
        "httponly": "True",
        "samesite": "Lax",
        "secure": "",
        "max-age": str(14 * scenes.DAY_S),
        "path": "/",
    }
    assert stage.play(scenes.secure_cookie)


def test_a_request_that_only_looks_gets_no_cookie(stage: Stage) -> None:
    assert stage.play(scenes.nothing_changed) == (0, 0)


def test_no_addition_of_eight_processes_is_lost(stage: Stage) -> None:
    each = 1250 if stage.backend == "files" else 40

    assert stage.play(scenes.count_in_processes, 8, each) == 8 * each


def test_no_addition_of_eight_threads_is_lost(stage: Stage) -> None:
    assert stage.play(scenes.count_in_threads, 8, 10) == 80


def test_what_two_looks_change_at_once_is_merged_entry_by_entry(stage: Stage) -> None:
    entries = stage.play(scenes.gets_that_overlap)

    assert entries == {"mine": 2, "theirs": True, "new": "here", "nested": {"deep": [1, 2]}}


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_session_that_was_ended_meanwhile_stays_so(stage: Stage, method: str) -> None:
    assert stage.play(scenes.ended_meanwhile, method) == ({}, 0, False)


def test_a_session_is_held_from_the_first_look_of_a_change_to_its_end(stage: Stage) -> None:
    during_post, during_get, afterwards = stage.play(scenes.held_while_posting)

    assert (during_post, during_get, afterwards) == (True, False, False)


def test_a_change_that_takes_long_can_let_go_of_its_session(stage: Stage) -> None:
    entries, was_free = stage.play(scenes.let_go_of)

    assert was_free
    assert entries == {"mine": 2, "theirs": 2, "late": 3}


def test_waiting_for_a_session_has_a_limit_and_says_what_to_do(stage: Stage) -> None:
    said = stage.play(scenes.busy_message)

    assert "another request of the same session has been running" in said
    assert "wait until what you did before has finished" in said


def test_a_session_is_let_go_of_after_exceptions_faults_and_streams(stage: Stage) -> None:
    assert stage.play(scenes.let_go_after_failures) == [False, False, False]


def test_a_key_that_was_changed_opens_nothing_any_more(stage: Stage) -> None:
    told = stage.play(scenes.keys_that_change)

    assert told["changed"]
    assert (told["after"], told["old"]) == ({"a": 1}, {})
    assert (told["whose"], told["before_login"]) == ("alice", {})
    assert "a" not in told["logged_in"]
    assert (told["after_leaving"], told["cookie"]) == ({}, "")


@pytest.mark.parametrize("cookie", ["a" * 32, "../" * 10 + "ab", "A" * 32, "x", "a" * 31 + "\x01", "ä" * 32])
def test_nobody_chooses_the_key_of_a_session(stage: Stage, cookie: str) -> None:
    key = stage.play(scenes.chosen_key, cookie)

    assert key != cookie
    assert len(key) == 32


def test_a_session_lasts_so_long_after_it_was_last_used(stage: Stage) -> None:
    assert stage.play(scenes.too_old) == ({}, {"a": 1})


def test_that_a_session_is_in_use_is_written_down_now_and_then(stage: Stage) -> None:
    soon, later = stage.play(scenes.used_now_and_then)

    assert soon == (False, 0)
    assert later == (True, 1)


def test_cleaning_removes_old_sessions_but_not_one_in_use(stage: Stage) -> None:
    said, are_there = stage.play(scenes.cleaning)

    assert said == {"removed": 1, "kept": 2}
    assert are_there == [True, False, True]


def test_somebody_sees_and_ends_their_own_sessions_only(stage: Stage) -> None:
    told = stage.play(scenes.own_sessions)

    assert told["listed"]
    assert told["last"]
    assert told["is_no_key"]
    assert told["visitor"] == ("192.0.2.7", "Lynx/2.9")
    assert (told["of_another"], told["made_up"], told["ended"]) == (False, False, True)
    assert told["phone"] == {}
    assert told["all_others"] == 1
    assert told["whose"] == ["alice", "", "bob"]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_logging_in_begins_a_session_with_another_key(stage: Stage, method: str) -> None:
    assert stage.play(scenes.is_login_a_new_session, method)
