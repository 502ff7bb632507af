"""What is installed in an environment, read from its disk; nothing of it is imported."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit, urlunsplit

from rattail.errors import NoSuchThing
from rattail.features.backups.archive.format import FORMAT, VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from rattail.features.backups.environment.wheel import Wheel

_HEADERS_LIMIT_BYTES = 1 << 20
_FACTS = """
import glob, json, platform, site, sys, sysconfig
from importlib.util import find_spec
own = find_spec("ensurepip")
folders = [own.submodule_search_locations[0] + "/_bundled" if own else "", sysconfig.get_config_var("WHEEL_PKG_DIR")]
bundled = [path for folder in folders if folder for path in glob.glob(folder + "/pip-*.whl")]
json.dump({
    "prefix": sys.prefix,
    "sites": [*dict.fromkeys([*map(sysconfig.get_path, ("purelib", "platlib")), *site.getsitepackages()])],
    "scripts": sysconfig.get_path("scripts"),
    "headers": f"{sys.prefix}/include/site/python{sys.version_info[0]}.{sys.version_info[1]}"
               if sys.prefix != sys.base_prefix else sysconfig.get_path("include"),
    "version": platform.python_version(),
    "implementation": sys.implementation.name,
    "platform": sysconfig.get_platform(),
    "libc": " ".join(platform.libc_ver()).strip(),
    "cache_tag": sys.implementation.cache_tag,
    "bundled_pip": max(bundled, default=""),
}, open(1, "w"))
"""


class Interpreter(NamedTuple):
    """The Python of an environment, and where it puts what is installed."""

    prefix: str
    sites: tuple[str, ...]
    scripts: str
    headers: str
    version: str  # 3.11.7
    implementation: str  # cpython
    platform: str  # linux-x86_64
    libc: str  # glibc 2.36; empty where it is another
    cache_tag: str  # cpython-311
    bundled_pip: str  # the wheel of pip that came with it; empty where none did

    @property
    def tag(self) -> str:
        """The tag of a wheel compiled here for this Python and no other: `cp311-cp311-linux_x86_64`."""
        short = "cp" if self.implementation == "cpython" else self.implementation
        own = short + self.cache_tag.rpartition("-")[2]
        return f"{own}-{own}-{re.sub(r'[-.]', '_', self.platform)}"


class Distribution(NamedTuple):
    """One installed distribution; `direct_url` as a requirement names it, and without any password."""

    name: str
    version: str
    direct_url: str
    installer: str
    is_editable: bool
    #: Where it is installed, and the folder there that says so: `click-8.2.0.dist-info`.
    site: str
    info: str


class Record(NamedTuple):
    """An environment: its Python, and everything installed in it, by name."""

    interpreter: Interpreter
    distributions: tuple[Distribution, ...]


def environment_record(prefix: str) -> Record:
    """What is installed in the environment at `prefix`, and with which Python.

    Reads the folders `*.dist-info` (and `*.egg-info`, of which no wheel can be made) and imports nothing of them.
    Of a distribution that is there twice, the one that Python would import counts. Passwords in addresses are
    removed.

    Raises:
        NoSuchThing: there is no environment whose Python can be started.
    """
    interpreter = interpreter_of(prefix)
    found: dict[str, Distribution] = {}
    for site in interpreter.sites:
        for distribution in _distributions_in(site):
            found.setdefault(normal_name(distribution.name), distribution)
    return Record(interpreter, tuple(found[name] for name in sorted(found)))


def interpreter_of(prefix: str) -> Interpreter:
    """The Python of the environment at `prefix`: itself asked, where it is not this process's own.

    Raises:
        NoSuchThing: there is none, or it cannot be started.
    """
    python = sys.executable if os.path.realpath(prefix) == os.path.realpath(sys.prefix) else f"{prefix}/bin/python"
    try:
        ran = subprocess.run([python, "-I", "-c", _FACTS], capture_output=True, text=True, check=True, timeout=60)
        facts = json.loads(ran.stdout)
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        raise NoSuchThing(f"'{prefix}' is not an environment: its Python, '{python}', cannot be started.") from error
    sites = {os.path.realpath(site): site for site in reversed(facts.pop("sites"))}
    return Interpreter(sites=tuple(reversed(sites.values())), **facts)


def environment_document(
    record: Record, wheels: Sequence[Wheel], *, app: str, made_at: datetime, is_encrypted: bool
) -> dict[str, object]:
    """The content of `environment.json`, from which `restore.py` builds the environment."""
    files = {normal_name(wheel.file_name.partition("-")[0]): wheel.file_name for wheel in wheels}
    python = record.interpreter
    return {
        "format": FORMAT,
        "version": VERSION,
        "app": app,
        "made_at": made_at.isoformat(),
        "is_encrypted": is_encrypted,
        "python": {
            "version": python.version,
            "implementation": python.implementation,
            "platform": python.platform,
            "libc": python.libc,
            "tag": python.tag,
        },
        "distributions": [
            {
                "name": one.name,
                "version": one.version,
                "direct_url": one.direct_url,
                "installer": one.installer,
                "is_editable": one.is_editable,
                "wheel": files.get(normal_name(one.name), ""),
            }
            for one in record.distributions
        ],
        "wheels": [{"file": one.file_name, "size_bytes": one.size_bytes, "sha256": one.sha256} for one in wheels],
    }


def normal_name(name: str) -> str:
    """A distribution's name as names are compared: `Foo.Bar_baz` is `foo-bar-baz`."""
    return re.sub(r"[-_.]+", "-", name).lower()


def without_credentials(url: str) -> str:
    """An address without user name, password and query, where a token may be; the user `git` says nothing and stays."""
    scheme, place, path, _, fragment = urlsplit(url)
    user, _, host = place.rpartition("@")
    return urlunsplit((scheme, f"git@{host}" if user == "git" else host, path, "", fragment))


def _distributions_in(site: str) -> Iterator[Distribution]:
    try:
        names = sorted(os.listdir(site))
    except OSError:
        return
    for name in names:
        if not name.endswith((".dist-info", ".egg-info")):
            continue
        folder = os.path.join(site, name)
        headers = _headers(folder)
        if "name" in headers and "version" in headers:
            url, is_editable = _direct_url(read_text(f"{folder}/direct_url.json"))
            installer = read_text(f"{folder}/INSTALLER").strip()
            yield Distribution(headers["name"], headers["version"], url, installer, is_editable, site, name)


def _headers(folder: str) -> dict[str, str]:
    """Name and version from the head of the metadata: `METADATA`, `PKG-INFO`, or an egg-info that is one file."""
    text = read_text(f"{folder}/METADATA") or read_text(f"{folder}/PKG-INFO") or read_text(folder)
    head = text.partition("\n\n")[0]
    return {key.lower(): value.strip() for key, value in re.findall(r"(?m)^(Name|Version):(.*)$", head, re.IGNORECASE)}


def _direct_url(text: str) -> tuple[str, bool]:
    try:
        known = json.loads(text) if text else {}
        url = without_credentials(str(known["url"])) if known else ""
    except (ValueError, LookupError, TypeError):
        return "", False
    if vcs := known.get("vcs_info"):
        url = f"{vcs.get('vcs')}+{url}@{vcs.get('commit_id')}"
    if below := known.get("subdirectory"):
        url += f"#subdirectory={below}"
    return url, bool(known.get("dir_info", {}).get("editable"))


def read_text(path: str) -> str:
    """The beginning of a small file, at most 1 MiB; empty where it cannot be read."""
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            return stream.read(_HEADERS_LIMIT_BYTES)
    except OSError:
        return ""
