"""While the app runs, nothing is written outside of its folder."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import clean_environment
from tests.features.serve.serving import HOST, free_port
from tests.kit.programs import needs_program
from tests.kit.records import write_migrated_file

#: In a mount namespace of its own: every file system is made read-only, but for the app folder.
_SEALED = """
set -e
mount --make-rprivate /
mount --bind "$1" "$1"
awk '{print $5}' /proc/self/mountinfo | sort -u | while read -r place; do
    case "$place" in /proc*|/sys*|"$1") ;; *) mount -o remount,bind,ro "$place" ;; esac
done
if touch "$2" /dev/shm/rattail-test 2> /dev/null; then echo "not sealed"; exit 9; fi
shift 2
exec "$@"
"""


@pytest.mark.usefixtures("as_root")
def test_the_server_works_where_all_but_its_folder_is_read_only(appdir: Path, tmp_path: Path) -> None:
    write_migrated_file(appdir)
    unshare, port = needs_program("unshare"), free_port()
    if subprocess.run([unshare, "-m", "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("needs permission to make a mount namespace")
    serve = [sys.executable, "-m", "rattail", "serve", "--appdir", str(appdir)]
    sealed = subprocess.Popen(
        [unshare, "-m", "sh", "-c", _SEALED, "sh", str(appdir), str(tmp_path / "outside"), *serve],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**clean_environment(), "RATTAIL_WEB_PORT": str(port), "PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert sealed.stdout is not None
    with sealed.stdout:
        line = sealed.stdout.readline()
        answer = _asked(port) if "Ctrl-C stops it" in line else ""
        os.kill(sealed.pid, signal.SIGTERM)
        rest = sealed.stdout.read()
    code = sealed.wait(30)

    assert (code, answer) == (0, "ok\n"), line + rest


def _asked(port: int) -> str:
    import http.client

    line = http.client.HTTPConnection(HOST, port, timeout=30)
    try:
        line.request("GET", "/healthz")
        return line.getresponse().read().decode()
    finally:
        line.close()
