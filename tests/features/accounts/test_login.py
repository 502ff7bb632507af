"""Logging in, and everything that keeps others out."""

from __future__ import annotations

from tests.kit.web import Web, web_test


@web_test()
def test_whoever_is_not_logged_in_is_sent_to_the_login_and_back_again(web: Web) -> None:
    answer = web.client().get("/me/?a=1")

    assert (answer.status_code, answer["Location"]) == (302, "/login/?next=%2Fme%2F%3Fa%3D1")


@web_test()
def test_somebody_who_is_logged_in_sees_his_own_page(web: Web) -> None:
    answer = web.client_of("alice", "manager").get("/me/")

    assert answer.status_code == 200
    assert "manager" in answer.content.decode()
