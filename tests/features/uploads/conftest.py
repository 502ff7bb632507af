"""A folder for uploads, and files to upload into it."""

from __future__ import annotations

from pathlib import Path

import pytest

from rattail.features.uploads.ground import Ground, Limits
from rattail.features.uploads.service.append import append
from rattail.features.uploads.service.finish import finish
from rattail.features.uploads.service.start import start_upload
from rattail.features.uploads.upload import Upload
from tests.conftest import NOW

MB = 1_000_000
LIMITS = Limits(largest_bytes=50 * MB, total_bytes=100 * MB, least_free_bytes=0)
ROWS = b"code,description,case cost\n" + b"0074305001321,Apple sauce,24.00\n" * 20


@pytest.fixture
def ground(tmp_path: Path) -> Ground:
    folder = tmp_path / "uploads"
    folder.mkdir(mode=0o700)
    return Ground(str(folder), LIMITS, NOW, "alice")


def upload_whole(ground: Ground, content: bytes = ROWS, *, name: str = "prices.csv", **announced: str) -> Upload:
    """Upload a file from beginning to end, in pieces."""
    upload = start_upload(ground, name=name, size_bytes=len(content), **announced)
    for offset in range(0, len(content), MB):
        append(upload.token, offset=offset, blocks=[content[offset : offset + MB]], ground=ground)
    return finish(upload.token, ground=ground)
