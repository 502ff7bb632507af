"""A backup with its packages: proved in an environment built from them, and brought back by `restore.py` alone."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from rattail.features.backups.shelf.shelf import list_backups
from rattail.features.backups.shelf.state import State
from tests.features.backups.environment.test_rebuild import linked_environment
from tests.features.backups.proving.shop import scratch_of
from tests.kit.environment import Environment, runnable_python
from tests.kit.killing import as_user
from tests.kit.programs import needs_program

pytestmark = pytest.mark.xdist_group("proved environment")  # one backup for all of them
SOMEBODY = 34_567


class Shop(NamedTuple):
    """An environment with an app folder, and the folder with its backups; everybody may come there."""

    above: Path
    installed: Environment
    shelf: Path

    def rattail(self, *words: str) -> subprocess.CompletedProcess[str]:
        python = self.installed.python
        return self.installed.execute(
            python, "-I", "-m", "rattail", *words, env={"PIP_INDEX_URL": "http://127.0.0.1:1"}
        )

    def backup(self, *words: str) -> Path:
        made = self.rattail("make-backup", *words)
        assert made.returncode == 0, made.stderr
        return max(self.shelf.glob("*.tar"))


@pytest.fixture(scope="module")
def shop(wheel: Path) -> Iterator[Shop]:
    above = Path(tempfile.mkdtemp(prefix="rattail-proved-"))
    try:
        above.chmod(0o755)
        linked_environment(wheel, above / "poser")
        shop = Shop(above, Environment(above / "poser"), above / "poser-backups")
        for words in (["make-appdir"], ["migrate-db"]):
            done = shop.rattail(*words)
            assert done.returncode == 0, done.stderr
        yield shop
    finally:
        shutil.rmtree(above)


@pytest.fixture(scope="module")
def backup(shop: Shop) -> Path:
    """A backup with packages. Since it was made, the environment that it was made in cannot serve any more."""
    path = shop.backup()
    broken = shop.installed.site_packages / "rattail/features/serve/cli/serve.py"
    broken.unlink()
    broken.write_text("raise SystemExit('not from here')\n")
    return path


def test_the_application_that_is_started_is_that_of_the_backup(shop: Shop, backup: Path) -> None:
    proved = shop.rattail("prove-backup", backup.name)

    assert proved.returncode == 0, proved.stderr
    assert "building the environment" in proved.stdout
    assert "no packages are in it" not in proved.stdout
    assert _look(backup).state is State.PROVEN
    assert not scratch_of(shop.shelf)


def test_a_proof_in_which_the_application_does_not_start_fails_and_says_so_everywhere(shop: Shop, backup: Path) -> None:
    bare = shop.backup("--no-wheels")

    proved = shop.rattail("prove-backup", bare.name)
    listed = shop.rattail("list-backups")

    assert proved.returncode == 59
    assert "while starting the application in quarantine: the application ended with exit code" in proved.stderr
    assert "not from here" in proved.stderr
    assert _look(bare).state is State.READ_BACK
    assert "the application ended" in _look(bare).problem
    assert "was read back, but proving it failed" in listed.stderr
    assert not scratch_of(shop.shelf)


def test_restore_py_brings_it_back_for_anybody_with_nothing_but_python(as_root: None, shop: Shop, backup: Path) -> None:
    python = runnable_python()
    said = subprocess.check_output([python, "-c", "import sys; print(*sys.version_info[:2])"], text=True)
    if python == sys.executable or said.split() != [str(part) for part in sys.version_info[:2]]:
        pytest.skip(f"needs a Python {sys.version_info[0]}.{sys.version_info[1]} that other users can run")
    home = shop.above / "home"
    home.mkdir()
    shutil.copy(backup, home)
    for path in (home, home / backup.name):
        os.chown(path, SOMEBODY, SOMEBODY)

    def restore() -> None:
        subprocess.run(["tar", "-xf", backup.name, "restore.py"], cwd=home, check=True)
        words = [python, "-I", "-S", "restore.py", backup.name, "--into", f"{home}/poser"]
        with open(home / "said", "xb") as out:
            environ = {"PATH": "/usr/bin:/bin", "PIP_INDEX_URL": "http://127.0.0.1:1"}
            subprocess.run(words, cwd=home, env=environ, stdout=out, stderr=out, check=True)

    code = as_user(SOMEBODY, restore)

    assert code == 0, (home / "said").read_text()
    brought = Environment(home / "poser")
    checked = brought.run("check-appdir", "--json", user=SOMEBODY)
    assert '"level": "error"' not in checked.stdout
    rows = brought.run("list-users", "--json", user=SOMEBODY)
    assert rows.returncode == 0, rows.stderr
    assert {path.stat().st_uid for path in (brought.path, brought.appdir, brought.appdir / "data")} == {SOMEBODY}
    assert (brought.appdir / "data/rattail.sqlite3").exists()


@pytest.mark.long
def test_what_restore_txt_says_to_type_builds_it_by_hand(shop: Shop, backup: Path) -> None:
    for name in ("bash", "tar", "sha256sum", "zstd", "sqlite3"):
        needs_program(name)
    folder = shop.above / "by hand"
    folder.mkdir()
    shutil.copy(backup, folder)
    text = subprocess.check_output(["tar", "-xOf", backup, "RESTORE.txt"], text=True)
    _, by_hand, *_ = text.partition("2. BY HAND")[2].split("\n\n")
    _, environment, *_ = text.partition("3. THE ENVIRONMENT BY HAND")[2].split("\n\n")
    typed, serve = f"{by_hand}\n{environment}".rstrip().rsplit("\n", 1)
    was = shop.installed.path.rename(shop.above / "was")
    try:
        ran = subprocess.run(
            ["bash", "-c", f"set -euo pipefail\n{typed}"],
            cwd=folder,
            env={"PATH": f"{os.path.dirname(os.path.realpath(sys.executable))}:/usr/bin:/bin", "LANG": "C.UTF-8"},
            capture_output=True,
            text=True,
            check=False,
        )

        assert serve.strip() == f"{shop.installed.rattail} serve"
        assert ran.returncode == 0, ran.stdout + ran.stderr  # check-appdir, the last line, finds nothing to mend
        assert (shop.installed.appdir / "data/rattail.sqlite3").exists()
    finally:
        shutil.rmtree(shop.installed.path, ignore_errors=True)
        was.rename(shop.installed.path)


def _look(path: Path) -> Any:
    return next(one for one in list_backups(str(path.parent)) if one.path == str(path))
