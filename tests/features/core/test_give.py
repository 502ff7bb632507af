"""Whose folder it is: --user, and root acting for the owner. alice is `daemon`, mallory is `nobody`."""

from __future__ import annotations

import json
import os
import pwd
import shutil
from pathlib import Path

import pytest

from rattail.appdir.files import opened_folder
from tests.kit.environment import Environment
from tests.kit.killing import as_user
from tests.kit.mounting import bind_mount

ALICE = pwd.getpwnam("daemon")
MALLORY = pwd.getpwnam("nobody")

pytestmark = pytest.mark.usefixtures("as_root")


def _owners(root: Path) -> set[int]:
    return {path.lstat().st_uid for path in (root, *root.rglob("*"))}


def test_a_new_folder_is_given_to_the_user_as_a_whole(environment: Environment) -> None:
    made = environment.run("make-appdir", "--user", "daemon")

    assert made.returncode == 0, made.stderr
    assert _owners(environment.appdir) == {ALICE.pw_uid}
    assert environment.appdir.stat().st_gid == ALICE.pw_gid


def test_what_is_there_already_is_given_too_and_links_are_not_followed(environment: Environment) -> None:
    outside = environment.path / "outside"
    outside.mkdir()
    (outside / "precious").write_text("root's")
    environment.run("make-appdir")
    (environment.appdir / "data" / "own").mkdir()
    (environment.appdir / "data" / "own" / "file").write_text("")
    (environment.appdir / "data" / "link").symlink_to(outside)

    given = environment.run("make-appdir", "--user", "daemon", "--json")

    data = json.loads(given.stdout)["data"]
    assert _owners(environment.appdir) == {ALICE.pw_uid}
    assert data["given_entries"] == len([environment.appdir, *environment.appdir.rglob("*")])
    assert _owners(outside) == {0}


def test_a_dry_run_counts_what_would_be_given_and_gives_nothing(environment: Environment) -> None:
    environment.run("make-appdir")

    planned = environment.run("make-appdir", "--user", "daemon", "--dry-run", "--json")
    given = environment.run("make-appdir", "--user", "daemon", "--json")

    assert json.loads(planned.stdout)["data"]["given_entries"] == json.loads(given.stdout)["data"]["given_entries"]
    assert json.loads(planned.stdout)["data"]["given_entries"] > 0


def test_a_second_name_of_a_system_file_is_not_given_away(environment: Environment) -> None:
    environment.run("make-appdir", "--user", "daemon")
    shadow = environment.path / "shadow"
    shadow.write_text("root's passwords")
    os.link(shadow, environment.appdir / "data" / "innocent")

    given = environment.run("make-appdir", "--user", "daemon")

    assert shadow.stat().st_uid == 0
    assert "not given away" in given.stderr
    assert "innocent' (it has 2 names: hard links)" in given.stderr


def test_settings_cannot_make_root_give_away_a_system_folder(environment: Environment) -> None:
    environment.run("make-appdir", "--user", "daemon")
    system = environment.path / "system"
    (system / "etc").mkdir(parents=True)
    (environment.appdir / "rattail.toml").write_text(f'[folders]\n"work/csv" = "{system}/etc"\n')

    environment.run("make-appdir", "--user", "daemon")

    assert _owners(system) == {0}


@pytest.mark.parametrize("words", [["--user", "no-such-user"], ["--group", "no-such-group"]])
def test_an_unknown_name_is_refused_before_anything_is_made(environment: Environment, words: list[str]) -> None:
    refused = environment.run("make-appdir", *words)

    assert refused.returncode == 56
    assert "on this machine" in refused.stderr
    assert not environment.appdir.exists()


def test_without_the_privilege_it_is_refused_before_anything_is_made(environment: Environment) -> None:
    os.chmod(environment.path, 0o777)

    refused = environment.run("make-appdir", "--user", "daemon", user=MALLORY.pw_uid)

    assert refused.returncode == 58
    assert "only root can give a folder to daemon" in refused.stderr
    assert not environment.appdir.exists()


def test_root_goes_on_as_the_owner_and_leaves_nothing_of_its_own(environment: Environment) -> None:
    environment.run("make-appdir", "--user", "daemon")
    shutil.rmtree(environment.appdir / "log")
    (environment.appdir / "README.txt").unlink()

    mended = environment.run("make-appdir")

    assert mended.returncode == 0, mended.stderr
    assert (environment.appdir / "README.txt").is_file()
    assert _owners(environment.appdir) == {ALICE.pw_uid}


def test_a_new_folder_in_somebodys_environment_is_that_somebodys(environment: Environment) -> None:
    os.chown(environment.path, ALICE.pw_uid, ALICE.pw_gid)

    environment.run("make-appdir")

    assert _owners(environment.appdir) == {ALICE.pw_uid}


def test_every_command_that_writes_leaves_nothing_of_roots(environment: Environment) -> None:
    environment.run("make-appdir", "--user", "daemon")
    shutil.rmtree(environment.appdir / "work")
    old = environment.appdir / "data" / "uploads" / "old"
    old.write_text("")
    os.utime(old, (1, 1))

    for words in (
        ["set-option", "app.title", "Shop"],
        ["make-config"],
        ["check-appdir", "--fix"],
        ["clean-appdir"],
        ["make-appdir"],
    ):
        ran = environment.run(*words)
        assert ran.returncode in (0, 61), (words, ran.stderr)

    assert not old.exists()
    assert _owners(environment.appdir) == {ALICE.pw_uid}


@pytest.mark.parametrize("verb", ["make-appdir", "show-appdir", "check-appdir", "clean-appdir", "show-config"])
def test_somebody_else_is_refused_with_the_sudo_line(environment: Environment, verb: str) -> None:
    environment.run("make-appdir", "--user", "daemon")
    os.chmod(environment.appdir, 0o755)

    refused = environment.run(verb, user=MALLORY.pw_uid)

    assert refused.returncode == 58
    assert "belongs to user daemon; you are nobody" in refused.stderr
    assert f"sudo -u daemon {environment.rattail} {verb}" in refused.stderr


def test_where_the_owner_cannot_read_python_root_refuses_with_the_sudo_line(environment: Environment) -> None:
    environment.run("make-appdir", "--user", "daemon")
    os.chmod(environment.site_packages, 0o700)
    (environment.appdir / "README.txt").unlink()

    refused = environment.run("make-appdir")

    assert refused.returncode == 58
    assert "may not read" in refused.stderr
    assert "sudo -u daemon" in refused.stderr
    assert not (environment.appdir / "README.txt").exists()


def test_a_read_only_parent_is_one_sentence(environment: Environment) -> None:
    refused = environment.run("make-appdir", "--path", environment.path / "app", user=MALLORY.pw_uid)

    assert refused.returncode in (51, 58)
    assert "Traceback" not in refused.stderr
    assert not environment.appdir.exists()


def test_an_owner_without_write_permission_in_it_is_told_so(environment: Environment) -> None:
    environment.run("make-appdir", "--user", "daemon")
    (environment.appdir / "README.txt").unlink()
    (environment.appdir / "rattail.toml").chmod(0)

    refused = environment.run("make-appdir")

    assert refused.returncode == 53
    assert "rattail.toml': permission is denied to user daemon" in refused.stderr


def test_mallory_cannot_swap_a_folder_for_a_link_while_root_gives(environment: Environment) -> None:
    """alice's process swaps a folder and a link to root's files while root gives the tree to her."""
    environment.run("make-appdir", "--user", "daemon")
    secret = environment.path / "secret"
    secret.mkdir()
    (secret / "file").write_text("root's")
    own = environment.appdir / "data" / "own"
    pid = os.fork()
    if pid == 0:
        os._exit(as_user(ALICE.pw_uid, lambda: _swap(own, secret)))

    for _ in range(5):
        environment.run("make-appdir", "--user", "daemon", "--group", "daemon")
        os.chown(environment.appdir / "log", 0, 0)
    os.waitpid(pid, 0)

    assert _owners(secret) == {0}


def test_folders_closed_to_their_owner_are_opened_and_looked_into(environment: Environment) -> None:
    environment.run("make-appdir", "--user", "daemon")
    (environment.appdir / "data" / "exports" / "report_output").rmdir()
    for name in ("data/exports", "data/uploads", "data"):
        (environment.appdir / name).chmod(0)

    mended = environment.run("make-appdir", user=ALICE.pw_uid)

    assert mended.returncode == 0, mended.stderr
    assert (environment.appdir / "data" / "exports" / "report_output").is_dir()
    assert (environment.appdir / "data" / "uploads").stat().st_mode & 0o777 == 0o700
    assert "nothing to do" in environment.run("make-appdir", user=ALICE.pw_uid).stdout


def _swap(own: Path, secret: Path) -> None:
    aside = own.with_name("aside")
    for _ in range(3_000):
        own.mkdir()
        (own / "file").write_text("")
        own.rename(aside)
        own.symlink_to(secret)
        own.unlink()
        (aside / "file").unlink()
        aside.rmdir()


def test_a_copied_identity_does_not_make_a_shared_folder_hers(environment: Environment) -> None:
    """mallory copies her folder's identity file into root's shared folder and names that in her settings."""
    environment.run("make-appdir", "--user", "nobody")
    hers, shared = environment.path / "hers", environment.path / "shared"
    hers.mkdir()
    os.chown(hers, MALLORY.pw_uid, MALLORY.pw_gid)
    shared.mkdir()
    shared.chmod(0o1777)
    (shared / "roots").write_text("secret")
    settings = environment.appdir / "rattail.toml"
    settings.write_text(f'[folders]\n"data/uploads" = "{hers}"\n')
    made = environment.run("make-appdir")
    assert made.returncode == 0, made.stderr
    shutil.copy(hers / ".rattail-folder.json", shared)
    os.chown(shared / ".rattail-folder.json", MALLORY.pw_uid, MALLORY.pw_gid)
    settings.write_text(f'[folders]\n"data/uploads" = "{shared}"\n')

    environment.run("make-appdir", "--user", "nobody")
    fixed = environment.run("check-appdir", "--fix")

    assert shared.stat().st_uid == (shared / "roots").stat().st_uid == 0
    assert shared.stat().st_mode & 0o7777 == 0o1777
    assert f"chmod 0700 {shared}" not in fixed.stdout


def test_root_takes_no_path_through_somebodys_link(environment: Environment) -> None:
    environment.run("make-appdir", "--user", "daemon")
    hers = environment.path / "hers"
    hers.mkdir()
    link = hers / "app"
    link.symlink_to(environment.appdir)
    os.chown(link, MALLORY.pw_uid, MALLORY.pw_gid, follow_symlinks=False)

    refused = environment.run("make-appdir", "--path", link, "--user", "nobody")
    os.chown(link, 0, 0, follow_symlinks=False)
    taken = environment.run("make-appdir", "--path", link, "--user", "daemon")

    assert refused.returncode == 58
    assert "a link of nobody's" in refused.stderr
    assert _owners(environment.appdir) == {ALICE.pw_uid}
    assert taken.returncode == 0, taken.stderr


def test_a_group_alone_leaves_the_folder_its_user(environment: Environment) -> None:
    environment.run("make-appdir", "--user", "daemon")

    environment.run("make-appdir", "--group", "nogroup")

    assert _owners(environment.appdir) == {ALICE.pw_uid}
    assert {path.lstat().st_gid for path in environment.appdir.rglob("*")} == {MALLORY.pw_gid}


def test_what_is_mounted_in_the_folder_is_not_given(environment: Environment) -> None:
    environment.run("make-appdir", "--user", "daemon")
    system = environment.path / "system"
    system.mkdir()
    (system / "file").write_text("root's")

    with bind_mount(system, environment.appdir / "data" / "bound"):
        given = environment.run("make-appdir", "--user", "daemon", "--group", "nogroup")

        assert _owners(system) == {0}
        assert "data/bound' (something is mounted there)" in given.stderr


def test_a_link_in_the_middle_of_a_path_is_refused(tmp_path: Path) -> None:
    (tmp_path / "real" / "app").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "real")

    with pytest.raises(NotADirectoryError), opened_folder(f"{tmp_path}/link/app"):
        pass
