"""restore.py where what every backup holds unencrypted is hostile: the record of the environment, and the wheels."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from rattail.features.backups.environment import standalone
from tests.features.backups.hostile.archives import good
from tests.features.backups.hostile.forging import archive

_NAME = "poser-20261122T023000Z.tar"
_OURS = "rattail_appfolder-1-py3-none-any.whl"
_PIP = "pip-1-py3-none-any.whl"


def _wheel(*names: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as packed:
        for name in names:
            packed.writestr(name, b"x" * 50)
    return content.getvalue()


@pytest.mark.parametrize(
    ("record", "wheels"),
    [
        (b"[" * 200_000, {_OURS: _wheel("a")}),
        (b'{"a":' * 200_000, {_OURS: _wheel("a")}),
        (b"[]", {_OURS: _wheel("a")}),
        (b"null", {_OURS: _wheel("a")}),
        (b"\xff", {_OURS: _wheel("a")}),
        (b'{"version": ' + b"9" * 5000 + b"}", {_OURS: _wheel("a")}),
        (b'{"version": "\\ud800"}', {_OURS: _wheel("a")}),
        (b'{"version": "\\u001b[2J"}', {_OURS: _wheel("a")}),
        (b'{"version": 1}', {}),
        (b'{"version": 1}', {"x.whl": b"x", _OURS: b"x"}),
        (b'{"version": 1}', {_OURS: b"no zip"}),
        (b'{"version": 1}', {_PIP: b"no zip", _OURS: _wheel("a")}),
        (b'{"version": 1}', {_PIP: _wheel("pip/a").replace(b"x" * 50, b"y" * 50), _OURS: _wheel("a")}),
        (b'{"version": 1}', {_PIP: _wheel("../../../victim", "/victim"), _OURS: _wheel("a")}),
    ],
    ids=[
        "deep lists",
        "deep objects",
        "a list",
        "null",
        "no text",
        "a huge number",
        "half a character",
        "a control character",
        "no wheels",
        "wheels without names",
        "a wheel that is no zip",
        "a pip that is no zip",
        "a pip that is damaged",
        "a pip that leads out",
    ],
)
def test_restore_py_says_what_is_wrong_and_leaves_nothing(
    record: bytes, wheels: dict[str, bytes], tmp_path: Path
) -> None:
    parts = [(name, record if name == standalone.ENVIRONMENT else content) for name, content in good()]
    packed = [(f"wheels/{name}", content) for name, content in wheels.items()]
    (tmp_path / _NAME).write_bytes(archive([*parts[:4], *packed, *parts[4:]]))
    words = [sys.executable, "-I", "-S", standalone.__file__, str(tmp_path / _NAME), "--into", str(tmp_path / "new")]

    ran = subprocess.run(words, capture_output=True, text=True, check=False)

    assert ran.returncode > 0
    assert "Traceback" not in ran.stderr
    assert "\x1b" not in ran.stderr
    assert ran.stderr.strip()
    assert os.listdir(tmp_path) == [_NAME]
