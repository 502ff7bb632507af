"""Uploads in an app folder, without a browser."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

from rattail.features.uploads.ground import Ground, Limits
from rattail.features.uploads.service.append import append
from rattail.features.uploads.service.finish import finish
from rattail.features.uploads.service.start import start_upload
from rattail.features.uploads.service.use import claim
from rattail.features.uploads.upload import Upload

CONTENT = b"code,case cost\n0074305001321,24.00\n"


def put_uploads(root: Path) -> None:
    """Two uploads that are old, of which one is in use."""
    ground = Ground(f"{root}/data/uploads", Limits(1 << 30, 1 << 30, 0), datetime.now(UTC), "alice")
    old, used = (put_upload(ground, name) for name in ("old.csv", "used.csv"))
    claim(used.token, by="job 7", ground=ground)
    for upload in (old, used):
        for path in (*Path(upload.folder).iterdir(), Path(upload.folder)):
            os.utime(path, (0, 0))


def put_upload(ground: Ground, name: str) -> Upload:
    """A whole upload of that name."""
    token = start_upload(ground, name=name, size_bytes=len(CONTENT), said_type="text/csv").token
    append(token, offset=0, blocks=[CONTENT], ground=ground)
    return finish(token, ground=ground)
