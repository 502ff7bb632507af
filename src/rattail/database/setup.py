"""Setting Django up from the app folder's own settings; there is no settings module."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from rattail.errors import DatabaseUnreachable, InputRejected, LayoutOutdated

DATABASE_FILE = "rattail.sqlite3"
NO_TABLES = "the database has no tables yet."
_BUSY_TIMEOUT_S = 30
_DATABASE_MODE = 0o640
#: What the address of a server may say after its question mark: how the connection is secured.
_ASKED_OF_SERVER = frozenset(("sslmode", "sslrootcert", "sslcert", "sslkey", "sslcrl", "target_session_attrs"))
_OURS = "RATTAIL_WHEREABOUTS"  # the name of our one setting of our own


class Whereabouts(NamedTuple):
    """Where the records are: a file (SQLite) or a server (PostgreSQL), and the password of the latter."""

    path: str = ""
    url: str = ""
    password: str = ""

    @property
    def shown(self) -> str:
        """For messages; never with the password."""
        return self.url or self.path


def whereabouts(*, data_folder: str, url: str, password: str) -> Whereabouts:
    """Where the settings say that the records are: `url` empty means SQLite in `data_folder`."""
    return Whereabouts(url=url, password=password) if url else Whereabouts(path=f"{data_folder}/{DATABASE_FILE}")


def open_django(
    where: Whereabouts, *, apps: Sequence[str], time_zone: str, extra: Mapping[str, Any] | None = None
) -> None:
    """Make Django's models usable in this process. A process has one database for its whole life.

    `apps` are the packages with models, in no particular order; `extra` are further settings of Django, such as
    the web application's. Nothing connects to the database yet.
    """
    import django
    from django.conf import settings

    if settings.configured:
        assert configured() == where, "this process has another database already"
        return
    settings.configure(
        **{_OURS: where, **(extra or {})},
        DATABASES={"default": _database(where)},
        INSTALLED_APPS=list(apps),
        AUTH_USER_MODEL="accounts.User",
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        USE_TZ=True,
        TIME_ZONE=time_zone,
        LOGGING_CONFIG=None,
    )
    django.setup()


def configured() -> Whereabouts:
    """Where this process keeps its records; only after `open_django`."""
    from django.conf import settings

    where = getattr(settings, _OURS)
    assert isinstance(where, Whereabouts)
    return where


def require_file(where: Whereabouts, *, may_create: bool) -> None:
    """Make sure that there is a SQLite file, closed to others; SQLite would make it as open as the umask allows.

    Raises:
        LayoutOutdated: there is none, and none may be created.
    """
    if not where.path:
        return
    flags = os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC | (os.O_CREAT if may_create else 0)
    try:
        os.close(os.open(where.path, flags, _DATABASE_MODE))
    except FileNotFoundError:
        raise LayoutOutdated(NO_TABLES, hint="rattail migrate-db") from None
    except OSError as error:
        raise DatabaseUnreachable(f"the database {where.shown!r} cannot be opened: {error.strerror}.") from error


def connect() -> None:
    """Connect, or say why not.

    Raises:
        DatabaseUnreachable: the server does not answer or refuses us, or the file is no database.
    """
    from django.db import DatabaseError, connection

    where = configured()
    try:
        connection.ensure_connection()
    except DatabaseError as error:
        reason = " ".join(str(error).split())
        raise DatabaseUnreachable(
            f"the database {where.shown!r} does not answer: {reason}.",
            hint=hint_for(reason)
            or "see what is configured: rattail show-config; check-appdir looks at the folder itself",
        ) from error


def hint_for(reason: str) -> str:
    """What to do where a server refuses, as far as its own words tell; else nothing."""
    if "password" in reason:
        return "the password of the database user is 'password' in the table [database] of secrets.toml"
    return ""


def _database(where: Whereabouts) -> dict[str, Any]:
    if where.path:
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": f"file:{quote(where.path)}?mode=rw",  # an empty one is never made where the file is gone
            "OPTIONS": {
                "timeout": _BUSY_TIMEOUT_S,
                "transaction_mode": "IMMEDIATE",
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-32000",
            },
        }
    parts = urlsplit(where.url)
    asked = dict(parse_qsl(parts.query))
    unknown = sorted(asked.keys() - _ASKED_OF_SERVER)
    if unknown:
        raise InputRejected(
            f"database.url asks for {unknown[0]!r}: expected one of {', '.join(sorted(_ASKED_OF_SERVER))}.",
            hint="rattail set-option database.url postgresql://USER@HOST:PORT/NAME",
        )
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": where.password,
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or ""),
        # Memory for lists of a million ids that are looked up; with the server's 4 MB they would be read over again.
        "OPTIONS": {"connect_timeout": 10, "application_name": "rattail", "options": "-c work_mem=64MB", **asked},
    }
