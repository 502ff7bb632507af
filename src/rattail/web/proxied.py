"""What a proxy in front says of a request: who sent it, and whether it came over TLS."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from ipaddress import ip_address
from typing import Any

from rattail.config.site_address import PublicUrl
from rattail.web.public import is_loopback

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
#: Whatever else proxies may add, nothing behind here reads it.
_SAID = ("HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_HOST", "HTTP_FORWARDED")


def behind_proxy(application: Application, public: PublicUrl | None) -> Application:
    """A WSGI application that sees the browser's address and scheme where a proxy of this machine names them.

    Only a peer on this machine is believed, and only where `web.public_url` says that people come from elsewhere;
    of a list of addresses, the last one, which that proxy wrote. What others say is taken out of the request.
    """

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        said = {name: str(environ.pop(name, "")) for name in _SAID}
        environ["wsgi.url_scheme"] = "http"
        if public is not None and is_loopback(str(environ.get("REMOTE_ADDR", ""))):
            peer = _address(said["HTTP_X_FORWARDED_FOR"].rpartition(",")[2])
            if peer:
                environ["REMOTE_ADDR"] = peer
            if public.is_tls and said["HTTP_X_FORWARDED_PROTO"].strip().lower() == "https":
                environ["wsgi.url_scheme"] = "https"
        return application(environ, start_response)

    return answer


def _address(text: str) -> str:
    try:
        return str(ip_address(text.strip()))
    except ValueError:
        return ""
