"""What a feature says about a folder or a file it owns."""

from enum import StrEnum
from typing import NamedTuple


class Keep(StrEnum):
    """What a folder's contents are worth."""

    ESSENTIAL = "essential"  # in the minimal backup, never cleaned
    HISTORY = "history"  # in a full backup, cleaned by age
    SCRATCH = "scratch"  # in no backup, may be emptied by age while the app runs


class Folder(NamedTuple):
    """One folder of the app folder, declared once, by the feature that owns it.

    `path` is relative, with `/`; it is also the folder's name when it has been moved elsewhere.
    `age_option` names the option (in days) that says how old a file may get; a folder without
    one is never cleaned by age.
    """

    path: str
    purpose: str
    keep: Keep
    mode: int = 0o750
    age_option: str = ""
    relocatable: bool = False


class AppFile(NamedTuple):
    """One file in the root of the app folder, written by `make-appdir`.

    `render` is the dotted name `module:function` of a function that takes a
    `rattail.appdir.layout.Making` and returns the file's text.
    """

    path: str
    purpose: str
    render: str
    mode: int = 0o640
