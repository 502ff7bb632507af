"""A made-up environment with everything that is hard to repack, and the wheels of a small one with pip in it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from rattail.features.backups.environment.record import interpreter_of
from rattail.features.backups.environment.wheel import Wheel
from rattail.features.backups.environment.wheels import wheels
from tests.features.backups.environment.made_up import MadeUp
from tests.kit.environment import copy_distribution

EXPLODING = b"raise SystemExit('imported')\n"
RATTAIL = b"import sys\ndef main():\n    print(sys.prefix, *sys.argv[1:])\n"


@pytest.fixture
def made_up(tmp_path: Path) -> MadeUp:
    """An environment of five distributions; one is editable, one has no RECORD."""
    made = MadeUp(tmp_path / "shop env")
    version = interpreter_of(str(made.path)).headers.rpartition("/")[2]
    python = str(made.python).encode()
    made.install(
        "many_parts",
        "1.0+local.2",
        {
            "many_parts/__init__.py": EXPLODING,
            "many_parts/__pycache__/__init__.cpython-311.pyc": b"compiled",
            "many_parts/naïve, and quoted.txt": b"text",
            "../../../bin/many": b"#!" + python + b"\nimport starter of an entry point\n",
            "../../../bin/many-real": b"#!" + python + b"\nprint('real')\n",
            "../../../bin/many-far": b"#!/bin/sh\n'''exec' \"" + python + b"\" \"$0\" \"$@\"\n' '''\nprint('far')\n",
            "../../../bin/many-shell": b"#!/bin/sh\necho shell\n",
            "../../../share/man/man1/many.1": b".TH many\n",
            f"../../../include/site/{version}/many_parts/sub/many.h": b"int many;\n",
        },
        entry_points="[console_scripts]\nmany = many_parts:main\n",
        direct_url={"url": "https://alice:secret@example.org/many.tar.gz?token=secret", "archive_info": {}},
    )
    made.install("old_style", "2", {"old_style.py": b"x = 1\n"}, tags=("py2-none-any", "py3-none-any"))
    made.install(
        "linked", "3", {"linked.pth": b"/nowhere/linked\n"},
        direct_url={"url": "file:///nowhere/linked", "dir_info": {"editable": True}},
    )  # fmt: skip
    made.install("unlisted", "4", {"unlisted.py": b"x = 1\n"}, is_recorded=False)
    return made


@pytest.fixture(scope="session")
def few_wheels(tmp_path_factory: pytest.TempPathFactory) -> tuple[Wheel, ...]:
    """The wheels of pip, a distribution with programs and data, and one that pretends to be ours."""
    folder = tmp_path_factory.mktemp("few")
    made = MadeUp(folder / "env")
    copy_distribution("pip", made.site)
    made.install(
        "many_parts", "1.0", {
            "many_parts.py": b"x = 1\n",
            "../../../bin/many-real": b"#!" + str(made.python).encode() + b"\nimport many_parts\nprint('real')\n",
            "../../../share/many.txt": b"data\n",
        },
    )  # fmt: skip
    made.install(
        "rattail_appfolder", "0.1.0", {"pretended.py": RATTAIL},
        entry_points="[console_scripts]\nrattail = pretended:main\n",
    )  # fmt: skip
    return wheels(str(made.path), str(folder / "cache"))


@pytest.fixture
def python() -> str:
    return sys.executable
