"""The address under which people reach the web application: the one option `web.public_url`."""

from __future__ import annotations

from ipaddress import ip_address
from typing import NamedTuple
from urllib.parse import urlsplit

from rattail.errors import ConfigInvalid

_EXAMPLE = "https://office.example.org"
_HINT = f"rattail set-option web.public_url {_EXAMPLE}"


class PublicUrl(NamedTuple):
    """`host` is in small letters, without the port; `origin` is the address as browsers send it."""

    host: str
    origin: str
    is_tls: bool

    @property
    def allowed_host(self) -> str:
        """The host as Django compares it."""
        return f"[{self.host}]" if ":" in self.host else self.host


def public_url(text: str) -> PublicUrl | None:
    """What `web.public_url` says; None where it is empty.

    Raises:
        ConfigInvalid: it is no address of a whole site.
    """
    if not text:
        return None
    what = f"web.public_url: {text!r} is not the address of a site"
    try:
        parts = urlsplit(text)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError as error:
        raise ConfigInvalid([f"{what} ({error}); expected one such as {_EXAMPLE}."], hint=_HINT) from None
    if parts.scheme not in ("http", "https") or not host or not host.isascii() or not _is_plain(host):
        raise ConfigInvalid([f"{what}; expected http:// or https:// and a host, such as {_EXAMPLE}."], hint=_HINT)
    if parts.path not in ("", "/") or parts.query or parts.fragment or "@" in parts.netloc:
        said = f"{what}: expected nothing after the host and its port, since the web app has a host of its own."
        raise ConfigInvalid([said], hint=_HINT)
    is_usual = port in (None, 443 if parts.scheme == "https" else 80)
    shown = f"[{host}]" if ":" in host else host
    origin = f"{parts.scheme}://{shown}" + ("" if is_usual else f":{port}")
    return PublicUrl(host, origin, is_tls=parts.scheme == "https")


def is_loopback(address: str) -> bool:
    """Whether an address or host name means this machine only."""
    if address == "localhost":
        return True
    try:
        found = ip_address(address)
    except ValueError:
        return False
    mapped = getattr(found, "ipv4_mapped", None)
    return bool((mapped or found).is_loopback)


def _is_plain(host: str) -> bool:
    return all(letter.isalnum() or letter in ".-:" for letter in host)
