"""Writing the files into one folder, and saying how they are installed."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import NamedTuple

from rattail.appdir.files import opened_folder, replace_file
from rattail.appdir.hints import pasted_line
from rattail.appdir.layout import Place
from rattail.appdir.owner import Owner
from rattail.appdir.refusal import refusal, shown
from rattail.config.load import Settings
from rattail.errors import InputRejected
from rattail.features.serve.units.machine import (
    Machine,
    Web,
    backups_folder,
    check_paths,
    copy_folders,
    misplaced,
    owner_names,
    timed_commands,
    unit_name,
    writable_folders,
)
from rattail.features.serve.units.proxy import logrotate, proxy_files, proxy_remarks
from rattail.features.serve.units.systemd import systemd_files, tmpfiles
from rattail.registry import Registry
from rattail.web.public import public_url

_FILE_MODE = 0o644


class Ground(NamedTuple):
    """What make-units looks at. `program` is the absolute path of `rattail`, `owner` whose folder it is."""

    root: str
    name: str
    program: str
    owner: Owner
    places: Sequence[Place]
    settings: Settings
    registry: Registry


class UnitsMade(NamedTuple):
    """The names of the files, in `folder`, and the commands that install them; `warnings` say why these may fail."""

    folder: str
    unit: str
    files: tuple[str, ...]
    install: tuple[str, ...]
    warnings: tuple[str, ...]


def make_units(ground: Ground, *, folder: str) -> UnitsMade:
    """Write the files into `folder` (made where it is missing), over those of an earlier run, and nowhere else.

    Raises:
        InputRejected: a path cannot stand in a unit, or the folder is the app folder.
        AppDirBroken: the folder cannot be written.
        ConfigInvalid: `web.public_url` is no address.
    """
    if folder == ground.root or folder.startswith(f"{ground.root}/"):
        raise InputRejected(f"--output {shown(folder)} lies in the app folder; expected a folder outside of it.")
    machine = machine_of(ground)
    files = files_of(machine, ground.places)
    try:
        os.makedirs(folder, exist_ok=True)
        with opened_folder(folder) as fd:
            for name, text in files.items():
                replace_file(fd, name, text.encode(), mode=_FILE_MODE)
    except OSError as error:
        raise refusal("write the units in", folder, error) from error
    warnings = (*misplaced(machine), *proxy_remarks(machine.web))
    return UnitsMade(folder, machine.unit, tuple(files), install_lines(machine, folder=folder), warnings)


def machine_of(ground: Ground) -> Machine:
    """What the files are made of."""
    settings = ground.settings
    user, group = owner_names(ground.owner)
    writable = writable_folders(ground.root, ground.places)
    backups = settings.text("backups.target") or backups_folder(ground.program)
    copies = copy_folders(settings.texts("backups.copy_to"))
    check_paths((*writable, ground.program, backups, *copies))
    public = public_url(settings.text("web.public_url"))
    return Machine(
        unit=unit_name(ground.name),
        title=_one_line(settings.text("app.title")),
        root=ground.root,
        program=ground.program,
        user=user,
        group=group,
        writable=writable,
        backups=backups,
        needs_database_server=bool(settings.text("database.url")),
        timed=timed_commands(ground.registry),
        has_mail=bool(settings.text("mail.host")),
        stop_wait_s=settings.integer("jobs.stop_wait_s"),
        web=Web(settings.text("web.address"), settings.integer("web.port"), public, settings.integer("uploads.max_mb")),
        copies=copies,
    )


def files_of(machine: Machine, places: Sequence[Place]) -> dict[str, str]:
    """Every file by its name."""
    files = systemd_files(machine)
    files[f"{machine.unit}.tmpfiles.conf"] = tmpfiles(machine)
    luigi = next((place.location for place in places if place.path == "luigi/log"), None)
    if luigi is not None:
        files[f"{machine.unit}.logrotate"] = logrotate(machine, folder=luigi)
    return files | proxy_files(machine)


def install_lines(machine: Machine, *, folder: str) -> tuple[str, ...]:
    """The commands that install the files, to be pasted."""
    unit = machine.unit
    units = [f"{folder}/{name}" for name in systemd_files(machine)]
    timers = [f"{unit}-{timed.verb}.timer" for timed in machine.timed]
    return (
        pasted_line("sudo", "install", "-m", "644", *units, "/etc/systemd/system/"),
        _installed(f"{folder}/{unit}.tmpfiles.conf", f"/etc/tmpfiles.d/{unit}.conf"),
        _installed(f"{folder}/{unit}.logrotate", f"/etc/logrotate.d/{unit}"),
        pasted_line("sudo", "systemd-tmpfiles", "--create", f"/etc/tmpfiles.d/{unit}.conf"),
        "sudo systemctl daemon-reload",
        pasted_line("sudo", "systemctl", "enable", "--now", f"{unit}.service", *timers),
    )


def _installed(source: str, target: str) -> str:
    return pasted_line("sudo", "install", "-m", "644", source, target)


def _one_line(text: str) -> str:
    """A title as it can stand in a unit: a percent sign begins something there."""
    return " ".join(text.split()).replace("%", "%%").replace("\\", "")
