"""Which app folder a command works on, and why that one."""

import os
import sys
from collections.abc import Mapping
from typing import NamedTuple

from rattail.appdir.refusal import refusal
from rattail.errors import AppDirNotFound, InputRejected

ENVIRONMENT_VARIABLE = "RATTAIL_APPDIR"
_NAMES_THAT_TELL_NOTHING = ("app", ".venv", "venv", "env")


class Located(NamedTuple):
    """An absolute path, links resolved, and the reason it was chosen, as a phrase."""

    root: str
    reason: str
    is_default: bool = False
    given: str = ""  # the path before its links were resolved

    @property
    def name(self) -> str:
        """The app's name as its folder's surroundings tell it: `poser` for /srv/envs/poser/app.

        Folders that are called what they are (`app`, `.venv`) tell nothing; the one around them does.
        Letters that cannot be shown are `?`, so that the name can stand in any text.
        """
        parts = [part for part in self.root.split("/") if part]
        while len(parts) > 1 and parts[-1] in _NAMES_THAT_TELL_NOTHING:
            parts.pop()
        name = parts[-1] if parts else ""
        return "".join(letter if letter.isprintable() else "?" for letter in name)


def locate_appdir(given: str | None, *, flag: str = "--appdir", environ: Mapping[str, str]) -> Located:
    """Choose the app folder: what the command line says, else `RATTAIL_APPDIR`, else `<env>/app`.

    Nothing on the disk has to exist yet. Links are resolved once, here, so that everything after
    works on one real place.

    Raises:
        AppDirNotFound: nothing was given and Python does not run in a virtual environment.
        InputRejected: a path was given that is empty or cannot be a path.
    """
    if given is not None:
        return Located(_resolved(given, flag), f"because of {flag}", given=given)
    from_environment = environ.get(ENVIRONMENT_VARIABLE)
    if from_environment is not None:
        return Located(
            _resolved(from_environment, ENVIRONMENT_VARIABLE),
            f"because of the environment variable {ENVIRONMENT_VARIABLE}",
            given=from_environment,
        )
    if sys.prefix == sys.base_prefix:
        raise AppDirNotFound(
            f"Python runs outside a virtual environment ({sys.prefix}), so there is no <env>/app to work on.",
            hint=(
                "say where the app folder is (make-appdir: --path PATH, others: --appdir PATH), or run the "
                "'rattail' in an environment's 'bin'"
            ),
        )
    own = f"{sys.prefix}/app"
    return Located(os.path.realpath(own), "because it is the environment's own", True, own)


def _resolved(path: str, flag: str) -> str:
    if not path.strip():
        raise InputRejected(f"{flag} is empty: expected the path of an app folder.")
    if "\0" in path:
        raise InputRejected(f"{flag}: a path cannot hold a NUL character.")
    try:
        return os.path.realpath(path)
    except OSError as error:  # the current folder was deleted
        raise refusal("find", path, error) from error
