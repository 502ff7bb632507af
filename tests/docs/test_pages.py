"""The pages that people write: their links resolve, and their commands do what they say."""

from __future__ import annotations

import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.docs.blocks import DOCS, ROOT, blocks_of
from tests.kit.environment import Environment, build_environment, runtime_distributions
from tests.kit.programs import needs_module

PAGES = [*sorted(DOCS.rglob("*.md")), *sorted(ROOT.glob("*.md"))]
HOW_TOS = sorted((DOCS / "how-to").glob("*.md"))
#: Pages whose commands open the database.
ABOUT_RECORDS = [
    DOCS / "how-to" / f"{name}.md"
    for name in ("read-a-vendors-file", "leave-or-arrive", "let-people-in", "serve-for-good", "back-up-and-restore")
]
ABOUT_RECORDS += [DOCS / "tutorial" / "first-batch.md"]
LINK = re.compile(r"\[[^\]]*\]\(([^)#]*)(#[^)]*)?\)")
EXIT_CODE = re.compile(r"\s+# exit code (\d+)$")
RUN_FIRST = re.compile(r"^<!-- run first\n(.*?)^-->$", re.MULTILINE | re.DOTALL)


class Line(NamedTuple):
    """A command of a page, the exit code it is to have, and what it is to print (nothing: anything)."""

    command: str
    exit_code: int
    printed: str
    needs_root: bool


def lines_of(page: Path) -> list[Line]:
    """The commands of a page's `console` blocks: `$ ` is anybody's prompt, `# ` is root's.

    A block whose label begins with `skip:` is left out. `# exit code N` at the end of a command says
    that it fails; what `<!-- run first` holds is done before, and not shown to readers.
    """
    hidden = RUN_FIRST.search(page.read_text(encoding="utf-8"))
    lines = [Line(command, 0, "", False) for command in (hidden[1].splitlines() if hidden else ())]
    for block in blocks_of(page):
        if block.language != "console" or block.label.startswith("skip:"):
            continue
        for text in block.text.splitlines():
            if text[:2] in ("$ ", "# "):
                code = EXIT_CODE.search(text)
                lines.append(Line(EXIT_CODE.sub("", text[2:]), int(code[1]) if code else 0, "", text[0] == "#"))
            else:
                lines[-1] = lines[-1]._replace(printed=f"{lines[-1].printed}{text}\n")
    return lines


def run_page(page: Path, *, home: Path, cwd: Path, env: dict[str, str]) -> None:
    """Run a page's commands in one bash, in order."""
    lines = lines_of(page)
    if os.geteuid() != 0 and any(line.needs_root for line in lines):
        pytest.skip("needs root, to give folders to other users")
    end = "--- end of a command, exit code "
    script = "".join(f"{line.command}\necho '{end}'$?\n" for line in lines)
    ran = subprocess.run(
        ["bash", "--norc", "-c", script],
        capture_output=True,
        text=True,
        cwd=cwd,
        env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": str(home), **env},
        timeout=120,
        check=False,
    )

    answers = re.findall(rf"(.*?){end}(\d+)\n", ran.stdout, re.DOTALL)
    assert len(answers) == len(lines), ran.stdout + ran.stderr
    for line, (printed, code) in zip(lines, answers, strict=True):
        assert int(code) == line.exit_code, f"{line.command}\n{printed}\n{ran.stderr}"
        expected = line.printed.replace("/home/you", str(home))
        assert printed == expected or not expected, line.command


def test_the_commands_of_the_tutorial_work_in_order(tmp_path: Path) -> None:
    needs_module("ensurepip", package="python3-venv")
    (tmp_path / "rattail").symlink_to(ROOT)
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    for name in (*runtime_distributions(), "flit_core"):
        wheel_of_installed(name, wheels)
    env = {
        "PATH": f"{os.path.dirname(sys._base_executable)}:/usr/bin:/bin",  # type: ignore[attr-defined]
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(wheels),
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }

    run_page(DOCS / "tutorial" / "first-hour.md", home=tmp_path, cwd=tmp_path, env=env)


@pytest.fixture(scope="module")
def poser(wheel: Path) -> Iterator[Environment]:
    """One environment for all how-tos; each gets an app folder and a home of its own."""
    with build_environment(wheel) as environment:
        yield environment


@pytest.fixture(scope="module")
def poser_with_records(wheel: Path) -> Iterator[Environment]:
    """The same with everything that the records need."""
    with build_environment(wheel, has_records=True) as environment:
        yield environment


@pytest.mark.parametrize("page", [page for page in HOW_TOS if page not in ABOUT_RECORDS], ids=lambda page: page.stem)
def test_the_commands_of_the_how_to_work_in_order(page: Path, poser: Environment) -> None:
    run_in_environment(page, poser)


@pytest.mark.parametrize("page", ABOUT_RECORDS, ids=lambda page: page.stem)
def test_the_commands_of_a_page_about_records_work_in_order(page: Path, poser_with_records: Environment) -> None:
    run_in_environment(page, poser_with_records)


def run_in_environment(page: Path, poser: Environment) -> None:
    """Run a page in an environment with a fresh app folder and a home of its own."""
    home = poser.path.parent / page.stem
    home.mkdir()
    made = poser.run("make-appdir")
    assert made.returncode == 0, made.stderr

    try:
        run_page(page, home=home, cwd=poser.path, env={})
    finally:
        shutil.rmtree(poser.appdir)


def test_the_how_to_moves_a_folder_just_as_set_option_says(poser: Environment) -> None:
    typed = [line.command for line in lines_of(DOCS / "how-to" / "relocate-a-folder.md")]
    at = next(index for index, command in enumerate(typed) if "set-option" in command)
    disk = poser.path.parent / "big-disk"
    disk.mkdir()
    try:
        assert poser.run("make-appdir").returncode == 0
        (poser.appdir / "data" / "uploads" / "mine.txt").write_text("hello")
        changed = poser.run("set-option", "folders.data/uploads", disk / "uploads", "--json")
    finally:
        shutil.rmtree(poser.appdir)

    said = [line.replace(f"{poser.path}/", "") for line in json.loads(changed.stdout)["data"]["next"]]
    assert [line.replace(f"{disk.parent}/", "~/") for line in said] == typed[at + 1 : at + 3]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    targets = [match[1] for match in LINK.finditer(text) if match[1] and "://" not in match[1]]

    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_every_page_is_reached_from_the_readme() -> None:
    reached: set[Path] = set()
    waiting = [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in reached or page.suffix != ".md":
            continue
        reached.add(page)
        matches = LINK.finditer(page.read_text(encoding="utf-8"))
        waiting.extend((page.parent / match[1]).resolve() for match in matches if match[1] and "://" not in match[1])

    assert [str(page.relative_to(ROOT)) for page in PAGES if page not in reached] == []


def wheel_of_installed(name: str, target: Path) -> None:
    """Pack an installed distribution into a wheel again, so that pip needs no registry.

    It is called pure whatever it is: it comes from the Python that it will be installed for.
    """
    distribution = importlib.metadata.distribution(name)
    stem = f"{distribution.metadata['Name'].replace('-', '_')}-{distribution.version}"
    names: list[str] = []
    with zipfile.ZipFile(target / f"{stem}-py3-none-any.whl", "w") as wheel:
        for file in distribution.files or ():
            if file.suffix == ".pyc" or file.name in ("RECORD", "INSTALLER", "REQUESTED"):
                continue
            is_script = file.parts[0] == ".."
            if is_script and any(one.name == file.name for one in distribution.entry_points):
                continue  # pip makes those anew
            names.append(f"{stem}.data/scripts/{file.name}" if is_script else str(file))
            wheel.write(str(file.locate()), names[-1])
        record = next(one for one in names if one.endswith(".dist-info/METADATA")).replace("METADATA", "RECORD")
        wheel.writestr(record, "".join(f"{one},,\n" for one in (*names, record)))
