"""The same hostile archives at every door: read back, restored with a key, and given to restore.py.

Each is refused in a sentence; nothing is written but where it was asked for, and nothing is left.
"""

from __future__ import annotations

import io
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pyrage
import pytest

from rattail.errors import RattailError
from rattail.features.backups.environment import standalone
from rattail.features.backups.keys.keys import read_identities
from rattail.features.backups.making.readback import read_back
from rattail.features.backups.restoring.restore import restore
from rattail.registry import Registry
from tests.features.backups.hostile.archives import archive_cases
from tests.features.backups.hostile.case import Case
from tests.features.backups.hostile.folders import folder_cases
from tests.features.backups.hostile.forging import archive
from tests.features.backups.restoring.shelf import empty_shop
from tests.kit.snapshot import snapshot

ENOUGH = 200
ENOUGH_ENCRYPTED = 100
NAME = "poser-20261122T023000Z.tar"
_CLOSED = ("manifest.json", "folder.tar.zst")


@pytest.fixture
def around(tmp_path: Path) -> Path:
    """A folder in which a victim lies, beside all that is written."""
    around = tmp_path / "around"
    (around / "victim").mkdir(parents=True)
    (around / "victim/precious").write_text("precious")
    return around


def _cases(around: Path, *, every: int = 1) -> Iterator[Case]:
    victim = str(around / "victim")
    yield from [*folder_cases(victim), *archive_cases(victim)][::every]


def test_reading_back_finds_what_is_wrong_and_leaves_nothing(around: Path, tmp_path: Path) -> None:
    path, scratch = tmp_path / NAME, around / "scratch"
    scratch.mkdir()
    before = snapshot(around)
    found = 0

    for case in _cases(around):
        path.write_bytes(case.make())
        try:
            problem = read_back(str(path), scratch=str(scratch)).problem
        except RattailError as error:
            problem = error.message

        assert problem or not case.says, f"{case.title}: it was read back as if it were good"
        assert "\n" not in problem, case.title
        assert _same(before, snapshot(around)), case.title
        found += bool(problem)

    assert found >= ENOUGH


def test_what_is_wrong_inside_an_encrypted_backup_is_refused_as_well(
    around: Path, tmp_path: Path, registry: Registry
) -> None:
    key = pyrage.x25519.Identity.generate()
    kit = tmp_path / "key.txt"
    kit.write_text(f"{key}\n")
    kit.chmod(0o600)
    identities = read_identities(str(key), source="the test")
    shop = empty_shop(around / "poser", registry)
    before = snapshot(around)
    path = tmp_path / NAME
    refused = 0

    for case in folder_cases(str(around / "victim")):
        if not case.says or "bomb" in case.title:
            continue
        path.write_bytes(_encrypted(case.make(), key))
        looked = read_back(str(path), scratch=str(around), identities=identities)
        with pytest.raises(RattailError) as told:
            restore(shop.request(path)._replace(identities=tuple(identities)))

        assert looked.problem, f"{case.title}: it was read back as if it were good"
        assert "\n" not in told.value.message, case.title
        assert _same(before, snapshot(around)), case.title
        refused += 1

    assert refused >= ENOUGH_ENCRYPTED


def test_restore_py_refuses_each_in_a_sentence_and_makes_nothing(
    around: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path, before, refused = tmp_path / NAME, snapshot(around), 0

    for case in _cases(around):
        path.write_bytes(case.make())
        with pytest.raises(SystemExit) as ended:
            standalone.main([str(path), "--into", str(around / "new")])

        said = capfd.readouterr().err
        assert ended.value.code not in (0, None), case.title
        assert said.strip(), case.title
        assert _same(before, snapshot(around)), case.title
        refused += 1

    assert refused >= ENOUGH


def test_restore_py_does_so_alone_with_little_memory_and_little_disk(around: Path, tmp_path: Path) -> None:
    path, before, refused = tmp_path / NAME, snapshot(around), 0
    limited = "import resource as r, runpy, sys; r.setrlimit(r.RLIMIT_AS, (1 << 28, 1 << 28));"
    limited += "r.setrlimit(r.RLIMIT_FSIZE, (1 << 20, 1 << 20)); sys.argv = sys.argv[1:];"
    limited += "runpy.run_path(sys.argv[0], run_name='__main__')"
    words = [sys.executable, "-I", "-S", "-c", limited, standalone.__file__, str(path), "--into", str(around / "new")]

    for case in _cases(around, every=40):
        path.write_bytes(case.make())
        ran = subprocess.run(words, capture_output=True, text=True, check=False)

        assert ran.returncode > 0, f"{case.title}: {ran}"
        assert "Traceback" not in ran.stderr, f"{case.title}: {ran.stderr}"
        assert ran.stderr.strip(), case.title
        assert _same(before, snapshot(around)), case.title
        refused += 1

    assert refused >= 12


@pytest.mark.parametrize("act", ["restore", "read back"])
def test_what_unpacks_without_end_is_refused_with_little_memory_and_little_disk(
    act: str, around: Path, tmp_path: Path
) -> None:
    bombs = [case for case in _cases(around) if "bomb" in case.title]
    path = tmp_path / NAME
    before = snapshot(around)

    for case in bombs:
        path.write_bytes(case.make())
        ran = subprocess.run(
            [sys.executable, "-c", _LIMITED[act], str(path), str(around)], capture_output=True, text=True, check=False
        )

        assert (ran.returncode, ran.stderr) == (0, ""), case.title
        assert ran.stdout.strip() or not case.says, case.title
        assert _same(before, snapshot(around)), case.title

    assert bombs


_START = """
import os, resource, sys
from rattail.errors import RattailError
from rattail.features.backups.archive.opened import open_archive
from rattail.features.backups.making.readback import read_back
from rattail.features.backups.restoring.unpack import unpack_folder
import tempfile, zstandard
resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
resource.setrlimit(resource.RLIMIT_FSIZE, (64 << 20, 64 << 20))
"""
_LIMITED = {
    "read back": _START + "print(read_back(sys.argv[1], scratch=sys.argv[2]).problem)\n",
    "restore": _START
    + """
try:
    with tempfile.TemporaryDirectory(dir=sys.argv[2]) as folder, open_archive(sys.argv[1]) as opened:
        unpack_folder(opened, os.open(folder, os.O_RDONLY | os.O_DIRECTORY))
except RattailError as error:
    print(error.message)
""",
}


def _encrypted(plain: bytes, key: pyrage.x25519.Identity) -> bytes:
    """The same archive with its manifest and its folder closed to whoever lacks the key, by age itself."""
    close: Callable[[bytes], bytes] = lambda content: pyrage.encrypt(content, [key.to_public()])  # noqa: E731
    with tarfile.open(fileobj=io.BytesIO(plain)) as opened:
        parts = []
        for member in opened:
            stream = opened.extractfile(member)
            assert stream is not None
            content = stream.read()
            if member.name in _CLOSED:
                parts.append((f"{member.name}.age", close(content)))
            elif member.name != "SHA256SUMS":
                parts.append((member.name, content))
    return archive(parts)


def _same(before: Mapping[str, object], after: Mapping[str, object]) -> bool:
    """But for the times of the folders in which something was for a while."""
    passed_through = (".", "scratch", "poser")
    kept = [{path: one for path, one in each.items() if path not in passed_through} for each in (before, after)]
    return kept[0] == kept[1]
