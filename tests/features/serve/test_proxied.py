"""The application behind a real nginx with the file that make-units writes, over TLS."""

from __future__ import annotations

import hashlib
import http.client
import os
import re
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlencode

from rattail.features.serve.units.machine import Web
from rattail.features.serve.units.service import files_of
from rattail.web.public import public_url
from tests.features.serve.certificate import with_certificate
from tests.features.serve.serving import HOST, eventually, free_port, serving
from tests.features.serve.test_units import MACHINE
from tests.kit.programs import needs_program
from tests.kit.records import write_migrated_file
from tests.kit.served import PASSWORD, add_person

CLIENT = "127.0.0.2"
SPOOFED = {
    "X-Forwarded-For": "203.0.113.9",
    "X_Forwarded_For": "203.0.113.9",
    "X-Real-IP": "203.0.113.9",
    "X-Forwarded-Proto": "http",
    "X-Forwarded-Host": "evil.example",
    "Forwarded": "for=203.0.113.9;proto=http;host=evil.example",
}
BOUNDARY = "between-the-parts"
WITH_FILE = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
FILE = b"code,name\n" + b"00012345,Apple\n" * 3_500_000  # 52 MB


class Browser:
    """A client of the proxy that keeps cookies, trusts one certificate, and lies about where it comes from."""

    def __init__(self, port: int, certificate: Path) -> None:
        self.port = port
        self.cookies: SimpleCookie = SimpleCookie()
        self._trust = ssl.create_default_context(cafile=str(certificate))

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, str]:
        """Returns the status, and the page, or the address that one is led to."""
        origin = f"https://localhost:{self.port}"
        cookie = "; ".join(f"{one.key}={one.value}" for one in self.cookies.values())
        own = {"Origin": origin, "Referer": f"{origin}{path}", "Cookie": cookie}
        line = http.client.HTTPSConnection(
            "localhost", self.port, timeout=30, context=self._trust, source_address=(CLIENT, 0)
        )
        try:
            line.request(method, path, body, {**SPOOFED, **own, **headers})
            answer = line.getresponse()
            for value in answer.headers.get_all("Set-Cookie") or ():
                self.cookies.load(value)
            return answer.status, answer.getheader("Location") or answer.read().decode()
        finally:
            line.close()

    def token(self, path: str) -> str:
        """What a form of that page has to send along."""
        found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', self.ask("GET", path)[1])
        assert found is not None
        return found[1]


@contextmanager
def nginx_with(text: str, folder: Path) -> Iterator[None]:
    """A real nginx, in the foreground, that writes into `folder` alone."""
    places = [f"{name}_temp_path {folder}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")]
    user = "user root;" if os.geteuid() == 0 else ""
    whole = f"{user} pid {folder}/pid; daemon off; error_log {folder}/error.log; events {{}}"
    (folder / "nginx.conf").write_text(f"{whole} http {{ access_log off; {' '.join(places)}\n{text} }}")
    words = [needs_program("nginx"), "-e", f"{folder}/error.log", "-p", str(folder), "-c", f"{folder}/nginx.conf"]
    with subprocess.Popen(words) as nginx:
        try:
            yield
        finally:
            nginx.terminate()


def test_people_come_through_nginx_over_tls_and_cannot_lie_about_it(appdir: Path, tmp_path: Path) -> None:
    write_migrated_file(appdir)
    port, above = free_port(), tmp_path / "nginx"
    above.mkdir()
    url = f"https://localhost:{port}"
    add_person({**os.environ, "RATTAIL_APPDIR": str(appdir)}, "bea", "buyer")
    with ExitStack() as stack:
        server = stack.enter_context(serving(appdir, "--web-only", env={"RATTAIL_WEB_PUBLIC_URL": url}))
        web = Web(HOST, server.port, public_url(url), 512)
        part = files_of(MACHINE._replace(web=web), ())["rattail-poser-tls.nginx.conf"]
        stack.enter_context(nginx_with(with_certificate(part, above), above))
        eventually(lambda: (above / "pid").exists() and bool((above / "pid").read_text()))
        bea = Browser(port, above / "cert.pem")

        form = {"csrfmiddlewaretoken": bea.token("/login/"), "username": "bea", "password": PASSWORD}
        typed = {"Content-Type": "application/x-www-form-urlencoded"}
        let_in = bea.ask("POST", "/login/", urlencode(form).encode(), **typed)
        own_page = bea.ask("GET", "/me/")[1]
        sent = bea.ask("POST", "/uploads/form/", multipart(bea.token("/uploads/"), FILE), **WITH_FILE)
        too_large = bea.ask("POST", "/uploads/form/", b"", **{"Content-Length": str(600 << 20)})

    session = bea.cookies["rattail_session"]
    assert (let_in[0], session["secure"], session["httponly"]) == (302, True, True), let_in
    assert CLIENT in own_page
    assert "203.0.113.9" not in own_page + "".join(path.read_text() for path in (appdir / "log").glob("*.log"))
    assert sent == (302, "/uploads/")
    (uploaded,) = (appdir / "data" / "uploads").glob("*/prices.csv")
    assert hashlib.sha256(uploaded.read_bytes()).digest() == hashlib.sha256(FILE).digest()
    assert too_large[0] == 413


def multipart(token: str, content: bytes) -> bytes:
    """The body of a form with one file, as browsers send it."""
    head = f"--{BOUNDARY}\r\nContent-Disposition: form-data; name="
    field = f'{head}"csrfmiddlewaretoken"\r\n\r\n{token}\r\n'
    file = f'{head}"files"; filename="prices.csv"\r\nContent-Type: text/csv\r\n\r\n'
    return f"{field}{file}".encode() + content + f"\r\n--{BOUNDARY}--\r\n".encode()
