"""What a feature declares: everything about it that the rest of the house needs to know."""

from typing import NamedTuple

from rattail.appdir.folder import AppFile, Folder
from rattail.config.option import Option


class Command(NamedTuple):
    """One command line verb. `target` is the dotted name `module:function` of a click command."""

    name: str
    help: str
    target: str
    aliases: tuple[str, ...] = ()
    group: str = ""  # heading in the help; default: the feature's title


class Feature(NamedTuple):
    """A feature's declaration, cheap to import: names and dotted strings, nothing that runs.

    `checks` are dotted names of functions that take a `rattail.appdir.inspect.Looking` and yield
    findings. `tables` are titles of settings tables other than the feature's own. `apps` are the
    packages with `models` and `migrations` (Django apps).
    """

    name: str
    title: str
    folders: tuple[Folder, ...] = ()
    files: tuple[AppFile, ...] = ()
    options: tuple[Option, ...] = ()
    checks: tuple[str, ...] = ()
    commands: tuple[Command, ...] = ()
    tables: tuple[tuple[str, str], ...] = ()
    apps: tuple[str, ...] = ()
