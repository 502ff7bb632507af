"""show-config, get-option and set-option, as an operator uses them."""

from __future__ import annotations

import os
import pty
import re
import select
import stat
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from rattail.appdir.marker import require_marker
from rattail.features.core.config.service import find_option, set_option
from rattail.registry import Registry
from tests.conftest import Run, clean_environment
from tests.kit.environment import Environment
from tests.kit.killing import killed_at
from tests.kit.snapshot import snapshot

RATTAIL = f"{sys.executable} -m rattail"
SECRET = 'hunter2 "\\ ü🐟'


@pytest.fixture
def at(appdir: Path) -> tuple[str, str]:
    return "--appdir", str(appdir)


def settings_of(appdir: Path) -> dict[str, dict[str, object]]:
    return tomllib.loads((appdir / "rattail.toml").read_text())


def test_every_option_is_shown_with_its_source(appdir: Path, at: tuple[str, str], run: Run, registry: Registry) -> None:
    (appdir / "rattail.toml").write_text("[uploads]\nkeep_days = 3\n[folders]\nlog = '/mnt/log'\n")

    shown = run("show-config", *at, "--json", env={"RATTAIL_APP_TITLE": "Shop"})

    options = {one["key"]: one for one in shown.data["options"]}
    assert shown.code == 0
    assert set(options) == {option.key for option in registry.options}
    assert (options["app.title"]["value"], options["app.title"]["source"]) == ("Shop", "RATTAIL_APP_TITLE")
    assert (options["folders.log"]["value"], options["folders.log"]["default"]) == ("/mnt/log", "log")
    assert options["uploads.keep_days"] == {
        "key": "uploads.keep_days",
        "value": 3,
        "source": "rattail.toml",
        "default": 7,
        "takes_effect": "at once",
        "is_secret": False,
        "expected": "a whole number of days, 1 or more",
        "help": "How long an uploaded file is kept that nobody used.",
        "environment_variable": "RATTAIL_UPLOADS_KEEP_DAYS",
    }


def test_one_table_is_shown_for_people(at: tuple[str, str], run: Run) -> None:
    shown = run("show-config", "work", *at, env={"RATTAIL_WORK_KEEP_CSV_DAY": "3"})

    assert shown.out == (
        "[work]\n  keep_csv_days         30  default  at once\n  keep_user_files_days  14  default  at once\n"
    )
    assert "RATTAIL_WORK_KEEP_CSV_DAY names no option and has no effect. Did you mean RATTAIL_WORK_KEEP_CSV_DAYS?" in (
        shown.err
    )


def test_a_table_that_is_not_there_is_named(at: tuple[str, str], run: Run) -> None:
    shown = run("show-config", "mial", *at)

    assert shown.code == 56
    assert "Did you mean 'mail'?" in shown.err


def test_broken_settings_are_shown_as_far_as_possible_and_then_all_faults(
    appdir: Path, at: tuple[str, str], run: Run
) -> None:
    (appdir / "rattail.toml").write_text("[app]\ntitle = 'Shop'\ncurrency = 'usd'\n[mail]\nport = 'x'\n")

    shown = run("show-config", *at)
    as_json = run("show-config", *at, "--json")

    assert shown.code == as_json.code == 53
    assert '"Shop"' in shown.out
    assert "rattail.toml line 3" in shown.err
    assert "rattail.toml line 5" in shown.err
    assert len(as_json.json["errors"]) == 2
    assert len(as_json.data["options"]) > 20


def test_no_command_ever_shows_a_secret(appdir: Path, at: tuple[str, str], run: Run) -> None:
    set_it = run("set-option", "mail.password", *at, "--json", stdin=SECRET)
    (appdir / "rattail.toml").write_text(f"[mail]\npassword = '{SECRET}'\n")
    (appdir / "rattail.toml.new").write_text(f"[mail]\npassword = '{SECRET} new'\n# {SECRET}\n")
    secrets = tomllib.loads((appdir / "secrets.toml").read_text())
    said = set_it.out + set_it.err
    for words in (
        ("show-config",),
        ("show-config", "-v"),
        ("show-config", "--json"),
        ("get-option", "mail.password"),
        ("get-option", "mail.password", "--json", "-v"),
        ("set-option", "mail.password", "hunter2"),
        ("set-option", "mail.password", "hunter2", "--json"),
        ("diff-config",),
        ("diff-config", "--json"),
    ):
        ran = run(*words, *at, env={"RATTAIL_DATABASE_PASSWORD": "hunter2"})
        said += ran.out + ran.err

    assert secrets["mail"]["password"] == SECRET
    assert "hunter2" not in said
    assert secrets["sessions"]["secret_key"] not in said
    assert "********" in said


def test_a_value_is_printed_alone(at: tuple[str, str], run: Run) -> None:
    got = run("get-option", "uploads.keep_days", *at, "--quiet")

    assert (got.code, got.out, got.err) == (0, "7\n", "")


def test_a_secret_is_masked_and_its_place_is_said(appdir: Path, at: tuple[str, str], run: Run) -> None:
    got = run("get-option", "sessions.secret_key", *at)

    assert got.out == "********\n"
    assert f"its value is in '{appdir}/secrets.toml'" in got.err


@pytest.mark.parametrize(
    ("key", "meant"), [("app.titel", "app.title"), ("titel", "app.title"), ("mial.tls", "mail.tls")]
)
def test_an_option_that_is_not_there_is_named(at: tuple[str, str], run: Run, key: str, meant: str) -> None:
    for words in (("get-option", key), ("set-option", key, "x"), ("set-option", key, "--unset")):
        ran = run(*words, *at)

        assert ran.code == 56
        assert f"Did you mean '{meant}'?" in ran.err


@pytest.mark.parametrize("key", ["app.nope", "nope", "nope.nope", "app.", ".", ""])
def test_no_option_is_suggested_that_is_nothing_like_it(appdir: Path, at: tuple[str, str], run: Run, key: str) -> None:
    ran = run("get-option", key, *at)

    assert ran.code == 56
    assert "mean" not in ran.err
    assert ran.err.endswith(f"    list all of them: {RATTAIL} show-config --appdir {appdir}\n")


@pytest.mark.parametrize("zone", ["Factory", "localtime", "/etc/localtime", "right/UTC", "europe/berlin", "Berlin"])
def test_what_is_suggested_is_taken(at: tuple[str, str], run: Run, zone: str) -> None:
    refused = run("set-option", "app.time_zone", zone, *at)
    meant = re.search("Did you mean '(.*)'", refused.err)

    assert refused.code == 57
    assert bool(meant) is (zone not in ("Factory", "localtime", "/etc/localtime"))
    assert meant is None or run("set-option", "app.time_zone", meant[1], *at).code == 0


def test_a_value_that_steers_a_terminal_is_escaped_there_and_raw_in_a_pipe(
    appdir: Path, at: tuple[str, str], run: Run
) -> None:
    run("set-option", "app.title", "a\x1b[31m\nü", *at)
    child, terminal = pty.fork()
    if child == 0:
        os.environ.pop("RATTAIL_APPDIR", None)
        words = [sys.executable, "-m", "rattail", "get-option", "app.title", "--appdir", str(appdir)]
        os.execv(sys.executable, words)
    shown = _read_until(terminal, b"\n", b"")
    os.waitpid(child, 0)
    os.close(terminal)

    assert shown.decode() == "a\\x1b[31m\\nü\r\n"
    assert run("get-option", "app.title", *at).out == "a\x1b[31m\nü\n"


def test_the_hint_about_a_secret_can_be_pasted(appdir: Path, at: tuple[str, str], run: Run) -> None:
    said = run("get-option", "mail.password", *at).err
    line = said.strip().partition("to set it: ")[2]

    subprocess.run(line, shell=True, input=b"hunter2", check=True, env=clean_environment())

    assert tomllib.loads((appdir / "secrets.toml").read_text())["mail"]["password"] == "hunter2"


def test_with_quiet_what_was_asked_for_is_printed(appdir: Path, at: tuple[str, str], run: Run) -> None:
    (appdir / "rattail.toml.new").write_text("[app]\ntitle = 'x'\n")
    for words in (("get-option", "app.title"), ("diff-config",), ("make-config", "--output", "-"), ("show-config",)):
        plain, quiet = run(*words, *at), run(*words, *at, "-q")

        assert plain.out == quiet.out
        assert (quiet.code, quiet.err) == (0, "")
        assert quiet.out


def test_a_value_is_set_in_the_place_of_its_default_and_taken_back(appdir: Path, at: tuple[str, str], run: Run) -> None:
    path = appdir / "rattail.toml"
    before = path.read_text()

    set_it = run("set-option", "uploads.keep_days", "9", *at)
    during = path.read_text()
    unset = run("set-option", "uploads.keep_days", "--unset", *at)

    assert set_it.out.splitlines()[0] == f"uploads.keep_days = 9, in '{path}'."
    assert "The change takes effect at once." in set_it.out
    assert during == before.replace("#keep_days = 7\n", "keep_days = 9\n", 1)
    assert (unset.code, path.read_text()) == (0, before)


def test_making_again_after_a_change_finds_nothing_to_do(appdir: Path, at: tuple[str, str], run: Run) -> None:
    run("set-option", "app.title", "Our Shop", *at)
    run("set-option", "mail.password", *at, stdin=SECRET)
    run("set-option", "mail.tls", "none", *at)
    run("set-option", "mail.tls", "--unset", *at)
    before = snapshot(appdir)

    made = run("make-appdir", *at, "--json")

    assert made.data["steps"] == []
    assert snapshot(appdir) == before


def test_setting_what_is_set_writes_nothing(appdir: Path, at: tuple[str, str], run: Run) -> None:
    run("set-option", "uploads.keep_days", "7", *at)  # the default, in words
    before = snapshot(appdir)

    again = run("set-option", "uploads.keep_days", "7", *at)

    assert settings_of(appdir)["uploads"] == {"keep_days": 7}
    assert "nothing to do" in again.out
    assert {path: entry for path, entry in snapshot(appdir).items() if path != "app-folder.lock"} == {
        path: entry for path, entry in before.items() if path != "app-folder.lock"
    }


def test_mode_and_owner_of_the_file_stay(appdir: Path, at: tuple[str, str], run: Run, as_root: None) -> None:
    path = appdir / "rattail.toml"
    path.chmod(0o600)
    os.chown(path, 0, 4321)

    run("set-option", "app.title", "x", *at)

    found = path.stat()
    assert (stat.S_IMODE(found.st_mode), found.st_uid, found.st_gid) == (0o600, 0, 4321)


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("app.currency", "euro", "expected a currency of ISO 4217"),
        ("uploads.keep_days", "two", 'expected a whole number of days, 1 or more; found "two"'),
        ("mail.tls", "ssl", "expected one of 'starttls', 'tls', 'none'"),
        ("database.url", "postgresql://a:hunter2@b/c", "without a password"),
        ("folders.data/uploads", "../x", "without '..'"),
        ("folders.data/uploads", "", "expected an absolute path"),
        ("folders.data/uploads", "work/csv", "is also the place of 'work/csv'"),
        ("folders.data/uploads", "/", "expected an absolute path"),
        ("app.title", os.fsdecode(b"\xff"), "(not UTF-8)"),
    ],
)
def test_a_wrong_value_is_refused_and_nothing_changes(
    appdir: Path, at: tuple[str, str], run: Run, key: str, value: str, said: str
) -> None:
    before = (appdir / "rattail.toml").read_bytes()

    refused = run("set-option", key, value, *at)

    assert refused.code == 57
    assert said in refused.err
    assert "hunter2" not in refused.err
    assert (appdir / "rattail.toml").read_bytes() == before


def test_a_place_above_the_app_folder_is_refused(appdir: Path, at: tuple[str, str], run: Run) -> None:
    refused = run("set-option", "folders.data/uploads", appdir.parent, *at)

    assert refused.code == 57
    assert "holds the app folder itself" in refused.err


def test_a_folder_that_moves_says_what_to_type_and_that_works(
    appdir: Path, at: tuple[str, str], run: Run, tmp_path: Path
) -> None:
    (appdir / "data/uploads/kept").write_text("x")
    (appdir / "data/uploads/.hidden").write_text("y")
    target = tmp_path / "another disk" / "uploads"

    changed = run("set-option", "folders.data/uploads", target, *at, "--json")
    for line in changed.data["next"]:
        subprocess.run(line, shell=True, check=True, env=clean_environment())

    assert (target / "kept").read_text() == "x"
    assert (target / ".hidden").read_text() == "y"
    assert not (appdir / "data/uploads/kept").exists()


def test_a_secret_comes_from_the_standard_input(appdir: Path, at: tuple[str, str], run: Run) -> None:
    for stdin, kept in ((SECRET + "\n", SECRET), ("a\r\n", "a"), ("x\ny\n\n", "x\ny\n")):
        assert run("set-option", "mail.password", *at, stdin=stdin).code == 0
        assert tomllib.loads((appdir / "secrets.toml").read_bytes().decode())["mail"]["password"] == kept
    assert stat.S_IMODE((appdir / "secrets.toml").stat().st_mode) == 0o600
    assert "hunter2" not in (appdir / "rattail.toml").read_text()


def test_a_secret_is_asked_for_twice_on_a_terminal_and_never_shown(appdir: Path) -> None:
    child, terminal = pty.fork()
    if child == 0:
        os.environ.pop("RATTAIL_APPDIR", None)
        words = [sys.executable, "-m", "rattail", "set-option", "mail.password", "--appdir", str(appdir)]
        os.execv(sys.executable, words)
    seen = b""
    for prompt in (b"mail.password: ", b"confirmation: "):
        seen = _read_until(terminal, prompt, seen)
        os.write(terminal, b"hunter2\n")
    seen = _read_until(terminal, b"at once.", seen)
    _, status = os.waitpid(child, 0)
    os.close(terminal)

    assert os.waitstatus_to_exitcode(status) == 0
    assert b"hunter2" not in seen
    assert tomllib.loads((appdir / "secrets.toml").read_text())["mail"]["password"] == "hunter2"


def _read_until(terminal: int, awaited: bytes, seen: bytes) -> bytes:
    while not seen.endswith(awaited) and awaited not in seen[-len(awaited) - 4 :]:
        ready, _, _ = select.select([terminal], [], [], 30)
        assert ready, f"waited in vain for {awaited!r} after {seen!r}"
        seen += os.read(terminal, 4096)
    return seen


def test_a_secret_as_an_argument_or_an_empty_one_is_refused(appdir: Path, at: tuple[str, str], run: Run) -> None:
    before = (appdir / "secrets.toml").read_bytes()
    for words, stdin in ((("hunter2",), ""), ((), ""), ((), "\n")):
        refused = run("set-option", "mail.password", *words, *at, stdin=stdin)

        assert refused.code == 57
        assert refused.err.endswith(f"from one: {RATTAIL} set-option mail.password --appdir {appdir}\n")
        assert "< FILE" in refused.err
    assert (appdir / "secrets.toml").read_bytes() == before


def test_taking_back_a_generated_secret_makes_a_fresh_one(appdir: Path, at: tuple[str, str], run: Run) -> None:
    before = tomllib.loads((appdir / "secrets.toml").read_text())["sessions"]["secret_key"]

    ran = run("set-option", "sessions.secret_key", "--unset", *at)

    after = tomllib.loads((appdir / "secrets.toml").read_text())["sessions"]["secret_key"]
    assert len(after) == len(before) == 64
    assert after != before
    assert ran.out.splitlines() == [
        f"A new sessions.secret_key was generated, in '{appdir}/secrets.toml'.",
        "The key that signs sessions and cookies. A new one logs everybody out.",
        "The change takes effect at restart.",
    ]


def test_an_overriding_variable_is_said(at: tuple[str, str], run: Run) -> None:
    changed = run("set-option", "app.title", "x", *at, env={"RATTAIL_APP_TITLE": "y"})

    assert changed.code == 0
    assert "warning: the environment variable RATTAIL_APP_TITLE is set" in changed.err


def test_a_wrong_value_can_be_mended_while_other_faults_stand(appdir: Path, at: tuple[str, str], run: Run) -> None:
    (appdir / "rattail.toml").write_text("[uploads]\nkeep_days = 'two' # days\n[mail]\nport = 0\n")

    changed = run("set-option", "uploads.keep_days", "2", *at)

    assert changed.code == 0
    assert (appdir / "rattail.toml").read_text() == "[uploads]\nkeep_days = 2 # days\n[mail]\nport = 0\n"
    assert "still wrong: rattail.toml line 4: [mail] port" in changed.err


def test_a_file_that_is_no_toml_is_left_alone(appdir: Path, at: tuple[str, str], run: Run) -> None:
    (appdir / "rattail.toml").write_text("[app]\ntitle = Shop\n")

    refused = run("set-option", "app.title", "x", *at)

    assert refused.code == 53
    assert "rattail.toml line 2, column 9: not TOML" in refused.err
    assert (appdir / "rattail.toml").read_text() == "[app]\ntitle = Shop\n"


def test_a_pipe_or_a_link_in_place_of_the_file_is_refused_at_once(appdir: Path, at: tuple[str, str], run: Run) -> None:
    path = appdir / "rattail.toml"
    for is_pipe in (True, False):
        path.unlink()
        os.mkfifo(path) if is_pipe else path.symlink_to("/etc/passwd")
        refused = run("set-option", "app.title", "x", *at)

        assert refused.code == 53
        assert "expected a" in refused.err


def test_a_missing_file_names_the_command_that_makes_it(appdir: Path, at: tuple[str, str], run: Run) -> None:
    (appdir / "rattail.toml").unlink()

    refused = run("set-option", "app.title", "x", *at)

    assert refused.code == 50
    assert "rattail make-appdir" in refused.err
    assert refused.err.endswith(f"make it anew: {RATTAIL} make-appdir --appdir {appdir}\n")
    said = f"is missing; make it anew: {RATTAIL} make-appdir --appdir {appdir}\n"
    assert run("show-config", *at).err.endswith(said)


def test_without_an_app_folder_every_command_says_so(run: Run, tmp_path: Path) -> None:
    for words in (("show-config",), ("get-option", "app.title"), ("set-option", "app.title", "x"), ("make-config",)):
        refused = run(*words, "--appdir", tmp_path / "none")

        assert refused.code == 50
        assert "rattail make-appdir" in refused.err


def test_twenty_changes_at_once_are_all_kept(appdir: Path, run: Run, registry: Registry) -> None:
    texts = [
        option.key
        for option in registry.options
        if option.kind == "text" and not option.is_secret and not option.choices
    ]
    days = [option.key for option in registry.options if option.unit == "days"]
    folders = [option.key for option in registry.options if option.kind == "path"]
    values: dict[str, str] = {key: f"elsewhere/{number}" for number, key in enumerate(folders)}
    values |= dict.fromkeys(days, "2") | dict.fromkeys(texts, "none")
    chosen = dict(list(values.items())[-20:])

    started = [
        subprocess.Popen(
            [sys.executable, "-m", "rattail", "set-option", key, value, "--appdir", str(appdir)],
            env=clean_environment(),
            stdout=subprocess.DEVNULL,
        )
        for key, value in chosen.items()
    ]
    codes = [process.wait(timeout=120) for process in started]

    document = settings_of(appdir)
    assert codes == [0] * 20
    got = {key: document[key.partition(".")[0]][key.partition(".")[2]] for key in chosen}
    assert {key: str(value) for key, value in got.items()} == chosen


def test_killed_at_any_moment_the_file_is_the_old_or_the_new(appdir: Path, registry: Registry) -> None:
    path = appdir / "rattail.toml"
    option = find_option(registry, "app.title", root=str(appdir))
    seen = set()
    moment, is_killed = 0, True
    while is_killed:
        moment += 1
        before = path.read_bytes()
        value = f"Shop {moment}"

        def change(value: str = value) -> None:
            set_option(registry, option, value, root=str(appdir), marker=require_marker(str(appdir)), environ={})

        is_killed = killed_at(moment, change)
        is_new = path.read_bytes() != before
        seen.add(is_new)
        assert (settings_of(appdir)["app"].get("title") == value) is is_new
        assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert moment > 3
    assert seen == {True, False}


def test_root_changes_settings_as_the_owner_and_takes_no_file_from_anybody(
    environment: Environment, as_root: None
) -> None:
    assert environment.run("make-appdir", "--user", "nobody").returncode == 0
    path = environment.appdir / "rattail.toml"
    owner = environment.appdir.stat().st_uid

    changed = environment.run("set-option", "app.title", "Shop")
    mine = path.stat().st_uid
    os.chown(path, 0, 0)
    path.chmod(0o644)
    refused = environment.run("set-option", "app.title", "Other")

    assert (changed.returncode, mine) == (0, owner)
    assert refused.returncode == 58
    assert "belongs to user root" in refused.stderr
    assert 'title = "Shop"' in path.read_text()
    assert not [entry for entry in environment.appdir.iterdir() if entry != path and entry.stat().st_uid == 0]
