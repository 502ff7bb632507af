"""An environment built from its wheels, where the first one is gone and there is no network."""

from __future__ import annotations

import csv
import fcntl
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from rattail.errors import AppDirBroken, AppDirBusy, BackupUnproven, InputRejected, NoSuchThing, WouldOverwrite
from rattail.features.backups.environment.rebuild import compile_environment, rebuild_environment
from rattail.features.backups.environment.standalone import SCRATCH
from rattail.features.backups.environment.wheel import Wheel
from rattail.features.backups.environment.wheels import wheels
from tests.features.backups.environment.made_up import MadeUp
from tests.kit.environment import copy_distribution, runtime_distributions

#: Everything compiled, and what a start of the application imports.
IMPORTS = "import psycopg, psycopg_binary, argon2, _cffi_backend, zstandard, pyrage, python_calamine, django, biip"
BUILD = (
    "import sys\nfrom rattail.features.backups.environment import rebuild, wheels\n"
    "found = [wheels.Wheel(*line.split('|')) for line in sys.argv[2].split(';')]\n"
    "rebuild.rebuild_environment(found, sys.argv[1], python=sys.executable)\n"
)


def linked_environment(wheel: Path, path: Path) -> Path:
    """An environment with our wheel, all that it needs, and pip: hard links to what is installed here."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(path)], check=True)
    site = next((path / "lib").glob("python3.*/site-packages"))
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(site)
    for name in (*runtime_distributions(), "pip"):
        copy_distribution(name, site, copy=os.link)
    return site


def recorded(site: Path) -> dict[str, str]:
    """The hash of every installed file but for programs, whose first line names their place."""
    rows = [line for one in site.glob("*.dist-info/RECORD") for line in csv.reader(one.read_text().splitlines())]
    ours = {"RECORD", "REQUESTED", "INSTALLER", "direct_url.json"}
    return {path: digest for path, digest, _ in rows if digest and "/bin/" not in path and Path(path).name not in ours}


def without_network() -> list[str]:
    return ["unshare", "-n"] if os.geteuid() == 0 else []


def handed(found: tuple[Wheel, ...]) -> str:
    return ";".join(f"{one.path}|{one.file_name}|{one.size_bytes}|{one.sha256}" for one in found)


def test_a_whole_environment_comes_back_from_its_wheels_alone(wheel: Path, tmp_path: Path) -> None:
    told: list[str] = []
    first = linked_environment(wheel, tmp_path / "first")
    before = recorded(first)
    found = wheels(str(tmp_path / "first"), str(tmp_path / "cache"), warn=told.append)
    shutil.rmtree(tmp_path / "first")
    into = tmp_path / "second"

    built = [*without_network(), sys.executable, "-c", BUILD, str(into), handed(found)]
    subprocess.run(built, check=True, timeout=120)

    site = next((into / "lib").glob("python3.*/site-packages"))
    assert (told, recorded(site)) == ([], before)
    for words in (["rattail", "--version"], ["python", "-m", "pip", "check"], ["python", "-c", IMPORTS]):
        ran = subprocess.run([into / "bin" / words[0], *words[1:]], cwd="/", capture_output=True, check=False)
        assert ran.returncode == 0, ran
    assert not [name for name in os.listdir(into) if name.startswith(".")]


@pytest.fixture
def into(tmp_path: Path) -> Path:
    return tmp_path / "new-env"


def test_everything_in_an_environment_can_be_compiled_ahead(made_up: MadeUp) -> None:
    compile_environment(str(made_up.path))

    assert list(made_up.site.glob("__pycache__/old_style.*.pyc"))


def test_what_a_killed_run_left_is_removed_and_built_again(few_wheels: tuple[Wheel, ...], into: Path) -> None:
    script = BUILD.replace("python=sys.executable", "python=sys.executable, progress=lambda _: os._exit(9)")
    killed = subprocess.run([sys.executable, "-c", f"import os\n{script}", into, handed(few_wheels)], check=False)
    (into / "lib" / "python3").mkdir(parents=True)
    (into / "lib" / "python3" / "half").touch()
    heard: list[int] = []

    before = os.umask(0o077)
    try:
        built = rebuild_environment(few_wheels, str(into), python=sys.executable, progress=heard.append)
    finally:
        os.umask(before)

    modes = {path.stat().st_mode & 0o055 for path in [into, *into.glob("bin/*"), *into.glob("lib/*/*")]}
    assert modes <= {0o055, 0o044}
    assert (killed.returncode, heard, built.wheel_count) == (9, [0, 3], 3)
    assert not (into / "lib" / "python3").exists()
    assert subprocess.check_output([into / "bin" / "many-real"]) == b"real\n"
    assert (into / "share" / "many.txt").read_text() == "data\n"
    with pytest.raises(WouldOverwrite, match="is not empty"):
        rebuild_environment(few_wheels, str(into), python=sys.executable)


def test_two_do_not_build_at_one_place(few_wheels: tuple[Wheel, ...], into: Path) -> None:
    (into / SCRATCH).mkdir(parents=True)
    with open(into / SCRATCH / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)

        with pytest.raises(AppDirBusy, match="being built by another process"):
            rebuild_environment(few_wheels, str(into), python=sys.executable)

    assert (into / SCRATCH / "lock").exists()


def test_a_folder_with_anything_in_it_is_left_as_it_is(few_wheels: tuple[Wheel, ...], into: Path) -> None:
    into.mkdir()
    (into / "own.txt").write_text("mine")

    with pytest.raises(WouldOverwrite):
        rebuild_environment(few_wheels, str(into), python=sys.executable)

    assert os.listdir(into) == ["own.txt"]


@pytest.mark.parametrize("which", ["pip-", "many_parts-"])
def test_a_wheel_without_its_hash_is_refused_and_nothing_is_left(
    few_wheels: tuple[Wheel, ...], into: Path, which: str
) -> None:
    lying = [one._replace(sha256="0" * 64) if one.file_name.startswith(which) else one for one in few_wheels]

    with pytest.raises((BackupUnproven, AppDirBroken), match=r"SHA-256|HASHES"):
        rebuild_environment(lying, str(into), python=sys.executable)

    assert not into.exists()


def test_wheels_for_another_machine_are_refused_with_a_way_out(few_wheels: tuple[Wheel, ...], into: Path) -> None:
    ours = few_wheels[0]
    foreign = Path(ours.path).with_name("many_parts-1.0-cp311-cp311-manylinux_2_17_s390x.whl")
    shutil.copy(ours.path, foreign)
    into.mkdir()

    with pytest.raises(InputRejected, match="for another machine or another Python") as refused:
        rebuild_environment(
            [*few_wheels, ours._replace(path=str(foreign), file_name=foreign.name)], str(into), python=sys.executable
        )

    assert "--index" in refused.value.hint
    assert os.listdir(into) == []


@pytest.mark.parametrize(
    ("says", "problem"),
    [("echo 3.9", "is Python 3.9; 3.11 or newer is needed"), ("exit 1", "can be started")],
)
def test_a_python_that_will_not_do_is_refused_first(
    few_wheels: tuple[Wheel, ...], into: Path, tmp_path: Path, says: str, problem: str
) -> None:
    old = tmp_path / "python3.9"
    old.write_text(f"#!/bin/sh\n{says}\n")
    old.chmod(0o755)

    with pytest.raises((InputRejected, NoSuchThing), match=problem):
        rebuild_environment(few_wheels, str(into), python=str(old))

    assert not into.exists()
