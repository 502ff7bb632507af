"""`restore.py` as it lies in a backup: run by a bare Python, it believes nothing and leaves nothing half-done."""

from __future__ import annotations

import ast
import io
import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from rattail.features.backups.archive import tar
from rattail.features.backups.environment import standalone
from rattail.features.backups.environment.restore_text import restore_program
from rattail.features.backups.environment.wheel import Wheel
from tests.features.backups.environment.made_up import write_backup

PARTS = {"manifest.json": b"{}", "folder.tar.zst": b"x" * 3000, "database.sqlite3.zst": b"y" * 700}
DOCUMENT = {
    "version": 1,
    "distributions": [
        {"name": "rattail-appfolder", "version": "0.1.0", "direct_url": "file:///gone", "wheel": ""},
        {"name": "many-parts", "version": "1.0", "direct_url": "", "wheel": ""},
    ],
}


def content(wheels: tuple[Wheel, ...]) -> dict[str, bytes]:
    found = {f"wheels/{one.file_name}": Path(one.path).read_bytes() for one in wheels}
    environment = json.dumps(DOCUMENT).encode()
    return {"restore.py": restore_program().encode(), "environment.json": environment, **found, **PARTS}


@pytest.fixture
def backup(few_wheels: tuple[Wheel, ...], tmp_path: Path) -> Path:
    return write_backup(tmp_path / "poser-20261122T023000Z.tar", content(few_wheels))


def restore(backup: Path, into: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the program out of the backup, by a Python that sees nothing of ours, without a network."""
    program = backup.with_name("restore.py")
    program.write_bytes(restore_program().encode())
    network = ["unshare", "-n"] if os.geteuid() == 0 else []
    python = os.path.realpath(sys.executable)
    command = [*network, python, "-I", str(program), str(backup), "--into", str(into), *words]
    environ = {"PATH": "/usr/bin:/bin", "PIP_INDEX_URL": "http://127.0.0.1:1/", "PYTHONPATH": "/nowhere"}
    return subprocess.run(command, capture_output=True, text=True, env=environ, cwd="/", check=False, timeout=120)


def test_it_builds_the_environment_and_hands_over_and_does_so_once(backup: Path, tmp_path: Path) -> None:
    into = tmp_path / "env"

    ran = restore(backup, into, "--only", "data/exports")
    made_at = os.stat(into / "bin" / "rattail").st_ctime_ns
    again = restore(backup, into, "--dry-run")

    assert ran.stdout == f"{into} restore-backup {backup} --into {into} --only data/exports\n", ran.stderr
    assert again.stdout == f"{into} restore-backup {backup} --into {into} --dry-run\n"
    assert os.stat(into / "bin" / "rattail").st_ctime_ns == made_at


def test_a_dry_run_makes_nothing(backup: Path, tmp_path: Path) -> None:
    ran = restore(backup, tmp_path / "env", "--dry-run")

    assert (ran.returncode, ran.stdout) == (0, "")
    assert "It is whole; 3 packages would be installed" in ran.stderr
    assert not (tmp_path / "env").exists()


def test_a_folder_that_is_not_empty_stays_as_it_is(backup: Path, tmp_path: Path) -> None:
    (tmp_path / "env" / "app").mkdir(parents=True)

    ran = restore(backup, tmp_path / "env")

    assert ran.returncode == 55
    assert f"{tmp_path}/env/bin/rattail restore-backup" in ran.stderr
    assert os.listdir(tmp_path / "env") == ["app"]


def test_without_our_wheel_it_asks_for_an_index_and_takes_a_folder_of_wheels(
    few_wheels: tuple[Wheel, ...], tmp_path: Path
) -> None:
    pip = tuple(one for one in few_wheels if one.file_name.startswith("pip-"))
    backup = write_backup(tmp_path / "poser.tar", content(pip))
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    for one in few_wheels:
        (shelf / one.file_name).symlink_to(one.path)

    refused = restore(backup, tmp_path / "env")
    done = restore(backup, tmp_path / "env", "--index", str(shelf))

    assert refused.returncode == 57
    assert "--index FOLDER" in refused.stderr
    assert "restore-backup" in done.stdout, done.stderr
    assert (tmp_path / "env" / "bin" / "many-real").exists()


@pytest.mark.parametrize("name", ["environment.json", "wheels/many_parts-1.0-py3-none-any.whl", "folder.tar.zst"])
def test_one_changed_bit_is_found_and_named_before_anything_is_made(
    backup: Path, tmp_path: Path, name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with tarfile.open(backup) as opened:
        at = opened.getmember(name).offset_data + 10
    whole = bytearray(backup.read_bytes())
    whole[at] ^= 1
    backup.write_bytes(whole)

    with pytest.raises(SystemExit) as ended:
        standalone.main([str(backup), "--into", str(tmp_path / "env")])

    assert ended.value.code == 59
    assert f"'{name}' is not what SHA256SUMS says" in capfd.readouterr().err
    assert not (tmp_path / "env").exists()


@pytest.mark.parametrize("cut", [0, 100, 512, 2000, 20_000, -1024 * 10])
def test_a_file_that_was_cut_is_no_backup(backup: Path, tmp_path: Path, cut: int) -> None:
    backup.write_bytes(backup.read_bytes()[:cut])

    with pytest.raises(SystemExit) as ended:
        standalone.main([str(backup), "--into", str(tmp_path / "env")])

    assert ended.value.code == 59
    assert not (tmp_path / "env").exists()


def member(name: str, **changes: object) -> bytes:
    info = tarfile.TarInfo(name)
    for key, value in changes.items():
        setattr(info, key, value)
    return info.tobuf(tarfile.GNU_FORMAT)


HOSTILE = {
    "above": member("../restore.py"),
    "absolute": member("/etc/cron.d/x"),
    "wheel outside": member("wheels/../../x.whl"),
    "hidden wheel": member("wheels/.x.whl"),
    "wheel below": member("wheels/a/x.whl"),
    "link": member("restore.py", type=tarfile.SYMTYPE, linkname="/etc/passwd"),
    "hard link": member("restore.py", type=tarfile.LNKTYPE, linkname="/etc/passwd"),
    "device": member("restore.py", type=tarfile.CHRTYPE),
    "folder": member("wheels", type=tarfile.DIRTYPE),
    "sparse": member("folder.tar.zst", type=tarfile.GNUTYPE_SPARSE),
    "pax": member("x", type=tarfile.XHDTYPE, size=1 << 40),
    "global": member("x", type=tarfile.XGLTYPE, size=512) + b"20 path=restore.py\n".ljust(512, b"\0"),
    "long name": member("wheels/" + "x" * 200 + ".whl"),
    "negative": member("restore.py", size=-1024),
    "beyond": member("restore.py", size=1 << 40),
    "twice": member("RESTORE.txt") * 2,
    "after the sums": member("SHA256SUMS") + member("RESTORE.txt"),
    "other": member("setup.py"),
    "in another folder": member("wheels/" + "a" * 60 + "/" + "b" * 90 + ".whl"),
}


@pytest.mark.parametrize("block", HOSTILE.values(), ids=HOSTILE.keys())
def test_what_we_never_write_is_refused(block: bytes) -> None:
    tail = member("environment.json") + member("SHA256SUMS") + bytes(1024)

    with pytest.raises(standalone.Refused, match="damaged, or no backup"):
        standalone.read_members(io.BytesIO(block + tail))

    assert set(standalone.read_members(io.BytesIO(tail))) == {"environment.json", "SHA256SUMS"}


def test_a_filler_is_passed_over_and_a_size_above_8_gib_is_understood(tmp_path: Path) -> None:
    filler = member("x", type=tarfile.XGLTYPE, size=30) + b"30 comment=                  \n".ljust(512, b"\0")
    split = bytearray(member("x" * 86 + ".whl"))
    split[345:351], split[148:156] = b"wheels", b" " * 8
    split[148:156] = b"%06o\0 " % sum(split)
    large = member("folder.tar.zst", size=9 << 30)
    with open(tmp_path / "large.tar", "w+b") as stream:
        stream.write(filler + member("environment.json") + split + large)
        stream.seek(9 << 30, os.SEEK_CUR)
        stream.write(member("SHA256SUMS") + bytes(1024))

        members = standalone.read_members(stream)

    assert members["folder.tar.zst"] == (5 * 512, 9 << 30)
    assert members["wheels/" + "x" * 86 + ".whl"] == (4 * 512, 0)


def test_what_our_own_writer_writes_is_understood() -> None:
    names = ["environment.json", "manifest.json.age", "wheels/" + "x" * 89 + ".whl", "SHA256SUMS"]
    text = b"".join(tar.header(name, size_bytes=3) + b"abc" + tar.padding(3) for name in names[:2])
    text += b"".join(tar.filler(4096)) + b"".join(tar.header(name) for name in names[2:]) + tar.END

    members = standalone.read_members(io.BytesIO(text))

    assert members == {names[0]: (512, 3), names[1]: (1536, 3), names[2]: (6656, 0), names[3]: (7168, 0)}


def test_sums_that_leave_something_out_are_refused(tmp_path: Path) -> None:
    backup = write_backup(tmp_path / "x.tar", {"environment.json": b"{}", "restore.py": b""}, sums=b"")

    with pytest.raises(SystemExit) as ended:
        standalone.main([str(backup), "--into", str(tmp_path / "env")])

    assert ended.value.code == 59


def test_the_program_is_one_file_that_older_pythons_can_read_to_say_that_they_are_too_old() -> None:
    tree = ast.parse(restore_program(), feature_version=(3, 8))

    modules = {node.names[0].name for node in ast.walk(tree) if isinstance(node, ast.Import)}
    modules |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in modules} <= sys.stdlib_module_names
    assert not any("rattail" in name for name in modules)
    assert len(restore_program().splitlines()) <= 400
