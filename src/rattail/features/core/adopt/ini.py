"""Read upstream's INI files the way upstream does, without ever failing on one.

A file may require or include others; what a file says itself goes before what those say. Values may
speak of `%(here)s` and of other options; a `%` that upstream itself stumbles over is kept as it is.
"""

import configparser
import os
import re
import shlex
from typing import NamedTuple

from rattail.appdir.refusal import shown
from rattail.features.core.adopt.old import open_old

_LARGEST_FILE_BYTES = 4 << 20
_DEEPEST_EXPANSION = 10
_REFERENCE = re.compile(r"%%|%\(([^()]*)\)s")
_CHAINS = (
    ("rattail.config", "require"),
    ("rattail.config", "include"),
    ("wutta.config", "require"),
    ("wutta.config", "include"),
)


class IniOption(NamedTuple):
    """One option as upstream would read it, and the file that says it."""

    section: str
    name: str
    value: str
    file: str

    @property
    def shown(self) -> str:
        return f"[{self.section}] {self.name}"


class Ini(NamedTuple):
    """Options by section and name, the first file that says one wins; all files; what was wrong."""

    by_key: dict[tuple[str, str], IniOption]
    others: tuple[IniOption, ...]  # what later files say differently
    files: tuple[str, ...]
    problems: tuple[str, ...]

    def get(self, section: str, name: str) -> str:
        option = self.by_key.get((section, name))
        return "" if option is None else option.value.strip()


class _Chain:
    def __init__(self) -> None:
        self.by_key: dict[tuple[str, str], IniOption] = {}
        self.others: list[IniOption] = []
        self.files: list[str] = []
        self.problems: list[str] = []
        self.moved: tuple[str, str] | None = None

    def read(self, path: str, *, is_required: bool, asked_by: str = "") -> None:
        path = self.rebased(os.path.normpath(path))
        if path in self.files:
            return
        wanted_by = f", which {shown(asked_by)} asks for," if asked_by else ""
        try:
            text = self._text(path)
        except OSError as error:
            if is_required or not isinstance(error, FileNotFoundError):
                self.problems.append(f"{shown(path)}{wanted_by} cannot be read: {error.strerror}.")
            return
        self.files.append(path)
        options = self._options(path, text)
        for option in options:
            key = (option.section, option.name)
            known = self.by_key.setdefault(key, option)
            if known is not option and known.value != option.value:
                self.others.append(option)
        own = {(option.section, option.name): option.value for option in options}
        for section, name in _CHAINS:
            for further in split_list(own.get((section, name), "")):
                where = further if os.path.isabs(further) else os.path.join(os.path.dirname(path), further)
                self.read(where, is_required=name == "require", asked_by=path)

    def rebased(self, path: str) -> str:
        """A path of the folder where it once lay, as a path of the folder that is read now."""
        if self.moved and (path == self.moved[0] or path.startswith(self.moved[0] + "/")):
            return self.moved[1] + path[len(self.moved[0]) :]
        return path

    def _text(self, path: str) -> str:
        with open(open_old(os.path.realpath(path)), "rb") as stream:
            content = stream.read(_LARGEST_FILE_BYTES)
        try:
            return content.decode("utf-8-sig")
        except UnicodeDecodeError:
            self.problems.append(f"{shown(path)} is not UTF-8; it was read as Latin-1: look at names with accents.")
            return content.decode("latin-1")

    def _options(self, path: str, text: str) -> list[IniOption]:
        parser = self._parsed(path, text)
        here = {"here": os.path.dirname(path), "__file__": path}
        found = []
        for section in parser.sections():
            values = {name: value or "" for name, value in parser.items(section)}
            # A default counts where a section says nothing of its own, as upstream has it.
            for name, raw in values.items():
                is_raw = section.startswith("formatter_")
                value = raw if is_raw else self._expanded(raw, {**values, **here}, path, section, name)
                found.append(IniOption(section, name, value, path))
        return found

    def _parsed(self, path: str, text: str) -> configparser.RawConfigParser:
        for is_strict in (True, False):
            parser = configparser.RawConfigParser(strict=is_strict, interpolation=None)
            try:
                parser.read_string(text, path)
            except (configparser.DuplicateSectionError, configparser.DuplicateOptionError) as error:
                if is_strict:
                    what = f"[{error.section}]" + (f" {error.option}" if hasattr(error, "option") else "")
                    self.problems.append(
                        f"{shown(path)} line {error.lineno}: {what} is there twice; the last one counts."
                    )
                    continue
            except configparser.MissingSectionHeaderError as error:
                self.problems.append(
                    f"{shown(path)} line {error.lineno}: expected a [section]; nothing of it was read."
                )
            except configparser.ParsingError as error:
                lines = ", ".join(str(number) for number, _ in error.errors[:5])
                self.problems.append(f"{shown(path)}: cannot be understood in line {lines}; the rest was read.")
            except (configparser.Error, ValueError, AttributeError, TypeError) as error:
                self.problems.append(f"{shown(path)} cannot be understood ({type(error).__name__}).")
            break
        return parser

    def _expanded(self, raw: str, names: dict[str, str], path: str, section: str, name: str, depth: int = 0) -> str:
        def replaced(match: re.Match[str]) -> str:
            if match.group() == "%%":
                return "%"
            other = names.get(match.group(1).lower())
            if other is None or depth >= _DEEPEST_EXPANSION:
                self.problems.append(f"{shown(path)} [{section}] {name}: nothing is known of {match.group()}.")
                return match.group()
            if match.group(1) in ("here", "__file__"):
                return other
            return self._expanded(other, names, path, section, name, depth + 1)

        if "%" in _REFERENCE.sub("", raw) and depth == 0:
            self.problems.append(
                f"{shown(path)} [{section}] {name}: a lone % (upstream expects %%) was taken as it stands."
            )
        return _REFERENCE.sub(replaced, raw)


def read_ini(root: str) -> Ini:
    """Read all INI files in the root of an upstream folder, and the ones they ask for.

    `rattail.conf` comes first, what it asks for next, then the other files by name. A folder that was
    moved since is recognised by its option `appdir`. Never raises for what a file holds.
    """
    chain = _Chain()
    names = sorted(name for name in os.listdir(root) if name.endswith(".conf") and os.path.isfile(f"{root}/{name}"))
    first: list[str] = [name for name in ("rattail.conf", "wutta.conf") if name in names]
    chain.moved = _moved(root, first)
    for name in (*first, *names):
        chain.read(f"{root}/{name}", is_required=True)
    return Ini(chain.by_key, tuple(chain.others), tuple(chain.files), tuple(dict.fromkeys(chain.problems)))


def old_root(ini: Ini, root: str) -> str:
    """Where the folder says it lies: another place than `root` where it was moved or copied."""
    said = ini.get("rattail", "appdir") or ini.get("wutta", "appdir")
    return os.path.normpath(said) if os.path.isabs(said) else root


def split_list(value: str) -> list[str]:
    """A list as upstream writes it: by commas or white space, quotes keep together."""
    parser = shlex.shlex(value)
    parser.whitespace += ","
    parser.whitespace_split = True
    parser.commenters = ""
    try:
        words = list(parser)
    except ValueError:
        words = value.replace(",", " ").split()
    return [word[1:-1] if len(word) > 1 and word[0] == word[-1] and word[0] in "\"'" else word for word in words]


def _moved(root: str, names: list[str]) -> tuple[str, str] | None:
    for name in names:
        probe = _Chain()
        for option in probe._options(f"{root}/{name}", _quiet_text(probe, f"{root}/{name}")):
            said = option.value.strip()
            if (option.section, option.name) in (("rattail", "appdir"), ("wutta", "appdir")) and os.path.isabs(said):
                place = os.path.normpath(said)
                return None if os.path.realpath(place) == root else (place, root)
    return None


def _quiet_text(chain: _Chain, path: str) -> str:
    try:
        return chain._text(path)
    except OSError:
        return ""
