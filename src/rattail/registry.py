"""The names of the features, and everything they declare, together.

Only names stand here; the declarations are imported by name, so that this module may lie below the
features. Extensions are other distributions in the environment that have an entry point in the
group `rattail.features`; they are found by reading file names, because asking the standard library
would cost more than all the rest of the start.
"""

import os
import sys
from collections.abc import Iterable, Iterator
from functools import cached_property
from importlib import import_module

from rattail.appdir.folder import AppFile
from rattail.appdir.layout import Layout
from rattail.appdir.names import LOCK, MARKER
from rattail.config.option import Option
from rattail.config.toml_text import SECRETS_FILE, SETTINGS_FILE
from rattail.feature import Command, Feature, JobKind, List, Page, Permission, Recurring, RowFiles

BUILT_IN = (
    "core",
    "accounts",
    "products",
    "batches",
    "exports",
    "reports",
    "templates",
    "upgrades",
    "uploads",
    "overnight",
    "sessions",
    "backups",
    "work",
    "projects",
    "mail",
    "jobs",
    "serve",
    "home",
    "sample",
)
_LOWER_APPS = ("rattail.audit", "rattail.retail", "rattail.notices", "rattail.jobs")
_CORE_FILES = (MARKER, LOCK, SETTINGS_FILE, SECRETS_FILE)
ENTRY_POINT_GROUP = "rattail.features"
UPSTREAM = "rattail"
UPSTREAM_WARNING = (
    "another distribution called 'rattail' is installed in this environment too ({}); it and this one overwrite "
    "each other's files. Keep one of the two in an environment of its own: make a new environment "
    "(python3 -m venv), install this one there, and copy the old app folder with: rattail make-appdir --adopt FROM"
)


class Registry:
    """All features of this installation.

    `packages` are the features' packages, by their names. `broken` says which extensions could not
    be loaded, and why; `upstream` is the installed-files
    record of the distribution `rattail`, which overwrites our files where it is installed as well.
    """

    def __init__(
        self,
        features: tuple[Feature, ...],
        broken: tuple[str, ...] = (),
        upstream: str = "",
        packages: dict[str, str] | None = None,
    ) -> None:
        self.features = features
        self.packages = packages or {}
        self.broken = broken
        self.upstream = upstream

    @property
    def warnings(self) -> tuple[str, ...]:
        """What every command says before it does anything: this installation is not sound."""
        return (*self.broken, UPSTREAM_WARNING.format(self.upstream)) if self.upstream else self.broken

    @cached_property
    def layout(self) -> Layout:
        return Layout((feature.name, folder) for feature in self.features for folder in feature.folders)

    @cached_property
    def options(self) -> tuple[Option, ...]:
        """Every option, its table filled in; the places of relocatable folders are options as well."""
        declared = [
            option._replace(table=option.table or feature.name)
            for feature in self.features
            for option in feature.options
        ]
        return (*declared, *self._folder_options())

    @property
    def files(self) -> tuple[tuple[str, AppFile], ...]:
        return tuple((feature.name, file) for feature in self.features for file in feature.files)

    @property
    def checks(self) -> tuple[tuple[str, str], ...]:
        return tuple((feature.name, check) for feature in self.features for check in feature.checks)

    @property
    def commands(self) -> tuple[tuple[Feature, Command], ...]:
        return tuple((feature, command) for feature in self.features for command in feature.commands)

    @cached_property
    def permissions(self) -> dict[str, Permission]:
        """Every permission by its name."""
        return {each.name: each for feature in self.features for each in feature.permissions}

    @property
    def pages(self) -> tuple[Page, ...]:
        return tuple(page for feature in self.features for page in feature.pages)

    @cached_property
    def lists(self) -> dict[str, List]:
        """Every list by its name."""
        return {each.name: each for feature in self.features for each in feature.lists}

    @cached_property
    def jobs(self) -> dict[str, JobKind]:
        """Every kind of job by its name."""
        return {each.name: each for feature in self.features for each in feature.jobs}

    @property
    def recurring(self) -> tuple[Recurring, ...]:
        return tuple(each for feature in self.features for each in feature.recurring)

    @property
    def middleware(self) -> tuple[str, ...]:
        return tuple(each for feature in self.features for each in feature.middleware)

    @property
    def row_files(self) -> tuple[RowFiles, ...]:
        return tuple(each for feature in self.features for each in feature.row_files)

    @property
    def apps(self) -> tuple[str, ...]:
        """Every package with tables of its own (a Django app), those of the layers below first."""
        return (*_LOWER_APPS, *(app for feature in self.features for app in feature.apps))

    @cached_property
    def table_titles(self) -> dict[str, str]:
        """What each table of the settings file is about, for its head."""
        titles = {feature.name: feature.title for feature in self.features}
        titles.update(pair for feature in self.features for pair in feature.tables)
        return titles

    def _folder_options(self) -> Iterator[Option]:
        for _, folder in self.layout:
            if folder.relocatable:
                yield Option(
                    name=folder.path,
                    table="folders",
                    kind="path",
                    default=folder.path,
                    help=f"Where the folder '{folder.path}' lies.",
                    takes_effect="at the next make-appdir",
                )


def load_registry() -> Registry:
    """Import every declaration. A broken extension is left out and named in `Registry.broken`."""
    installed = tuple(distribution_folders())
    upstream = next((folder for folder in installed if _distribution(folder) == UPSTREAM), "")
    if upstream:
        _keep_to_our_features()
    features = [import_module(f"rattail.features.{name}.feature").FEATURE for name in BUILT_IN]
    packages = {name: f"rattail.features.{name}" for name in BUILT_IN}
    broken: list[str] = []
    for folder in installed:
        distribution = _distribution(folder)
        if distribution == UPSTREAM:
            continue  # its entry points in the group of the same name mean something else
        for target in _targets_of(folder):
            fault = _add_extension(features, target)
            if not fault:
                packages[features[-1].name] = target.partition(":")[0].rpartition(".")[0]
            else:
                broken.append(f"extension {distribution} ({target}) is left out: {fault}")
    return Registry(tuple(features), tuple(broken), upstream, packages)


def load_target(target: str) -> object:
    """What the dotted name `module:attribute` means."""
    module, _, attribute = target.partition(":")
    return getattr(import_module(module), attribute)


def distribution_folders() -> Iterator[str]:
    """The `*.dist-info` folders of everything installed where Python looks."""
    for where in dict.fromkeys(path for path in sys.path if path):
        try:
            names = os.listdir(where)
        except OSError:
            continue
        yield from (f"{where}/{name}" for name in sorted(names) if name.endswith(".dist-info"))


def _distribution(folder: str) -> str:
    return os.path.basename(folder).partition("-")[0].lower()


def _keep_to_our_features() -> None:
    """Make the package of the features ours, without the file in it that may be upstream's.

    Both distributions have a `rattail/features/__init__.py`; upstream's imports half of upstream, which is
    not whole either.
    """
    from types import ModuleType

    package = ModuleType("rattail.features")
    package.__path__ = [f"{os.path.dirname(__file__)}/features"]
    sys.modules.setdefault("rattail.features", package)


def _targets_of(folder: str) -> list[str]:
    """The targets of a distribution's entry points in our group."""
    try:
        with open(f"{folder}/entry_points.txt", encoding="utf-8") as stream:
            text = stream.read()
    except (OSError, UnicodeDecodeError):
        return []
    targets, is_ours = [], False
    for line in text.splitlines():
        if line.strip().startswith("["):
            is_ours = line.strip() == f"[{ENTRY_POINT_GROUP}]"
        elif is_ours and "=" in line:
            targets.append(line.partition("=")[2].strip())
    return targets


def _add_extension(features: list[Feature], target: str) -> str:
    """Add an extension's feature if it fits with the others; say why not where it does not."""
    try:
        feature = load_target(target)
        if not isinstance(feature, Feature):
            return f"{target} is not a Feature"
        if any(feature.name == other.name for other in features):
            return f"there is a feature {feature.name!r} already"
        Layout((one.name, folder) for one in (*features, feature) for folder in one.folders)
        twice = _first_repeated(name for one in (*features, feature) for name in _command_names(one))
        if twice:
            return f"its command {twice!r} exists already"
        twice = _first_repeated(
            f"{option.table or one.name}.{option.name}" for one in (*features, feature) for option in one.options
        )
        if twice:
            return f"its option {twice!r} exists already"
        for kind in ("permissions", "pages", "lists", "jobs"):
            twice = _first_repeated(each.name for one in (*features, feature) for each in getattr(one, kind))
            if twice:
                return f"its {kind.removesuffix('s')} {twice!r} exists already"
        twice = _first_repeated(page.path for one in (*features, feature) for page in one.pages)
        if twice:
            return f"its page {twice!r} exists already"
        twice = _first_repeated((*_CORE_FILES, *(path for one in (*features, feature) for path in _paths(one))))
        if twice:
            return f"its {twice!r} exists already"
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever somebody else's code does, the shop goes on
        return f"{type(error).__name__}: {error}"
    features.append(feature)
    return ""


def _paths(feature: Feature) -> Iterator[str]:
    yield from (folder.path for folder in feature.folders)
    yield from (file.path for file in feature.files)


def _command_names(feature: Feature) -> Iterator[str]:
    for command in feature.commands:
        yield from (command.name, *command.aliases)


def _first_repeated(names: Iterable[str]) -> str:
    seen: set[str] = set()
    return next((name for name in names if name in seen or seen.add(name)), "")  # type: ignore[func-returns-value]
