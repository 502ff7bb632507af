"""A program: keeps a PostgreSQL server running until its own standard input ends. `tests.kit.postgres` starts it.

    python postgres_keeper.py FOLDER-OF-THE-INSTALLATION [FOLDER-ABOVE-THE-DATA]

It makes a cluster in a temporary folder (its data in the second folder, where there is room), starts the server on a
free port of the loopback interface, prints one line of JSON and waits. The end of standard input comes however the
process at its other end ended, kill -9 included: so nobody has to remember to stop the server and to remove the
folder. The standard library only.
"""

from __future__ import annotations

import ctypes
import json
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

ADMINISTRATOR = "postgres"
_PARTS = ("bin", "lib", "share")
_PATIENCE_S = 60
_TRIES = 5
_ENOUGH_BYTES = 4 << 30  # for the data of a whole run of the tests
_PDEATHSIG = 1


def main(installation: Path, above: str = "") -> None:
    """Make, start, tell, wait, stop, remove."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    user = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
    folder = _make_folder(user)
    made = [folder]
    try:
        bin_folder = _usable_by(user, installation, folder) / "bin"
        if above and _has_room(above):
            made.append(_open_folder(above))
        data = _make_data_folder(user, made[-1])
        password = _initialise(bin_folder, folder, data, user)
        server, port = _start(bin_folder, folder, data, user)
        try:
            told = {"port": port, "password": password, "bin_folder": str(bin_folder), "folder": str(folder)}
            with suppress(BrokenPipeError):  # the other process was killed meanwhile
                os.write(1, json.dumps(told).encode() + b"\n")
            sys.stdin.read()
        finally:
            _stop(server)
    finally:
        for each in made:
            shutil.rmtree(each)


def _has_room(above: str) -> bool:
    try:
        return shutil.disk_usage(above).free >= _ENOUGH_BYTES and os.access(above, os.W_OK | os.X_OK)
    except OSError:
        return False


def _make_data_folder(user: pwd.struct_passwd | None, above: Path) -> Path:
    folder = above / "data"
    folder.mkdir(mode=0o700)
    if user is not None:
        os.chown(folder, user.pw_uid, user.pw_gid)
    return folder


def _make_folder(user: pwd.struct_passwd | None) -> Path:
    """A folder of our own; as root, in a place that the server's user can reach, and open to that user."""
    if user is None:
        return Path(tempfile.mkdtemp(prefix="rattail-postgres-"))
    places = (tempfile.gettempdir(), "/tmp", "/var/tmp")
    return _open_folder(next((place for place in places if _is_passable(Path(place).resolve())), places[0]))


def _open_folder(above: str) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="rattail-postgres-", dir=above))
    folder.chmod(0o755)
    return folder


def _usable_by(user: pwd.struct_passwd | None, installation: Path, folder: Path) -> Path:
    """The installation itself, or a copy of it where other users cannot read all of it."""
    needed = [installation / part for part in _PARTS]
    if user is None or (_is_passable(installation) and all(map(_is_readable, needed))):
        return installation
    copy = folder / installation.parent.name / installation.name
    for part in needed:
        shutil.copytree(part, copy / part.name, symlinks=True)
    libraries = installation.parent.with_suffix(".libs")  # where the wheel keeps the libraries its programs need
    if libraries.is_dir():
        shutil.copytree(libraries, folder / libraries.name, symlinks=True)
    for each in folder.rglob("*"):
        if not each.is_symlink():
            each.chmod(0o755)
    return copy


def _is_passable(path: Path) -> bool:
    return all(each.stat().st_mode & 0o001 for each in (path, *path.parents))


def _is_readable(top: Path) -> bool:
    """Whether everybody can read all that is in a folder, and execute what its owner can execute."""
    for each in (top, *top.rglob("*")):
        mode = each.stat().st_mode
        if not mode & 0o004 or (mode & 0o100 and not mode & 0o001):
            return False
    return True


def _initialise(bin_folder: Path, folder: Path, data: Path, user: pwd.struct_passwd | None) -> str:
    """Make the cluster; returns the password, which has all that breaks addresses and settings files in it."""
    password = secrets.token_urlsafe() + "%(a)s@/:#'"
    file = folder / "password"
    file.touch(mode=0o600)
    file.write_text(password)
    if user is not None:
        os.chown(file, user.pw_uid, user.pw_gid)
    words = ["--username", ADMINISTRATOR, "--auth=scram-sha-256", "--pwfile", str(file), "--encoding=UTF8"]
    command = [str(bin_folder / "initdb"), *words, "--locale=C.UTF-8", "--no-sync", "--pgdata", str(data)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, **_as(user, folder))
    file.unlink()
    if done.returncode:
        sys.exit(f"initdb failed:\n{done.stdout}{done.stderr}")
    return password


def _start(
    bin_folder: Path, folder: Path, data: Path, user: pwd.struct_passwd | None
) -> tuple[subprocess.Popen[bytes], int]:
    """Start the server; another port where somebody else was faster to take the one that was free."""
    log = folder / "log"
    for _ in range(_TRIES):
        port = _free_port()
        settings = [f"port={port}", "listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off"]
        words = [word for setting in settings for word in ("-c", setting)]
        command = [str(bin_folder / "postgres"), "-D", str(data), *words]
        with log.open("wb") as stream:
            server = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=stream,
                preexec_fn=_end_with(os.getpid()),  # runs after the change of user, which would undo it
                **_as(user, folder),
            )
        if _is_ready(server, data / "postmaster.pid"):
            return server, port
        _stop(server)
    sys.exit(f"PostgreSQL did not start:\n{log.read_text(errors='replace')}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _is_ready(server: subprocess.Popen[bytes], status: Path) -> bool:
    """Wait until the server writes into its own folder that it is ready, so that no other one is taken for it."""
    until = time.monotonic() + _PATIENCE_S
    while server.poll() is None and time.monotonic() < until:
        if status.exists() and "ready" in status.read_text().split():
            return True
        time.sleep(0.02)
    return False


def _stop(server: subprocess.Popen[bytes]) -> None:
    """What `pg_ctl stop -m immediate` does."""
    server.send_signal(signal.SIGQUIT)
    try:
        server.wait(_PATIENCE_S)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def _end_with(keeper: int) -> Any:
    """Let the kernel stop the server should this program itself be killed."""
    prctl = ctypes.CDLL(None).prctl

    def tie() -> None:
        prctl(_PDEATHSIG, int(signal.SIGQUIT), 0, 0, 0)
        if os.getppid() != keeper:
            os._exit(1)

    return tie


def _as(user: pwd.struct_passwd | None, folder: Path) -> dict[str, Any]:
    """How to start a program of the server: its user, a folder that it can be in, and nothing of our environment."""
    place: dict[str, Any] = {"cwd": folder, "env": {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}}
    return place if user is None else place | {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
