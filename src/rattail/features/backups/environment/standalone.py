"""Bring back a backup, on a machine that has nothing but Python 3.11 or newer and no network:

    python3 restore.py BACKUP.tar --into /srv/envs/poser

It checks every byte of the backup, builds the environment /srv/envs/poser from the wheels in it (or with
--index, from a package index or a folder of wheels), and lets the application in there do the rest:
`rattail restore-backup`, which is handed all further options (`--dry-run`, `--identity`, ...).
"""

import argparse
import fcntl
import hashlib
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import BinaryIO, NamedTuple, NoReturn

if sys.version_info < (3, 11):  # noqa: UP036 - this file is carried to other machines
    sys.stderr.write("restore.py needs Python 3.11 or newer. Start it with one: python3.11 restore.py ...\n")
    sys.exit(57)

VERSION = 1  # of the format
SUMS = "SHA256SUMS"
ENVIRONMENT = "environment.json"
OUR_WHEEL = "rattail_appfolder-"
SCRATCH = ".rebuilding"  # in an environment that is not yet whole
RESTORED_FROM = ".restored-from"  # which backup a whole one was built from
NOT_EMPTY = "Name a new folder, or an empty one. If the application is in it: {}/bin/rattail restore-backup"
_CHUNK_BYTES = 1 << 20
_TEXT_LIMIT_BYTES = 64 << 20
_NAME = re.compile(
    r"RESTORE\.txt|restore\.py|environment\.json|SHA256SUMS|manifest\.json(\.age)?"
    r"|folder\.tar\.zst(\.age)?|database\.(sqlite3|sql)\.zst(\.age)?|wheels/[A-Za-z0-9][A-Za-z0-9._+!-]*\.whl"
)
_TAGS = "import sys; sys.path.insert(0, sys.argv[1]); from pip._vendor.packaging.tags import *; print(*sys_tags())"


class Refused(Exception):
    """What stops a restore, what to do about it, and the exit code."""

    def __init__(self, message: str, hint: str = "", *, code: int = 57) -> None:
        super().__init__(message)
        self.message, self.hint, self.code = message, hint, code


class WheelFile(NamedTuple):
    """A wheel in a folder, and the SHA-256 that it must have."""

    file_name: str
    sha256: str

    @property
    def requirement(self) -> str:
        name, version = self.file_name.split("-")[:2]
        return f"{name}=={version}"


def version_of(python: str) -> str:
    """Which Python the interpreter `python` is ("3.11"); refused where it cannot build an environment."""
    script = "import sys; print(*sys.version_info[:2], sep='.')"
    try:
        version = subprocess.check_output([python, "-I", "-c", script], text=True, stderr=subprocess.DEVNULL).strip()
        is_too_old = tuple(map(int, version.split("."))) < (3, 11)
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        why = error.strerror if isinstance(error, OSError) else "asked for its version, it did not say it"
        raise Refused(f"'{python}' is not a Python that can be started: {why}.") from error
    if is_too_old:
        hint = "Name a newer one: --python /usr/bin/python3.11"
        raise Refused(f"'{python}' is Python {version}; 3.11 or newer is needed.", hint)
    return version


def fits(file_name: str, tags: Collection[str]) -> bool:
    """Whether a wheel with this name can be installed where these tags can."""
    parts = (part.split(".") for part in file_name.removesuffix(".whl").split("-")[-3:])
    return any("-".join(one) in tags for one in itertools.product(*parts))


@contextmanager
def claimed(into: str) -> Iterator[str]:
    """Hold `into`, which is not there, empty or left half-built by a killed run; gives a scratch folder in it.

    At the end it is whole. Where anything goes wrong it is emptied again, and removed where it was not there.
    """
    is_new = not os.path.lexists(into)
    scratch = os.path.join(into, SCRATCH)
    try:
        os.makedirs(into, exist_ok=True)
        lock = _claim(into, scratch)
    except OSError as error:
        raise Refused(f"'{into}' cannot be made: {error.strerror}.", code=51) from error
    try:
        _empty(into, but=SCRATCH)
        _empty(scratch, but="lock")
        yield scratch
        os.chmod(into, 0o755)  # noqa: S103 - as any environment
        os.sync()  # what is not on the disk yet would be missing after a power cut, with nothing to tell
        os.rename(scratch, scratch + ".done")
    except BaseException:
        _empty(into, but="")
        if is_new:
            os.rmdir(into)
        raise
    finally:
        os.close(lock)
    shutil.rmtree(scratch + ".done", ignore_errors=True)


def _claim(into: str, scratch: str) -> int:
    try:
        os.mkdir(scratch, 0o700)
        if os.listdir(into) != [SCRATCH]:
            os.rmdir(scratch)
            raise Refused(f"'{into}' is not empty.", NOT_EMPTY.format(into), code=55)
    except FileExistsError:
        pass  # somebody builds here, or was killed
    lock = os.open(os.path.join(scratch, "lock"), os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with suppress(OSError):
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.path.samestat(os.fstat(lock), os.stat(os.path.join(scratch, "lock"))):
            return lock
    os.close(lock)
    raise Refused(f"'{into}' is being built by another process.", "Wait until it is done.", code=52)


def _empty(folder: str, *, but: str) -> None:
    for name in set(os.listdir(folder)) - {but}:
        path = os.path.join(folder, name)
        if os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path)
        else:
            os.unlink(path)


def build(
    into: str, scratch: str, wheels: Sequence[WheelFile], python: str, *, index: str = "", wanted: Sequence[str] = ()
) -> None:
    """Build an environment in `into`, which is claimed, from `wheels` in `scratch`/wheels and nothing else.

    With an index, or a folder of further wheels, it gets the requirements `wanted` from there as well, and what does
    not fit this Python. Refused where a wheel does not have its SHA-256, or pip says no.
    """
    folder = os.path.join(scratch, "wheels")
    environ = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "PIP_", "VIRTUAL_ENV"))}
    environ = {"HOME": scratch, **environ, "TMPDIR": scratch}  # a user that the machine does not know has no home
    pip = next((wheel for wheel in wheels if wheel.file_name.startswith("pip-")), None)
    own_pip, fitting = os.path.join(scratch, "pip"), wheels
    if pip:
        if hashlib.sha256(_read(os.path.join(folder, pip.file_name))).hexdigest() != pip.sha256:
            raise Refused(f"The wheel {pip.file_name} does not have the SHA-256 that it should have.", code=59)
        with zipfile.ZipFile(
            os.path.join(folder, pip.file_name)
        ) as packed:  # it runs twice as fast, and is not installed
            packed.extractall(own_pip, [name for name in packed.namelist() if ".dist-info/" not in name])
        try:
            tags = _run([python, "-I", "-c", _TAGS, own_pip], environ, "The pip of the backup does not start").split()
            fitting = [wheel for wheel in wheels if fits(wheel.file_name, tags)]
        except Refused:
            if not index:
                raise
            pip = None  # it is too old for this Python, which has its own
    others = [wheel.file_name for wheel in wheels if wheel not in fitting]
    if others and not index:
        raise Refused(
            f"{len(others)} of {len(wheels)} wheels are for another machine or another Python than '{python}', "
            f"among them {others[0]}.",
            "Name the Python that fits (--python /usr/bin/python3.11), or where packages for this one are "
            "(--index https://pypi.org/simple, or --index FOLDER with wheels in it).",
        )
    _check_room(folder, [wheel.file_name for wheel in fitting])
    venv = [python, "-I", "-m", "venv", *(["--without-pip"] if pip else []), into]
    _run(venv, environ, "The environment cannot be made")
    words = ["--no-index", "--require-hashes"]
    lines = [f"{wheel.requirement} --hash=sha256:{wheel.sha256}" for wheel in fitting]
    if index:
        words = [*(["--no-index", "--find-links"] if os.path.isdir(index) else ["-i"]), index]
        lines = [*wanted] or [wheel.requirement for wheel in wheels]
    words += ["--no-deps", "--find-links", folder]
    with open(os.path.join(scratch, "requirements.txt"), "w", encoding="utf-8") as stream:
        stream.write("\n".join(lines) + "\n")
    run_pip = [os.path.join(into, "bin", "python"), "-I", *([f"{own_pip}/pip"] if pip else ["-m", "pip"])]
    quiet = ["--isolated", "--no-compile", "--no-input", "--no-cache-dir", "--disable-pip-version-check", "--quiet"]
    quiet += ["--root-user-action=ignore", "--no-warn-script-location"]
    _run([*run_pip, "install", *quiet, *words, "-r", stream.name], environ, "The packages cannot be installed")


def _check_room(folder: str, names: Sequence[str]) -> None:
    needed = 32 << 20
    for name in names:
        with zipfile.ZipFile(os.path.join(folder, name)) as wheel:
            needed += 2 * sum(info.file_size for info in wheel.infolist())  # the files, and what Python makes of them
    free = shutil.disk_usage(folder).free
    if free < needed:
        problem = f"The disk of '{folder}' has {free >> 20} MiB free; the environment may need {needed >> 20} MiB."
        raise Refused(problem, "Make room, or name a place on another disk.", code=51)


def _run(words: Sequence[str], environ: dict[str, str], problem: str) -> str:
    try:
        ran = subprocess.run(  # who runs the application may be another than who restores it
            words, env=environ, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", umask=0o022
        )
    except OSError as error:
        raise Refused(f"{problem}: {words[0]}: {error.strerror}.", code=51) from error
    if ran.returncode:
        lines = [line for line in (ran.stderr.strip() or ran.stdout).splitlines() if "Retrying" not in line]
        said = "\n    ".join(lines[-12:])
        raise Refused(f"{problem}; {os.path.basename(words[0])} said:\n    {said}", code=51)
    return ran.stdout


def read_members(stream: BinaryIO) -> dict[str, tuple[int, int]]:
    """Where each member of the outer tar begins and how long it is; anything that we never write is refused."""
    found: dict[str, tuple[int, int]] = {}
    end = stream.seek(0, os.SEEK_END)
    at = 0
    while True:
        stream.seek(at)
        block = stream.read(512)
        if len(block) == 512 and not any(block):
            break
        size = _number(block[124:136]) if len(block) == 512 else -1
        if size < 0 or _number(block[148:156]) != sum(block) - sum(block[148:156]) + 8 * 32:
            raise _damaged(f"there is no member where one should begin (byte {at})")
        parts = [block[345:500].split(b"\0")[0], block[:100].split(b"\0")[0]]
        name = b"/".join(filter(None, parts)).decode("ascii", "replace")
        begins, kind = at + 512, block[156:157]
        at = begins + (size + 511) // 512 * 512
        if at > end:
            raise _damaged(f"'{name}' reaches beyond its end")
        if kind == b"g" and re.match(rb"\d+ comment=", stream.read(32)):
            continue  # it fills what was reserved and not needed
        if kind not in (b"0", b"\0") or not _NAME.fullmatch(name):
            raise _damaged(f"{name!r} is nothing that belongs into a backup")
        if name in found or SUMS in found:
            raise _damaged(f"'{name}' is there twice, or after the list of sums")
        found[name] = (begins, size)
    if SUMS not in found or ENVIRONMENT not in found:
        raise _damaged(f"it has no {SUMS if SUMS not in found else ENVIRONMENT}: it was never finished")
    return found


def _number(field: bytes) -> int:
    if field[0] == 0x80:
        return int.from_bytes(field[1:], "big")
    text = field.strip(b" \0")
    return int(text, 8) if re.fullmatch(rb"[0-7]+", text) else -1


def _damaged(what: str) -> Refused:
    hint = "Take another copy of it, or an older one."
    return Refused(f"The backup is damaged, or no backup: {what}.", hint, code=59)


def _chunks(stream: BinaryIO, place: tuple[int, int]) -> Iterator[bytes]:
    begins, left = place
    stream.seek(begins)
    while left and (chunk := stream.read(min(left, _CHUNK_BYTES))):
        left -= len(chunk)
        yield chunk


def read_text(stream: BinaryIO, place: tuple[int, int]) -> str:
    if place[1] > _TEXT_LIMIT_BYTES:
        raise _damaged("a list in it is larger than any can be")
    return b"".join(_chunks(stream, place)).decode("utf-8", "replace")


def check_sums(
    stream: BinaryIO, members: dict[str, tuple[int, int]], *, progress: Callable[[int], object]
) -> dict[str, str]:
    """Compare every byte with the list of sums; gives the sums. `progress` is told how many bytes were read."""
    lines = [line.partition("  ") for line in read_text(stream, members[SUMS]).splitlines()]
    sums = {name: digest for digest, _, name in lines}
    if set(sums) != set(members) - {SUMS}:
        raise _damaged(f"{SUMS} does not name what is in it")
    done = 0
    for name, place in members.items():
        digest = hashlib.sha256()
        for chunk in _chunks(stream, place):
            digest.update(chunk)
            done += len(chunk)
            progress(done)
        if name != SUMS and digest.hexdigest() != sums[name]:
            raise _damaged(f"'{name}' is not what {SUMS} says")
    return sums


def _read(path: str) -> bytes:
    with open(path, "rb") as stream:
        return stream.read()


def put_wheels(stream: BinaryIO, members: dict[str, tuple[int, int]], folder: str) -> None:
    """Write the wheels of a backup into `folder`."""
    os.mkdir(folder)
    for name, place in members.items():
        if name.startswith("wheels/"):
            with open(os.path.join(folder, name.removeprefix("wheels/")), "xb") as wheel:
                wheel.writelines(_chunks(stream, place))


def wanted_from_index(document: dict[str, object]) -> list[str]:
    """What an index is asked for: every distribution that was installed, from its own address where it had one."""
    lines = []
    rows = document.get("distributions")
    for row in rows if isinstance(rows, list) else []:
        url = row["direct_url"] if not row["wheel"] else ""
        is_elsewhere = url.startswith(("git+", "hg+", "svn+", "bzr+", "http://", "https://"))
        lines.append(f"{row['name']} @ {url}" if is_elsewhere else f"{row['name']}=={row['version']}")
    return lines


def restore(file: str, into: str, *, index: str, python: str, is_trial: bool) -> None:
    """Check a backup and build its environment in `into`; one that was built from it already stays."""
    with open(file, "rb") as stream:
        size = stream.seek(0, os.SEEK_END)
        members = read_members(stream)
        origin = hashlib.sha256(read_text(stream, members[SUMS]).encode()).hexdigest()
        if os.path.lexists(into) and _origin(into) not in (origin, SCRATCH):
            raise Refused(f"'{into}' is not empty.", NOT_EMPTY.format(into), code=55)
        _say("Checking the backup ...")
        show = _say if os.isatty(2) else str
        sums = check_sums(stream, members, progress=lambda done: show(f"\r{100 * done // size} % "))
        document = json.loads(read_text(stream, members[ENVIRONMENT]))
        if document.get("version") != VERSION:
            raise Refused(f"The backup has version {document.get('version')!r}.", "Use the restore.py that lies in it.")
        if os.path.lexists(into) and _origin(into) == origin:
            return _say(f"\nThe environment {into} was built from this backup already.\n")
        wheels = [WheelFile(name[7:], digest) for name, digest in sums.items() if name.startswith("wheels/")]
        if not index and not any(wheel.file_name.startswith(OUR_WHEEL) for wheel in wheels):
            hint = "Name where packages are: --index https://pypi.org/simple, or --index FOLDER with wheels in it."
            raise Refused("\nThe application's wheel is not in the backup.", hint)
        version = version_of(python)
        if is_trial:
            return _say(f"\nIt is whole; {len(wheels)} packages would be installed in {into} by {python}.\n")
        _say(f"\nBuilding {into}: {len(wheels)} wheels, Python {version}.\n")
        with claimed(into) as scratch:
            put_wheels(stream, members, os.path.join(scratch, "wheels"))
            build(into, scratch, wheels, python, index=index, wanted=wanted_from_index(document) if index else ())
            with open(os.path.join(into, RESTORED_FROM), "w", encoding="ascii") as note:
                note.write(origin)
    return None


def _origin(into: str) -> str:
    """Which backup an environment was built from; SCRATCH for an empty folder and a half-built one."""
    names = os.listdir(into)
    if not names or SCRATCH in names:
        return SCRATCH
    return _read(os.path.join(into, RESTORED_FROM)).decode("ascii", "replace") if RESTORED_FROM in names else ""


def _say(text: str) -> None:
    os.write(2, text.encode("utf-8", "backslashreplace"))


def main(words: Sequence[str]) -> NoReturn:
    """Restore; ends as `rattail restore-backup`, or with an exit code that is not 0."""
    parser = argparse.ArgumentParser(
        prog="restore.py",
        description="Build the environment of a backup, then run its 'rattail restore-backup' with all other options.",
        allow_abbrev=False,
    )
    parser.add_argument("file", metavar="BACKUP", help="the backup, a file 'NAME-TIME.tar'")
    parser.add_argument("--into", required=True, metavar="ENV", help="where the environment is made: a new folder")
    parser.add_argument("--index", default="", help="a package index, or a folder of wheels, for what is missing")
    parser.add_argument("--python", default=sys.executable, help="the Python of the new environment")
    given, rest = parser.parse_known_args(words)
    file, into = os.path.abspath(given.file), os.path.abspath(given.into)
    rattail = os.path.join(into, "bin", "rattail")
    is_trial = "--dry-run" in rest and not os.path.exists(rattail)
    try:
        restore(file, into, index=given.index, python=given.python, is_trial=is_trial)
        if not is_trial:
            os.execv(rattail, [rattail, "restore-backup", file, "--into", into, *rest])  # noqa: S606
        sys.exit(0)
    except Refused as refused:
        _say(f"{refused.message}\n{refused.hint}\n" if refused.hint else f"{refused.message}\n")
        sys.exit(refused.code)
    except OSError as error:
        _say(f"{error.filename or given.file}: {error.strerror}.\n")
        sys.exit(51)
    except (ValueError, LookupError, AttributeError, TypeError, RuntimeError, zipfile.BadZipFile, zlib.error) as error:
        _say(f"\nThe backup holds what cannot be read ({error}).\n")
        sys.exit(59)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main(sys.argv[1:])
