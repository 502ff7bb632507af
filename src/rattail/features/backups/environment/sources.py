"""The wheel of an editable installation: built from its source tree by its own build backend, without a network.

The tree is copied first, because some backends write into it, and because it is nobody's but the developer's.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import subprocess
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rattail.features.backups.environment.record import Distribution, Interpreter

FILES_LIMIT = 50_000
BYTES_LIMIT = 1 << 30
_TIME_LIMIT_S = 600
_NOT_SOURCE = {
    *(".git", ".hg", ".svn", ".tox", ".nox", ".eggs", "__pycache__", "node_modules"),
    *(".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis"),
}


class SourceUnusable(Exception):
    """Why no wheel can be made of a source tree, as the end of a sentence."""


def source_of(distribution: Distribution) -> str:
    """The folder of an editable installation's source."""
    url = urlsplit(distribution.direct_url)
    below = url.fragment.partition("subdirectory=")[2]
    return os.path.normpath(os.path.join(unquote(url.path), below))


def state_of_source(source: str, *, cache_folder: str) -> str:
    """A digest of names, sizes and times of all files of the tree: it is another where the tree changed.

    Backups that lie in the tree, because the environment does, do not belong to it: those beside `cache_folder`.

    Raises:
        SourceUnusable: it is gone, or too large to be a source tree.
    """
    digest = hashlib.sha256()
    for path, status in _files(source, _shelf_of(cache_folder)):
        digest.update(f"{path}\0{status.st_size}\0{status.st_mtime_ns}\n".encode(errors="surrogateescape"))
    return digest.hexdigest()


def build_wheel(distribution: Distribution, interpreter: Interpreter, folder: str, *, cache_folder: str) -> str:
    """Build the wheel into `folder`, which lies in `cache_folder`, by the environment's own pip and build backend.

    Returns its file name.

    Raises:
        SourceUnusable: the tree is gone or too large, pip or its build backend is not installed, or it failed.
        OSError: the copy cannot be written.
    """
    source = source_of(distribution)
    copy, made = os.path.join(folder, "source"), os.path.join(folder, "made")
    try:
        for path, _ in list(_files(source, _shelf_of(cache_folder))):  # all of them, before one is made
            target = os.path.join(copy, path)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            shutil.copy2(os.path.join(source, path), target, follow_symlinks=False)
        os.mkdir(made)
        _pip_wheel(distribution, interpreter, copy, made)
        names = [name for name in os.listdir(made) if name.endswith(".whl")]
        if len(names) != 1:
            raise SourceUnusable("its build backend made no wheel")
        os.rename(os.path.join(made, names[0]), os.path.join(folder, names[0]))
    finally:
        for one in (copy, made):
            shutil.rmtree(one, ignore_errors=True)
    return names[0]


def _pip_wheel(distribution: Distribution, interpreter: Interpreter, source: str, made: str) -> None:
    python = os.path.join(interpreter.scripts, "python")
    words = ["--no-index", "--no-deps", "--no-build-isolation", "--no-cache-dir", "--no-input"]
    environ = {key: value for key, value in os.environ.items() if not key.startswith(("PIP_", "PYTHON"))}
    environ |= {
        "SOURCE_DATE_EPOCH": "315532800",  # 1980-01-01: the same tree makes the same wheel
        "PYTHONDONTWRITEBYTECODE": "1",
        "SETUPTOOLS_SCM_PRETEND_VERSION": distribution.version,  # the copy has no history to read it from
        "PBR_VERSION": distribution.version,
        "TMPDIR": os.path.dirname(made),
    }
    command = [python, "-I", "-m", "pip", "wheel", "--isolated", "--disable-pip-version-check", *words, "-w", made]
    try:
        ran = subprocess.run(
            [*command, source], env=environ, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            errors="replace", timeout=_TIME_LIMIT_S, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SourceUnusable(f"pip did not get through ({error})") from error
    if ran.returncode:
        said = (ran.stderr.strip() or ran.stdout.strip()).splitlines()
        raise SourceUnusable(f"pip said: {said[-1].strip() if said else 'nothing'}")


def _shelf_of(cache_folder: str) -> frozenset[str]:
    """The folder of the wheels and the one of the backups above it, as they are really called."""
    cache = os.path.realpath(cache_folder)
    return frozenset((cache, os.path.dirname(cache)))


def _files(source: str, without: frozenset[str]) -> Iterator[tuple[str, os.stat_result]]:
    """Every file of a source tree, sorted, by its path below it; what tools leave in a tree is passed over, and so
    are the folders `without`."""
    if not os.path.isdir(source):
        raise SourceUnusable(f"its source, '{source}', is gone")
    count = size = 0
    source = os.path.realpath(source)
    for folder, folders, names in os.walk(source):
        folders[:] = sorted(
            name for name in folders if _is_source(folder, name, is_top=folder == source, without=without)
        )
        for name in sorted(names):
            path = os.path.join(folder, name)
            status = os.lstat(path)
            if stat.S_ISREG(status.st_mode) or stat.S_ISLNK(status.st_mode):
                count, size = count + 1, size + status.st_size
                if count > FILES_LIMIT or size > BYTES_LIMIT:
                    raise SourceUnusable(f"its source, '{source}', is too large for a source tree")
                yield os.path.relpath(path, source), status


def _is_source(folder: str, name: str, *, is_top: bool, without: frozenset[str]) -> bool:
    path = os.path.join(folder, name)
    if path in without:
        return False
    if name in _NOT_SOURCE or name.endswith(".egg-info") or os.path.exists(os.path.join(path, "pyvenv.cfg")):
        return False
    return not (is_top and name in ("build", "dist") and not os.path.exists(os.path.join(path, "__init__.py")))
