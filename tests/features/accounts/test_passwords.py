"""Which passwords can be taken, and how they are kept."""

from __future__ import annotations

import pytest

from rattail.errors import InputRejected
from rattail.features.accounts.passwords import check_rules, generated, hashed, is_right

ABOUT = ("alice", "Alice B. Miller", "amiller", "Corner Shop")


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("short", "it has 5 letters, and 10 or more are expected"),
        ("x" * 257, "it has more than 256 letters"),
        ("aaaaaaaaaaaa", "fewer than 5 different letters"),
        ("alice-miller", "little more than your name"),
        ("AliceAlice2026", "little more than your name"),
        ("CornerShop!1", "little more than your name"),
        ("1234567890", "everybody tries first"),
        ("password123", "everybody tries first"),
        ("Football1234!", "everybody tries first"),
        ("has a \x07 bell in it", "cannot be typed everywhere"),
    ],
)
def test_a_password_that_is_easily_guessed_is_refused_with_the_reason(password: str, reason: str) -> None:
    with pytest.raises(InputRejected) as refused:
        check_rules(password, about=ABOUT)

    assert reason in str(refused.value)
    assert password not in str(refused.value)


def test_all_that_is_wrong_with_a_password_is_said_at_once() -> None:
    with pytest.raises(InputRejected, match=r"5 letters.*everybody tries"):
        check_rules("12345")


@pytest.mark.parametrize(
    "password", ["correct horse battery", "Zoë trinkt gern Tee", "x9-" * 42 + "ab", "alice has 3 cats"]
)
def test_a_long_password_of_any_letters_can_be_taken(password: str) -> None:
    check_rules(password, about=ABOUT)

    kept = hashed(password)
    assert kept.startswith("argon2$argon2id$")
    assert len(kept) <= 128
    assert is_right(password, kept)
    assert not is_right(f"{password}x", kept)


def test_nothing_is_right_where_there_is_no_password() -> None:
    assert not is_right("", None)
    assert not is_right("!", "!")
    assert not is_right("x" * 300, hashed("x" * 256))


def test_the_same_letters_typed_on_another_keyboard_are_the_same_password() -> None:
    assert is_right("Zoe\u0308 trinkt Tee", hashed("Zo\u00eb trinkt Tee"))


def test_passwords_that_are_made_up_differ_and_keep_the_rules() -> None:
    made = {generated() for _ in range(50)}

    assert len(made) == 50
    for each in made:
        check_rules(each, about=ABOUT)


@pytest.mark.parametrize("least_length", [8, 22, 23, 64])
def test_a_password_that_is_made_up_is_as_long_as_the_shop_wants_them(least_length: int) -> None:
    check_rules(generated(least_length), least_length=least_length)
