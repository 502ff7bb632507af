"""The two files that lie first in every backup: what a person reads, and what a person runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from rattail.features.backups.archive.format import DATABASE_PARTS, ENCRYPTED, FOLDER_PART, MANIFEST

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from rattail.features.backups.environment.record import Record


class Described(NamedTuple):
    """What `RESTORE.txt` says of one backup: `encrypted_to` are the public keys whose secret halves open it (none: it
    is open to all), `relocated` has the place of each folder outside, by logical name."""

    archive_name: str
    app: str
    made_at: datetime
    made_by: str  # rattail-appfolder 0.1.0
    host: str
    root: str
    environment_path: str
    record: Record
    database: Literal["sqlite", "postgresql", ""]  # "": no records were ever made
    server_version: str
    encrypted_to: tuple[str, ...]
    is_full: bool
    wheel_count: int
    relocated: Mapping[str, str]

    @property
    def is_encrypted(self) -> bool:
        return bool(self.encrypted_to)


def restore_program() -> str:
    """The text of `restore.py`: one file that needs nothing but Python."""
    return Path(__file__).with_name("standalone.py").read_text(encoding="utf-8")


def restore_text(what: Described) -> str:
    """The text of `RESTORE.txt`: how to get everything back, with our program or by hand, in twenty years too.

    It is never encrypted: of an encrypted backup it says neither the machine nor any place.
    """
    if what.is_encrypted:  # this text is not: where things were is in the manifest
        what = what._replace(environment_path=f"/srv/envs/{what.app}", relocated={})
    sections = (
        _head(what),
        _WITH_PROGRAM.format(env=what.environment_path, file=what.archive_name) + _options(what),
        _by_hand(what),
        _environment_by_hand(what),
        _not_in_it(what),
        _versions(what),
    )
    return "\n".join(sections)


_WITH_PROGRAM = """\
1. WITH THE PROGRAM IN THIS FILE (nothing else is needed but Python 3.11 or newer)

    tar -xf {file} restore.py
    python3 restore.py {file} --into {env}

It checks every byte, builds the Python environment in a new or empty folder, and
runs the application's own 'rattail restore-backup', which puts the app folder and
the records into it. Any place will do; it need not be the old one.
"""


def _head(what: Described) -> str:
    kind = "everything but what may be thrown away" if what.is_full else "everything needed; no log files"
    return (
        f"BACKUP OF {what.app}\n\n"
        f"This is a backup of a back office for retailers (products, vendors, stock, reports),\n"
        f"made on {what.made_at:%Y-%m-%d at %H:%M} UTC by {what.made_by}"
        + ("" if what.is_encrypted else f"\non the machine '{what.host}'")
        + f".\nIt holds {kind}:\n\n"
        f"    {MANIFEST + _age(what):<28} a list of every file: size, time, owner, SHA-256\n"
        f"    {FOLDER_PART + _age(what):<28} the app folder\n"
        + ("" if what.is_encrypted else f"    {'':<28}   (was {what.root})\n")
        + (f"    {_database_part(what):<28} its records: {_DATABASES[what.database]}\n" if what.database else "")
        + f"    {'environment.json':<28} which Python and which packages it ran with\n"
        f"    {'wheels/':<28} "
        + (f"{what.wheel_count} packages to install again, offline\n" if what.wheel_count else "not in this one\n")
        + f"    {'SHA256SUMS':<28} to see whether all of it is whole\n"
    )


_DATABASES = {"sqlite": "an SQLite database", "postgresql": "an SQL script made by PostgreSQL's pg_dump"}


def _options(what: Described) -> str:
    lines = ["\nUseful options:\n", "    --dry-run          look only\n"]
    if what.is_encrypted:
        lines.append("    --identity FILE    the private age key; it is not in this file (see 4)\n")
    if not what.wheel_count:
        lines.append("    --index URL        where Python packages are; needed, as there are no wheels in this one\n")
    else:
        lines.append("    --index URL        take packages from an index, for another kind of machine or Python\n")
    return "".join([*lines, "    --python PROGRAM   use another Python than the one you start it with\n"])


def _by_hand(what: Described) -> str:
    is_sqlite = what.database == "sqlite"
    opened = f"age -d -i KEYFILE {{0}}{ENCRYPTED} | " if what.is_encrypted else "cat {0} | "
    database = DATABASE_PARTS.get(what.database, "")
    lines = [
        f"2. BY HAND ({_programs(what)})\n\n",
        f"    tar -xf {what.archive_name}\n",
        "    sha256sum -c SHA256SUMS\n",
        "    mkdir -m 750 app\n",
        f"    {opened.format(FOLDER_PART)}zstd -d | tar -x -p -C app\n",
    ]
    if is_sqlite:
        lines.append(f"    {opened.format(database)}zstd -d > app/data/rattail.sqlite3\n")
        lines.append("    sqlite3 app/data/rattail.sqlite3 'PRAGMA integrity_check'  # says: ok\n")
    elif database:
        lines.append("    createdb NEWNAME\n")
        lines.append(f"    {opened.format(database)}zstd -d | psql -1 -v ON_ERROR_STOP=1 -d NEWNAME\n")
    if what.is_encrypted:
        lines.append(f"    age -d -i KEYFILE {MANIFEST}{ENCRYPTED} > {MANIFEST}\n")
        lines.append("\nKEYFILE is the file with the private age key, a line AGE-SECRET-KEY-..., to any of\n\n")
        lines += [f"  {key}\n" for key in what.encrypted_to]
        lines.append("\n")
        lines.append(f"{MANIFEST} lists every file, and under 'relocated' which folders lay elsewhere.\n")
    if what.database == "postgresql":
        lines.append(
            "\nName the new database in app/rattail.toml (database.url), and its password in\n"
            "app/secrets.toml. createdb and psql ask PGHOST, PGPORT, PGUSER where a server is.\n"
        )
    lines.append(
        "\nNow 'app' is the app folder: plain files in plain folders, and the records in\n"
        "tables that any database program shows. To run the application again, build its\n"
        "environment (3) and move 'app' into it.\n"
    )
    if what.relocated:
        lines.append("\nThese folders lay elsewhere; here they are inside 'app', under the first name:\n\n")
        lines += [f"  {name:<32} was {place}\n" for name, place in sorted(what.relocated.items())]
        lines.append("\nMove each to its place, or take its line out of [folders] in app/rattail.toml.\n")
    return "".join(lines)


def _environment_by_hand(what: Described) -> str:
    python = what.record.interpreter
    short = ".".join(python.version.split(".")[:2])
    env = what.environment_path
    install = (
        f"    {env}/bin/pip install --no-index --no-deps wheels/*.whl\n"
        if what.wheel_count
        else f"    {env}/bin/pip install rattail-appfolder  # environment.json has every version\n"
    )
    return (
        "3. THE ENVIRONMENT BY HAND\n\n"
        f"    python{short} -m venv {env}\n{install}"
        f"    mv app {env}/app\n"
        f"    {env}/bin/rattail make-appdir  # the folders that a backup does not hold\n"
        f"    {env}/bin/rattail check-appdir\n"
        f"    {env}/bin/rattail serve\n\n"
        f"Compiled packages fit Python {short} on {python.platform} and no other; where there is no such\n"
        "machine any more, the files and the records can still be read as in 2.\n"
    )


def _not_in_it(what: Described) -> str:
    key = " *  the private age key (AGE-SECRET-KEY-...): without it nobody can open this file\n"
    server = " *  the PostgreSQL server itself, its roles (users), their passwords and its settings\n"
    return (
        "4. WHAT IS NOT IN THIS FILE\n\n"
        + (key if what.is_encrypted else "")
        + (server if what.database == "postgresql" else "")
        + " *  systemd units and timers; 'rattail make-units' writes them again\n"
        " *  the web server or proxy in front of it, and its TLS certificates and keys\n"
        " *  cron jobs, firewall rules, users and groups of the machine, name service\n"
        " *  Python itself and programs of the system\n"
        + ("" if what.is_full else " *  log files and other history (a full backup has them)\n")
        + " *  uploads, sessions and other files that may be thrown away\n"
    )


def _versions(what: Described) -> str:
    python = what.record.interpreter
    database = {"postgresql": f"PostgreSQL {what.server_version}", "sqlite": "SQLite 3", "": "none"}[what.database]
    return (
        "5. VERSIONS\n\n"
        f"    application   {what.made_by}\n"
        f"    Python        {python.version} ({python.platform}, {python.libc or 'another libc'})\n"
        f"    database      {database}\n"
        "    formats       tar (ustar), zstd (RFC 8878)"
        + (", age (age-encryption.org/v1)" if what.is_encrypted else "")
        + ", JSON, SHA-256\n"
    )


def _programs(what: Described) -> str:
    names = ["tar", "zstd", *(["age"] if what.is_encrypted else [])]
    return ", ".join([*names, *{"sqlite": ["sqlite3"], "postgresql": ["psql"], "": []}[what.database]])


def _age(what: Described) -> str:
    return ENCRYPTED if what.is_encrypted else ""


def _database_part(what: Described) -> str:
    return DATABASE_PARTS[what.database] + _age(what)
