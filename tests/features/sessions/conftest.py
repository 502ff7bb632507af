"""A process that has an app folder open as the web application has it, for scenes to be played in."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import pytest

from rattail.appdir.locate import Located
from rattail.features.core.make.service import Request, make
from rattail.registry import Registry
from tests.conftest import NOW
from tests.kit.postgres import Server
from tests.kit.records import migrated_database, variables, write_migrated_file

P = ParamSpec("P")
R = TypeVar("R")


class Stage:
    """Plays scenes, functions of a module, in a process that serves the app folder at `root`."""

    def __init__(self, root: Path, backend: str, environ: Mapping[str, str]) -> None:
        self.root = root
        self.backend = backend
        self._pool = ProcessPoolExecutor(
            1,
            mp_context=multiprocessing.get_context("spawn"),
            initializer=_open,
            initargs=(str(root), {**environ, "RATTAIL_SESSIONS_BACKEND": backend}),
        )

    def play(self, scene: Callable[P, R], *words: P.args, **named: P.kwargs) -> R:
        return self._pool.submit(scene, *words, **named).result(timeout=60)

    def close(self) -> None:
        self._pool.shutdown()


def _open(root: str, environ: Mapping[str, str]) -> None:
    from rattail.site import open_site
    from rattail.web.settings import web_settings

    for name in [name for name in os.environ if name.startswith("RATTAIL_")]:
        del os.environ[name]
    os.environ.update(environ)
    opened = open_site(root)
    opened.open_django(web_settings(opened))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, registry: Registry) -> Callable[[], Path]:
    """Makes app folders that many tests use one after the other."""

    def make_one() -> Path:
        root = tmp_path_factory.mktemp("sessions") / "app"
        make(registry, Request(located=Located(str(root), "in a test"), now=NOW), environ={})
        return root

    return make_one


@pytest.fixture(scope="module", params=["files", "sqlite", "postgresql"])
def stage(request: pytest.FixtureRequest, made: Callable[[], Path]) -> Iterator[Stage]:
    """Sessions in files; then in SQLite; then in PostgreSQL."""
    root = made()
    environ: dict[str, str] = {}
    with ExitStack() as stack:
        if request.param == "sqlite":
            write_migrated_file(root)
        elif request.param == "postgresql":
            server: Server = request.getfixturevalue("postgres")
            url: Any = stack.enter_context(server.fresh_database(template=migrated_database(server)))
            environ.update(variables(server, url))
        acting = Stage(root, "files" if request.param == "files" else "database", environ)
        stack.callback(acting.close)
        yield acting


@pytest.fixture(scope="module")
def files_stage(made: Callable[[], Path]) -> Iterator[Stage]:
    """Sessions in files."""
    acting = Stage(made(), "files", {})
    yield acting
    acting.close()
