"""A borg repository."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC
from typing import Any

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
#: What borg adds to the size of the files for the archive itself, at most: a few bytes for every few hundred files.
_OWN_BYTES, _OWN_BYTES_A_FILE = 1 << 16, 1


def send_to_borg(
    repository: Repository, backup: Backup, unpacked: Unpacked, *, is_first_try: bool, progress: Progress
) -> None:
    """Have borg take the files in, then check its data (a minute of it each time) and the archive.

    What went in is compared with what borg says to have written, or, where an earlier try wrote it, with its list of
    the files; that all of it is there, its checks say.

    Raises:
        NoSuchThing: borg is not installed.
        AppDirBroken: it refuses.
        BackupUnproven: what it has is not what went in.
    """
    repository.require_program()
    environ = _environ(repository)
    name = backup.file_name.removesuffix(".tar")
    is_known = not is_first_try and _is_known(repository, environ, name)
    took = None if is_known else _put(repository, environ, backup, name, unpacked, progress)
    progress("checking the repository", 0, None)
    for words in (
        ("--repository-only", f"--max-duration={_CHECK_S}"),
        ("--archives-only", "--glob-archives", name),
    ):
        code, _, said = run(["borg", "check", *words, repository.place], environ)
        if code:
            raise repository.failed("find all it should have in", said, is_unproven=True)
    require_same(repository, backup, unpacked, *(took or _listed(repository, environ, name)))


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
) -> tuple[int, int] | None:
    """Returns how many files it took and their size; None where that is better looked up in the list of files."""
    at = f"{backup.made_at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}"
    words = ("--json", "--log-json", "--progress", "--timestamp", at)
    command = ["borg", "create", *words, f"{repository.place}::{name}", "."]
    said: list[str] = []
    with running(command, environ, folder=unpacked.path) as process:
        for line in process.stdout or ():
            document = _document(line)
            if document.get("type") == "archive_progress" and "original_size" in document:
                progress("sending", int(document["original_size"]), unpacked.file_bytes)
            elif document.get("type") == "log_message":
                said.append(str(document.get("message", "")) + "\n")
            elif not document:
                said.append(line)
        code = process.wait()
    if code >= _FAILED or code < 0:
        raise repository.failed("put the backup into", "".join(said))
    return _took(said, unpacked)


def _took(said: Sequence[str], unpacked: Unpacked) -> tuple[int, int] | None:
    """What its last word, a document of many lines, tells: the sizes of the files together, and a little of its own."""
    if "{\n" not in said:
        return None
    stats = _document("".join(said[said.index("{\n") :])).get("archive", {}).get("stats", {})
    files, size = stats.get("nfiles", 0), stats.get("original_size", 0)
    of_its_own = size - unpacked.file_bytes
    is_all = files == unpacked.files and 0 <= of_its_own <= _OWN_BYTES + files * _OWN_BYTES_A_FILE
    return (unpacked.files, unpacked.file_bytes) if is_all else None


def _document(text: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


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
