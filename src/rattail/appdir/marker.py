"""The file that says "this is an app folder", and the one that says "this place is its uploads".

The marker also remembers what `make-appdir` wrote, so that a file the operator edited can be told
from one that is still ours, and which relocated folders were established where, so that a disk that
is not mounted is not taken for an empty folder.
"""

import json
import os
from collections.abc import Mapping
from typing import NamedTuple

from rattail.appdir import files
from rattail.appdir.hints import pasted
from rattail.appdir.names import IDENTITY, MARKER
from rattail.appdir.refusal import refusal, shown
from rattail.errors import AppDirBroken, AppDirNotFound, LayoutOutdated

FORMAT = "rattail app folder"
LAYOUT_VERSION = 1


class Written(NamedTuple):
    """What is known of one file we wrote: hashes (SHA-256) of it and of the editions offered."""

    sha256: str
    edition: str
    offered: str = ""


class Marker(NamedTuple):
    app_id: str
    name: str
    made_at: str
    made_by: str
    layout: int = LAYOUT_VERSION
    files: Mapping[str, Written] = {}
    relocated: Mapping[str, str] = {}
    #: The folder of upstream Rattail whose files were copied into this one, or are being copied.
    adopted_from: str = ""

    def encode(self) -> bytes:
        document: dict[str, object] = {
            "format": FORMAT,
            "layout": self.layout,
            "app_id": self.app_id,
            "name": self.name,
            "made_at": self.made_at,
            "made_by": self.made_by,
            "files": {
                name: {"sha256": one.sha256, "edition": one.edition, "offered": one.offered}
                for name, one in sorted(self.files.items())
            },
            "relocated": dict(sorted(self.relocated.items())),
        }
        if self.adopted_from:
            document["adopted_from"] = self.adopted_from
        return json.dumps(document, indent=2).encode() + b"\n"


class Identity(NamedTuple):
    """Whose relocated folder a place is: the app, which of its folders, and where the app folder lies.

    The last tells the app from a copy of it, which would else clean the original's files.
    """

    app_id: str
    folder: str
    appdir: str

    def encode(self) -> bytes:
        document = {"app_id": self.app_id, "folder": self.folder, "appdir": self.appdir}
        return json.dumps(document).encode() + b"\n"


def read_marker(root: str) -> Marker | None:
    """The marker of the app folder at `root`; None where there is no such folder or no marker.

    Raises:
        AppDirBroken: the marker is there and says nothing that can be understood.
        LayoutOutdated: the folder was made by a newer version of the code.
    """
    try:
        with files.opened_folder(root) as root_fd:
            content = files.read_file(root_fd, MARKER)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise refusal("read", f"{root}/{MARKER}", error) from error
    return None if content is None else decode_marker(content, root)


def require_marker(root: str) -> Marker:
    """The marker, or the refusal that says how to make or adopt the folder."""
    marker = read_marker(root)
    if marker is not None:
        return marker
    if os.path.lexists(root) and not os.path.isdir(root):
        raise AppDirNotFound(f"{shown(root)} is not a folder; expected an app folder.")
    if not os.path.isdir(root):
        raise AppDirNotFound(
            f"there is no app folder at {shown(root)}.", hint=f"rattail make-appdir --path {pasted(root)}"
        )
    raise AppDirNotFound(
        f"app folder {shown(root)} has no marker file '{MARKER}'. If it really is one, adopt it:",
        hint=f"rattail make-appdir --adopt --path {pasted(root)}",
    )


def decode_marker(content: bytes, root: str) -> Marker:
    """Understand a marker's bytes; `root` is for the messages only. Raises as `read_marker` does."""
    try:
        document = json.loads(content)
        layout = document["layout"]
        if document["format"] != FORMAT or type(layout) is not int or layout < 1:  # True is an int, too
            raise ValueError("not a marker of ours")
        if layout > LAYOUT_VERSION:
            raise LayoutOutdated(
                f"app folder {shown(root)} has layout {layout}; this version of rattail knows layouts up to "
                f"{LAYOUT_VERSION}.",
                hint="install the version of rattail that made it, or a newer one",
            )
        return Marker(
            app_id=str(document["app_id"]),
            name=str(document["name"]),
            made_at=str(document["made_at"]),
            made_by=str(document["made_by"]),
            layout=layout,
            files={name: Written(**one) for name, one in document.get("files", {}).items()},
            relocated={str(name): str(place) for name, place in document.get("relocated", {}).items()},
            adopted_from=str(document.get("adopted_from", "")),
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise AppDirBroken(
            f"the marker '{MARKER}' of app folder {shown(root)} is damaged ({type(error).__name__}).",
            hint=f"put it back from a backup, or rename it and run: rattail make-appdir --adopt --path {pasted(root)}",
        ) from error


def read_identity(place: str) -> Identity | None:
    """Whose folder a relocated place says it is; None where it says nothing (or is not there)."""
    try:
        with files.opened_folder(place) as fd:
            content = files.read_file(fd, IDENTITY, limit_bytes=4096)
        document = json.loads(content or b"null")
        return Identity(str(document["app_id"]), str(document["folder"]), str(document["appdir"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
