"""`send-test-mail`, as an operator types it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Run
from tests.features.mail.office import with_mail
from tests.features.mail.servers import CERTIFICATE, PASSWORD, USER, mail_server


def test_a_test_mail_arrives_without_any_database(appdir: Path, run: Run) -> None:
    (appdir / "mail.pem").write_bytes(CERTIFICATE.read_bytes())
    with mail_server(tls="starttls", wants_login=True) as box:
        login = {"user": USER, "password": PASSWORD, "tls": "starttls", "ca_file": "mail.pem"}
        env = with_mail({"RATTAIL_APPDIR": str(appdir)}, box.port, **login)
        told = run("send-test-mail", env=env)
        elsewhere = run("send-test-mail", "--to", "Bob <bob@example.org>", "--json", env=env)
        wrong = run("send-test-mail", "--verbose", env={**env, "RATTAIL_MAIL_PASSWORD": "hunter2-wrong"})

    assert (told.code, told.out) == (0, f"127.0.0.1:{box.port} took the test mail for ada@example.org.\n")
    assert elsewhere.data["to"] == ["bob@example.org"]
    assert [one.to for one in box.mails] == [["ada@example.org"], ["bob@example.org"]]
    assert box.subjects == ["[Rattail] test mail"] * 2
    assert wrong.code == 1
    assert "refused the user 'shop' or the password: 535" in wrong.err
    assert "secrets.toml" in wrong.err
    assert "hunter2" not in wrong.err + wrong.out


@pytest.mark.parametrize(
    ("words", "change", "code", "said"),
    [
        ((), {"host": ""}, 53, "mail.host is empty, so no mail is sent."),
        ((), {"to": "bob"}, 53, "mail.to: 'bob' is no address"),
        (("--to", "bob"), {}, 57, "'bob' is no address: it has no @."),
        (("--to", ""), {}, 57, "--to is empty"),
        ((), {"host": "no-such-host.invalid"}, 1, "name 'no-such-host.invalid' is not known here"),
    ],
)
def test_what_is_wrong_is_said(
    words: tuple[str, ...], change: dict[str, str], code: int, said: str, appdir: Path, run: Run
) -> None:
    ran = run("send-test-mail", *words, env=with_mail({"RATTAIL_APPDIR": str(appdir)}, 9, **change))

    assert (ran.code, said in ran.err) == (code, True)
    assert "Traceback" not in ran.err
