"""Real virtual environments with our wheel in them, made without any network."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

RUNTIME_DISTRIBUTIONS = ("click", "tzdata")


class Environment:
    """A virtual environment at `path`; `bin/rattail` is in it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.python = path / "bin" / "python"
        self.rattail = path / "bin" / "rattail"
        self.appdir = path / "app"

    @property
    def site_packages(self) -> Path:
        return next((self.path / "lib").glob("python3.*/site-packages"))

    def install(self, wheel: Path) -> None:
        """Install one wheel with pip, nothing else, without an index."""
        self._pip("install", "--no-deps", "--no-index", "--force-reinstall", str(wheel))

    def run(
        self, *words: str | Path, user: int | None = None, cwd: str | Path = "/", env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run the environment's own `rattail`, as another user where one is given."""
        return self.execute(self.rattail, *words, user=user, cwd=cwd, env=env)

    def execute(
        self, *words: str | Path, user: int | None = None, cwd: str | Path = "/", env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run any program, by default in `/` and with a bare environment."""
        return subprocess.run(
            [str(word) for word in words],
            capture_output=True,
            text=True,
            errors="surrogateescape",
            cwd=cwd,
            env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", **(env or {})},
            user=user,
            group=user,
            extra_groups=[] if user is not None else None,
            timeout=120,
            check=False,
        )

    def _pip(self, *words: str) -> None:
        command = [sys.executable, "-m", "pip", "--python", str(self.python), "-q", "--disable-pip-version-check"]
        subprocess.run([*command, *words], check=True, capture_output=True)


@contextmanager
def build_environment(wheel: Path) -> Iterator[Environment]:
    """Make a virtual environment that any user can run, with our wheel and what it needs."""
    above = Path(tempfile.mkdtemp(prefix="rattail-env-"))
    try:
        above.chmod(0o755)
        path = above / "poser"
        subprocess.run([runnable_python(), "-m", "venv", "--without-pip", str(path)], check=True)
        made = Environment(path)
        for name in RUNTIME_DISTRIBUTIONS:
            _copy_distribution(name, made.site_packages)
        made.install(wheel)
        yield made
    finally:
        shutil.rmtree(above)


def build_wheel(project: Path, target: Path) -> Path:
    """Build the wheel of a project with the build backend that is installed; no network."""
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--disable-pip-version-check", "--no-deps"]
    subprocess.run([*command, "--no-build-isolation", "-w", str(target), str(project)], check=True, capture_output=True)
    return next(target.glob("*.whl"))


def runnable_python() -> str:
    """An interpreter, 3.11 or newer, that users other than root can execute; else our own."""
    for version in range(sys.version_info.minor, 10, -1):
        candidate = f"/usr/bin/python3.{version}"
        if os.access(candidate, os.X_OK) and version >= 11:
            return candidate
    return sys.executable


def _copy_distribution(name: str, site_packages: Path) -> None:
    """Copy an installed distribution as it is; pure Python ones work wherever they stand."""
    distribution = importlib.metadata.distribution(name)
    for file in distribution.files or ():
        if file.parts[0] == ".." or file.suffix == ".pyc":
            continue
        target = site_packages / file
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(str(file.locate()), target)
