"""Proving an encrypted backup: with its key; another key, and none, are told apart from damage."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from rattail.features.backups.keys.keys import KeyPair, make_key
from rattail.features.backups.shelf.shelf import list_backups
from rattail.features.backups.shelf.state import State
from rattail.registry import Registry
from tests.conftest import Run
from tests.features.backups.proving.shop import scratch_of
from tests.features.backups.restoring.shelf import made_shop


@pytest.fixture(scope="module")
def key() -> KeyPair:
    return make_key()


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("shelf")


@pytest.fixture(scope="module")
def env(tmp_path_factory: pytest.TempPathFactory, registry: Registry, target: Path, key: KeyPair) -> Mapping[str, str]:
    """A shop with one encrypted backup."""
    shop = made_shop(tmp_path_factory.mktemp("envs") / "poser", registry)
    shop.backup(target, recipients=(key.public,))
    return {"RATTAIL_APPDIR": str(shop.app), "RATTAIL_BACKUPS_TARGET": str(target)}


@pytest.fixture
def identity(tmp_path: Path, key: KeyPair) -> Path:
    (tmp_path / "key.txt").write_text(f"# kept elsewhere\n{key.secret}\n")
    return tmp_path / "key.txt"


def test_without_its_key_nothing_is_said_against_it(
    run: Run, env: Mapping[str, str], target: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.txt"
    other.write_text(f"{make_key().secret}\n")
    before = _look(target)

    none, wrong = run("prove-backup", env=env), run("prove-backup", "--identity", other, env=env)

    assert (none.code, wrong.code) == (57, 64)
    assert "encrypted" in none.err
    assert "--identity" in none.err
    assert "damaged" not in none.err + wrong.err
    assert _look(target) == before
    assert before[0] is State.UNPROVEN
    assert not scratch_of(target)


def test_with_its_key_it_is_proven_and_damage_is_still_found(
    run: Run, env: Mapping[str, str], target: Path, identity: Path
) -> None:
    proved = run("prove-backup", "--identity", identity, env=env)
    listed = run("list-backups", "--json", env=env).data["backups"][0]

    assert proved.code == 0, proved.err
    assert (listed["state"], listed["is_encrypted"]) == ("proven", True)
    assert not scratch_of(target)

    (path,) = target.glob("*.tar")
    content = bytearray(path.read_bytes())
    content[content.index(b"age-encryption.org", content.index(b"folder.tar.zst.age")) + 4000] ^= 1
    look = path.stat()
    path.write_bytes(content)
    os.utime(path, ns=(look.st_atime_ns, look.st_mtime_ns))

    assert run("prove-backup", "--identity", identity, env=env).code == 59
    assert _look(target)[0] is State.DAMAGED


def _look(target: Path) -> tuple[State, str]:
    (backup,) = list_backups(str(target))
    return backup.state, backup.problem
