"""What the form of a new batch offers."""

from __future__ import annotations

from typing import Any, NamedTuple

from rattail.features.batches.pages.access import CREATE, kinds_for
from rattail.features.batches.pages.new.looked import Looked
from rattail.features.batches.pages.new.wishes import CHOICES, Wishes
from rattail.features.batches.reading.choose import all_formats
from rattail.features.batches.reading.layout import BY_NAME
from rattail.retail.models import Store, Vendor
from rattail.web.access import Person, Request, signed_in

MODES = (
    ("replace", "what was counted becomes the stock"),
    ("adjust", "add what was counted to the stock"),
    ("zero", "what was counted becomes the stock, and nothing is left of the rest of these departments"),
    ("variance", "report only, change nothing"),
)
DUPLICATES = (("add", "add the counts up"), ("last", "the last one counts"))
_WORDS = {
    ("decimals", "point"): "a point (34.68)",
    ("decimals", "comma"): "a comma (34,68)",
    ("decimals", "either"): "now one, now the other",
    ("money", "dollars"): "whole currency (34.68)",
    ("money", "cents"): "cents without a point (3468)",
    ("cost_is", "case"): "a case",
    ("cost_is", "unit"): "a unit",
    ("dates", "month"): "the month (11/22/2026)",
    ("dates", "day"): "the day (22/11/2026)",
    ("quantity_is", "case"): "cases",
    ("quantity_is", "unit"): "units",
}
_QUESTIONS = {
    "names_row": "The names of the columns stand in",
    "decimals": "Decimals stand after",
    "money": "Money is written in",
    "cost_is": "The cost is for",
    "dates": "First in a date comes",
    "quantity_is": "Quantities count",
}


class Choice(NamedTuple):
    """One thing that the file may not tell: the name of the field, the question, the answers, what was answered."""

    name: str
    title: str
    answers: list[tuple[str, str]]
    value: str
    is_asked: bool


def form_values(request: Request, wishes: Wishes, looked: Looked, *, is_kind_fixed: bool) -> dict[str, Any]:
    """The values of `batches/preview_part.html`."""
    person = signed_in(request)
    return {
        "wishes": wishes,
        "looked": looked,
        "kinds": kinds_for(person),
        "is_kind_fixed": is_kind_fixed,
        "vendors": list(Vendor.objects.filter(is_active=True).order_by("name").values_list("code", "name")),
        "stores": _stores(person),
        "formats": [(one.name, one.title) for one in all_formats() if one.kind == wishes.kind],
        "modes": MODES,
        "duplicates": DUPLICATES,
        "choices": [_choice(name, wishes, looked) for name in CHOICES if name != "quantity_is" or _counts(wishes)],
        "digits": [
            Choice(
                f"digits_{length}",
                f"Codes of {length} digits end in a check digit",
                [("yes", "yes"), ("no", "no")],
                _yes_or_no(wishes.check_digits.get(length)),
                is_asked=f"digits_{length}" in looked.asked,
            )
            for length in looked.digits
        ],
        "hold_above": wishes.hold_above or request.site.settings.integer("batches.hold_above_percent"),
        "can_remember": looked.table is not None and bool(wishes.vendor),
    }


def _choice(name: str, wishes: Wishes, looked: Looked) -> Choice:
    answers = [(value, _WORDS[name, value]) for value in BY_NAME[name].choices if value]
    if name == "names_row":
        answers = [("0", "no row: they have no names"), *((str(row), f"row {row}") for row in range(1, 16))]
    return Choice(
        f"set_{name}", _QUESTIONS[name], answers, wishes.options.get(name, ""), is_asked=f"set_{name}" in looked.asked
    )


def _yes_or_no(said: bool | None) -> str:
    return "" if said is None else "yes" if said else "no"


def _counts(wishes: Wishes) -> bool:
    return wishes.kind != "vendor_catalog"


def _stores(person: Person) -> list[tuple[str, str]]:
    mine = person.stores(CREATE)
    stores = Store.objects.filter(is_active=True).order_by("code").values_list("code", "name")
    return [(code, name) for code, name in stores if mine is None or code in mine]
