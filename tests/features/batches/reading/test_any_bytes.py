"""Whatever bytes are sent: events, or one refusal; never another exception."""

import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rattail.errors import InputRejected
from rattail.features.batches.reading.choose import choose_format
from rattail.features.batches.reading.format import Reading
from rattail.features.batches.reading.guess import guess_mapping
from rattail.features.batches.reading.source import look_at, open_text
from tests.features.batches.reading.kit import GENERIC, workbook

ANSWERS = {"number": "1", "cost_is": "case", "dates": "month", "money": "dollars", "quantity_is": "unit"}
WORDS = st.sampled_from(
    [
        *(
            b"UPC",
            b"Item",
            b"Case Cost",
            b"Qty",
            b"Amount",
            b"Date",
            b"Pack",
            b",",
            b";",
            b"\t",
            b"\n",
            b"\r\n",
            b'"',
            b"\0",
        ),
        *(
            b"074305001321",
            b"7.43E+10",
            b"34.68",
            b"10,48",
            b"$",
            b"(",
            b"-",
            b"3/4/2026",
            b"12/16 OZ",
            b"2/$0",
            b"#REF!",
        ),
        *(
            b"\xef\xbb\xbf",
            b"\xff\xfe",
            b"\xc3\xa9",
            b"\x9a",
            b"\xd9\xa3",
            b"\xc2\xb2",
            b"Total",
            b"ISA*",
            b"<",
            b"PK\x03\x04",
        ),
        *(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"9" * 400, b" " * 100, b"0/$5", b"%"),
    ]
)
FILES = st.binary(max_size=300) | st.lists(WORDS | st.binary(max_size=4), max_size=60).map(b"".join)


def go_through(path: Path) -> None:
    """Do with a file all that can be done with it."""
    try:
        source = look_at(str(path))
    except InputRejected:
        return
    if source.encoding:
        with open_text(source) as stream:
            stream.read()
    for kind, layout in GENERIC.items():
        assert isinstance(layout.recognise(source), str)
        for reading in (Reading(), Reading(options=ANSWERS)):
            try:
                for event in layout.read(source, reading):
                    assert event.row >= 0
            except InputRejected:
                continue
        try:
            guess_mapping(source, kind)
            choose_format(source, kind, formats=list(GENERIC.values()))
        except InputRejected:
            pass


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=250, deadline=None)
@given(FILES)
def test_any_bytes_give_events_or_one_refusal(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "any.csv").write_bytes(content)

    go_through(tmp_path / "any.csv")


@pytest.mark.parametrize("seed", range(8))
def test_a_damaged_workbook_gives_events_or_one_refusal(tmp_path: Path, seed: int) -> None:
    source = workbook(
        tmp_path, {"A": [["UPC", "Case Cost", "Qty"], *[[f"{1234567 + row}", row, 1] for row in range(50)]]}
    )
    whole = Path(source.path).read_bytes()
    chance = random.Random(seed)

    for _ in range(12):
        content = bytearray(whole)
        for _ in range(chance.randrange(1, 20)):
            content[chance.randrange(len(content))] = chance.randrange(256)
        (tmp_path / "damaged.xlsx").write_bytes(content[: chance.randrange(100, len(content) * 2)])
        go_through(tmp_path / "damaged.xlsx")
