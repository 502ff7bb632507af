"""The settings file as a shop's administrator sees it."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from rattail.config.load import load_settings
from rattail.config.option import Value
from rattail.config.render import render_secrets, render_settings
from rattail.registry import BUILT_IN, Registry, load_registry
from tests.kit.golden import assert_golden


@pytest.fixture(scope="module")
def built_in() -> Registry:
    """Only our own features, whatever extensions this environment has."""
    registry = load_registry()
    return Registry(tuple(feature for feature in registry.features if feature.name in BUILT_IN))


@pytest.mark.golden
@pytest.mark.parametrize("name", ["rattail.toml", "secrets.toml"])
def test_the_files_read_as_they_should(name: str, built_in: Registry) -> None:
    if name == "rattail.toml":
        text = render_settings(built_in.options, built_in.table_titles)
    else:
        text = render_secrets(built_in.options, generate=lambda: "made-by-make-appdir")

    assert_golden(name, text)


def test_no_line_is_wider_than_a_page(built_in: Registry) -> None:
    text = render_settings(built_in.options, built_in.table_titles)

    assert max(len(line) for line in text.splitlines()) <= 100


def test_taking_away_the_sign_of_every_default_gives_the_defaults(tmp_path: Path, built_in: Registry) -> None:
    text = render_settings(built_in.options, built_in.table_titles)
    lines = [line[1:] if line.startswith("#") and line[1:2] not in (" ", "") else line for line in text.splitlines()]
    (tmp_path / "rattail.toml").write_text("\n".join(lines))

    settings = load_settings(built_in.options, root=str(tmp_path), environ={})

    assert settings.faults == ()
    plain = {option.key: option.default for option in built_in.options if not option.is_secret}
    assert settings.in_files == plain
    assert settings.relocations(str(tmp_path)) == {}


def test_values_are_kept_when_the_file_is_written_anew(built_in: Registry) -> None:
    values: dict[str, Value] = {
        "app.title": 'A "Shop" \\ ü\n',
        "uploads.keep_days": 7,
        "mail.to": ("a", "b,c"),
        "folders.log": "/x",
    }

    document = tomllib.loads(render_settings(built_in.options, built_in.table_titles, values))

    assert {key: value for key, value in document.items() if value} == {
        "app": {"title": 'A "Shop" \\ ü\n'},
        "uploads": {"keep_days": 7},
        "mail": {"to": ["a", "b,c"]},
        "folders": {"log": "/x"},
    }
