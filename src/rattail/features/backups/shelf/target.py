"""Where backups lie, and under which name those of an app."""

from __future__ import annotations

import os
from datetime import UTC, datetime

from rattail.config.load import Settings
from rattail.errors import ConfigInvalid
from rattail.features.backups.archive.format import archive_name, parse_name

SUFFIX = "-backups"


def target_of(settings: Settings, prefix: str) -> str:
    """The folder for backups: the one of the setting, else beside the environment `prefix`. It need not be there.

    Raises:
        ConfigInvalid: the setting is no absolute path.
    """
    said = settings.text("backups.target")
    if not said:
        return os.path.realpath(prefix) + SUFFIX
    if not os.path.isabs(said):
        raise ConfigInvalid(
            [f"backups.target: {said!r} is no absolute path; expected one such as '/srv/backups'."],
            hint="rattail set-option backups.target FOLDER",
        )
    return os.path.realpath(said)


def name_on_shelf(app: str) -> str:
    """The name of an app as its backups have it, where what cannot be in a file name is a hyphen."""
    named = parse_name(archive_name(app, datetime(2000, 1, 1, tzinfo=UTC)))
    assert named is not None
    return named[0]
