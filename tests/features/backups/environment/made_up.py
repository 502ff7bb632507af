"""An environment made up of a handful of small distributions, each with something that is hard to repack."""

from __future__ import annotations

import atexit
import base64
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path


class MadeUp:
    """A virtual environment at `path` whose distributions are written by hand, as an installer would leave them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        shutil.copytree(_empty_environment(), path, symlinks=True)
        self.site = next((path / "lib").glob("python3.*/site-packages"))
        self.python = path / "bin" / "python"

    def install(
        self,
        name: str,
        version: str,
        files: Mapping[str, bytes],
        *,
        tags: tuple[str, ...] = ("py3-none-any",),
        entry_points: str = "",
        direct_url: Mapping[str, object] | None = None,
        is_recorded: bool = True,
    ) -> None:
        """Write the files (paths from site-packages) and a dist-info that records them."""
        info = f"{name}-{version}.dist-info"
        wheel = "Wheel-Version: 1.0\nGenerator: made up\nRoot-Is-Purelib: true\n"
        own = {
            f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n\nName: no name\n".encode(),
            f"{info}/WHEEL": (wheel + "".join(f"Tag: {tag}\n" for tag in tags)).encode(),
            f"{info}/INSTALLER": b"pip\n",
        }
        if entry_points:
            own[f"{info}/entry_points.txt"] = entry_points.encode()
        if direct_url is not None:
            own[f"{info}/direct_url.json"] = json.dumps(direct_url).encode()
        rows = []
        for path, content in {**files, **own}.items():
            target = Path(os.path.normpath(self.site / path))
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
            if target.parent == self.path / "bin":
                target.chmod(0o755)
            digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
            rows.append(f"{path},," if "__pycache__" in path else f'"{path}",sha256={digest},{len(content)}')
        if is_recorded:
            (self.site / info / "RECORD").write_text("\n".join([*rows, f"{info}/RECORD,,"]) + "\n")


@cache
def _empty_environment() -> Path:
    above = Path(tempfile.mkdtemp(prefix="rattail-made-up-"))
    atexit.register(shutil.rmtree, above)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(above / "env")], check=True)
    return above / "env"


def write_backup(path: Path, members: Mapping[str, bytes], *, sums: bytes | None = None) -> Path:
    """An outer tar by the standard library, with its list of sums at the end."""
    listed = "".join(f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in members.items())
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as tar:
        for name, content in {**members, "SHA256SUMS": listed.encode() if sums is None else sums}.items():
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(content), 0o600
            tar.addfile(info, io.BytesIO(content))
    return path
