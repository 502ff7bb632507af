"""A database of a PostgreSQL server in place of another one: made beside it, and then both renamed in one step."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from rattail.database.setup import Whereabouts
from rattail.errors import DatabaseUnreachable, NotAllowed, WouldOverwrite
from rattail.features.backups.records.postgresql import connected
from rattail.features.backups.restoring.journal import DatabaseMove

if TYPE_CHECKING:
    from psycopg import Connection

_MAINTENANCE = "postgres"
_MOST_NAME = 63
_FILLED_BY_US = "rattail restore-backup fills this database, which was empty"
_RELATIONS = (
    "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname <> 'information_schema' "
    "AND n.nspname NOT LIKE 'pg\\_%' AND NOT EXISTS "
    "(SELECT 1 FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')"
)


def name_of(url: str) -> str:
    """The name of the database that an address names."""
    return unquote(urlsplit(url).path.lstrip("/"))


def with_name(where: Whereabouts, name: str) -> Whereabouts:
    """The same server and user, another database."""
    return where._replace(url=urlunsplit(urlsplit(where.url)._replace(path="/" + quote(name, safe=""))))


def is_empty(where: Whereabouts) -> bool:
    """Whether a database has no tables.

    Raises:
        DatabaseUnreachable: the server does not answer.
    """
    with _asked(where) as connection:
        return connection.execute(f"SELECT 1 {_RELATIONS} LIMIT 1").fetchone() is None


def require_empty(where: Whereabouts) -> None:
    """Go on only where the database holds nothing: it may be that of another app folder, which is served.

    Raises:
        WouldOverwrite: it holds something.
    """
    if not is_empty(where):
        raise WouldOverwrite(
            f"the database {name_of(where.url)!r} holds records, and not those of an app folder that is replaced here: "
            "another one may use it. Nothing was changed.",
            hint="make an empty one (createdb NAME) and name it for this command: "
            "RATTAIL_DATABASE_URL=postgresql://...; or, where these records are to make way (they are kept under "
            "another name), add --replace-records",
        )


def planned(where: Whereabouts, *, mark: str) -> DatabaseMove:
    """What is to become of the database: its place is taken where it is not empty. `mark` is the time, for names.

    Raises:
        NotAllowed: a new one would have to be made, and the role may not do that.
    """
    live = name_of(where.url)
    if is_empty(where):
        return DatabaseMove(where.url, live, "", "")
    short = live[: _MOST_NAME - 30]
    move = DatabaseMove(where.url, live, f"{short}_restoring_{mark}", f"{short}_before_{mark}")
    with _asked(where) as connection:
        row = connection.execute(
            "SELECT r.rolsuper OR (r.rolcreatedb AND pg_has_role(d.datdba, 'MEMBER')), r.rolname "
            "FROM pg_roles r, pg_database d WHERE r.rolname = current_user AND d.datname = current_database()"
        ).fetchone()
    if row is None or not row[0]:
        role = row[1] if row else ""
        raise NotAllowed(
            f"the database {live!r} holds records, and the role {role!r} may not make another one in place of it.",
            hint=f"let it, as the server's administrator: psql -c 'ALTER ROLE \"{role}\" CREATEDB'; or make an empty "
            f"database (createdb -O {role} NAME) and name it for this command: RATTAIL_DATABASE_URL=postgresql://...",
        )
    return move


def make_beside(move: DatabaseMove, where: Whereabouts) -> None:
    """Make the new database, empty; where the live one is used, which is empty, note there that we fill it.

    Raises:
        NotAllowed: the server refuses.
    """
    if not move.new:
        _note(move, where, _FILLED_BY_US)
        return
    _statements(where, f"CREATE DATABASE {_quoted(move.new)} TEMPLATE template0 ENCODING 'UTF8'")


def do(move: DatabaseMove, where: Whereabouts) -> None:
    """Put the new database in the place of the live one, which gets its other name; both or neither."""
    if not move.new:
        _note(move, where, "")
        return
    if move.new not in _names(where):
        return
    with _maintaining(where) as connection, connection.transaction():
        connection.execute(f"ALTER DATABASE {_quoted(move.live)} RENAME TO {_quoted(move.old)}".encode())
        connection.execute(f"ALTER DATABASE {_quoted(move.new)} RENAME TO {_quoted(move.live)}".encode())


def undo(move: DatabaseMove, where: Whereabouts) -> None:
    """Put the database that was there back, if it was renamed."""
    if not move.new or move.old not in _names(where):
        return
    with _maintaining(where) as connection, connection.transaction():
        connection.execute(f"ALTER DATABASE {_quoted(move.live)} RENAME TO {_quoted(move.new)}".encode())
        connection.execute(f"ALTER DATABASE {_quoted(move.old)} RENAME TO {_quoted(move.live)}".encode())


def drop(move: DatabaseMove, where: Whereabouts) -> None:
    """Remove the new database, even where what a killed process started is still connected with it; where the records
    went into an empty one, make that empty again if we filled it."""
    if move.new:
        if move.new in _names(where):
            _statements(where, f"DROP DATABASE IF EXISTS {_quoted(move.new)} WITH (FORCE)")
        return
    with _asked(where) as connection:
        row = connection.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = current_database()"
        ).fetchone()
        if row is None or row[0] != _FILLED_BY_US:
            return
        for name, kind in connection.execute(
            f"SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname), c.relkind {_RELATIONS} "
            "AND c.relkind IN ('r', 'p', 'v', 'm', 'S') ORDER BY c.relkind = 'S'"
        ).fetchall():
            what = {"v": "VIEW", "m": "MATERIALIZED VIEW", "S": "SEQUENCE"}.get(_text(kind), "TABLE")
            connection.execute(f"DROP {what} IF EXISTS {name} CASCADE".encode())
        for (name,) in connection.execute(
            "SELECT p.oid::regprocedure::text FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace "
            "WHERE n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%' AND NOT EXISTS "
            "(SELECT 1 FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')"
        ).fetchall():
            connection.execute(f"DROP ROUTINE IF EXISTS {name} CASCADE".encode())
    _note(move, where, "")


def _note(move: DatabaseMove, where: Whereabouts, text: str) -> None:
    """Note something at the live database; whoever does not own it cannot."""
    said = f"'{text}'" if text else "NULL"
    with suppress(NotAllowed), _asked(where) as connection:
        connection.execute(f"COMMENT ON DATABASE {_quoted(move.live)} IS {said}".encode())


def _names(where: Whereabouts) -> frozenset[str]:
    with _maintaining(where) as connection:
        return frozenset(str(name) for (name,) in connection.execute("SELECT datname FROM pg_database"))


@contextmanager
def _asked(where: Whereabouts) -> Iterator[Connection[Any]]:
    """A connection, in a transaction, whose refusals are sentences."""
    import psycopg

    try:
        with connected(where) as connection:
            yield connection
    except psycopg.errors.InsufficientPrivilege as error:
        raise NotAllowed(f"the server refuses: {' '.join(str(error).split())}.") from error
    except psycopg.Error as error:
        raise DatabaseUnreachable(f"the server refuses: {' '.join(str(error).split())}.") from error


@contextmanager
def _maintaining(where: Whereabouts) -> Iterator[Connection[Any]]:
    """A connection with no database of ours, so that ours can be renamed."""
    import psycopg

    place = with_name(where, _MAINTENANCE)
    try:
        # Closed, and not asked again: what was renamed by then is renamed.
        with closing(
            psycopg.connect(place.url, password=where.password or None, connect_timeout=10, autocommit=True)
        ) as one:
            yield one
    except psycopg.errors.ObjectInUse as error:
        raise DatabaseUnreachable(
            f"the database cannot be renamed, because somebody is connected with it: {' '.join(str(error).split())}",
            hint="stop what uses it (psql, reports, a copy of the application), then run the same command again",
        ) from error
    except psycopg.errors.InsufficientPrivilege as error:
        raise NotAllowed(f"the server refuses: {' '.join(str(error).split())}.") from error
    except psycopg.Error as error:
        raise DatabaseUnreachable(f"the server refuses: {' '.join(str(error).split())}.") from error


def _statements(where: Whereabouts, *texts: str) -> None:
    with _maintaining(where) as connection:
        for text in texts:
            connection.execute(text.encode())


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
