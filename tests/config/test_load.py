"""Reading settings: every fault at once and on its line; whatever stands in a file's place."""

from __future__ import annotations

import os
import resource
import socket
from collections.abc import Mapping
from pathlib import Path

import pytest

from rattail.config.load import Settings, load_settings
from rattail.registry import Registry


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def load(
    registry: Registry,
    folder: Path,
    settings: str | bytes | None = None,
    *,
    secrets: str | None = None,
    environ: Mapping[str, str] | None = None,
) -> Settings:
    if settings is not None:
        content = settings.encode() if isinstance(settings, str) else settings
        (folder / "rattail.toml").write_bytes(content)
    if secrets is not None:
        (folder / "secrets.toml").write_text(secrets)
    return load_settings(registry.options, root=str(folder), environ=environ or {})


def messages(settings: Settings) -> list[str]:
    return [fault.message for fault in settings.faults]


def test_nothing_written_is_all_defaults(registry: Registry, folder: Path) -> None:
    settings = load(registry, folder)

    assert settings.faults == ()
    assert {setting.source for setting in settings.by_key.values()} == {"default"}
    assert settings.relocations(str(folder)) == {}


def test_all_faults_come_at_once_each_with_its_line(registry: Registry, folder: Path) -> None:
    text = """\
keep_days = 3
[app]
titel = "x"
currency = "usd"
time_zone = "america/chicgo"
locale = 5
[uploads]
keep_days = "two"
[mial]
host = "x"
[mail]
tls = "startls"
port = 0
password = "hunter2"
to = ["a", 1]
[folders]
"data/uploads" = "../x"
"data/upload" = "x"
"""
    found = messages(load(registry, folder, text, secrets="[app]\ntitle = 'x'\n[mail]\npassword = 5\n"))

    assert found == [
        "rattail.toml line 1: 'keep_days' stands in no table. Did you mean 'log.keep_days'?",
        "rattail.toml line 3: [app] has no option 'titel'. Did you mean 'title'?",
        "rattail.toml line 4: [app] currency: expected a currency of ISO 4217 such as 'USD'; found \"usd\". "
        "Did you mean 'USD'?",
        "rattail.toml line 5: [app] time_zone: expected a time zone of the IANA list such as 'America/Chicago'; "
        "found \"america/chicgo\". Did you mean 'America/Chicago'?",
        "rattail.toml line 6: [app] locale: expected a language or a language and a country, such as 'de' or 'en_US', "
        "in quotes; found 5.",
        'rattail.toml line 8: [uploads] keep_days: expected a whole number of days, 1 or more; found "two".',
        "rattail.toml line 9: no feature and no installed extension has a table [mial]. Did you mean 'mail'?",
        "rattail.toml line 12: [mail] tls: expected one of 'starttls', 'tls', 'none'; found \"startls\". "
        "Did you mean 'starttls'?",
        "rattail.toml line 13: [mail] port: expected a whole number, 1 to 65535; found 0.",
        "rattail.toml line 14: [mail] password is a secret and belongs in secrets.toml, "
        "where only the app can read it.",
        'rattail.toml line 15: [mail] to: expected a list of texts such as ["one", "two"]; '
        "found a list that holds something else.",
        "rattail.toml line 17: [folders] data/uploads: expected an absolute path, or one below the app folder "
        "without '..'; found \"../x\".",
        "rattail.toml line 18: [folders] has no option 'data/upload'. Did you mean 'data/uploads'?",
        "secrets.toml line 2: [app] title is no secret and belongs in rattail.toml.",
        "secrets.toml line 4: [mail] password: expected a text, in quotes; found something else (a secret, not shown).",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[app]\ntitle = Shop\n", "line 2, column 9: not TOML: the value is none (a text needs quotes around it)"),
        ('[app]\ntitle = "Shop\n', "line 2, column 14: not TOML: a text is not closed with a quote on its line"),
        ("[app]\n[app]\n", "line 2, column 5: not TOML: this table stands in the file already"),
        ("[app]\ntitle = 'a'\ntitle = 'b'\n", "line 3, column 12: not TOML: this name stands in its table already"),
        ("[app]\r\n\r\ntitle\r\n", "line 3, column 6: not TOML: a name needs '=' and a value after it"),
        ("[app]\ntitle = 'a\0b'\n", "line 2, column 11: not TOML: a character that cannot stand here unescaped"),
        ("[app]\ntitle = '''", "at its end: not TOML: a text over several lines is not closed"),
        ("a = " + "[" * 100_000, ": lists or tables are nested too deeply"),
        ("a = " + "{a = " * 50_000, ": lists or tables are nested too deeply"),
        ("a" + ".a" * 100_000 + " = 1", "line 1: a name of more than 100 parts"),
        ("\n[" + "'a'." * 50_000 + "a]", "line 2: a name of more than 100 parts"),
        ("a = " + "1" * 5000, ": not TOML: a number is too long"),
        ("[uploads]\nkeep_days = 0x" + "f" * 50_000, "line 2: [uploads] keep_days: expected a whole number of days"),
        (b"[app]\n\xff", "line 2: not UTF-8 text"),
        ("[app]\n".encode("utf-16"), " is UTF-16 text; save it as UTF-8"),
        (b"#" * 300_000, " is too large: expected at most 256 KiB"),
    ],
)
def test_a_file_that_cannot_be_understood_is_one_sentence(
    registry: Registry, folder: Path, text: str | bytes, said: str
) -> None:
    (found,) = messages(load(registry, folder, text))

    assert found.startswith("rattail.toml")
    assert said in found
    assert len(found) < 300


def test_dots_in_a_long_text_are_no_name(registry: Registry, folder: Path) -> None:
    settings = load(registry, folder, f"[app]\ntitle = 'x{'.' * 5000}'\n# {'.' * 500}\n")

    assert settings.faults == ()


def test_a_byte_order_mark_and_windows_line_ends_are_read(registry: Registry, folder: Path) -> None:
    settings = load(registry, folder, "\ufeff[app]\r\ntitle = 'ok'\r\n")

    assert (settings.text("app.title"), settings.faults) == ("ok", ())


def test_a_password_may_hold_anything(registry: Registry, folder: Path) -> None:
    settings = load(registry, folder, secrets="[mail]\npassword = 'a\\b\"%(x)s ${y} # ü 🐟'\n")

    assert settings.text("mail.password") == 'a\\b"%(x)s ${y} # ü 🐟'


def test_whatever_stands_in_the_place_of_the_file_is_named(registry: Registry, folder: Path) -> None:
    path = folder / "rattail.toml"
    said = {}
    for what in ("folder", "pipe", "socket", "link", "device"):
        if what == "folder":
            path.mkdir()
        elif what == "pipe":
            os.mkfifo(path)
        elif what == "socket":
            with socket.socket(socket.AF_UNIX) as listening:
                listening.bind(os.path.relpath(path))
        else:
            path.symlink_to("/dev/zero" if what == "device" else "/nowhere")
        (said[what],) = messages(load(registry, folder))
        path.rmdir() if what == "folder" else path.unlink()

    assert said["folder"] == "rattail.toml is a folder; expected a plain file."
    assert said["pipe"] == "rattail.toml is a pipe; expected a plain file."
    assert "rattail.toml': " in said["socket"]
    assert said["link"] == said["device"] == "rattail.toml is a link; expected a file of its own."


def test_a_huge_file_is_refused_in_little_memory(registry: Registry, folder: Path) -> None:
    with open(folder / "rattail.toml", "wb") as stream:
        stream.truncate(100 << 30)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    (found,) = messages(load(registry, folder))

    assert "too large" in found
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # kilobytes


def test_an_empty_table_that_an_extension_left_behind_does_no_harm(registry: Registry, folder: Path) -> None:
    assert load(registry, folder, "[gone]\n#points = 1\n").faults == ()


def test_thousands_of_faults_end_in_a_count(registry: Registry, folder: Path) -> None:
    found = messages(load(registry, folder, "[app]\n" + "".join(f"k{number} = 1\n" for number in range(5000))))

    assert len(found) == 101
    assert found[-1] == "rattail.toml: 4,900 more faults of this kind."


def test_the_environment_goes_before_the_files_and_is_named(registry: Registry, folder: Path) -> None:
    environ = {"RATTAIL_UPLOADS_KEEP_DAYS": "9", "RATTAIL_FOLDERS_DATA_UPLOADS": "/srv/up", "RATTAIL_MAIL_TO": "a,b"}
    settings = load(registry, folder, "[uploads]\nkeep_days = 3\n", environ=environ)

    assert settings.by_key["uploads.keep_days"][1:] == (9, "RATTAIL_UPLOADS_KEEP_DAYS")
    assert settings.in_files == {"uploads.keep_days": 3}
    assert settings.texts("mail.to") == ("a", "b")
    assert settings.relocations(str(folder)) == {"data/uploads": "/srv/up"}


def test_faults_of_the_environment_name_the_variable(registry: Registry, folder: Path) -> None:
    environ = {
        "RATTAIL_UPLOADS_KEEP_DAYS": "",
        "RATTAIL_APP_TITLE": "\udcff",
        "RATTAIL_DATABASE_URL": "postgresql://shop:hunter2@db/shop",
        "RATTAIL_MAIL_PASSWORD": "",
        "RATTAIL_UPLODS_KEEP_DAYS": "3",
        "RATTAIL_APP_TITLE_FILE": "/x",
        "RATTAIL_APPDIR": "/x",
    }
    settings = load(registry, folder, environ=environ)

    assert messages(settings) == [
        'RATTAIL_APP_TITLE: expected a text; found "\\uDCFF" (not UTF-8).',
        "RATTAIL_DATABASE_URL: expected 'postgresql://USER@HOST:PORT/NAME' without a password, or an empty text; "
        "found something else (not shown, it may hold a password).",
        "RATTAIL_MAIL_PASSWORD is empty; expected a secret. To use secrets.toml, unset it.",
        'RATTAIL_UPLOADS_KEEP_DAYS: expected a whole number of days, 1 or more; found "".',
    ]
    assert settings.unknown_variables == ("RATTAIL_APP_TITLE_FILE", "RATTAIL_UPLODS_KEEP_DAYS")


@pytest.mark.parametrize("content", ["p", "p\n", "p\r\n"])
def test_a_secret_is_read_from_the_file_a_variable_names(registry: Registry, folder: Path, content: str) -> None:
    (folder / "real").write_bytes(content.encode())
    (folder / "link").symlink_to("real")  # as container platforms mount secrets
    settings = load(registry, folder, environ={"RATTAIL_MAIL_PASSWORD_FILE": str(folder / "link")})

    assert settings.by_key["mail.password"][1:] == ("p", "RATTAIL_MAIL_PASSWORD_FILE")


def test_only_one_line_end_is_taken_from_a_secret_in_a_file(registry: Registry, folder: Path) -> None:
    (folder / "secret").write_bytes(b"a\r\nb\n\n")
    settings = load(registry, folder, environ={"RATTAIL_MAIL_PASSWORD_FILE": str(folder / "secret")})

    assert settings.text("mail.password") == "a\r\nb\n"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("", "names no file, or an empty one; expected a secret"),
        ("secret", "the file 'secret' is not an absolute path"),
        ("/nowhere/secret", "the file '/nowhere/secret' does not exist"),
        ("/dev/null", "the file '/dev/null' is a device; expected a plain file"),
        ("/dev/zero", "the file '/dev/zero' is a device; expected a plain file"),
        ("/", "the file '/' is a folder; expected a plain file"),
        ("/a\nb", "the file '/a\\nb' does not exist"),
    ],
)
def test_a_secret_file_that_is_none_is_named(registry: Registry, folder: Path, value: str, said: str) -> None:
    settings = load(registry, folder, environ={"RATTAIL_MAIL_PASSWORD_FILE": value})

    (found,) = messages(settings)
    assert found.startswith("RATTAIL_MAIL_PASSWORD_FILE")
    assert said in found
    assert settings.by_key["mail.password"].source == "default"


def test_a_secret_file_that_is_a_pipe_does_not_hang(registry: Registry, folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    (found,) = messages(load(registry, folder, environ={"RATTAIL_MAIL_PASSWORD_FILE": str(folder / "pipe")}))

    assert found.endswith("is a pipe; expected a plain file.")


def test_a_secret_given_twice_is_a_fault(registry: Registry, folder: Path) -> None:
    environ = {"RATTAIL_MAIL_PASSWORD": "a", "RATTAIL_MAIL_PASSWORD_FILE": "/b"}

    assert messages(load(registry, folder, environ=environ)) == [
        "RATTAIL_MAIL_PASSWORD and RATTAIL_MAIL_PASSWORD_FILE are both set; set one of them."
    ]


def test_a_broken_secrets_file_is_reported_without_any_of_it(registry: Registry, folder: Path) -> None:
    for line in ('password = "hunter2\\q"', "password = hunter2", "hunter2", 'password = "hunter2', "password = 'h'u'"):
        (found,) = messages(load(registry, folder, secrets=f"[mail]\n{line}\n"))

        assert found.startswith("secrets.toml line 2, column ")
        assert "hunter2" not in found
        assert "'u'" not in found


def test_a_folder_at_its_default_place_is_not_relocated(registry: Registry, folder: Path) -> None:
    text = f"[folders]\n'data/uploads' = 'data/uploads'\nlog = '{folder}/log/'\n'work/csv' = 'elsewhere//csv/'\n"

    assert load(registry, folder, text).relocations(str(folder)) == {"work/csv": f"{folder}/elsewhere/csv"}
