"""The same commands with the records on a PostgreSQL server."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from psycopg.sql import SQL, Identifier

from rattail.database.setup import DATABASE_FILE
from rattail.features.backups.restoring.databases import name_of
from rattail.registry import Registry
from tests.faults.striking import Trial
from tests.faults.trials import MakeTrial, RestoreTrial
from tests.features.backups.restoring.shelf import Shop, made_shop
from tests.kit.faults import Ended
from tests.kit.postgres import USER, Server
from tests.kit.records import migrated_database, variables

ServerTrials = Mapping[str, Callable[[Path, Registry], Trial]]
NAMES_ON_A_SERVER = MAKE, RESTORE = "make a backup, on a server", "restore over, on a server"
BEFORE, SINCE = [1], [1, 2]


class Records:
    """A database of the server, of which there is one number before a backup, and two since."""

    def __init__(self, server: Server, url: str) -> None:
        self._server = server
        self._name = name_of(url)
        self._pristine = f"pristine_{self._name}"

    def note(self, number: int) -> None:
        with self._server.connect(database=self._name) as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS own (number integer)")
            connection.execute("INSERT INTO own VALUES (%s)", (number,))

    def noted(self) -> list[int]:
        with self._server.connect(database=self._name) as connection:
            return [row[0] for row in connection.execute("SELECT number FROM own ORDER BY number")]

    def keep(self) -> None:
        self._server.make_database(self._pristine, template=self._name)

    def reset(self) -> None:
        self._drop(self._name, *self.beside())
        self._server.make_database(self._name, template=self._pristine)

    def remove(self) -> None:
        self._drop(self._name, self._pristine, *self.beside())

    def _drop(self, *names: str) -> None:
        drop = SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
        self._server.administer(*(drop.format(Identifier(name)) for name in names))

    def beside(self) -> list[str]:
        with self._server.connect() as connection:
            names = [row[0] for row in connection.execute("SELECT datname FROM pg_database")]
        return [name for name in names if name.startswith(f"{self._name}_")]


class ServerMakeTrial(MakeTrial):
    """make-backup with `pg_dump`."""

    records_file = "rattail.sql"

    def make_shop(self, path: Path, registry: Registry) -> Shop:
        return _without_file(made_shop(path, registry))


class ServerRestoreTrial(RestoreTrial):
    """restore-backup over a folder and a database that changed since: both are exchanged, or neither is."""

    def __init__(self, base: Path, registry: Registry, *, records: Records) -> None:
        self.records = records
        super().__init__(base, registry)

    def make_shop(self, path: Path, registry: Registry) -> Shop:
        self.records.note(1)
        return _without_file(made_shop(path, registry))

    def change(self) -> None:
        super().change()
        self.records.note(2)
        self.records.keep()

    def require_sound(self, ended: Ended) -> None:
        super().require_sound(ended)
        noted = self.records.noted()
        if ended.how == "killed":  # folder and database are exchanged one after the other
            assert noted in (BEFORE, SINCE)
        else:
            assert noted == (BEFORE if self.is_new else SINCE)
        if ended.how == "told" and not self.is_new and not ended.is_lasting:
            assert self.records.beside() == []

    def require_done(self) -> None:
        super().require_done()
        assert self.records.noted() == BEFORE
        assert all("_before_" in name for name in self.records.beside()), self.records.beside()

    def reset(self) -> None:
        super().reset()
        self.records.reset()


def _without_file(shop: Shop) -> Shop:
    (shop.app / "data" / DATABASE_FILE).unlink()
    return shop


@contextmanager
def server_trials(server: Server) -> Iterator[ServerTrials]:
    """The commands that are struck, with records on that server, whose address is in this process's environment."""
    before = dict(os.environ)
    url = server.make_database("struck", template=migrated_database(server))
    server.administer(SQL("ALTER ROLE {} CREATEDB").format(Identifier(USER)))
    records = Records(server, url)
    os.environ.update({**variables(server, url), "PATH": f"{server.bin_folder}:{os.environ['PATH']}"})
    try:
        yield {
            MAKE: ServerMakeTrial,
            RESTORE: partial(ServerRestoreTrial, records=records),
        }
    finally:
        os.environ.clear()
        os.environ.update(before)
        records.remove()
        server.administer(SQL("ALTER ROLE {} NOCREATEDB").format(Identifier(USER)))
