"""The address of a web site as people type it into a browser: scheme, host, and the port where it is not the usual."""

from __future__ import annotations

from typing import NamedTuple

_USUAL_PORTS = {"http": 80, "https": 443}


class PublicUrl(NamedTuple):
    """`host` is in small letters, without the port; `origin` is the address as browsers send it."""

    host: str
    origin: str
    is_tls: bool

    @property
    def allowed_host(self) -> str:
        """The host as Django compares it, and as it stands in an address."""
        return f"[{self.host}]" if ":" in self.host else self.host

    @property
    def port(self) -> int:
        """The port that browsers go to."""
        said = self.origin.removeprefix(f"{self.origin.partition('://')[0]}://{self.allowed_host}")
        return int(said[1:]) if said else _USUAL_PORTS["https" if self.is_tls else "http"]


def site_address(text: str) -> PublicUrl | None:
    """Read the address of a site; None where the text is empty.

    Raises:
        ValueError: it is none; the words say why.
    """
    if not text:
        return None
    if not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("a blank or another letter that no address has stands in it")
    from urllib.parse import urlsplit

    parts = urlsplit(text)
    host, port = (parts.hostname or "").rstrip("."), parts.port
    if parts.scheme not in _USUAL_PORTS or not host or "@" in parts.netloc:
        raise ValueError("expected http:// or https:// and a host")
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ValueError("expected nothing after the host and its port, since the web app has a host of its own")
    if port == 0 or not _is_host(host):
        raise ValueError("there is no such host or port")
    shown = f"[{host}]" if ":" in host else host
    origin = f"{parts.scheme}://{shown}" + ("" if port in (None, _USUAL_PORTS[parts.scheme]) else f":{port}")
    return PublicUrl(host, origin, is_tls=parts.scheme == "https")


def _is_host(host: str) -> bool:
    if ":" in host:
        from ipaddress import IPv6Address

        return "%" not in host and bool(IPv6Address(host))
    return all(label and label.replace("-", "a").isalnum() for label in host.split("."))
