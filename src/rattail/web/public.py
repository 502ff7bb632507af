"""The address under which people reach the web application: the one option `web.public_url`."""

from __future__ import annotations

from ipaddress import ip_address

from rattail.config.site_address import PublicUrl, site_address
from rattail.errors import ConfigInvalid

_EXAMPLE = "https://office.example.org"


def public_url(text: str) -> PublicUrl | None:
    """What `web.public_url` says; None where it is empty.

    Raises:
        ConfigInvalid: it is no address of a whole site; settings that are sound never hold such a one.
    """
    try:
        return site_address(text)
    except ValueError as error:
        said = f"web.public_url: {text!r} is not the address of a site ({error}); expected one such as {_EXAMPLE}."
        raise ConfigInvalid([said], hint=f"rattail set-option web.public_url {_EXAMPLE}") from None


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
