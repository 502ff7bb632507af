"""The files that `make-appdir` writes: the README, the settings, the secrets."""

from __future__ import annotations

import os
from collections.abc import Mapping

from rattail.appdir.folder import AppFile
from rattail.appdir.layout import Making
from rattail.appdir.make import WantedFile
from rattail.config.edit import add_missing_secrets, with_value
from rattail.config.load import Settings
from rattail.config.option import SECRET_BYTES, Option, Value
from rattail.config.render import render_settings
from rattail.config.toml_text import SECRETS_FILE, SETTINGS_FILE, read_text
from rattail.registry import Registry, load_target

SETTINGS_MODE = 0o640
SECRETS_MODE = 0o600


def readme(making: Making) -> str:
    """README.txt: for whoever finds the folder, in twenty years as well."""
    width = max(len(folder.path) for _, folder in making.layout)
    rows = "\n".join(f"  {folder.path:<{width}}  {folder.keep:<9}  {folder.purpose}" for _, folder in making.layout)
    return f"""\
This is the app folder of '{making.name}'.

It holds everything that belongs to the app: settings, data, logs, sessions, uploads. A minimal
backup of the app needs this folder and nothing else. The program itself is installed in the virtual
environment around it and can be installed anew at any time.

  rattail.toml     the settings, explained         rattail show-config
  secrets.toml     passwords and keys              keep it, and keep it private
  app-folder.json  says that this is an app folder, and what was written by the program

The folders. Essential: never cleaned, in every backup. History: removed by age, in full backups.
Scratch: removed by age, in no backup. Whatever you add yourself counts as essential.

{rows}

  rattail show-appdir      what is in it, and how much
  rattail check-appdir     what is wrong with it
  rattail make-appdir      put back what is missing
"""


def wanted_files(
    registry: Registry, *, root: str, name: str, settings: Settings, first_values: Mapping[str, Value]
) -> tuple[WantedFile, ...]:
    """Every file the root of the app folder should hold, the operator's values kept.

    `first_values` are values (by full name) for a settings file that does not exist yet; those of secrets
    go into the secrets file where it has none.
    """
    making = Making(name, registry.layout)
    files = []
    for _, file in registry.files:
        files.append(generated_file(file, making))
    files.append(settings_file(registry, root, settings, first_values))
    files.append(_secrets_file(registry, root, first_values))
    return tuple(files)


def generated_file(file: AppFile, making: Making) -> WantedFile:
    """A file that a feature declared, as it is written now."""
    render = load_target(file.render)
    assert callable(render), f"{file.render} is not a function"
    content = str(render(making)).encode()
    return WantedFile(file.path, file.mode, content, content)


def settings_file(registry: Registry, root: str, settings: Settings, first_values: Mapping[str, Value]) -> WantedFile:
    """The settings file as it is written now, the operator's values kept.

    A file that holds settings of an extension that is not installed now is left as it is: they could
    not be written again.
    """
    if settings.strangers and (text := read_text(f"{root}/{SETTINGS_FILE}", SETTINGS_FILE)) is not None:
        return WantedFile(SETTINGS_FILE, SETTINGS_MODE, text.encode(), text.encode())
    values = {key: value for key, value in settings.in_files.items() if not settings.by_key[key].option.is_secret}
    if not os.path.lexists(f"{root}/{SETTINGS_FILE}"):
        values.update({key: value for key, value in first_values.items() if not settings.by_key[key].option.is_secret})
    template = render_settings(registry.options, registry.table_titles)
    content = render_settings(registry.options, registry.table_titles, values) if values else template
    return WantedFile(SETTINGS_FILE, SETTINGS_MODE, content.encode(), template.encode())


def _secrets_file(registry: Registry, root: str, first_values: Mapping[str, Value]) -> WantedFile:
    content = add_missing_secrets(registry.options, path=f"{root}/{SECRETS_FILE}", generate=new_secret)
    for option in registry.options:
        if option.is_secret and option.key in first_values and not _says(content, option):
            content = with_value(content, option, first_values[option.key])
    return WantedFile(SECRETS_FILE, SECRETS_MODE, content.encode(), b"", may_be_extended=True)


def _says(content: str, option: Option) -> bool:
    import tomllib

    return bool(tomllib.loads(content).get(option.table, {}).get(option.name))


def new_secret() -> str:
    """A fresh secret, 256 bits of the system's randomness as hexadecimal digits."""
    return os.urandom(SECRET_BYTES).hex()
