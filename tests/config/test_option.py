"""Options: every kind of value survives its way through text and TOML; wrong ones are refused."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rattail.config.kinds import CURRENCIES
from rattail.config.option import Kind, Option, Value
from rattail.config.render import toml_key, toml_value
from rattail.config.values import WrongValue, check_value, parse_value, text_of
from rattail.registry import Registry

ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = {
    "text": ANY_TEXT,
    "integer": st.integers(-(2**63) + 1, 2**63 - 1),
    "boolean": st.booleans(),
    "list": st.lists(ANY_TEXT).map(tuple),
    "path": st.sampled_from(["/srv/big disk/uploads", "mine/ü", "/x'\"\\y", "a\nb", "/m/\u2028x"]),
    "time zone": st.sampled_from(["UTC", "America/Chicago", "Etc/GMT+5", "America/Argentina/Buenos_Aires"]),
    "currency": st.sampled_from(["USD", "EUR", "CHF"]),
    "locale": st.sampled_from(["de", "de_DE", "zh_Hans_CN", "sr_Latn", "es_419", "fil_PH"]),
    "database address": st.sampled_from(["", "postgresql://shop@db:5432/shop", "postgres:///shop"]),
    "time of day": st.sampled_from(["", "00:00", "02:30", "23:59"]),
    "site address": st.sampled_from(["", "https://office.example.org", "http://192.0.2.7:8080", "http://[fd00::5]/"]),
}
KIND_AND_VALUE = st.sampled_from(sorted(VALUES)).flatmap(lambda kind: st.tuples(st.just(kind), VALUES[kind]))


def option_of(kind: Kind) -> Option:
    return Option(name="x", table="t", help="An option.", kind=kind)


@given(KIND_AND_VALUE)
def test_every_kind_of_value_survives_text_and_toml(kind_and_value: tuple[Kind, Value]) -> None:
    kind, value = kind_and_value
    option = option_of(kind)

    from_text = parse_value(option, text_of(value))
    from_toml = check_value(option, tomllib.loads(f"x = {toml_value(from_text)}")["x"])

    assert from_text == from_toml == value
    assert text_of(from_toml) == text_of(value)


@given(ANY_TEXT)
def test_any_name_can_be_a_key(name: str) -> None:
    assert tomllib.loads(f"{toml_key(name)} = 1") == {name: 1}


@given(st.sampled_from(sorted(VALUES)), st.text())
def test_any_text_is_a_value_or_refused(kind: Kind, text: str) -> None:
    try:
        value = parse_value(option_of(kind), text)
    except WrongValue:
        return

    assert parse_value(option_of(kind), text_of(value)) == value


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        ("text", "half a character: \ud800"),
        ("integer", ""),
        ("integer", "1_000"),
        ("integer", "٣"),
        ("integer", "+-1"),
        ("integer", "9" * 5000),
        ("integer", str(2**63)),
        ("boolean", "yes"),
        ("list", "[1]"),
        ("list", '["a"]\nb = 1'),
        ("list", "[" * 5000),
        ("path", ""),
        ("path", "../x"),
        ("path", "/srv/../etc"),
        ("path", "/"),
        ("path", "."),
        ("path", "~/x"),
        ("path", " /srv"),
        ("path", "/a\0b"),
        ("time zone", "Mars/Olympus"),
        ("time zone", "america/chicago"),
        ("time zone", "America"),
        ("time zone", "../../etc/passwd"),
        ("time zone", "/etc/localtime"),
        ("time zone", "right/UTC"),
        ("time zone", "localtime"),
        ("time zone", "UTC\0"),
        ("time zone", ""),
        ("time zone", "A" * 5000),
        ("currency", "usd"),
        ("currency", "US"),
        ("currency", "XYZ"),
        ("currency", "D U"),
        ("locale", "de-DE"),
        ("locale", "DE"),
        ("locale", "en_USASDF"),
        ("locale", "de_DE.UTF-8"),
        ("locale", "de_"),
        ("locale", "C"),
        ("locale", "ü"),
        ("database address", "mysql://x/y"),
        ("time of day", "25:99"),
        ("time of day", "2:30"),
        ("time of day", "02:30:00"),
        ("time of day", "at night"),
        ("time of day", "0x:3\u0661"),
        ("site address", "office.example.org"),
        ("site address", "https://host/path"),
        ("database address", "postgresql://shop:hunter2@db/shop"),
        ("database address", "postgresql://db/shop?password=hunter2"),
    ],
)
def test_a_wrong_value_is_refused(kind: Kind, wrong: str) -> None:
    with pytest.raises(WrongValue):
        parse_value(option_of(kind), wrong)


def test_a_boolean_is_no_number_and_a_number_no_boolean() -> None:
    for kind, raw in (("integer", True), ("boolean", 1), ("text", 1), ("list", "a"), ("integer", 1.0)):
        with pytest.raises(WrongValue):
            check_value(option_of(kind), raw)  # type: ignore[arg-type]


def test_currencies_are_three_letters_in_order() -> None:
    codes = CURRENCIES.split(" ")

    assert codes == sorted(set(codes))
    assert all(len(code) == 3 and code.isupper() for code in codes)


def test_every_default_that_is_declared_is_a_right_value(registry: Registry) -> None:
    for option in registry.options:
        assert check_value(option, option.default) == option.default, option.key


def test_every_option_has_its_own_environment_variable(registry: Registry) -> None:
    variables = [option.environment_variable for option in registry.options]
    files = [option.environment_variable + "_FILE" for option in registry.options if option.is_secret]

    assert len({*variables, *files}) == len(variables) + len(files)
