"""Whatever a file is called, its name with us is one plain name."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rattail.appdir.files import safe_child
from rattail.features.uploads.naming import safe_name

HOSTILE = {
    "../../etc/passwd": "passwd",
    "/etc/cron.d/evil": "evil",
    "C:\\Users\\bob\\prices.csv": "prices.csv",
    "..": "upload",
    "": "upload",
    "a\0b.csv": "ab.csv",
    ".htaccess": "htaccess",
    "-rf": "rf",
    "upload.json": "upload-upload.json",
    "UPLOAD.JSON": "upload-UPLOAD.JSON",
    ".claim": "claim",
    ".tmp-0123456789abcdef": "tmp-0123456789abcdef",
    "CON": "upload-CON",
    "nul.csv": "upload-nul.csv",
    "COM1.txt": "upload-COM1.txt",
    "lpt\u00b9.csv": "upload-lpt\u00b9.csv",
    "prices.csv. . .": "prices.csv",
    "gpj.exe\u202ecsv.": "gpj.execsv",
    "pri\u200bces\ufeff.csv": "prices.csv",
    "slash\u2044or\uff0fnot.csv": "slash_or_not.csv",
    "a\u0301pples.csv": "\u00e1pples.csv",
    "quote\"'<script>.csv": "quote___script_.csv",
    "line\nbreak\r.csv": "linebreak.csv",
    "\ud800half.csv": "half.csv",
    "two\u00a0words.csv": "two words.csv",
    "folder/": "folder",
}


@pytest.mark.parametrize(("given_name", "kept"), HOSTILE.items(), ids=ascii)
def test_a_hostile_name_becomes_a_plain_one(given_name: str, kept: str) -> None:
    assert safe_name(given_name) == kept


@pytest.mark.parametrize("letter", ["a", "é", "🛒", "水"])
def test_a_long_name_is_cut_and_keeps_its_ending(letter: str) -> None:
    kept = safe_name(letter * 400 + ".csv")

    assert len(os.fsencode(kept)) <= 150
    assert kept.endswith(".csv")


@given(st.text())
def test_any_name_becomes_one_that_can_be_made_and_stays_so(text: str) -> None:
    kept = safe_name(text)

    assert safe_child("/folder", kept) == f"/folder/{kept}"
    assert safe_name(kept) == kept
    assert kept[0] not in ".-"
    assert all(unicodedata.category(letter)[0] != "C" for letter in kept)


def test_a_kept_name_can_really_be_made(tmp_path: Path) -> None:
    for name in HOSTILE:
        (tmp_path / safe_name(name)).touch()

    assert all(path.parent == tmp_path for path in tmp_path.rglob("*"))
