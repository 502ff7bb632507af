"""How one kind of file of one vendor is laid out: what a column mapping says, typed and explained."""

from collections.abc import Mapping
from typing import Literal, NamedTuple

from rattail.features.batches.reading.cells import Decimals
from rattail.features.batches.reading.dates import Order

Position = str | int  # the name of a column, or its place from 1
Basis = Literal["case", "unit", ""]


class Layout(NamedTuple):
    """What is settled about a kind of file; every empty value means "as the file shows".

    `columns`: field to column. `skip`: rows to leave out, by column and the texts that mark them.
    `has_check_digit`: by number of digits. `defaults`: field to the text of a cell that is empty.
    """

    columns: Mapping[str, Position] = {}
    names_row: int | None = None
    delimiter: str = ""
    encoding: str = ""
    sheet: str = ""
    decimals: Decimals | Literal[""] = ""
    money: Literal["dollars", "cents", ""] = ""
    cost_is: Basis = ""
    dates: Order = ""
    quantity_is: Basis = ""
    weight_is_case_size: bool = False
    skip: Mapping[str, tuple[str, ...]] = {}
    has_check_digit: Mapping[str, bool] = {}
    defaults: Mapping[str, str] = {}


class Choice(NamedTuple):
    """One value of a layout as a file shows it; `choices` empty: any text. `asked` names it in a question."""

    name: str
    help: str
    choices: tuple[str, ...] = ()
    asked: str = ""


CHOICES = (
    Choice(
        "names_row",
        "The row with the names of the columns, counted from 1; 0: there is none, and columns are given by "
        "their place. Without this line it is found by known names.",
    ),
    Choice("delimiter", 'What stands between cells: ",", ";", "|", "\\t" for a tab. Empty: found out.'),
    Choice("encoding", 'How letters are written, such as "utf-8", "cp1252" or "cp1250". Empty: found out.'),
    Choice("sheet", "The sheet of a workbook. Empty: the one with the names of the columns."),
    Choice(
        "decimals",
        'Decimals stand after a "point" (1,234.56) or a "comma" (1.234,56); "either": both occur, each cell by itself. '
        "Empty: found out.",
        ("point", "comma", "either", ""),
        "whether decimals stand after a point or a comma",
    ),
    Choice(
        "money",
        'Amounts of money are in "dollars" (34.68; any currency), or in "cents" without a point (3468).',
        ("dollars", "cents", ""),
        "whether money is in dollars or in cents",
    ),
    Choice(
        "cost_is",
        'The column `cost` is for a "case" or for a "unit". Columns `case_cost` and `unit_cost` say it by themselves.',
        ("case", "unit", ""),
        "whether the cost is for a case or for a unit",
    ),
    Choice(
        "dates",
        'In a date such as 3/4/2026 the "month" or the "day" comes first. Empty: found out where a number '
        "above 12 tells.",
        ("month", "day", ""),
        "whether the month or the day comes first",
    ),
    Choice(
        "quantity_is",
        'Quantities of an invoice or a count are in "case" or in "unit" where no column says it.',
        ("case", "unit", ""),
        "whether quantities count cases or units",
    ),
    Choice(
        "weight_is_case_size",
        "true: a sack of 25 LB is sold by the pound, so that its case size is 25. Only where the pack gives no count.",
    ),
)
BY_NAME = {choice.name: choice for choice in CHOICES}
TABLES = {
    "columns": "Which column holds what: its name in the file in quotes, or its place, counted from 1. Only what is "
    "named here is read.",
    "skip": "Rows to leave out: the name or place of a column, and the texts that mark such rows.",
    "has_check_digit": "Whether barcodes of so many digits end in a check digit, such as 11 = false. What is not said "
    "here is decided by the whole column.",
    "defaults": "What an empty cell means, by the same names as in columns.",
}
