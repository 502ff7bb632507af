"""Real virtual environments with our wheel in them, made without any network."""

from __future__ import annotations

import atexit
import base64
import hashlib
import importlib.metadata
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path

#: What the folder commands need: an environment with no more than this proves that they need no more.
FOLDER_DISTRIBUTIONS = ("click", "tzdata")


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


@cache
def runtime_distributions() -> tuple[str, ...]:
    """Every distribution that ours needs, and what those need, as they are installed here."""
    from packaging.requirements import Requirement

    found: dict[str, None] = {}
    pending = ["rattail-appfolder"]
    while pending:
        for text in importlib.metadata.requires(pending.pop()) or ():
            requirement = Requirement(text)
            extras = ("", "binary") if requirement.name == "psycopg-binary" else ("",)
            marker = requirement.marker
            is_needed = marker is None or any(marker.evaluate({"extra": one}) for one in extras)
            if is_needed and requirement.name not in found:
                found[requirement.name] = None
                pending.append(requirement.name)
    return tuple(found)


@contextmanager
def build_environment(wheel: Path, *, has_records: bool = False) -> Iterator[Environment]:
    """Make a virtual environment that any user can run, with our wheel and what the folder commands need.

    With `has_records` it has everything that our wheel asks for, and this process's Python, which its compiled
    parts fit. pip installs it once for each test process; the environments of the tests are moved copies, in which
    the many files that no test changes in their place (all but click's) are those of the first, under another name.
    """
    template = _template(wheel, has_records=has_records)
    above = _open_folder()
    try:
        path = above / "poser"
        shutil.copytree(template.path, path, symlinks=True, copy_function=_copy_or_link)
        made = Environment(path)
        _rename_in_scripts(made, template.path)
        yield made
    finally:
        shutil.rmtree(above)


@cache
def _template(wheel: Path, *, has_records: bool) -> Environment:
    above = _open_folder()
    atexit.register(shutil.rmtree, above)
    made = Environment(above / "poser")
    python = sys.executable if has_records else runnable_python()
    subprocess.run([python, "-m", "venv", "--without-pip", str(made.path)], check=True)
    for name in runtime_distributions() if has_records else FOLDER_DISTRIBUTIONS:
        if name in FOLDER_DISTRIBUTIONS:
            copy_distribution(name, made.site_packages)
        else:
            _link_distribution(name, made.site_packages)
    made.install(wheel)
    return made


def _copy_or_link(source: str, target: str) -> None:
    if any(f"/site-packages/{name}/" in source for name in ("rattail", "tzdata")):
        os.link(source, target)
    else:
        shutil.copy2(source, target)


def _open_folder() -> Path:
    above = Path(tempfile.mkdtemp(prefix="rattail-env-"))
    above.chmod(0o755)
    return above


def _rename_in_scripts(made: Environment, was: Path) -> None:
    """Let the scripts of a copied environment name the copy, and the record of them be true again."""
    for script in (made.path / "bin").iterdir():
        if not script.is_symlink():
            script.write_text(script.read_text().replace(str(was), str(made.path)))
    digest = base64.urlsafe_b64encode(hashlib.sha256(made.rattail.read_bytes()).digest()).rstrip(b"=").decode()
    record = next(made.site_packages.glob("rattail_appfolder-*.dist-info")) / "RECORD"
    lines = [
        f"{line.split(',')[0]},sha256={digest},{made.rattail.stat().st_size}" if "bin/rattail," in line else line
        for line in record.read_text().splitlines()
    ]
    record.write_text("\n".join(lines) + "\n")


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


def _link_distribution(name: str, site_packages: Path) -> None:
    """Show an installed distribution where it is: its packages, with what was compiled of them; scripts are copied."""
    distribution = importlib.metadata.distribution(name)
    files = distribution.files or ()
    for top in {file.parts[0] for file in files} - {"..", "__pycache__"}:
        (site_packages / top).symlink_to(Path(str(distribution.locate_file(top))).resolve())
    for file in files:
        if file.parts[0] == ".." and file.suffix != ".pyc":
            shutil.copy2(str(file.locate()), site_packages.parents[2] / "bin" / file.name)


def copy_distribution(name: str, site_packages: Path, *, copy: Callable[[str, Path], object] = shutil.copy2) -> None:
    """Copy an installed distribution as it is; it works wherever a Python that it fits finds it."""
    distribution = importlib.metadata.distribution(name)
    for file in distribution.files or ():
        if file.suffix == ".pyc":
            continue
        is_script = file.parts[0] == ".."
        target = site_packages.parents[2] / "bin" / file.name if is_script else site_packages / file
        target.parent.mkdir(parents=True, exist_ok=True)
        copy(str(file.locate()), target)
