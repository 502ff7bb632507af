"""What tests share: a made app folder, the real command in a real process, and a cast.

`alice` owns folders, `bob` may look, `mallory` may not. Tests that need root to play them are skipped,
by name, where pytest does not run as root.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from rattail.appdir.locate import Located
from rattail.features.core.make.service import Request, make
from rattail.registry import Registry, load_registry
from tests.kit.emptied import empty
from tests.kit.environment import Environment, build_environment, build_wheel
from tests.kit.postgres import Server, running_server
from tests.kit.records import migrated_database, variables, write_migrated_file
from tests.kit.web import empty_web

# The suite starts thousands of processes: what one of them compiled the next one reads, whatever is set around us.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
# What a script starts with `&` ignores Ctrl-C, and so would all that is started from here.
signal.signal(signal.SIGINT, signal.default_int_handler)

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Ran:
    """One run of the command line: exit code and what it printed."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def data(self) -> Any:
        return self.json["data"]


Run = Callable[..., Ran]


@pytest.fixture(scope="session")
def registry() -> Registry:
    return load_registry()


@pytest.fixture
def appdir(tmp_path: Path, registry: Registry) -> Path:
    """A freshly made app folder with default settings."""
    root = tmp_path / "shop" / "app"
    root.parent.mkdir()
    make(registry, Request(located=Located(str(root), "in a test"), now=NOW), environ={})
    return root


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run `python -m rattail ...` in a process of its own, in an empty current folder."""

    def run_it(*words: str | Path, env: Mapping[str, str] | None = None, stdin: str = "", timeout_s: float = 60) -> Ran:
        done = subprocess.run(
            [sys.executable, "-m", "rattail", *map(str, words)],
            input=stdin,
            capture_output=True,
            text=True,
            errors="surrogateescape",
            cwd=tmp_path,
            env={**clean_environment(), **(env or {})},
            timeout=timeout_s,
            check=False,
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    return run_it


def clean_environment() -> dict[str, str]:
    """This process's environment without anything that steers rattail."""
    return {name: value for name, value in os.environ.items() if not name.startswith("RATTAIL_")}


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Our own wheel, built once from this checkout."""
    return build_wheel(Path(__file__).parent.parent, tmp_path_factory.mktemp("wheel"))


@pytest.fixture
def environment(wheel: Path) -> Iterator[Environment]:
    """A fresh virtual environment, with our wheel installed, that every user of the machine can run."""
    with build_environment(wheel) as made:
        yield made


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A real PostgreSQL, started for the first test that asks for one."""
    with running_server(is_in_memory=True) as server:
        yield server


@pytest.fixture
def postgres_url(postgres: Server) -> Iterator[str]:
    """The address of an empty database of the test's own; its password is the server's."""
    with postgres.fresh_database() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def records_env(request: pytest.FixtureRequest) -> Mapping[str, str]:
    """What to add to the environment so that the records are in SQLite, and, in a second run, in PostgreSQL.

    The database is empty. A test that wants tables asks for `migrated_env`, which is much faster than `migrate-db`.
    """
    if request.param == "sqlite":
        return {}
    server: Server = request.getfixturevalue("postgres")
    return variables(server, request.getfixturevalue("postgres_url"))


@pytest.fixture(params=["sqlite", "postgresql"])
def migrated_env(request: pytest.FixtureRequest, appdir: Path) -> Iterator[Mapping[str, str]]:
    """As `records_env`, with all the tables of the records, empty; and `appdir` is the app folder they belong to."""
    environ = {"RATTAIL_APPDIR": str(appdir)}
    if request.param == "sqlite":
        write_migrated_file(appdir)
        yield environ
        return
    server: Server = request.getfixturevalue("postgres")
    with server.fresh_database(template=migrated_database(server)) as url:
        yield {**environ, **variables(server, url)}


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def shared_env(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, registry: Registry
) -> Iterator[Mapping[str, str]]:
    """As `migrated_env`, but one for all tests; they ask for `emptied_env`."""
    root = tmp_path_factory.mktemp("shared") / "app"
    make(registry, Request(located=Located(str(root), "in a test"), now=NOW), environ={})
    if request.param == "sqlite":
        write_migrated_file(root)
        yield {"RATTAIL_APPDIR": str(root)}
        return
    server: Server = request.getfixturevalue("postgres")
    with server.fresh_database(template=migrated_database(server)) as url:
        yield {"RATTAIL_APPDIR": str(root), **variables(server, url)}


@pytest.fixture
def emptied_env(shared_env: Mapping[str, str]) -> Mapping[str, str]:
    """As `migrated_env`, in a fraction of the time: the tables are those of the test before, emptied."""
    empty(shared_env)
    return shared_env


@pytest.fixture(scope="session")
def shared_web_env(tmp_path_factory: pytest.TempPathFactory, registry: Registry) -> Mapping[str, str]:
    """The app folder that all tests of `tests.kit.web` share; they ask for `web_env`."""
    root = tmp_path_factory.mktemp("web") / "app"
    make(registry, Request(located=Located(str(root), "in a test"), now=NOW), environ={})
    write_migrated_file(root)
    return {"RATTAIL_APPDIR": str(root)}


@pytest.fixture
def web_env(shared_web_env: Mapping[str, str]) -> Mapping[str, str]:
    """What names an app folder for the web application, with nothing in it; see `tests.kit.web`."""
    empty_web(shared_web_env)
    return shared_web_env


@pytest.fixture
def as_root() -> None:
    """Skip, by name, where the test needs root to play other users."""
    if os.geteuid() != 0:
        pytest.skip("needs root, to act as other users")
