"""A restic repository."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from datetime import UTC

from rattail.features.backups.shelf.shelf import Backup
from rattail.features.backups.targets.repository import (
    Progress,
    Repository,
    require_same,
    run,
    running,
)
from rattail.features.backups.targets.unpacked import Unpacked

#: After so many backups all that is in the repository was read once.
_SHARES = 30


def send_to_restic(
    repository: Repository, backup: Backup, unpacked: Unpacked, *, is_first_try: bool, progress: Progress
) -> None:
    """Have restic take the files in, then check the repository and a share of its data.

    What went in is compared with what restic says to have written, or, where an earlier try wrote it, with its list of
    the files; that all of it is there, its check says.

    Raises:
        NoSuchThing: restic is not installed.
        AppDirBroken: it refuses.
        BackupUnproven: what it has is not what went in.
    """
    repository.require_program()
    environ = _environ(repository)
    known = "" if is_first_try else _known(repository, environ, backup)
    took = _listed(repository, environ, known) if known else _put(repository, environ, backup, unpacked, progress)
    share = f"{backup.made_at.toordinal() % _SHARES + 1}/{_SHARES}"
    progress("checking the repository", 0, None)
    code, _, said = run(_command(repository, "check", "--quiet", f"--read-data-subset={share}"), environ)
    if code:
        raise repository.failed("find all it should have in", said, is_unproven=True)
    require_same(repository, backup, unpacked, *took)


def _environ(repository: Repository) -> dict[str, str]:
    environ = {**repository.environ, "RESTIC_PROGRESS_FPS": "2"}
    environ["RESTIC_CACHE_DIR"] = repository.cache("restic")
    if repository.password:
        environ["RESTIC_PASSWORD"] = repository.password
        environ.pop("RESTIC_PASSWORD_FILE", None)
        environ.pop("RESTIC_PASSWORD_COMMAND", None)
    return environ


def _command(repository: Repository, verb: str, *words: str) -> list[str]:
    return ["restic", "--repo", repository.place, verb, *words]


def _known(repository: Repository, environ: dict[str, str], backup: Backup) -> str:
    """The snapshot that an earlier try made; also lets go of locks of tries that were killed."""
    run(_command(repository, "unlock", "--quiet"), environ)
    code, answer, said = run(_command(repository, "snapshots", "--json", "--tag", backup.file_name), environ)
    if code:
        raise repository.failed("open", said)
    found = json.loads(answer or "null") or []
    return str(found[-1]["id"]) if found else ""


def _put(
    repository: Repository, environ: dict[str, str], backup: Backup, unpacked: Unpacked, progress: Progress
) -> tuple[int, int]:
    """Returns how many files it took, and their size."""
    made_at = backup.made_at.astimezone(UTC)
    command = _command(
        repository,
        "backup",
        *("--json", "--host", backup.app, "--tag", "rattail", "--tag", backup.file_name),
        *("--time", f"{made_at.astimezone():%Y-%m-%d %H:%M:%S}", "."),
    )
    took: tuple[int, int] | None = None
    said: list[str] = []
    with running(command, environ, folder=unpacked.path) as process:
        for document in _documents(process, said):
            if document.get("message_type") == "status":
                progress("sending", _number(document, "bytes_done"), unpacked.file_bytes)
            if document.get("message_type") == "summary" and document.get("snapshot_id"):
                took = _number(document, "total_files_processed"), _number(document, "total_bytes_processed")
        code = process.wait()
    if code or took is None:
        raise repository.failed("put the backup into", "".join(said))
    return took


def _documents(process: subprocess.Popen[str], said: list[str]) -> Iterator[dict[str, object]]:
    """What it tells, line by line; what is no document goes to `said`."""
    for line in process.stdout or ():
        try:
            document = json.loads(line)
        except ValueError:
            said.append(line)
            continue
        if isinstance(document, dict):
            yield document


def _listed(repository: Repository, environ: dict[str, str], snapshot: str) -> tuple[int, int]:
    """How many files the snapshot has, and their size."""
    files = size = 0
    said: list[str] = []
    with running(_command(repository, "ls", "--json", snapshot), environ) as process:
        for document in _documents(process, said):
            if document.get("type") == "file":
                files += 1
                size += _number(document, "size")
        code = process.wait()
    if code:
        raise repository.failed("list what is in", "".join(said), is_unproven=True)
    return files, size


def _number(document: Mapping[str, object], name: str) -> int:
    return int(str(document.get(name, 0)))
