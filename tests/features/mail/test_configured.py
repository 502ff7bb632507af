"""Settings of mail that cannot work are refused by name, by every way in."""

from __future__ import annotations

from pathlib import Path

import pytest

from rattail.errors import ConfigInvalid
from rattail.features.mail.addresses import WrongAddress, address_of
from rattail.features.mail.configured import faults_of, mail_of
from rattail.features.mail.message import Composed, build
from tests.conftest import NOW, Run

GOOD: dict[str, object] = {
    "mail.host": "mail.example.org",
    "mail.port": 587,
    "mail.tls": "starttls",
    "mail.ca_file": "",
    "mail.user": "",
    "mail.password": "",
    "mail.from": "Shop <shop@example.org>",
    "mail.to": ("ada@example.org",),
    "mail.on_failure_url": "",
    "mail.on_failure_command": (),
    "mail.digest_at": "07:00",
}


@pytest.mark.parametrize(
    ("text", "name", "bare"),
    [
        ("ada@example.org", "", "ada@example.org"),
        (" Ada Lovelace <ada.l+x@example.org> ", "Ada Lovelace", "ada.l+x@example.org"),
        ('"Lovelace, Ada" <ada@localhost>', "Lovelace, Ada", "ada@localhost"),
        ("käte <k@bücher.example>", "käte", "k@xn--bcher-kva.example"),
    ],
)
def test_an_address_is_understood(text: str, name: str, bare: str) -> None:
    assert address_of(text) == (name, bare)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "ada",
            "ada@",
            "@example.org",
            "a b@example.org",
            "ada@exam ple.org",
            "ada@-x.org",
            "ada@x..org",
            "a@b@c",
        ),
        *("ada@example.org\nBcc: eve@example.org", "Ada\r\nBcc: eve@x <ada@example.org>", "käte@example.org"),
        *("ada@example.org, bob@example.org", "<ada@example.org>x", "a" * 65 + "@example.org", "a@" + "b." * 130 + "c"),
        *("ada@[127.0.0.1]", "ada@example.org\0", "a..b@example.org", ".a@example.org", "a@\ud800.org"),
    ],
)
def test_a_text_that_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(WrongAddress):
        address_of(text)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"mail.from": ""}, "mail.host is set, but mail.from is not"),
        ({"mail.to": ()}, "mail.host is set, but mail.to is not"),
        ({"mail.to": ("ada@example.org", "bob")}, "mail.to: 'bob' is no address: it has no @."),
        ({"mail.from": "a b"}, "mail.from: 'a b' is no address"),
        ({"mail.host": "smtp://mail"}, "mail.host: expected the name of a mail server"),
        ({"mail.user": "shop", "mail.password": "x", "mail.tls": "none"}, "so that others can read it"),
        ({"mail.user": "shop"}, "mail.user is set, but mail.password is not"),
        ({"mail.on_failure_url": "http://example.org/x"}, "mail.on_failure_url: expected an address"),
        ({"mail.on_failure_url": "file:///etc/passwd"}, "mail.on_failure_url: expected an address"),
        ({"mail.on_failure_url": "https://[x"}, "mail.on_failure_url: expected an address"),
        ({"mail.digest_at": "7"}, "mail.digest_at: expected a time such as '07:00'"),
        ({"mail.digest_at": "24:00"}, "mail.digest_at: expected a time such as '07:00'"),
    ],
)
def test_what_cannot_work_is_named(change: dict[str, object], said: str) -> None:
    (fault,) = faults_of({**GOOD, **change})

    assert said in fault


def test_right_settings_have_no_fault_and_all_faults_come_at_once() -> None:
    mail = mail_of(GOOD, root="/app")
    local: dict[str, object] = {"mail.user": "u", "mail.password": "p", "mail.tls": "none", "mail.host": "127.0.0.1"}

    assert faults_of(GOOD) == []
    assert faults_of({**GOOD, **local, "mail.on_failure_url": "http://localhost:8/x", "mail.digest_at": ""}) == []
    assert (mail.sender, mail.sender_name, mail.to) == ("shop@example.org", "Shop", ("ada@example.org",))
    with pytest.raises(ConfigInvalid) as caught:
        mail_of({**GOOD, "mail.from": "x", "mail.to": ("y", "z")}, root="/app")
    assert len(caught.value.faults) == 3


def test_check_appdir_names_them(appdir: Path, run: Run) -> None:
    (appdir / "rattail.toml").write_text('[mail]\nhost = "mail.example.org"\n')

    found = run("check-appdir", "--appdir", appdir, "--json").data["findings"]

    assert [one["sentence"] for one in found if one["id"] == "mail.E001"] == [
        "mail.host is set, but mail.from is not: expected the sender's address, such as 'shop@example.org'.",
        "mail.host is set, but mail.to is not: expected the addresses of who gets the app's messages.",
    ]


@pytest.mark.parametrize(
    "nasty", ["a\r\nBcc: eve@example.org", "a\nb", "\0", "ü" * 300, "=?utf-8?q?x?=", "🐟 a\x1b[0m"]
)
def test_no_text_of_a_subject_a_title_or_a_name_becomes_a_header(nasty: str) -> None:
    message = build(
        Composed(nasty, "tëxt\n" + "long " * 500 + "\n.\n", "info"),
        title=nasty,
        sender="shop@example.org",
        sender_name=nasty,
        to=["ada@example.org"],
        message_id="x",
        date=NOW,
    )

    raw = message.as_bytes()
    names = [line.partition(b":")[0] for line in raw.partition(b"\r\n\r\n")[0].split(b"\r\n") if line[:1] not in b" \t"]

    assert b"Bcc" not in names
    assert raw.isascii()
    assert max(map(len, raw.split(b"\r\n"))) < 998
    assert {b"Subject", b"Date", b"Message-ID", b"Auto-Submitted", b"From", b"To"} < set(names)
    assert message["Auto-Submitted"] == "auto-generated"
    assert message.get_content_type() == "text/plain"
