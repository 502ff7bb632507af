"""Real mail servers on loopback: one that takes mail, and ones that fail in every way that servers have."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

HERE = Path(__file__).parent
CERTIFICATE = HERE / "localhost.pem"
USER, PASSWORD = "shop", "s3cret-word"


class Arrived(NamedTuple):
    """A mail as the server got it."""

    sender: str
    to: list[str]
    raw: bytes

    @property
    def message(self) -> EmailMessage:
        message = message_from_bytes(self.raw, policy=default)
        assert isinstance(message, EmailMessage)
        return message

    @property
    def text(self) -> str:
        content: str = self.message.get_content()
        return content.replace("\r\n", "\n")


class MailServer:
    """A server that takes mail into `mails`. `answers` maps an address or a command to what it is refused with."""

    def __init__(self) -> None:
        self.mails: list[Arrived] = []
        self.answers: dict[str, str] = {}
        self.connections = 0
        self.taken: Path | None = None  # a file that is made when a mail was taken
        self.port = 0

    @property
    def subjects(self) -> list[str]:
        return [str(one.message["Subject"]) for one in self.mails]

    async def handle_MAIL(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any) -> str:  # noqa: N802 - aiosmtpd's name
        refusal = self.answers.get("MAIL")
        if refusal is None:
            envelope.mail_from = address
            envelope.mail_options.extend(options)
        return refusal or "250 fine"

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any) -> str:  # noqa: N802 - aiosmtpd's name
        refusal = self.answers.get(address)
        if refusal is None:
            envelope.rcpt_tos.append(address)
        return refusal or "250 fine"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        refusal = self.answers.get("DATA")
        if refusal is None:
            content = envelope.content
            assert isinstance(content, bytes)
            if self.taken is not None:
                self.taken.touch()
            self.mails.append(Arrived(str(envelope.mail_from), list(envelope.rcpt_tos), content))
        return refusal or "250 taken"

    def authenticate(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        is_right = isinstance(data, LoginPassword) and (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        return AuthResult(success=is_right, handled=False)


@contextmanager
def mail_server(*, tls: str = "none", wants_login: bool = False) -> Iterator[MailServer]:
    """A mail server; `tls` as in mail.tls."""
    box = MailServer()
    context = None
    if tls != "none":
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(CERTIFICATE)

    def protocol() -> SMTP:
        box.connections += 1
        return SMTP(
            box,
            hostname="mail.test",
            tls_context=context if tls == "starttls" else None,
            authenticator=box.authenticate if wants_login else None,
            auth_required=wants_login,
            auth_require_tls=wants_login,
        )

    with _serving(protocol, context if tls == "tls" else None) as box.port:
        yield box


class Scripted(asyncio.Protocol):
    """A server that says its lines: what it answers to each command, by its first word; None ends the connection."""

    def __init__(self, greeting: str | None, answers: dict[str, str | None]) -> None:
        self.greeting = greeting
        self.answers = {"EHLO": "250 scripted", "MAIL": "250 ok", "RCPT": "250 ok", "DATA": "354 go on", **answers}
        self.is_in_data = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        if self.greeting is not None:
            transport.write(self.greeting.encode() + b"\r\n")

    def data_received(self, data: bytes) -> None:
        if self.is_in_data:
            self.transport.abort()
            return
        for line in data.decode().splitlines():
            word = line.split(" ")[0].upper()
            answer = self.answers.get(word, "250 ok")
            if answer is None:
                self.transport.abort()
                return
            self.transport.write(answer.encode() + b"\r\n")
            self.is_in_data = word == "DATA"


@contextmanager
def scripted_server(greeting: str | None = "220 hello", **answers: str | None) -> Iterator[int]:
    """A server that says what it is told to, and dies in the middle of a mail. Without a greeting it hangs."""
    with _serving(lambda: Scripted(greeting, answers), None) as port:
        yield port


@contextmanager
def web_server(status: int = 200) -> Iterator[tuple[str, list[bytes]]]:
    """An address that is called, and the bodies that it got."""
    got: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(status)
            self.send_header("Location", "/elsewhere")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/hook?token=abc123", got
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def _serving(protocol: Callable[[], asyncio.BaseProtocol], context: ssl.SSLContext | None) -> Iterator[int]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def start() -> asyncio.AbstractServer:
        return await loop.create_server(protocol, "127.0.0.1", 0, ssl=context)

    async def stop() -> None:
        server.close()
        waiting = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)

    server = asyncio.run_coroutine_threadsafe(start(), loop).result(10)
    assert isinstance(server, asyncio.Server)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        asyncio.run_coroutine_threadsafe(stop(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
