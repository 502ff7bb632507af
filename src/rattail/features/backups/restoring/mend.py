"""Our own files, made right for the place where they are now: absolute paths, and folders that lay elsewhere."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Mapping

from rattail.appdir.files import opened_folder, read_file, replace_file
from rattail.appdir.marker import Marker, decode_marker
from rattail.appdir.names import MARKER
from rattail.appdir.refusal import refusal, shown
from rattail.config.edit import with_value, without_value
from rattail.config.option import Option
from rattail.config.toml_text import SETTINGS_FILE
from rattail.errors import RattailError
from rattail.features.backups.archive.damaged import Damaged

_WITH_PATHS = ("luigi.cfg",)
_DATABASE = "database.url"
_AFTER_PATH = r"(?=$|[/\s\"',;:\]])"


def mend_paths(
    folder: str, *, was: str, is_now: str, inside: Mapping[str, str], options: Iterable[Option]
) -> list[str]:
    """Mend the restored folder, which lies at `folder` for the moment; returns what was done, a sentence each.

    `was` is where the app folder lay (empty: nobody knows), `is_now` where it will lie. `inside` are logical names of
    folders that lay elsewhere, and where: from now on they are in the folder itself.

    Raises:
        Damaged: it is no app folder.
        AppDirBroken: a file cannot be read or written.
    """
    try:
        with opened_folder(folder) as fd:
            return _Mending(fd, folder).mend(was, is_now, inside, options)
    except OSError as error:
        raise refusal("mend the paths in", folder, error) from error


def name_database(folder: str, *, url: str, options: Iterable[Option]) -> str:
    """Name the database in the settings of the restored folder, which lies at `folder` for the moment, where they name
    another one: that belongs to the folder that the backup is of. Returns what was done, in a sentence, or nothing.

    Raises:
        Damaged, AppDirBroken: as `mend_paths`.
    """
    try:
        with opened_folder(folder) as fd:
            return _Mending(fd, folder).name_database(url, options)
    except OSError as error:
        raise refusal("name the database in", folder, error) from error


class _Mending:
    def __init__(self, fd: int, folder: str) -> None:
        self._fd = fd
        content = read_file(fd, MARKER)
        if content is None:
            raise Damaged(f"the folder in it has no marker {MARKER!r}")
        self._content = content
        self._marker: Marker = decode_marker(content, folder)

    def mend(self, was: str, is_now: str, inside: Mapping[str, str], options: Iterable[Option]) -> list[str]:
        said = []
        by_name = {option.name: option for option in options if option.table == "folders"}
        kept = {name: place for name, place in self._marker.relocated.items() if name not in inside}
        for name, place in inside.items():
            if name in by_name and self._rewrite(SETTINGS_FILE, lambda text, o=by_name[name]: without_value(text, o)):
                said.append(
                    f"{shown(name)} lay at {shown(place)}; it is in the folder itself now, and [folders] in "
                    f"{SETTINGS_FILE} does not speak of it any more."
                )
        if was and was != is_now:
            pattern = re.compile(re.escape(was) + _AFTER_PATH)
            for name in _WITH_PATHS:
                if self._rewrite(name, lambda text: pattern.sub(lambda _: is_now, text)):
                    said.append(f"the paths in {name} are those of {shown(is_now)} now.")
        self._marker = self._marker._replace(relocated=kept)
        self._keep_marker()
        return said

    def name_database(self, url: str, options: Iterable[Option]) -> str:
        option = next(each for each in options if each.key == _DATABASE)
        if self._rewrite(SETTINGS_FILE, lambda text: with_value(text, option, url)):
            self._keep_marker()
            return (
                f"{_DATABASE} in {SETTINGS_FILE} is {shown(url)} now, where the records are; the password of its user "
                "belongs into secrets.toml."
            )
        if (read_file(self._fd, SETTINGS_FILE) or b"").find(url.encode()) < 0:
            return f"{SETTINGS_FILE} names another database than {shown(url)}, where the records are: mend {_DATABASE}."
        return ""

    def _keep_marker(self) -> None:
        if self._marker != decode_marker(self._content, ""):
            self._replace(MARKER, self._marker.encode())

    def _rewrite(self, name: str, change: object) -> bool:
        """Change a text; where nobody had edited it, the marker goes on knowing that. Returns whether it changed."""
        content = read_file(self._fd, name)
        if content is None:
            return False
        try:
            text = content.decode("utf-8")
            changed = change(text).encode("utf-8")  # type: ignore[operator]
        except (UnicodeDecodeError, RattailError):
            return False
        if changed == content:
            return False
        self._replace(name, changed)
        known = self._marker.files.get(name)
        if known is not None and known.sha256 == hashlib.sha256(content).hexdigest():
            written = known._replace(sha256=hashlib.sha256(changed).hexdigest())
            self._marker = self._marker._replace(files={**self._marker.files, name: written})
        return True

    def _replace(self, name: str, content: bytes) -> None:
        look = os.lstat(name, dir_fd=self._fd)
        owner = (look.st_uid, look.st_gid) if os.geteuid() == 0 else None
        replace_file(self._fd, name, content, mode=look.st_mode & 0o777, owner=owner)
