"""The one option `web.public_url`: hosts, origins, cookies, and whom to believe about a request."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from rattail.config.site_address import PublicUrl
from rattail.errors import ConfigInvalid
from rattail.web.proxied import behind_proxy
from rattail.web.public import is_loopback, public_url
from tests.conftest import clean_environment

OFFICE = PublicUrl("office.example.org", "https://office.example.org", True)
#: Django's own doubts that do not hold here, each with the reason.
MEANT = {
    "security.W008": "the proxy sends browsers from http to https; the app itself is asked by the proxy over http",
    "security.W005": "other hosts below the same name are none of the app's business",
    "security.W021": "being preloaded by browsers is the owner's decision for a whole domain",
}


@pytest.mark.parametrize(
    ("text", "origin", "is_tls", "port"),
    [
        ("https://office.example.org", "https://office.example.org", True, 443),
        ("https://OFFICE.example.org:443/", "https://office.example.org", True, 443),
        ("http://192.168.1.5:8700", "http://192.168.1.5:8700", False, 8700),
        ("http://[fd00::5]:80", "http://[fd00::5]", False, 80),
        ("https://[fd00::5]:8443", "https://[fd00::5]:8443", True, 8443),
    ],
)
def test_an_address_is_read_as_browsers_send_it(text: str, origin: str, is_tls: bool, port: int) -> None:
    read = public_url(text)

    assert read is not None
    assert (read.origin, read.is_tls, read.port) == (origin, is_tls, port)


@pytest.mark.parametrize(
    "text",
    [
        *("office.example.org", "ftp://office.example.org", "https://", "https://a b", "https://x:y@host", "//host"),
        *("https://host/path", "https://host?q", "https://host:99999", "https://ho*st", "https://[::1", "https://h,i"),
        *(" https://host", "https://ho\nst", "https://host:0", "https://a..b", "https://[fe80::1%eth0]", "https://h_i"),
    ],
)
def test_what_is_no_address_of_a_site_is_refused(text: str) -> None:
    with pytest.raises(ConfigInvalid, match=r"web\.public_url"):
        public_url(text)


@pytest.mark.parametrize(
    ("address", "is_ours"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("::ffff:127.0.0.1", True), ("0.0.0.0", False), ("x", 0)],
)
def test_only_this_machine_is_loopback(address: str, is_ours: bool) -> None:
    assert is_loopback(address) == is_ours


def seen(public: PublicUrl | None, **environ: str) -> tuple[str, str, list[str]]:
    """The peer, the scheme and the forwarding headers that the application behind sees."""
    found: list[tuple[str, str, list[str]]] = []

    def application(environ: dict[str, Any], start_response: object) -> list[bytes]:
        left = [name for name in environ if "FORWARDED" in name]
        found.append((environ["REMOTE_ADDR"], environ["wsgi.url_scheme"], left))
        return []

    behind_proxy(application, public)({"wsgi.url_scheme": "http", **environ}, lambda *_: None)
    return found[0]


SAID = {"HTTP_X_FORWARDED_FOR": "6.6.6.6, 198.51.100.7", "HTTP_X_FORWARDED_PROTO": "https", "HTTP_FORWARDED": "for=1"}


def test_a_proxy_on_this_machine_is_believed() -> None:
    assert seen(OFFICE, REMOTE_ADDR="127.0.0.1", **SAID) == ("198.51.100.7", "https", [])


def test_nobody_else_is_believed() -> None:
    assert seen(OFFICE, REMOTE_ADDR="203.0.113.9", **SAID) == ("203.0.113.9", "http", [])
    assert seen(None, REMOTE_ADDR="127.0.0.1", **SAID) == ("127.0.0.1", "http", [])


def test_nonsense_of_a_proxy_is_not_taken_for_an_address() -> None:
    said = {"HTTP_X_FORWARDED_FOR": "<script>", "HTTP_X_FORWARDED_PROTO": "gopher"}

    assert seen(OFFICE, REMOTE_ADDR="::1", **said) == ("::1", "http", [])


def test_plain_http_stays_plain_whatever_is_said() -> None:
    office = PublicUrl("office", "http://office", False)

    assert seen(office, REMOTE_ADDR="127.0.0.1", **SAID)[1] == "http"


def test_djangos_own_checks_for_deployment_find_nothing(appdir: Path) -> None:
    script = f"""
from rattail.site import open_site
from rattail.web.settings import web_settings
site = open_site({str(appdir)!r})
site.open_django(web_settings(site))
from django.core.checks import run_checks
print(*sorted(found.id for found in run_checks(include_deployment_checks=True)))
"""
    environ = {**clean_environment(), "RATTAIL_WEB_PUBLIC_URL": "https://office.example.org"}
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=environ, check=False)

    assert told.returncode == 0, told.stderr
    assert set(told.stdout.split()) <= MEANT.keys()
