"""The shape of the house: sizes, names, layers that a linter cannot see, and promises made in documents."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

import rattail
from rattail import errors
from rattail.appdir.folder import Keep
from rattail.config.option import Option
from rattail.registry import BUILT_IN, Registry, load_registry, load_target
from tests.conftest import clean_environment
from tests.docs.blocks import DOCS, ROOT

SRC = ROOT / "src" / "rattail"
MODULES = sorted(SRC.rglob("*.py"))
NO_NAMES = {"utils", "util", "helpers", "common", "base", "manager", "misc", "lib"}
CORE = ("appdir", "config", "errors.py", "feature.py", "registry.py", "version.py")
HEAVY = {
    *("django", "tomlkit", "luigi", "asyncio", "concurrent.futures", "dataclasses", "email", "hashlib"),
    *("http", "importlib.metadata", "logging", "multiprocessing", "pathlib", "secrets", "socket", "sqlite3", "ssl"),
    *("subprocess", "tempfile", "unittest", "urllib.request", "xml", "zipfile"),
}
# What is known to be needed by one command, and why.
NEEDED: dict[str, set[str]] = {
    "check-appdir": {"sqlite3", "hashlib"},  # asks the linked SQLite for its version
}


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imports_of(path: Path) -> Iterator[str]:
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_no_module_is_long_or_has_a_name_that_says_nothing(path: Path) -> None:
    functions = [node for node in ast.walk(tree_of(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]

    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400
    assert [f.name for f in functions if (f.end_lineno or f.lineno) - f.lineno + 1 > 60] == []
    assert path.stem not in NO_NAMES
    assert path.parent.name not in NO_NAMES


@pytest.mark.parametrize("path", [path for path in MODULES if path.relative_to(SRC).parts[0] in CORE], ids=relative)
def test_the_core_imports_the_standard_library_and_itself(path: Path) -> None:
    assert {name.partition(".")[0] for name in imports_of(path)} <= sys.stdlib_module_names | {"rattail"}


@pytest.mark.parametrize("path", [path for path in MODULES if "features" in path.parts], ids=relative)
def test_only_the_edge_of_a_feature_knows_the_command_line(path: Path) -> None:
    is_edge = path.stem.startswith("cli") or path.parent.name == "cli"

    assert is_edge or not [name for name in imports_of(path) if name == "click" or name.startswith("rattail.cli")]


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_only_the_console_writes_to_the_terminal(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    may = path.parent.name in ("cli", "entry") or path.name == "standalone.py"  # a program of its own

    assert may or not re.search(r"sys\.std(out|err)(?!\.encoding)|\bprint\(|click\.echo", text)


def test_importing_everything_makes_nothing_on_the_disk(tmp_path: Path) -> None:
    names = [".".join(path.relative_to(SRC.parent).with_suffix("").parts) for path in MODULES]
    script = (
        "import importlib\nfrom rattail.database.setup import Whereabouts, open_django\n"
        "from rattail.registry import load_registry\n"
        "open_django(Whereabouts(path='none.sqlite3'), apps=load_registry().apps, time_zone='UTC')\n"
        f"for name in {names!r}:\n    importlib.import_module(name)\n"
    )

    environ = {**clean_environment(), "HOME": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run([sys.executable, "-c", script], cwd=tmp_path, env=environ, check=True, timeout=60)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "words",
    [
        ("--help",),
        ("--version",),
        ("make-appdir",),
        ("show-appdir",),
        ("check-appdir",),
        ("clean-appdir",),
        ("show-config",),
        ("get-option", "app.title"),
    ],
    ids=lambda words: words[0],
)
def test_start_up_imports_nothing_heavy(words: tuple[str, ...], appdir: Path) -> None:
    script = f"import sys\nfrom rattail.entry.cli import run\nrun({list(words)!r})\nprint('::', *sys.modules)"
    environ = {**clean_environment(), "RATTAIL_APPDIR": str(appdir)}
    command = [sys.executable, "-c", script]
    ran = subprocess.run(command, capture_output=True, text=True, env=environ, check=True, timeout=60)

    imported = set(ran.stdout.rpartition("::")[2].split())

    assert imported & HEAVY <= NEEDED.get(words[0], set())
    assert "Traceback" not in ran.stderr


# What the contract of the folder says, row by row, written here by hand.
E, H, S = Keep.ESSENTIAL, Keep.HISTORY, Keep.SCRATCH
CONTRACT: dict[str, tuple[str, Keep, int, bool, int | None]] = {
    # path: owner, class, mode, may be relocated, days kept
    ".": ("core", E, 0o750, False, None),
    "data": ("core", E, 0o750, False, None),
    "data/database": ("backups", E, 0o700, True, None),
    "data/batches": ("batches", E, 0o750, False, None),
    "data/batches/inventory": ("batches", E, 0o750, True, None),
    "data/batches/vendor_catalog": ("batches", E, 0o750, True, None),
    "data/batches/vendor_invoice": ("batches", E, 0o750, True, None),
    "data/exports": ("exports", E, 0o750, False, None),
    "data/exports/instacart_product_export": ("exports", E, 0o750, True, None),
    "data/exports/report_output": ("reports", E, 0o750, True, None),
    "data/templates": ("templates", E, 0o750, True, None),
    "data/upgrades": ("upgrades", E, 0o750, True, None),
    "data/uploads": ("uploads", S, 0o700, True, 7),
    "log": ("core", H, 0o750, True, 90),
    "luigi": ("overnight", E, 0o750, False, None),
    "luigi/log": ("overnight", H, 0o750, True, 90),
    "luigitasks": ("overnight", E, 0o750, False, None),
    "sessions": ("sessions", E, 0o700, False, None),
    "sessions/data": ("sessions", S, 0o700, True, 14),
    "sessions/lock": ("sessions", S, 0o700, True, None),
    "work": ("work", E, 0o750, False, None),
    "work/csv": ("work", S, 0o750, True, 30),
    "work/generated-projects": ("projects", S, 0o750, True, 30),
    "work/user-files": ("work", S, 0o700, True, 14),
}


def test_the_declarations_are_what_the_contract_of_the_folder_says(registry: Registry) -> None:
    days = {option.key: option.default for option in registry.options}

    declared = {
        folder.path: (owner, folder.keep, folder.mode, folder.relocatable, days.get(folder.age_option))
        for owner, folder in registry.layout
    }

    assert declared == CONTRACT


def test_every_folder_is_declared_in_the_package_that_owns_it(registry: Registry) -> None:
    assert {path.parent.name for path in SRC.glob("features/*/feature.py")} == set(BUILT_IN)
    assert tuple(feature.name for feature in registry.features) == BUILT_IN


@pytest.mark.parametrize("option", load_registry().options, ids=lambda option: option.key)
def test_every_option_has_help_and_is_documented(option: Option) -> None:
    assert option.help.endswith(".")
    assert f"`{option.environment_variable}`" in (DOCS / "reference" / "options.md").read_text(encoding="utf-8")


def test_every_age_rule_is_an_option_in_days(registry: Registry) -> None:
    options = {option.key: option for option in registry.options}

    for _, folder in registry.layout:
        if folder.age_option:
            assert (options[folder.age_option].kind, options[folder.age_option].unit) == ("integer", "days")


def test_every_command_has_help_and_is_documented(registry: Registry) -> None:
    page = (DOCS / "reference" / "commands.md").read_text(encoding="utf-8")

    for _, command in registry.commands:
        assert command.help.endswith("."), command.name
        assert f"### {command.name}\n" in page
        assert all(f"`rattail {alias}`" in page for alias in command.aliases)
        assert isinstance(load_target(command.target), click.Command)


def test_every_error_is_drawn_in_the_tree_and_documented() -> None:
    page = (DOCS / "reference" / "exit-codes.md").read_text(encoding="utf-8")

    for error in errors.all_errors():
        assert re.search(rf"\b{error.__name__} +{error.exit_code} ", errors.__doc__ or ""), error
        assert f"| {error.exit_code} | `{error.__name__}` | {error.meaning} |" in page
    assert len({error.exit_code for error in errors.all_errors()}) == len(errors.all_errors())


@pytest.mark.parametrize("path", sorted([*SRC.glob("appdir/**/*.py"), *SRC.glob("config/**/*.py")]), ids=relative)
def test_every_public_function_of_the_core_has_a_docstring(path: Path) -> None:
    name = ".".join(path.relative_to(SRC.parent).with_suffix("").parts)
    module = importlib.import_module(name)
    public = [
        (member, value)
        for member, value in vars(module).items()
        if inspect.isfunction(value) and value.__module__ == name and not member.startswith("_")
    ]

    assert module.__doc__
    assert [member for member, value in public if not value.__doc__] == []


def text_files() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-coz", "--exclude-standard"], cwd=ROOT, capture_output=True, check=True
    )
    paths = [ROOT / name for name in listed.stdout.decode().split("\0") if name]
    return [path for path in paths if path.is_file() and path != Path(__file__)]


def test_nothing_says_to_install_the_distribution_that_is_not_ours() -> None:
    forbidden = re.compile(r"pip3? install (\S+ )*rattail(?![\w-])")

    assert [relative(path) for path in text_files() if forbidden.search(path.read_text(errors="replace"))] == []


def test_the_version_is_one() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    newest = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)

    assert newest is not None
    assert project["version"] == rattail.__version__ == newest[1]


def test_the_licence_is_mit_and_the_name_is_not_taken() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

    assert project["license"] == "MIT"
    assert (ROOT / "LICENSE").read_text(encoding="utf-8").startswith("MIT License")
    assert project["name"] != "rattail"


@pytest.mark.parametrize("path", sorted((ROOT / "requirements").glob("*.txt")), ids=relative)
def test_a_lock_file_has_hashes_for_everything_and_no_address(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    entries = re.split(r"\n(?=[a-z0-9])", text[text.index("\n", text.index("make lock")) + 1 :].strip())

    assert "://" not in text
    assert "--index" not in text
    assert "--find-links" not in text
    assert entries
    assert [entry for entry in entries if "==" not in entry.split("\n")[0] or "--hash=sha256:" not in entry] == []
