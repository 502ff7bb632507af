"""make-config, diff-config and accept-config: new editions of files that an operator edited."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from rattail.appdir.locate import Located
from rattail.appdir.make import Step
from rattail.config.option import Option
from rattail.errors import InputRejected
from rattail.feature import Feature
from rattail.features.core.config.offering import accept_offer, difference, reject_offer
from rattail.features.core.make.service import Request, make
from rattail.registry import Registry
from tests.conftest import NOW, Run
from tests.kit.killing import killed_at
from tests.kit.snapshot import snapshot


@pytest.fixture
def at(appdir: Path) -> tuple[str, str]:
    return "--appdir", str(appdir)


@pytest.fixture
def extended(registry: Registry) -> Registry:
    """The same installation with an extension that adds an option: a new edition of rattail.toml."""
    points = Option(name="points", kind="integer", help="Points for each dollar.", default=1, minimum=0)
    return Registry((*registry.features, Feature("loyalty", "Loyalty cards", options=(points,))))


def make_again(registry: Registry, appdir: Path) -> tuple[Step, ...]:
    return make(registry, Request(located=Located(str(appdir), "in a test"), now=NOW), environ={})


def edit(appdir: Path) -> None:
    path = appdir / "rattail.toml"
    path.write_text(path.read_text().replace('#title = "Rattail"', "title = 'Our Shop'  # as on the sign"))


def test_a_new_edition_replaces_a_file_that_nobody_edited(appdir: Path, extended: Registry) -> None:
    steps = make_again(extended, appdir)

    assert [(step.action, step.path) for step in steps] == [("rewrite", "rattail.toml"), ("record", "app-folder.json")]
    assert "#points = 1" in (appdir / "rattail.toml").read_text()


def test_a_new_edition_is_offered_once_beside_an_edited_file_with_its_values(appdir: Path, extended: Registry) -> None:
    edit(appdir)
    before = (appdir / "rattail.toml").read_bytes()

    steps = make_again(extended, appdir)
    again = make_again(extended, appdir)

    offered = (appdir / "rattail.toml.new").read_text()
    assert ("offer", "rattail.toml.new") in [(step.action, step.path) for step in steps]
    assert (appdir / "rattail.toml").read_bytes() == before
    assert 'title = "Our Shop"\n' in offered
    assert "#points = 1\n" in offered
    assert again == ()


def test_an_offer_is_accepted_and_the_old_file_kept(appdir: Path, extended: Registry) -> None:
    edit(appdir)
    old = (appdir / "rattail.toml").read_bytes()
    (appdir / "rattail.toml").chmod(0o600)
    make_again(extended, appdir)
    offered = (appdir / "rattail.toml.new").read_bytes()

    accepted = accept_offer(extended, str(appdir), "rattail.toml")

    assert accepted == ("rattail.toml", "rattail.toml.old")
    assert (appdir / "rattail.toml").read_bytes() == offered
    assert (appdir / "rattail.toml.old").read_bytes() == old
    modes = {stat.S_IMODE((appdir / name).stat().st_mode) for name in ("rattail.toml", "rattail.toml.old")}
    assert modes == {0o600}
    assert not (appdir / "rattail.toml.new").exists()
    assert make_again(extended, appdir) == ()


def test_accepting_twice_keeps_both_old_files(appdir: Path, registry: Registry, extended: Registry) -> None:
    kept: list[str] = []
    for edition in (extended, registry):
        edit(appdir)
        with (appdir / "rattail.toml").open("a") as stream:
            stream.write(f"# edited {len(kept)}\n")
        make_again(edition, appdir)
        kept.append(accept_offer(edition, str(appdir), "rattail.toml").kept_as)

    assert kept == ["rattail.toml.old", "rattail.toml.old.2"]
    for number, name in enumerate(kept):
        assert f"# edited {number}\n" in (appdir / name).read_text()


def test_an_offer_that_would_change_a_value_quietly_is_not_accepted(appdir: Path, extended: Registry) -> None:
    edit(appdir)
    make_again(extended, appdir)
    path = appdir / "rattail.toml"
    path.write_text(path.read_text().replace("Our Shop", "Your Shop"))  # after the offer
    before = snapshot(appdir)

    with pytest.raises(InputRejected, match=r"has other values than rattail\.toml has now: app\.title"):
        accept_offer(extended, str(appdir), "rattail.toml")

    changed = {path for path, entry in snapshot(appdir).items() if entry != before[path]}
    assert changed <= {"app-folder.lock"}


def test_an_offer_that_was_edited_stays_the_operators(appdir: Path, registry: Registry, extended: Registry) -> None:
    edit(appdir)
    make_again(extended, appdir)
    with (appdir / "rattail.toml.new").open("a") as stream:
        stream.write("# my remark\n")

    accept_offer(extended, str(appdir), "rattail.toml")
    steps = make_again(registry, appdir)  # yet another edition

    assert [step.path for step in steps if step.action == "offer"] == ["rattail.toml.new"]
    assert "# my remark\n" in (appdir / "rattail.toml").read_text()


@pytest.mark.parametrize("way", ["reject", "remove"])
def test_what_was_thrown_away_is_not_offered_again(appdir: Path, extended: Registry, way: str) -> None:
    edit(appdir)
    make_again(extended, appdir)

    if way == "reject":
        reject_offer(extended, str(appdir), "rattail.toml")
    else:
        (appdir / "rattail.toml.new").unlink()

    assert not (appdir / "rattail.toml.new").exists()
    assert make_again(extended, appdir) == ()


def test_killed_at_any_moment_of_accepting_nothing_is_lost(appdir: Path, extended: Registry) -> None:
    moment, is_killed = 0, True
    while is_killed:
        moment += 1
        for left in appdir.glob("rattail.toml.old*"):
            left.unlink()
        old = b"[app]\ntitle = 'Our Shop'\n"
        new = old + b"# offered\n"
        (appdir / "rattail.toml").unlink()
        (appdir / "rattail.toml").write_bytes(old)
        (appdir / "rattail.toml.new").write_bytes(new)

        is_killed = killed_at(moment, lambda: accept_offer(extended, str(appdir), "rattail.toml"))

        present = (appdir / "rattail.toml").read_bytes()
        others = [path.read_bytes() for path in appdir.glob("rattail.toml.*")]
        assert present in (old, new)
        assert old in (present, *others)
        assert new in (present, *others)
        if is_killed and present == old:  # the same command again completes it, with one old file
            accept_offer(extended, str(appdir), "rattail.toml")
            assert (appdir / "rattail.toml").read_bytes() == new
            assert [path.name for path in appdir.glob("rattail.toml.*")] == ["rattail.toml.old"]
    assert moment > 5


def test_without_offers_everything_says_so(at: tuple[str, str], run: Run) -> None:
    for words, code in (
        (("diff-config",), 0),
        (("accept-config",), 0),
        (("accept-config", "--all"), 0),
        (("diff-config", "rattail.toml"), 56),
        (("accept-config", "rattail.toml"), 56),
        (("accept-config", "README.txt", "--reject"), 56),
    ):
        ran = run(*words, *at)

        assert ran.code == code
        assert "there is no" in ran.out + ran.err


@pytest.mark.parametrize("name", ["../../etc/passwd", "secrets.toml", "app-folder.json", "rattail.tml", ".", "/"])
def test_only_generated_files_can_be_accepted(at: tuple[str, str], run: Run, name: str) -> None:
    refused = run("accept-config", name, *at)

    assert refused.code == 56
    assert "expected one of rattail.toml, " in refused.err


def test_the_difference_is_printed_safely(appdir: Path, at: tuple[str, str], run: Run) -> None:
    (appdir / "README.txt.new").write_text("new\x1b[31m line\n")

    shown = run("diff-config", *at)

    assert shown.code == 0
    assert shown.out.startswith("--- README.txt\n+++ README.txt.new\n@@")
    assert "+new\\x1b[31m line\n" in shown.out


def test_a_file_that_is_not_toml_can_be_replaced_by_its_offer(appdir: Path, extended: Registry) -> None:
    (appdir / "rattail.toml.new").write_text("[app]\ntitle = 'New'\n")
    (appdir / "rattail.toml").write_text("[app\ntitle = 'Old'\n")

    accept_offer(extended, str(appdir), "rattail.toml")

    assert (appdir / "rattail.toml").read_text() == "[app]\ntitle = 'New'\n"
    assert (appdir / "rattail.toml.old").read_text() == "[app\ntitle = 'Old'\n"


def test_a_wrong_offer_is_refused_with_its_lines(appdir: Path, at: tuple[str, str], run: Run) -> None:
    (appdir / "rattail.toml.new").write_text("[mail]\nport = 0\ntls = 'x'\n")

    refused = run("accept-config", "--all", *at)

    assert refused.code == 53
    assert "rattail.toml.new line 2" in refused.err
    assert "rattail.toml.new line 3" in refused.err


def test_a_link_or_pipe_offered_is_refused(appdir: Path, at: tuple[str, str], run: Run) -> None:
    os.mkfifo(appdir / "README.txt.new")
    (appdir / "rattail.toml.new").symlink_to("/etc/passwd")

    for name in ("README.txt", "rattail.toml"):
        for verb in ("accept-config", "diff-config"):
            assert run(verb, name, *at).code == 53


def test_a_missing_settings_file_is_written(appdir: Path, at: tuple[str, str], run: Run) -> None:
    (appdir / "rattail.toml").unlink()

    made = run("make-config", *at)
    before = snapshot(appdir)
    again = run("make-appdir", *at, "--json")

    assert made.code == 0
    assert stat.S_IMODE((appdir / "rattail.toml").stat().st_mode) == 0o640
    assert again.data["steps"] == []
    assert snapshot(appdir) == before


def test_a_fresh_file_is_put_beside_an_edited_one_and_accepted(appdir: Path, at: tuple[str, str], run: Run) -> None:
    edit(appdir)

    made = run("make-config", *at, "--json")
    shown = run("diff-config", *at)
    accepted = run("accept-config", "rattail.toml.new", *at)
    again = run("make-appdir", *at, "--json")

    assert made.data == {"path": f"{appdir}/rattail.toml.new", "action": "offer"}
    assert "-title = 'Our Shop'  # as on the sign\n+title = \"Our Shop\"\n" in shown.out
    assert accepted.out == "rattail.toml is the new edition now; what it was is kept as rattail.toml.old.\n"
    assert again.data["steps"] == []
    assert "just what would be written" in run("make-config", *at).out


def test_a_copy_never_overwrites(appdir: Path, at: tuple[str, str], run: Run, tmp_path: Path) -> None:
    edit(appdir)

    first = run("make-config", "--output", "copy.toml", *at)
    second = run("make-config", "--output", "copy.toml", *at)
    nowhere = run("make-config", "--output", "none/copy.toml", *at)
    folder = run("make-config", "--output", tmp_path, *at)
    printed = run("make-config", "--output", "-", *at)

    assert [first.code, second.code, nowhere.code, folder.code, printed.code] == [0, 55, 51, 55, 0]
    assert (tmp_path / "copy.toml").read_text() == printed.out
    assert 'title = "Our Shop"\n' in printed.out
    assert not (appdir / "rattail.toml.new").exists()


def test_faults_are_not_dropped_from_a_fresh_file(appdir: Path, at: tuple[str, str], run: Run) -> None:
    (appdir / "rattail.toml").write_text("[app]\ntitel = 'x'\n")

    refused = run("make-config", *at)

    assert refused.code == 53
    assert "Did you mean 'title'?" in refused.err
    assert not (appdir / "rattail.toml.new").exists()


def test_the_difference_of_broken_settings_masks_secrets_too(appdir: Path, registry: Registry) -> None:
    (appdir / "rattail.toml").write_text("[mail\npassword = hunter2\n")
    (appdir / "rattail.toml.new").write_text("[mail]\npassword = '''\nhunter2\n'''\n")

    assert "hunter2" not in "\n".join(difference(registry, str(appdir), "rattail.toml"))


def test_every_hint_about_an_offer_can_be_pasted(appdir: Path, at: tuple[str, str], run: Run) -> None:
    def line(*words: str) -> str:
        return " ".join([sys.executable, "-m", "rattail", *words, *at])

    edit(appdir)
    nothing = run("diff-config", "README.txt", *at).err.splitlines()[-1]
    unknown = run("diff-config", "x", *at).err.splitlines()[-1]
    (appdir / "rattail.toml.new").write_text("[app]\ntitle = 'Other'\n")
    which = run("accept-config", *at).err.splitlines()
    other = run("accept-config", "rattail.toml", *at).err.splitlines()[-1]
    (appdir / "rattail.toml.new").write_text("[app\n")
    broken = run("accept-config", "rattail.toml", *at).err.splitlines()[-1]

    assert nothing == unknown == f"    see what is offered: {line('diff-config')}"
    assert which == [
        "rattail: which one? Offered: rattail.toml; or --all.",
        f"    {line('accept-config', 'rattail.toml')}",
    ]
    assert other.endswith(f": {line('make-config')}")
    assert broken.endswith(f": {line('make-config')}")
    made = subprocess.run(other.partition(": ")[2], shell=True, check=True, capture_output=True, text=True)
    accepting = made.stdout.strip().rpartition("Put it in place: ")[2]
    assert "rattail.toml is the new edition now" in subprocess.check_output(accepting, shell=True, text=True)
