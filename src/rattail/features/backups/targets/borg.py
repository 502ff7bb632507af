"""A borg repository."""

from __future__ import annotations

import json
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

_FAILED = 2  # from here on; 1 is a warning
_CHECK_S = 60  # for the data at a time; the next check goes on from there


def send_to_borg(
    repository: Repository, backup: Backup, unpacked: Unpacked, *, is_first_try: bool, progress: Progress
) -> None:
    """Have borg take the files in, then check its data (a minute of it each time), the archive and the list of files.

    Raises:
        NoSuchThing: borg is not installed.
        AppDirBroken: it refuses.
        BackupUnproven: what it has is not what went in.
    """
    repository.require_program()
    environ = _environ(repository)
    name = backup.file_name.removesuffix(".tar")
    if is_first_try or not _is_known(repository, environ, name):
        _put(repository, environ, backup, name, unpacked, progress)
    progress("checking the repository", 0, None)
    for words in (
        ("--repository-only", f"--max-duration={_CHECK_S}"),
        ("--archives-only", "--glob-archives", name),
    ):
        code, _, said = run(["borg", "check", *words, repository.place], environ)
        if code:
            raise repository.failed("find all it should have in", said, is_unproven=True)
    require_same(repository, backup, unpacked, *_listed(repository, environ, name))


def _environ(repository: Repository) -> dict[str, str]:
    environ = dict(repository.environ)
    environ["BORG_CACHE_DIR"] = repository.cache("borg")
    environ["BORG_SECURITY_DIR"] = repository.cache("borg-security")
    if repository.password:
        environ["BORG_PASSPHRASE"] = repository.password
        environ.pop("BORG_PASSCOMMAND", None)
        environ.pop("BORG_PASSPHRASE_FD", None)
    elif not {"BORG_PASSPHRASE", "BORG_PASSCOMMAND"} & set(environ):
        environ["BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK"] = "yes"  # no password was set: it is not encrypted
    return environ


def _is_known(repository: Repository, environ: dict[str, str], name: str) -> bool:
    """Whether an earlier try put it in."""
    code, answer, said = run(["borg", "list", "--json", "--glob-archives", name, repository.place], environ)
    if code:
        raise repository.failed("open", said)
    return bool(json.loads(answer)["archives"])


def _put(
    repository: Repository,
    environ: dict[str, str],
    backup: Backup,
    name: str,
    unpacked: Unpacked,
    progress: Progress,
) -> None:
    at = f"{backup.made_at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}"
    command = ["borg", "create", "--log-json", "--progress", "--timestamp", at, f"{repository.place}::{name}", "."]
    said: list[str] = []
    with running(command, environ, folder=unpacked.path) as process:
        for line in process.stdout or ():
            try:
                document = json.loads(line)
            except ValueError:
                said.append(line)
                continue
            if document.get("type") == "archive_progress" and "original_size" in document:
                progress("sending", int(document["original_size"]), unpacked.file_bytes)
            elif document.get("type") == "log_message":
                said.append(str(document.get("message", "")) + "\n")
        code = process.wait()
    if code >= _FAILED or code < 0:
        raise repository.failed("put the backup into", "".join(said))


def _listed(repository: Repository, environ: dict[str, str], name: str) -> tuple[int, int]:
    """How many files the archive has, and their size."""
    files = size = 0
    said: list[str] = []
    command = ["borg", "list", "--format", "{type} {size}{NL}", f"{repository.place}::{name}"]
    with running(command, environ) as process:
        for line in process.stdout or ():
            kind, _, number = line.partition(" ")
            if len(kind) != 1:
                said.append(line)
            elif kind == "-":
                files += 1
                size += int(number)
        code = process.wait()
    if code:
        raise repository.failed("list what is in", "".join(said), is_unproven=True)
    return files, size
