"""A repository of restic or borg as a place for copies: only differences travel."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from rattail.appdir.refusal import refusal
from rattail.errors import AppDirBroken, BackupUnproven, NoSuchThing
from rattail.features.backups.shelf.shelf import Backup, make_private
from rattail.features.backups.targets.unpacked import Unpacked

Progress = Callable[[str, int, int | None], object]
_SAID_LINES = 3
_CACHES = "caches"


class Repository(NamedTuple):
    """Where it is, for `program`, and what that needs to open it. `environ` is this process's."""

    program: str
    place: str
    password: str
    shelf: str
    environ: Mapping[str, str]

    @property
    def shown(self) -> str:
        return f"'{self.program}:{self.place}'"

    def cache(self, name: str) -> str:
        """A folder that the program may fill as it likes; it can be thrown away at any time."""
        path = f"{self.shelf}/{_CACHES}/{name}"
        try:
            make_private(path, below=self.shelf)
        except OSError as error:
            raise refusal("make the folder", path, error) from error
        return path

    def require_program(self) -> None:
        """Raises NoSuchThing where the program is not installed."""
        if shutil.which(self.program, path=self.environ.get("PATH")) is None:
            raise NoSuchThing(
                f"backups can be copied to {self.shown} only where the program '{self.program}' is installed.",
                hint=f"install it: apt-get install {'borgbackup' if self.program == 'borg' else self.program}",
            )

    def failed(self, doing: str, said: str, *, is_unproven: bool = False) -> AppDirBroken | BackupUnproven:
        """What to raise where the program refused; `said` is what it wrote to its error stream."""
        lines = [line.strip() for line in said.splitlines() if line.strip()]
        text = " / ".join(lines[-_SAID_LINES:]) or "it said nothing"
        kind = BackupUnproven if is_unproven else AppDirBroken
        return kind(
            f"{self.program} cannot {doing} {self.shown}: {text}.".replace("..", "."),
            hint="when that is mended run the same command again; a repository is made once by hand "
            f"({self.program} init), with the password of backups.repository_password in secrets.toml",
        )


@contextmanager
def running(
    command: Sequence[str], environ: Mapping[str, str], *, folder: str | None = None
) -> Iterator[subprocess.Popen[str]]:
    """Run a program of which every line is read, complaints among them; it is ended where the block fails."""
    with subprocess.Popen(
        command,
        cwd=folder,
        env=dict(environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        try:
            yield process
        except BaseException:
            process.terminate()
            raise


def run(command: Sequence[str], environ: Mapping[str, str], *, folder: str | None = None) -> tuple[int, str, str]:
    """Run a program to its end: exit code, what it answered, what it complained of."""
    done = subprocess.run(
        command,
        cwd=folder,
        env=dict(environ),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def require_same(repository: Repository, backup: Backup, unpacked: Unpacked, files: int, file_bytes: int) -> None:
    """Compare what the repository lists with what went in.

    Raises:
        BackupUnproven: they differ.
    """
    if (files, file_bytes) != (unpacked.files, unpacked.file_bytes):
        raise BackupUnproven(
            f"{repository.shown} lists {files:,} files and {file_bytes:,} bytes for {backup.file_name}; "
            f"{unpacked.files:,} and {unpacked.file_bytes:,} went in.",
            hint="run the same command again",
        )
