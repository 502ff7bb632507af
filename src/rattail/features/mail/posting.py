"""What mail needs to know of the app folder, read anew for each round: a mended setting counts at once."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Mapping
from zoneinfo import ZoneInfo

from rattail.config.load import load_settings
from rattail.errors import ConfigInvalid
from rattail.features.mail.configured import Hook, Mail, fold_of, hook_of, mail_of
from rattail.features.mail.outbox import Post
from rattail.site import Site

_NO_MAIL = Mail(None, "", "", ())
_log = logging.getLogger("rattail.mail")


def values_now(site: Site) -> Mapping[str, object]:
    """The settings as the files have them now; where these have a fault, as they were when this process started."""
    settings = load_settings(site.registry.options, root=site.root, environ=os.environ)
    try:
        settings.require_sound()
    except ConfigInvalid:
        settings = site.settings
    return {key: setting.value for key, setting in settings.by_key.items()}


def post_of(site: Site) -> Post:
    """How to tell people now. What is configured wrongly is left out, and said in the log."""
    values = values_now(site)
    mail, hook = _NO_MAIL, Hook((), "")
    try:
        mail = mail_of(values, root=site.root)
    except ConfigInvalid as error:
        _log.warning("no mail is sent: %s", " ".join(error.faults))
    try:
        hook = hook_of(values)
    except ConfigInvalid as error:
        _log.warning("nobody is called on failure: %s", " ".join(error.faults))
    return Post(
        mail=mail,
        hook=hook,
        fold=fold_of(values),
        title=str(values["app.title"]),
        zone=ZoneInfo(site.time_zone),
        app_id=site.marker.app_id,
        root=site.root,
        foot=foot_of(values, root=site.root),
    )


def foot_of(values: Mapping[str, object], *, root: str) -> str:
    """The last lines of every mail: from where it comes."""
    address = values.get("web.public_url")
    lines = [f"Sent by {values['app.title']}: app folder {root} on {socket.gethostname()}."]
    return "\n".join([*lines, *([str(address)] if address else [])])
