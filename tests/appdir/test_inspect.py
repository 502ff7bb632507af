"""What checks are built of: ids and levels, accepting, counting masses, words for a shell."""

from __future__ import annotations

import shlex
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rattail.appdir.finding import level_of
from rattail.appdir.folder import Folder, Keep
from rattail.appdir.hints import pasted
from rattail.appdir.inspect import (
    Accepted,
    Looked,
    Looking,
    Noted,
    all_finding_kinds,
    found,
    run_checks,
)
from rattail.appdir.layout import Place
from rattail.appdir.owner import Owner


def _looking(*accepted: str) -> Looking:
    folder = Folder("data/uploads", "uploads", Keep.SCRATCH, relocatable=True)
    place = Place(folder, "uploads", "/mnt/disk", True)
    return Looking("/srv/app", (place,), None, Owner(0, 0), 0.0, Accepted(accepted), Looked())


def test_every_kind_has_an_id_of_its_own_and_the_level_of_its_letter() -> None:
    kinds = all_finding_kinds()

    assert len({kind.id for kind in kinds}) == len(kinds)
    assert [kind for kind in kinds if kind.level != level_of(kind.id)] == []
    assert [kind.level for kind in kinds] == sorted(kind.level for kind in kinds if kind.level == "error") + [
        kind.level for kind in kinds if kind.level == "warning"
    ] + [kind.level for kind in kinds if kind.level == "info"]


@pytest.mark.parametrize("wrong", ["core", "core.X001", "core.E1", "core.E0001", "E001x", ""])
def test_what_is_no_id_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="is not the id of a finding"):
        level_of(wrong)


def test_findings_come_errors_first_and_the_accepted_ones_are_counted() -> None:
    looking = _looking("core.W001", "core.E005:data")

    kept = run_checks(
        looking,
        [
            ("one", lambda _: [found("core.I009", "", "c"), found("core.W001", "x", "b")]),
            ("two", lambda _: [found("core.E005", "log", "a"), found("core.E005", "data/uploads", "a")]),
        ],
    )

    assert [(one.id, one.path) for one in kept] == [("core.E005", "log"), ("core.I009", "")]
    assert looking.accepted.silenced == ["core.W001", "core.E005"]


def test_a_path_is_accepted_only_as_a_whole_name() -> None:
    accepted = Accepted(["core.W004:data/own"])

    assert accepted.covers("core.W004", "data/own")
    assert accepted.covers("core.W004", "data/own/link")
    assert not accepted.covers("core.W004", "data/owner")
    assert not accepted.covers("core.W005", "data/own")


def test_a_mass_is_counted_and_three_are_kept() -> None:
    noted = Noted(Accepted(), "core.W008")
    for number in range(100_000):
        noted.note(f"data/{number}")

    (finding,) = noted.finding("{example} is", "{count} are: {examples}.")

    assert finding.sentence == "100,000 are: 'data/0', 'data/1', 'data/2', ...."
    assert len(noted.examples) == 3


def test_a_logical_path_is_found_where_its_folder_lies() -> None:
    looking = _looking()

    assert looking.location("data/uploads/a") == "/mnt/disk/a"
    assert looking.location("data/uploads") == "/mnt/disk"
    assert looking.location("data/uploadsx") == "/srv/app/data/uploadsx"
    assert looking.location(".") == "/srv/app"


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40))
def test_any_word_can_be_pasted_and_printed(word: str) -> None:
    text = pasted(word)

    assert text.isprintable()
    if word.isprintable():
        assert shlex.split(text) == [word]


@pytest.mark.parametrize(
    "word", ["a b", "it's", "new\nline", "tab\there's", "back\\slash\n", "caf\udce9", "\x1b[31m", "é\n"]
)
def test_a_shell_reads_a_pasted_word_as_it_was(word: str) -> None:
    echoed = subprocess.run(["bash", "-c", f"printf %s {pasted(word)}"], capture_output=True, check=True).stdout

    assert echoed == word.encode(errors="surrogateescape")
