"""Shell completion, in a real bash."""

from __future__ import annotations

import subprocess

import pytest

from tests.conftest import Run
from tests.kit.environment import Environment
from tests.kit.programs import needs_program

COMPLETE = """
source <(_RATTAIL_COMPLETE=bash_source rattail)
COMP_WORDS=({words}); COMP_CWORD={at}
$(complete -p rattail | sed 's/.*-F \\([^ ]*\\).*/\\1/') rattail "${{COMP_WORDS[COMP_CWORD]}}" ""
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


def complete(environment: Environment, words: str) -> list[str]:
    """What bash offers after `words` and the Tab key."""
    script = COMPLETE.format(words=words, at=len(words.split()) - 1)
    ran = subprocess.run(
        [needs_program("bash"), "--norc", "-c", script],
        capture_output=True,
        text=True,
        env={"PATH": f"{environment.path}/bin:/usr/bin:/bin"},
        timeout=60,
        check=True,
    )
    return ran.stdout.split()


def test_bash_completes_commands_aliases_and_options(environment: Environment) -> None:
    assert complete(environment, "rattail make-a") == ["make-appdir"]
    assert {"make-appdir", "make-config"} <= set(complete(environment, "rattail make-"))
    assert complete(environment, "rattail cleanu") == ["cleanup"]
    assert "--dry-run" in complete(environment, "rattail make-appdir --d")


@pytest.mark.parametrize("words", [{}, {"COMP_WORDS": "rattail"}, {"COMP_WORDS": "rattail", "COMP_CWORD": "x"}])
@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_nothing_is_offered_where_the_shell_says_nothing(run: Run, shell: str, words: dict[str, str]) -> None:
    ran = run(env={"_RATTAIL_COMPLETE": f"{shell}_complete", **words})

    assert (ran.code, ran.err) == (0, "")
    assert ran.out == "" or words


def test_zsh_and_fish_get_their_scripts_and_answers(run: Run) -> None:
    for shell, words in (
        ("zsh", {"COMP_WORDS": "rattail show-", "COMP_CWORD": "1"}),
        ("fish", {"COMP_WORDS": "rattail show-", "COMP_CWORD": "show-"}),
    ):
        script = run(env={"_RATTAIL_COMPLETE": f"{shell}_source"})
        answer = run(env={"_RATTAIL_COMPLETE": f"{shell}_complete", **words})

        assert (script.code, answer.code) == (0, 0)
        assert f"_RATTAIL_COMPLETE={shell}_complete" in script.out
        assert "show-appdir" in answer.out
        assert "Show the app folder" in answer.out
