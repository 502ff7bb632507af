"""Whatever an archive says: nothing is written outside, and one sentence says what was wrong."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from rattail.errors import RattailError
from rattail.features.backups.archive.opened import open_archive
from rattail.features.backups.restoring.unpack import unpack_folder
from tests.features.backups.hostile.archives import archive_cases
from tests.features.backups.hostile.case import Case
from tests.features.backups.hostile.folders import folder_cases
from tests.kit.snapshot import snapshot


def _corpus(victim: str) -> dict[str, Case]:
    cases = [*folder_cases(victim), *archive_cases(victim)]
    corpus = {case.title.replace(victim, "VICTIM"): case for case in cases}
    assert len(corpus) == len(cases), "two cases have one title"
    return corpus


_TITLES = tuple(_corpus("/VICTIM"))


@pytest.fixture(scope="module")
def around(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a victim in it, beside which is unpacked."""
    around = tmp_path_factory.mktemp("around")
    for name in ("victim", "target-other"):
        (around / name).mkdir()
        (around / name / "precious").write_text("precious")
    return around


@pytest.fixture(scope="module")
def corpus(around: Path) -> dict[str, Case]:
    return _corpus(str(around / "victim"))


@pytest.fixture
def target(around: Path) -> Iterator[Path]:
    target = around / "target"
    target.mkdir()
    yield target
    _remove(target)


def test_there_are_enough_cases() -> None:
    assert len(_TITLES) >= 200


@pytest.mark.parametrize("title", [title.replace("/VICTIM", "VICTIM") for title in _TITLES])
def test_nothing_is_written_outside_and_the_refusal_says_why(
    title: str, corpus: dict[str, Case], around: Path, target: Path, tmp_path: Path
) -> None:
    case = corpus[title]
    archive = tmp_path / "poser-20261122T023000Z.tar"
    archive.write_bytes(case.make())
    before = _without(snapshot(around), target.name)

    said = _unpack(archive, target)

    assert _without(snapshot(around), target.name) == before
    assert _strange(target) == []
    if case.says:
        assert re.search(case.says, said), said
        assert "\n" not in said
        assert said.endswith(".")
    else:
        assert said == ""


def _unpack(archive: Path, target: Path) -> str:
    """What was wrong; nothing where all was well."""
    into = os.open(target, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with open_archive(str(archive)) as opened:
            unpack_folder(opened, into)
    except RattailError as error:
        return error.message
    finally:
        os.close(into)
    return ""


def _without(entries: Mapping[str, object], name: str) -> dict[str, object]:
    """A snapshot but for what lies at `name`; of the folder above it the time may change."""
    return {path: entry for path, entry in entries.items() if path != "." and path.split("/")[0] != name}


def _strange(target: Path) -> list[str]:
    """What was unpacked but is neither file, folder nor link, or runs as somebody else."""
    strange = []
    for folder, names, files in os.walk(os.fsencode(target)):
        for name in (*names, *files):
            mode = os.lstat(os.path.join(folder, name)).st_mode
            is_known = stat.S_ISREG(mode) or stat.S_ISDIR(mode) or stat.S_ISLNK(mode)
            if not is_known or (stat.S_ISREG(mode) and mode & (stat.S_ISUID | stat.S_ISGID)):
                strange.append(os.fsdecode(name))
    return strange


def _remove(target: Path) -> None:
    for folder, names, files in os.walk(os.fsencode(target), topdown=False):
        for name in (*names, *files):
            path = os.path.join(folder, name)
            if os.path.isdir(path) and not os.path.islink(path):
                os.rmdir(path)
            else:
                os.unlink(path)
    target.rmdir()
