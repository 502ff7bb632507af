"""Charts: what a person sees in them, as numbers of the drawing."""

from __future__ import annotations

import re

import pytest

from rattail.web.charts import Bar, columns

WIDTH_PX = 380


@pytest.mark.parametrize("count", [1, 2, 3, 40])
def test_columns_stand_apart_from_one_end_to_the_other_and_grow_from_zero(count: int) -> None:
    drawn = columns("Sizes", [Bar(f"day {number}", number, f"{number} MB") for number in range(count)])

    places = re.findall(r'x="([\d.]+)" y="[\d.]+" width="([\d.]+)" height="([\d.]+)"', drawn)
    starts, widths, heights = ([float(place[at]) for place in places] for at in range(3))
    assert len(places) == count
    assert all(start + wide < after for start, wide, after in zip(starts, widths, starts[1:], strict=False))
    assert starts[0] == 0
    assert count == 1 or starts[-1] + widths[-1] == pytest.approx(WIDTH_PX, abs=0.2)
    assert heights == sorted(heights)


def test_what_is_in_a_name_is_only_ever_text() -> None:
    drawn = columns('<b>"', [Bar("<script>", 1, "&", "bad")])

    assert "<script>" not in drawn
    assert "<b>" not in drawn
    assert 'class="bar bad"' in drawn
