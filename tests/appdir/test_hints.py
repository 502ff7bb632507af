"""Command lines in hints work wherever they are pasted."""

from __future__ import annotations

import pytest

from rattail.appdir.hints import called_from_anywhere


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("rattail show-job 7", "/e/rattail show-job --appdir '/my app' 7"),
        ("see it: rattail show-job 7; again: rattail retry-job 7", "see it: {} 7; again: {} 7"),
        ("rattail show-job 7 or rattail retry-job 7", "{} 7 or {} 7"),
        ("'rattail show-job' tells more", "'rattail show-job' tells more"),
        ("rattail show-job --appdir /other 7", "/e/rattail show-job --appdir /other 7"),
        ("rattail show-job 7 or rattail retry-job --appdir /o 7", "{} 7 or /e/rattail retry-job --appdir /o 7"),
        ("rattail make-appdir", "/e/rattail make-appdir --path '/my app'"),
        ("/usr/bin/rattail show-job 7", "/usr/bin/rattail show-job 7"),
        ("python -m rattail show-job 7", "python -m rattail show-job 7"),
        ("the folder of rattail holds it", "the folder of rattail holds it"),
        ("a file rattail.toml, rattail itself", "a file rattail.toml, rattail itself"),
    ],
)
def test_a_command_is_called_in_full_and_told_its_app_folder(text: str, expected: str) -> None:
    verbs = (f"/e/rattail {verb} --appdir '/my app'" for verb in ("show-job", "retry-job"))

    assert called_from_anywhere(text, program=["/e/rattail"], root="/my app") == expected.format(*verbs)


def test_the_environment_s_own_folder_is_not_named() -> None:
    assert called_from_anywhere("rattail show-job 7", program=["rattail"]) == "rattail show-job 7"
