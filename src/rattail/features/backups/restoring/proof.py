"""Whether a restored folder is sound: asked of the application itself, in processes of its own environment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from rattail.appdir.hints import pasted_line
from rattail.appdir.refusal import shown
from rattail.config.toml_text import SETTINGS_FILE
from rattail.database.age import expected_migrations
from rattail.errors import AppDirBroken, LayoutOutdated
from rattail.registry import Registry

_EXPECTED = """
import json, os
from rattail.database.age import expected_migrations
from rattail.registry import load_registry
os.write(1, json.dumps(sorted(expected_migrations(load_registry().apps))).encode())
"""
_FINDINGS = 61  # check-appdir's exit code where it found something
_MOST_S = 3600.0


class Program:
    """The application of an environment: its own `rattail`, or this one where the environment has none."""

    def __init__(self, environment: str, registry: Registry) -> None:
        self._python = f"{environment}/bin/python"
        self._registry = registry
        self._expected: frozenset[tuple[str, str]] | None = None
        self._is_this = os.path.realpath(environment) == os.path.realpath(sys.prefix)
        if self._is_this or not os.path.exists(self._python):
            self._is_this, self._python = True, sys.executable

    def expected_migrations(self) -> frozenset[tuple[str, str]]:
        """Every migration that its code knows.

        Raises:
            AppDirBroken: it does not start.
        """
        if self._is_this:
            return expected_migrations(self._registry.apps)
        if self._expected is not None:
            return self._expected
        done = self._started("-c", _EXPECTED)
        try:
            self._expected = frozenset((str(app), str(name)) for app, name in json.loads(done.stdout))
        except ValueError:
            raise self._does_not_start(done) from None
        return self._expected

    def complete(self, root: str) -> None:
        """Make what a backup does not hold: folders for scratch, the lock.

        Raises:
            AppDirBroken: make-appdir refuses.
        """
        self._run(root, "make-appdir", "--path", root)

    def migrate(self, root: str) -> tuple[str, ...]:
        """Bring the tables up to date; returns the migrations that were applied.

        Raises:
            AppDirBroken: migrate-db refuses.
        """
        said = self._run(root, "migrate-db", "--appdir", root)
        return tuple(said.get("migrations", ()))

    def errors(self, root: str) -> tuple[str, ...]:
        """What check-appdir calls errors, a sentence each with its id.

        What it says of the settings is left out: they are as the shop has them, and the backup is as good as ever.

        Raises:
            AppDirBroken: check-appdir does not come to its end.
        """
        said = self._run(root, "check-appdir", "--appdir", root, also=(_FINDINGS,))
        findings: Sequence[Mapping[str, str]] = said.get("findings", ())
        errors = [one for one in findings if one["level"] == "error" and one["path"] != SETTINGS_FILE]
        return tuple(f"{one['id']} {one['sentence']}" for one in errors)

    def _run(self, root: str, *words: str, also: tuple[int, ...] = ()) -> dict[str, Any]:
        done = self._started("-m", "rattail", *words, "--json")
        try:
            answer = json.loads(done.stdout)
        except ValueError:
            raise self._does_not_start(done) from None
        if done.returncode and done.returncode not in also:
            reasons = " ".join(str(one["message"]) for one in answer["errors"])
            raise AppDirBroken(
                f"{words[0]} refuses the restored folder: {reasons}",
                hint=next((str(one["hint"]) for one in answer["errors"] if one["hint"]), ""),
            )
        data: dict[str, Any] = answer["data"] or {}
        return data

    def _started(self, *words: str) -> subprocess.CompletedProcess[str]:
        environ = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "RATTAIL_APPDIR")}
        try:
            return subprocess.run(
                [self._python, "-P" if self._is_this else "-I", *words],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                env=environ,
                cwd="/",
                timeout=_MOST_S,
                check=False,
            )
        except OSError as error:
            raise self._not_started(error.strerror or str(error)) from error
        except subprocess.TimeoutExpired as error:
            raise self._not_started(f"it does not end within {_MOST_S:.0f} s") from error

    def _does_not_start(self, done: subprocess.CompletedProcess[str]) -> AppDirBroken:
        return self._not_started(" ".join(done.stderr.split())[-400:] or f"exit code {done.returncode}")

    def _not_started(self, said: str) -> AppDirBroken:
        return AppDirBroken(
            f"the application in {shown(self._python)} does not start: {said}.",
            hint=pasted_line(self._python, "-m", "rattail", "--version"),
        )


def require_known(migrations: Sequence[tuple[str, str]], program: Program) -> None:
    """Refuse records that are newer than the application that would have them.

    Raises:
        LayoutOutdated: they have a migration that its code does not know.
        AppDirBroken: the application does not start.
    """
    if not migrations:
        return
    known = program.expected_migrations()
    labels = {label for label, _ in known}
    newer = sorted(f"{app}.{name}" for app, name in set(migrations) - known if app in labels)
    if newer:
        raise LayoutOutdated(
            f"the records of the backup are newer than the application here: they have the migration {newer[0]}, which "
            "it does not know.",
            hint="restore it with its own program, into a new environment: python3 restore.py (RESTORE.txt says how)",
        )
