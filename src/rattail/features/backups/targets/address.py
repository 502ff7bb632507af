"""A copy at an address of fsspec, such as `s3://bucket/folder` or `sftp://host/folder`, where that is installed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from rattail.errors import AppDirBroken, BackupUnproven, NoSuchThing, RattailError, WouldOverwrite
from rattail.features.backups.shelf.shelf import PART_SUFFIX, Backup
from rattail.features.backups.targets.reading import CHUNK_BYTES, Sending, digest_of

if TYPE_CHECKING:
    from rattail.features.backups.targets.folder import Progress

#: What has to be installed for the protocols that fsspec does not speak by itself.
_PACKAGES = {
    "s3": "s3fs",
    "s3a": "s3fs",
    "sftp": "paramiko",
    "ssh": "paramiko",
    "gs": "gcsfs",
    "gcs": "gcsfs",
} | dict.fromkeys(("az", "abfs", "abfss"), "adlfs")


def copy_to_address(backup: Backup, sending: Sending, address: str, *, progress: Progress) -> tuple[str, ...]:
    """Copy a backup to the folder at the address, and read it back from there.

    What an earlier try brought there is compared and gone on with where the place can add to a file.

    Raises:
        NoSuchThing: fsspec, or what it needs for this kind of address, is not installed.
        WouldOverwrite: another file has the name of the backup there.
        BackupUnproven: what was read back differs, or the backup itself is damaged.
        AppDirBroken: the place does not answer or refuses.
    """
    place, folder = _opened(address)
    path = f"{folder.rstrip('/')}/{backup.file_name}"
    try:
        if place.exists(path):
            _compare(place, path, sending, address, progress)
        else:
            place.makedirs(folder, exist_ok=True)
            _bring(place, path, sending, address, progress)
    except RattailError:
        raise
    except Exception as error:  # every place has errors of its own
        raise AppDirBroken(
            f"cannot copy the backup to {address!r}: {_said(error)}.",
            hint="run the same command again when that is mended: it goes on where it broke off",
        ) from error
    return ()


def _opened(address: str) -> tuple[Any, str]:
    protocol = address.partition("://")[0]
    package = _PACKAGES.get(protocol, "fsspec")
    missing = NoSuchThing(
        f"backups can be copied to {address!r} only where the package {package!r} is installed.",
        hint=f"pip install {package}"
        if package in ("fsspec", "s3fs", "gcsfs", "adlfs")
        else f"pip install fsspec {package}",
    )
    try:
        import fsspec
    except ImportError:
        raise missing from None
    try:
        place, folder = fsspec.core.url_to_fs(address, use_listings_cache=False)
    except ImportError:
        raise missing from None
    except ValueError as error:
        raise NoSuchThing(f"nothing knows the address {address!r}: {_said(error)}.") from error
    except Exception as error:  # a host that does not answer, a login that is refused
        raise AppDirBroken(f"cannot reach {address!r}: {_said(error)}.") from error
    return place, str(folder)


def _bring(place: Any, path: str, sending: Sending, address: str, progress: Progress) -> None:
    part = path + PART_SUFFIX
    done = _common(place, part, sending, progress)
    with _writing(place, part, is_more=done > 0) as stream:
        at = 0
        for piece in sending:
            rest = piece[max(done - at, 0) :]
            if rest:
                stream.write(rest)
            at += len(piece)
            progress("copying", at, sending.size_bytes)
    try:
        _compare_digest(place, part, sending, address, progress)
    except BackupUnproven:
        place.rm(part)  # nothing of it is to be gone on with
        raise
    if place.exists(path):
        raise _in_the_way(address, path)
    place.mv(part, path)
    if place.size(path) != sending.size_bytes:
        raise BackupUnproven(f"the copy of the backup at {address!r} did not get its name as a whole.")


def _common(place: Any, part: str, sending: Sending, progress: Progress) -> int:
    """How many bytes of what an earlier try brought can be gone on with: all of them, or none."""
    if not place.exists(part):
        return 0
    size = int(place.size(part) or 0)
    at = 0
    with place.open(part, "rb") as stream:
        for piece in sending:
            there = stream.read(min(len(piece), max(size - at, 0)))
            if there != piece[: len(there)]:
                return 0
            at += len(there)
            progress("comparing what is there", at, size)
            if len(there) < len(piece):
                break
    if at != size or not _can_add(place, part):
        return 0
    return at


def _can_add(place: Any, part: str) -> bool:
    try:
        place.open(part, "ab").close()
    except Exception:  # noqa: BLE001 - whatever it says, it cannot
        return False
    return True


def _writing(place: Any, part: str, *, is_more: bool) -> Any:
    return place.open(part, "ab" if is_more else "wb")


def _compare(place: Any, path: str, sending: Sending, address: str, progress: Progress) -> None:
    if place.size(path) != sending.size_bytes:
        raise _in_the_way(address, path)
    for piece in sending:  # the sums of the backup itself
        progress("reading the backup", len(piece), None)
    try:
        _compare_digest(place, path, sending, address, progress)
    except BackupUnproven:
        raise _in_the_way(address, path) from None


def _compare_digest(place: Any, path: str, sending: Sending, address: str, progress: Progress) -> None:
    with place.open(path, "rb") as stream:
        found = digest_of(
            _pieces(stream), progress=lambda done: progress("reading the copy back", done, sending.size_bytes)
        )
    if found != sending.sha256:
        raise BackupUnproven(
            f"the copy of the backup at {address!r} was written but cannot be read back as it was.",
            hint="run the same command again",
        )


def _pieces(stream: Any) -> Iterator[bytes]:
    while piece := stream.read(CHUNK_BYTES):
        yield piece


def _in_the_way(address: str, path: str) -> WouldOverwrite:
    return WouldOverwrite(
        f"{path!r} at {address!r} is there already and is another file than the backup.",
        hint="look at it, move it away, then run the same command again",
    )


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".rstrip(": .")
