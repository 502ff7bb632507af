"""Write the pages of docs/reference that say what the code says: `make docs`."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import click

from rattail.appdir.folder import Folder
from rattail.config.option import Option
from rattail.config.values import text_of
from rattail.errors import all_errors
from rattail.feature import Recurring
from rattail.features.batches.reading.choose import all_formats
from rattail.features.batches.states import FOLLOWING
from rattail.features.batches.statuses import HELD, TITLES, Status
from rattail.features.core.check.service import known_kinds
from rattail.registry import load_registry, load_target
from tests.docs.blocks import DOCS
from tests.docs.envelopes import data_rows

_LEVELS = ("error", "warning", "info")
HEAD = "<!-- Written by `make docs` from the code. Do not edit. -->\n"


def folders_page() -> str:
    registry = load_registry()
    options = {option.key: option for option in registry.options}
    rows = [
        (
            f"`{folder.path}`",
            owner,
            folder.keep.value,
            f"{folder.mode:04o}",
            _age(folder, options),
            "yes" if folder.relocatable else "",
            folder.purpose,
        )
        for owner, folder in registry.layout
    ]
    return _page(
        "The folders",
        "Every folder of the app folder, the feature that owns it, and what its contents are worth. **Essential**: in "
        "the minimal backup, never cleaned. **History**: in a full backup, cleaned by age. **Scratch**: in no backup, "
        "cleaned by age, marked by a `CACHEDIR.TAG`. What nobody declared, your own scripts and folders, counts as "
        "essential. A folder that can be relocated has an option of the same name in the table `[folders]`.",
        _table(("path", "owner", "class", "mode", "kept", "can be relocated", "what is in it"), rows),
        "In the root of the folder lie `app-folder.json` (the marker, 0640), `app-folder.lock` (the lock, 0640), "
        "`rattail.toml` (the settings, 0640), `secrets.toml` (0600) and "
        + ", ".join(f"`{file.path}` ({file.purpose}, {file.mode:04o})" for _, file in registry.files)
        + ".",
    )


def options_page() -> str:
    registry = load_registry()
    tables: dict[str, list[Option]] = {}
    for option in registry.options:
        tables.setdefault(option.table, []).append(option)
    parts = []
    for table, options in tables.items():
        rows = [
            (
                f"`{option.name}`" + (" (secret)" if option.is_secret else ""),
                f"{option.help} Expected: {option.expected}.",
                _default(option),
                option.takes_effect,
                f"`{option.environment_variable}`",
            )
            for option in options
        ]
        parts.append(f"## [{table}]\n\n{registry.table_titles.get(table, table).removesuffix('.')}.")
        parts.append(_table(("option", "what it is", "default", "takes effect", "environment variable"), rows))
    return _page(
        "The options",
        "Settings stand in `rattail.toml`, secrets in `secrets.toml`, both in the root of the app folder. An "
        "environment variable goes before the files; for a secret, the variable with `_FILE` at its end names a file "
        "that holds it. `rattail show-config` shows every value and where it came from.",
        *parts,
    )


def commands_page() -> str:
    registry = load_registry()
    groups: dict[str, list[str]] = {}
    for feature, command in registry.commands:
        text = f"### {command.name}\n\n"
        if command.aliases:
            text += "Also: " + ", ".join(f"`rattail {alias}`" for alias in command.aliases) + ".\n\n"
        made = load_target(command.target)
        assert isinstance(made, click.Command)
        groups.setdefault(command.group or feature.title, []).append(
            text + f"```text\n{help_of(made, command.name)}```"
        )
    parts = [part for title, texts in groups.items() for part in (f"## {title}", *texts)]
    return _page(
        "The commands",
        "`rattail VERB-NOUN [ARGUMENTS] [OPTIONS]`. Every command takes `--appdir`, `--json`, `--quiet`, `--verbose` "
        "and `--help`. Which app folder it works on: `--appdir`, else the environment variable `RATTAIL_APPDIR`, else "
        "`app` in the virtual environment; `--verbose` says which, and why.",
        *parts,
    )


def exit_codes_page() -> str:
    rows = [("0", "", "all is well; check-appdir found infos at most")]
    rows += [(str(error.exit_code), f"`{error.__name__}`", error.meaning) for error in all_errors()]
    return _page(
        "The exit codes",
        "What a script can rely on. The name is the `kind` of an error in the `--json` output.",
        _table(("code", "name", "meaning"), rows),
    )


def batches_page() -> str:
    """States, statuses and formats of batches."""
    formats = sorted(all_formats(), key=lambda one: (one.kind, one.is_generic, one.name))
    states = [(f"`{state}`", ", ".join(f"`{one}`" for one in after)) for state, after in FOLLOWING.items()]
    held = [one for one in Status if one & HELD]
    statuses = [
        (f"`{status.name.lower()}`", TITLES[status], "yes" if status in held else "")
        for status in Status
        if status.name
    ]
    return _page(
        "Batches: formats, statuses, states",
        "What `make-batch` reads. A generic format takes any table whose columns have known names, or that the "
        "vendor's mapping describes; it steps back where another format recognises the file.",
        _table(("kind", "format", "what it is"), [(f"`{one.kind}`", f"`{one.name}`", one.title) for one in formats]),
        "What can be true of a row; one row can carry several. A held row changes nothing until a person has dealt "
        "with it.",
        _table(("status", "meaning", "held"), statuses),
        "The states of a batch, and which may follow. The database refuses everything else.",
        _table(("state", "may be followed by"), states),
    )


def findings_page() -> str:
    kinds = sorted(known_kinds(load_registry())[0], key=lambda kind: (_LEVELS.index(kind.level), kind.id))
    rows = [(f"`{kind.id}`", kind.level, kind.title) for kind in kinds]
    return _page(
        "The findings of check-appdir",
        "An id never changes its meaning. Errors and warnings make check-appdir end with exit code 61; infos do not. "
        "A finding that is meant to be is accepted by its id, or by `ID:PATH` for one place, in the option "
        "`check.accept`.",
        _table(("id", "level", "what it says"), rows),
    )


def json_page() -> str:
    rows = [
        ("`ok`", "true or false", "whether the command did what was asked"),
        ("`data`", "object or null", "the result; null where there is none"),
        ("`messages`", "list of {`level`, `text`}", "remarks; `level` is `note` or `warning`"),
        (
            "`errors`",
            "list of {`kind`, `code`, `message`, `hint`}",
            "what went wrong; `kind` is an error's name, `code` the [exit code](exit-codes.md), `hint` what to do next",
        ),
    ]
    with tempfile.TemporaryDirectory() as scratch:
        parts = [
            part
            for command, keys in data_rows(Path(scratch))
            for part in (f"### {command}", _table(("key", "type"), [(f"`{key}`", kind) for key, kind in keys]))
        ]
    return _page(
        "The JSON output",
        "With `--json` a command prints one object with these four keys, whatever happens: success, failure, a "
        "mistyped option, Ctrl-C. Nothing else is printed to the standard output. New keys may come; these stay.",
        _table(("key", "type", "what it is"), rows),
        "## data, by command",
        *parts,
    )


def permissions_page() -> str:
    registry = load_registry()
    ready = sorted({role for each in registry.permissions.values() for role in each.roles})
    rows = [
        (
            f"`{each.name}`",
            each.title + (" (all stores only)" if each.is_for_all_stores else ""),
            "yes",
            *("yes" if role in each.roles else "" for role in ready),
        )
        for each in registry.permissions.values()
    ]
    return _page(
        "The permissions",
        "What somebody may do in the browser, and the ready roles that have it. A role holds in all stores or in one; "
        "a shop can make roles of its own. On the command line the owner of the app folder may everything.",
        _table(("permission", "may", "manager", *ready), rows),
    )


def pages_page() -> str:
    registry = load_registry()
    rows = [
        (f"`/{page.path}`".replace("|", ""), " ".join(page.methods), f"`{page.name}`", page.needs)
        for page in sorted(registry.pages, key=lambda page: page.path)
    ]
    lists = [(f"`{each.name}`", each.needs) for each in registry.lists.values()]
    return _page(
        "The pages",
        "Every address of the web app, and what it needs: a permission, or to be signed in; `public` needs nothing.",
        _table(("address", "methods", "name", "needs"), rows),
        "## Lists that can be downloaded\n\nAs CSV or as a spreadsheet, by whoever may look at them.",
        _table(("list", "needs"), lists),
    )


def jobs_page() -> str:
    registry = load_registry()
    when = {each.job: _when(each) for each in registry.recurring}
    rows = [
        (f"`{each.name}`", each.title, str(each.tries), f"{each.limit_s:,} s", when.get(each.name, ""))
        for each in registry.jobs.values()
    ]
    return _page(
        "The jobs",
        "What runs in the background, how often a failing one is tried in all, how long a try may last, and which "
        "come by themselves. A time of day is one of the shop's time zone. What is killed with its worker runs again.",
        _table(("job", "what it does", "tries", "limit", "by itself"), rows),
    )


def _when(each: Recurring) -> str:
    if each.every_s:
        return f"every {each.every_s:,} s"
    return f"daily, at the time in `{each.at}`" if "." in each.at else f"daily at {each.at}"


PAGES: dict[str, Callable[[], str]] = {
    "permissions.md": permissions_page,
    "pages.md": pages_page,
    "jobs.md": jobs_page,
    "folders.md": folders_page,
    "options.md": options_page,
    "commands.md": commands_page,
    "exit-codes.md": exit_codes_page,
    "batches.md": batches_page,
    "findings.md": findings_page,
    "json.md": json_page,
}


def help_of(command: click.Command, name: str) -> str:
    """What `rattail NAME --help` prints on a terminal of 100 columns."""
    with click.Context(
        command, info_name=f"rattail {name}", help_option_names=["-h", "--help"], terminal_width=98
    ) as context:
        return command.get_help(context) + "\n"


def main() -> None:
    """Write every page."""
    for name, page in PAGES.items():
        (DOCS / "reference" / name).write_text(page(), encoding="utf-8")


def _page(title: str, *parts: str) -> str:
    return "\n\n".join((HEAD.rstrip(), f"# {title}", *parts)) + "\n"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _age(folder: Folder, options: dict[str, Option]) -> str:
    if not folder.age_option:
        return "always"
    option = options[folder.age_option]
    return f"`{option.key}`: {text_of(option.default)} {option.unit}"


def _default(option: Option) -> str:
    if option.is_secret:
        return "made by make-appdir" if option.is_generated else "none"
    return f"`{text_of(option.default)}`" if option.default not in ("", ()) else "empty"


if __name__ == "__main__":
    main()
