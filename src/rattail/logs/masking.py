"""Keep secrets out of the log: the values of all secret options, cookies, and what proves who somebody is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

from rattail.config.load import MASK, Settings

_SHORTEST = 3  # a shorter one would be found in every line
_ONE_WORD = 8  # shorter than this it is a secret only where it stands alone
_HEADERS = re.compile(
    r"""(?ix) \b((?:set-)?cookie|(?:proxy-)?authorization|x-csrftoken|http_(?:cookie|authorization))
    (["']?\s*[:=]>?\s*["']?) ([^\r\n"']+)"""
)
_PAIRS = re.compile(
    r"""(?ix) ((?:\b|_)(?:password\w*|passwd|secret\w*|token|csrfmiddlewaretoken|sessionid|rattail_session|rattail_form
    |api_?key)["']?\s*[:=]\s*["']?) ([^\s"'&;,)}\]]+)"""
)
_SCHEMES = re.compile(r"(?i)\b(bearer|basic) +[a-z0-9+/=._~-]{6,}")
_IN_ADDRESSES = re.compile(r"(?i)(\b[a-z][a-z0-9+.-]*://[^\s/:@]*):[^\s/@]+@")


class Mask:
    """Replaces whatever is secret in a text."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        forms = {form for secret in secrets if len(secret) >= _SHORTEST for form in _forms(secret)}
        parts = [
            re.escape(form) if len(form) >= _ONE_WORD else rf"(?<!\w){re.escape(form)}(?!\w)"
            for form in sorted(forms, key=len, reverse=True)
        ]
        self._secrets = re.compile("|".join(parts)) if parts else None

    @classmethod
    def of(cls, settings: Settings) -> Mask:
        """For all secret options that are set."""
        return cls(
            str(setting.value) for setting in settings.by_key.values() if setting.option.is_secret and setting.value
        )

    def __call__(self, text: str) -> str:
        if self._secrets is not None:
            text = self._secrets.sub(MASK, text)
        if ":" in text or "=" in text:
            text = _HEADERS.sub(rf"\1\2{MASK}", text)
            text = _PAIRS.sub(rf"\1{MASK}", text)
            text = _IN_ADDRESSES.sub(rf"\1:{MASK}@", text)
        return _SCHEMES.sub(rf"\1 {MASK}", text)


def _forms(secret: str) -> Iterable[str]:
    """A secret as it stands in a text, in an address, in JSON and in what Python shows of it."""
    return (secret, quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1], repr(secret)[1:-1])
