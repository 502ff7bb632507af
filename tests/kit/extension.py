"""Extensions as Python finds them: a module and the names of its entry points, in a folder on the path."""

from __future__ import annotations

from pathlib import Path

HEAD = """\
from rattail.appdir.folder import Folder, Keep
from rattail.cli.command import command
from rattail.cli.outcome import Outcome
from rattail.config.option import Option
from rattail.feature import Command, Feature

"""


def write_extension(where: Path, name: str, text: str) -> dict[str, str]:
    """Put an extension `name` with the module `text` into `where`.

    Returns the environment variables with which a process finds it. The module has to define `FEATURE`.
    """
    where.mkdir(exist_ok=True)
    (where / f"{name}.py").write_text(HEAD + text, encoding="utf-8")
    info = where / f"{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n", encoding="utf-8")
    (info / "entry_points.txt").write_text(f"[rattail.features]\n{name} = {name}:FEATURE\n", encoding="utf-8")
    return {"PYTHONPATH": str(where)}
