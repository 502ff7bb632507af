"""Changing one value in a settings file changes nothing else in it."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rattail.config.edit import add_missing_secrets, with_value, without_value
from rattail.config.option import Option
from rattail.config.render import render_settings
from rattail.errors import ConfigInvalid, InputRejected
from rattail.registry import Registry, load_registry

REGISTRY = load_registry()
BY_KEY = {option.key: option for option in REGISTRY.options}
FRESH = render_settings(REGISTRY.options, REGISTRY.table_titles)
TITLE = BY_KEY["app.title"]
KEEP_DAYS = BY_KEY["uploads.keep_days"]
ACCEPT = BY_KEY["check.accept"]
UPLOADS = BY_KEY["folders.data/uploads"]
TEXTS = [option for option in REGISTRY.options if option.kind == "text" and not option.choices and not option.is_secret]


@settings(max_examples=200)
@given(st.sampled_from(TEXTS), st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_can_be_set_and_taken_back_and_nothing_else_changes(option: Option, value: str) -> None:
    changed = with_value(FRESH, option, value)
    back = without_value(changed, option)

    assert tomllib.loads(changed) == {table: {} for table in tomllib.loads(FRESH)} | {
        option.table: {option.name: value}
    }
    differing = [(old, new) for old, new in zip(FRESH.split("\n"), changed.split("\n"), strict=True) if old != new]
    assert len(differing) == 1
    assert back == FRESH


WRITTEN = [
    "",
    "\n\n",
    "# only a comment",
    "[app]\n",
    "[app]",
    '[app] # ours\n# title = the name of the shop\n#title = "Rattail"\n[mail]\nport = 25\n',
    "[app]\r\ntitle = 'old' # kept\r\nlocale = 'de'\r\n",
    "\ufeff[app]\ntitle = 'old'\n",
    "[ 'app' ]\n\"title\" = '''\nold\n''' # kept\n",
    "app.title = 'old'\napp.locale = 'de'\n[mail]\n",
    "app.locale = 'de' # kept\n[mail]\n",
    "app = {}\n",
    "app = {locale = 'de'}\n",
    "app = { title = 'old', locale = 'de' } # kept\n",
    "app = {locale = 'de', title = 'old'}\n",
    "[mail]\nto = [\n  'a', # first\n  'b',\n]\n",
    "[mail]\nport = 25\n[app]\ntitle = 'a \"quoted\" # one'",
    "[app]\nlocale = '''\n#title = \"Rattail\"\n'''\n",
    "[app]\nlocale = 'de'\n\n[app.more]\ntitle = 'other'\n",
]


@pytest.mark.parametrize("text", WRITTEN)
def test_a_value_is_set_in_whatever_way_the_file_is_written(text: str) -> None:
    before = tomllib.loads(text.removeprefix("\ufeff"))

    changed = with_value(text, TITLE, "Our \\ Shop\n")

    after = tomllib.loads(changed.removeprefix("\ufeff"))
    assert after["app"].pop("title") == "Our \\ Shop\n"
    before.get("app", {}).pop("title", None)
    assert after == before | {"app": before.get("app", {})}
    assert changed.count("# kept") == text.count("# kept")
    assert ("\r\n" in text) <= ("\n" not in changed.replace("\r\n", ""))


@pytest.mark.parametrize("text", WRITTEN)
def test_a_value_is_taken_back_in_whatever_way_it_is_written(text: str) -> None:
    before = tomllib.loads(text.removeprefix("\ufeff"))

    after = tomllib.loads(without_value(text, TITLE).removeprefix("\ufeff"))

    before.get("app", {}).pop("title", None)
    assert {key: value for key, value in after.items() if value} == {
        key: value for key, value in before.items() if value
    }


def test_the_line_that_shows_the_default_is_replaced_and_not_the_one_that_explains() -> None:
    text = "[uploads]\n# keep_days = how long, in days\n#keep_days = 7\n"

    assert with_value(text, KEEP_DAYS, 9) == "[uploads]\n# keep_days = how long, in days\nkeep_days = 9\n"


def test_a_remark_behind_a_shown_default_stays() -> None:
    text = "[uploads]\r\n  #keep_days = 7   # ticket 4711\r\n"

    changed = with_value(text, KEEP_DAYS, 9)

    assert changed == "[uploads]\r\n  keep_days = 9 # ticket 4711\r\n"
    assert without_value(changed, KEEP_DAYS) == "[uploads]\r\n  #keep_days = 7 # ticket 4711\r\n"


@pytest.mark.parametrize("shown", ["# keep_days = how long, in days", "#keep_days = 9 # as it was until 2025"])
def test_a_comment_that_only_looks_like_the_default_stays_above_the_new_line(shown: str) -> None:
    text = f"[uploads]\n{shown}\n# more\n"

    assert with_value(text, KEEP_DAYS, 3) == f"[uploads]\n{shown}\nkeep_days = 3\n# more\n"


LISTED = """\
[check]
# why
accept = [ # ours
  "core.I008", # ticket 4711
  # until 2027, see "core.W001" # really
  "core.I009"
] # kept
"""


def test_remarks_inside_a_list_are_kept_above_it() -> None:
    above = '# ours\n# ticket 4711\n# until 2027, see "core.W001" # really\n'

    changed = with_value(LISTED, ACCEPT, ("core.I010",))

    assert changed == f'[check]\n# why\n{above}accept = ["core.I010"] # kept\n'
    assert without_value(LISTED, ACCEPT) == f"[check]\n# why\n{above}#accept = [] # kept\n"


REMARKS = st.lists(st.text(st.characters(exclude_categories=["C"], include_characters="#=[]\"',\t"), max_size=9))
PATTERNS = st.sampled_from(
    [
        "[check]\n{0}{accept} = [{1}{2}'a',{3}'b'{4}]{5}[mail]{6}",
        "[check]\n  {accept} = [{1}]{2}{3}min_free_mb = 3{4}",
        "\ufeffcheck.{accept} = [{1}'a'{2}]{3}check.min_free_mb = 3{4}",
        "check = {{ {accept} = [{1}'a'{2}], min_free_mb = 3 }}{3}",
        "check = {{ min_free_mb = 3, {accept} = [{1}'a'{2}]}}{3}",
        "[check]{1}#accept = []{2}#accept = ['a']{3}[mail]{4}",
        "[check]{1}# accept = what is meant{2}{3}",
        "{1}[mail]{2}",
    ]
)


@settings(max_examples=400)
@given(PATTERNS, REMARKS, st.sampled_from(["accept", '"accept"']), st.sampled_from(["\n", "\r\n"]))
def test_no_remark_is_ever_lost(pattern: str, remarks: list[str], name: str, newline: str) -> None:
    written = [f" # remark {number} {text}" for number, text in enumerate(remarks)]
    gaps = [*(f"{one}\n" for one in written), *["\n"] * 9]
    text = pattern.format(*gaps, accept=name).replace("\n", newline)
    present = [one.strip() for one in written if one.rstrip() in text]

    for changed in (with_value(text, ACCEPT, ("x", "y # z")), without_value(text, ACCEPT)):
        lines = changed.split(newline)
        assert [one for one in present if not any(line.rstrip().endswith(one) for line in lines)] == []
        assert tomllib.loads(changed.removeprefix("\ufeff")).get("check", {}).get("accept", ["x", "y # z"]) == [
            "x",
            "y # z",
        ]


def test_a_default_set_in_words_stays_set() -> None:
    changed = with_value(FRESH, KEEP_DAYS, 7)

    assert tomllib.loads(changed)["uploads"] == {"keep_days": 7}


def test_a_quoted_name_is_found() -> None:
    changed = with_value('[folders]\n"data/uploads" = "/old"\n', UPLOADS, "/new")

    assert changed == '[folders]\n"data/uploads" = "/new"\n'


def test_a_file_that_is_not_toml_is_refused_with_its_line() -> None:
    with pytest.raises(ConfigInvalid, match=r"rattail\.toml line 2, column \d+: not TOML"):
        with_value("[app]\ntitle = Shop\n", TITLE, "x", name="rattail.toml")


@pytest.mark.parametrize("text", ["app = 3\n", "[[app]]\n", "app = []\n"])
def test_what_is_no_table_is_left_alone(text: str) -> None:
    with pytest.raises(InputRejected, match=r"cannot be changed in app\.title alone"):
        with_value(text, TITLE, "x")


def test_missing_secrets_are_added_and_all_the_rest_stays_byte_for_byte(tmp_path: Path, registry: Registry) -> None:
    path = tmp_path / "secrets.toml"
    text = "\ufeff# mine\r\n[mail]\r\npassword = 'a\\b'\r\n\r\n[sessions]\r\n#secret_key = \"\"\r\n"
    path.write_bytes(text.encode())

    added = add_missing_secrets(registry.options, path=str(path), generate=lambda: "fresh")
    path.write_bytes(added.encode())
    again = add_missing_secrets(registry.options, path=str(path), generate=lambda: "other")

    assert added == text.replace('#secret_key = ""', 'secret_key = "fresh"')
    assert again == added


def test_broken_secrets_are_refused_without_a_character_of_them(tmp_path: Path, registry: Registry) -> None:
    path = tmp_path / "secrets.toml"
    path.write_text("[mail]\npassword = hunter2\n")

    with pytest.raises(ConfigInvalid, match=r"secrets\.toml line 2") as refused:
        add_missing_secrets(registry.options, path=str(path), generate=lambda: "fresh")
    assert "hunter2" not in str(refused.value)
