"""`rattail setup`: the first hour in one command, and again."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.kit.environment import Environment
from tests.kit.snapshot import snapshot

ALL = ("--store", "Corner", "--admin", "boss")


def counts(root: Path) -> tuple[int, int, int]:
    """How many stores, products and people there are."""
    with closing(sqlite3.connect(root / "data" / "rattail.sqlite3")) as records:
        tables = ("retail_store", "retail_product", "accounts_user")
        one, two, three = (records.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in tables)
    return one, two, three


def test_one_command_makes_everything_and_prints_the_password_once(tmp_path: Path, run: Run) -> None:
    root = tmp_path / "app"

    first = run("setup", "--appdir", root, *ALL)
    again = run("setup", "--appdir", root, *ALL)

    assert (first.code, again.code) == (0, 0), first.err + again.err
    assert len(re.findall(r"not shown again: [a-z]{4}(-[a-z]{4}){3}-\d\d$", first.out, re.MULTILINE)) == 1
    assert again.out == "Everything is there: nothing to do.\n"
    assert counts(root) == (1, 0, 1)
    assert re.search(r"\d\. start it: .*serve", first.out)


def test_a_dry_run_names_each_step_and_does_none(tmp_path: Path, run: Run) -> None:
    root = tmp_path / "app"

    planned = run("setup", "--appdir", root, *ALL, "--sample", "--dry-run", "--json").data
    assert not root.exists()
    done = run("setup", "--appdir", root, *ALL, "--sample", "--json").data

    names = ["make-appdir", "migrate-db", "make-store", "make-sample", "make-user"]
    assert [step["name"] for step in planned["steps"]] == [step["name"] for step in done["steps"]] == names
    assert counts(root) == (1, 5000, 1)

    again = run("setup", "--appdir", root, *ALL, "--sample", "--json").json

    assert (again["data"]["steps"], again["messages"]) == ([], [])


def test_a_dry_run_on_what_is_there_changes_nothing(tmp_path: Path, run: Run) -> None:
    root = tmp_path / "app"
    run("make-appdir", "--path", root)
    before = snapshot(root)

    planned = run("setup", "--appdir", root, *ALL, "--dry-run", "--json").data

    assert [step["name"] for step in planned["steps"]] == ["migrate-db", "make-store", "make-user"]
    assert snapshot(root) == before


def test_only_what_is_missing_is_done(tmp_path: Path, run: Run) -> None:
    root = tmp_path / "app"
    bare = run("setup", "--appdir", root)
    assert "--admin NAME makes the first account" in bare.err
    assert "--store NAME makes the first one" in bare.err

    store = run("setup", "--appdir", root, "--store", "Corner", "--json").data
    admin = run("setup", "--appdir", root, *ALL, "--json").data

    assert [step["name"] for step in store["steps"]] == ["make-store"]
    assert [step["name"] for step in admin["steps"]] == ["make-user"]


def test_a_given_password_is_taken_from_the_standard_input_and_never_printed(tmp_path: Path, run: Run) -> None:
    root, secret = tmp_path / "app", "nine green lamps on the hill"

    done = run("setup", "--appdir", root, *ALL, "--password-stdin", stdin=f"{secret}\n")
    weak = run("setup", "--appdir", tmp_path / "other", *ALL, "--password-stdin", stdin="1234\n")

    assert done.code == 0, done.err
    assert secret not in done.out + done.err
    assert "not shown again" not in done.out
    assert weak.code == 57
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize("stdin", ["", "one\ntwo\n"])
def test_a_standard_input_without_one_password_is_refused_before_anything_is_made(
    tmp_path: Path, run: Run, stdin: str
) -> None:
    refused = run("setup", "--appdir", tmp_path / "app", *ALL, "--password-stdin", stdin=stdin)

    assert refused.code == 57
    assert not (tmp_path / "app").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--store", "Corner", "--admin", "no such name!"), "cannot be a name to log in with"),
        (("--store", "x" * 101, "--admin", "boss"), "cannot be the name of a store"),
        (("--store", "Cor\nner", "--admin", "boss"), "cannot be the name of a store"),
    ],
)
def test_a_name_that_nothing_can_have_is_refused_before_anything_is_made(
    tmp_path: Path, run: Run, words: tuple[str, ...], said: str
) -> None:
    for more in ((), ("--dry-run",)):
        refused = run("setup", "--appdir", tmp_path / "app", *words, *more)

        assert refused.code == 57
        assert said in refused.err
        assert not (tmp_path / "app").exists()


def test_a_password_that_is_made_up_keeps_the_rules_of_the_shop(tmp_path: Path, run: Run) -> None:
    done = run("setup", "--appdir", tmp_path / "app", *ALL, env={"RATTAIL_ACCOUNTS_LEAST_PASSWORD_LENGTH": "40"})

    assert done.code == 0, done.err


def test_an_account_that_is_there_is_left_as_it_is(tmp_path: Path, run: Run) -> None:
    root = tmp_path / "app"
    run("setup", "--appdir", root, *ALL)

    again = run("setup", "--appdir", root, "--store", "Other", "--admin", "somebody", "--sample", "--json").json

    assert again["data"]["steps"] == []
    assert again["data"]["password"] is None
    assert counts(root) == (1, 0, 1)
    said = " ".join(message["text"] for message in again["messages"])
    assert "there is a store already, Corner: --store Other is not used" in said
    assert re.search(r"make-store CODE Other --appdir \S+/app;", said)
    assert re.search(r"--sample is not used. .* make-sample --appdir \S+/app", said)
    assert re.search(r"--admin somebody is not used. .* make-user somebody --role manager --appdir \S+/app", said)


def test_the_same_again_has_nothing_to_say(tmp_path: Path, run: Run) -> None:
    run("setup", "--appdir", tmp_path / "app", *ALL)

    assert run("setup", "--appdir", tmp_path / "app", *ALL, "--json").json["messages"] == []


def test_it_works_on_postgresql_as_well(tmp_path: Path, run: Run, records_env: Mapping[str, str]) -> None:
    done = run("setup", "--appdir", tmp_path / "app", *ALL, env=records_env)
    again = run("setup", "--appdir", tmp_path / "app", *ALL, env=records_env)

    assert done.code == 0, done.err
    assert again.out == "Everything is there: nothing to do.\n"


@pytest.mark.usefixtures("as_root")
def test_as_root_the_plan_gives_the_folder_to_the_user_who_was_named(environment: Environment) -> None:
    folder = environment.path / "given"

    planned = environment.run("setup", "--appdir", folder, "--user", "nobody", "--dry-run")

    assert planned.returncode == 0, planned.stderr
    assert "give it to nobody:" in planned.stdout
    assert not folder.exists()
