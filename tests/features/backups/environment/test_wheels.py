"""Repacking what is installed: by its record, always the same bytes, kept in a cache."""

from __future__ import annotations

import base64
import csv
import hashlib
import importlib
import io
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from rattail.features.backups.environment.wheel import Wheel
from rattail.features.backups.environment.wheels import wheels
from tests.features.backups.environment.made_up import MadeUp


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "backups" / "wheels"


def named(found: tuple[Wheel, ...], start: str) -> Wheel:
    return next(one for one in found if one.file_name.startswith(start))


def content(wheel: Wheel) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel.path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_a_wheel_has_everything_in_its_place_and_nothing_that_is_made_again(made_up: MadeUp, cache: Path) -> None:
    wheel = named(wheels(str(made_up.path), str(cache)), "many_parts")

    files, info, data = content(wheel), "many_parts-1.0+local.2.dist-info", "many_parts-1.0+local.2.data"
    assert wheel.file_name == "many_parts-1.0+local.2-py3-none-any.whl"
    assert set(files) == {
        *("many_parts/__init__.py", "many_parts/naïve, and quoted.txt", f"{data}/data/share/man/man1/many.1"),
        *(f"{data}/scripts/many-real", f"{data}/scripts/many-far", f"{data}/scripts/many-shell"),
        *(f"{data}/headers/sub/many.h", f"{info}/METADATA", f"{info}/WHEEL", f"{info}/entry_points.txt"),
        f"{info}/RECORD",
    }
    assert files[f"{data}/scripts/many-real"] == b"#!python\nprint('real')\n"
    assert files[f"{data}/scripts/many-far"] == b"#!python\nprint('far')\n"
    assert files[f"{data}/scripts/many-shell"] == b"#!/bin/sh\necho shell\n"


def test_the_record_in_a_wheel_is_true(made_up: MadeUp, cache: Path) -> None:
    files = content(named(wheels(str(made_up.path), str(cache)), "many_parts"))

    record = next(name for name in files if name.endswith("/RECORD"))
    rows = {row[0]: row[1:] for row in csv.reader(io.StringIO(files[record].decode()))}
    assert set(rows) == set(files)
    assert list(files)[-1] == record
    for name in set(files) - {record}:
        digest = base64.urlsafe_b64encode(hashlib.sha256(files[name]).digest()).rstrip(b"=").decode()
        assert rows[name] == [f"sha256={digest}", str(len(files[name]))]


def test_several_tags_make_one_name(made_up: MadeUp, cache: Path) -> None:
    assert named(wheels(str(made_up.path), str(cache)), "old_style").file_name == "old_style-2-py2.py3-none-any.whl"


def test_a_name_too_long_for_a_tar_header_keeps_the_oldest_platform(made_up: MadeUp, cache: Path) -> None:
    platforms = ("manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux_2_26_x86_64", "manylinux_2_34_x86_64")
    tags = tuple(f"cp311-cp311-{one}" for one in platforms)
    made_up.install("compiled", "5", {"compiled.so": b"elf"}, tags=tags)
    made_up.install("l" * 90, "5", {"long.py": b""})
    told: list[str] = []

    found = wheels(str(made_up.path), str(cache), warn=told.append)

    assert named(found, "compiled").file_name == "compiled-5-cp311-cp311-manylinux_2_17_x86_64.whl"
    assert any("file name that is too long" in text for text in told)


def test_the_same_files_make_the_same_bytes(made_up: MadeUp, cache: Path) -> None:
    first = wheels(str(made_up.path), str(cache))
    os.utime(made_up.site / "old_style.py", (1, 1))
    second = wheels(str(made_up.path), str(cache.with_name("others")))

    assert [one.sha256 for one in second] == [one.sha256 for one in first]
    assert all(hashlib.sha256(Path(one.path).read_bytes()).hexdigest() == one.sha256 for one in first)


def test_what_was_changed_or_lost_since_it_was_installed_is_told_each_time(made_up: MadeUp, cache: Path) -> None:
    before = named(wheels(str(made_up.path), str(cache)), "many_parts")
    (made_up.site / "many_parts" / "__init__.py").write_bytes(b"mended = True\n")
    (made_up.path / "share" / "man" / "man1" / "many.1").unlink()

    told: list[list[str]] = [[], []]
    after = [named(wheels(str(made_up.path), str(cache), warn=one.append), "many_parts") for one in told]

    assert after[0] == after[1] != before
    assert content(after[0])["many_parts/__init__.py"] == b"mended = True\n"
    for one in told:
        assert any("__init__.py' was changed since it was installed" in text for text in one)
        assert any("many.1' is gone since it was installed" in text for text in one)


def test_what_cannot_be_packed_is_named_with_what_to_do(made_up: MadeUp, cache: Path) -> None:
    (made_up.site / "own_patch.py").write_text("x = 1\n")
    told: list[str] = []

    found = wheels(str(made_up.path), str(cache), warn=told.append)

    assert [one.file_name.partition("-")[0] for one in found if not one.file_name.startswith("pip-")] == [
        "many_parts",
        "old_style",
    ]
    assert any("linked 3 is not among the wheels" in text and "'/nowhere/linked', is gone" in text for text in told)
    assert any("unlisted 4" in text and "Install it again with pip" in text for text in told)
    assert any("own_patch.py" in text and "not in the backup" in text for text in told)


def test_an_environment_without_pip_gets_the_one_that_came_with_python(made_up: MadeUp, cache: Path) -> None:
    told: list[str] = []

    found = wheels(str(made_up.path), str(cache), warn=told.append)

    has_pip = any(one.file_name.startswith("pip-") for one in found)
    assert has_pip != any("There is no pip" in text for text in told)


def test_only_the_first_time_anything_is_packed(made_up: MadeUp, cache: Path) -> None:
    first = wheels(str(made_up.path), str(cache))
    made_at = [os.stat(one.path).st_mtime_ns for one in first]

    second = wheels(str(made_up.path), str(cache))

    assert second == first
    assert [os.stat(one.path).st_mtime_ns for one in second] == made_at


def test_a_damaged_wheel_of_the_cache_is_packed_again(made_up: MadeUp, cache: Path) -> None:
    first = wheels(str(made_up.path), str(cache))
    damaged = Path(named(first, "old_style").path)
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"x")

    assert wheels(str(made_up.path), str(cache)) == first
    assert hashlib.sha256(damaged.read_bytes()).hexdigest() == named(first, "old_style").sha256


@pytest.mark.parametrize("syscall", ["rename", "write"])
def test_a_kill_half_way_is_harmless(made_up: MadeUp, cache: Path, syscall: str) -> None:
    script = (
        "import os, sys, json\nfrom rattail.features.backups.environment import wheels\n"
        "def die(*_):\n    os._exit(9)\n"
        + ("os.rename = die\n" if syscall == "rename" else "json.dump = die\n")
        + "wheels.wheels(*sys.argv[1:])\n"
    )
    killed = subprocess.run([sys.executable, "-c", script, str(made_up.path), str(cache)], check=False)
    left = [name for name in os.listdir(cache) if name.startswith(".tmp-")]

    wheels(str(made_up.path), str(cache))

    assert (killed.returncode, len(left)) == (9, 1)
    assert not [name for name in os.listdir(cache) if name.startswith(".tmp-")]


def test_of_each_distribution_only_the_last_states_stay(made_up: MadeUp, cache: Path) -> None:
    for number in range(5):
        (made_up.site / "old_style.py").write_text(f"x = {number}\n")
        os.utime(made_up.site / "old_style.py", (number, number))
        found = wheels(str(made_up.path), str(cache))

    assert sum(name.startswith("old_style") for name in os.listdir(cache)) == 3
    assert Path(named(found, "old_style").path).exists()


def _own_source(made_up: MadeUp, tmp_path: Path) -> Path:
    """The source of an editable installation in that environment."""
    source = tmp_path / "own source"
    source.mkdir()
    (source / "own.py").write_text('"""Ours."""\n__version__ = "1.5"\n')
    head = '[build-system]\nrequires = ["flit_core"]\nbuild-backend = "flit_core.buildapi"\n'
    (source / "pyproject.toml").write_text(f'{head}[project]\nname = "own"\nversion = "1.5"\ndescription = "Ours"\n')
    for name in ("pip", "flit_core"):  # importable, not installed: nothing of them is packed
        (made_up.site / name).symlink_to(Path(importlib.import_module(name).__file__ or "").parent)
    url = {"url": f"file://{source}".replace(" ", "%20"), "dir_info": {"editable": True}}
    made_up.install("own", "1.5", {"own.pth": str(source).encode()}, direct_url=url)
    return source


def test_an_editable_installation_is_built_from_its_source(made_up: MadeUp, cache: Path, tmp_path: Path) -> None:
    source = _own_source(made_up, tmp_path)

    first = named(wheels(str(made_up.path), str(cache)), "own")
    again = named(wheels(str(made_up.path), str(cache)), "own")
    (source / "own.py").write_text('"""Ours, changed."""\n__version__ = "1.5"\n')
    changed = named(wheels(str(made_up.path), str(cache)), "own")

    assert first == again
    assert b"changed" in content(changed)["own.py"]
    assert sorted(os.listdir(source)) == ["own.py", "pyproject.toml"]


def test_backups_that_lie_in_a_source_tree_are_no_part_of_it(made_up: MadeUp, tmp_path: Path) -> None:
    source = _own_source(made_up, tmp_path)
    shelf = source / ".venv-backups"
    shelf.mkdir()

    first = named(wheels(str(made_up.path), str(shelf / "wheels")), "own")
    (shelf / "poser-20261122T023000Z.tar").write_bytes(b"x" * 1000)
    again = named(wheels(str(made_up.path), str(shelf / "wheels")), "own")

    assert first == again
    assert [path.name for path in shelf.rglob("own.py")] == []
