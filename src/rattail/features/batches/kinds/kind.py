"""What a kind of batch is: where its files lie, and the judge that turns lines into rows and changes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, ClassVar, NamedTuple

from rattail.features.batches.models import Batch
from rattail.features.batches.models.rows import Row
from rattail.features.batches.reading.lines import Event, Line, Problem
from rattail.features.batches.statuses import Status
from rattail.retail.barcodes import CodeRules


class Job(NamedTuple):
    """What a judge works for. `today` is the shop's business day, `currency` the shop's own."""

    batch: Batch
    rules: CodeRules
    today: date
    currency: str

    def setting(self, name: str, default: Any = None) -> Any:
        """What the operator asked for when the batch was made."""
        return self.batch.settings.get(name, default)


class Judge(ABC):
    """Matches the lines of one batch with the records, judges each, and writes rows and changes.

    `take` is called with some thousand events at a time, in the order of the file, each call in a
    transaction of its own; a row's changes are written with it. `finish` is called once after the last
    call, and again after every correction of a row: it may only depend on what is in the database.
    """

    row_model: ClassVar[type[Row]]
    #: The bits of `Status` that hold a row and hold it no more once a person said that it is right.
    acceptable: ClassVar[int] = 0

    def __init__(self, job: Job, *, sequence: int = 0) -> None:
        self.job = job
        self.sequence = sequence  # of the last row written
        self.is_again = sequence > 0  # rows are judged again, one by one, after a person's correction
        self.is_accepted = False  # a person looked at what is taken next and says that it is right
        self.problems: list[Problem] = []  # what the judge itself found wrong; whoever calls takes them away
        self.looked_up: Any = None  # what `look_up` found for the events that are taken next
        self.remarks: list[str] = []  # what people should know of the whole file; whoever calls takes them away

    def look_up(self, events: Sequence[Event]) -> Any:
        """What the records know of events that are to be taken. It changes nothing.

        It may run in another thread, with a connection of its own, while the events before these are taken.
        """
        return None

    @abstractmethod
    def take(self, events: Sequence[Event]) -> None:
        """Write the rows of these events (heads and totals of documents too), and what they would change."""

    def finish(self) -> None:  # noqa: B027 - most kinds have nothing to do here
        """Write the changes that only the whole file tells."""

    @classmethod
    @abstractmethod
    def line_of(cls, row: Any) -> Line:
        """A saved row as the line it came from, with what people corrected since: to be judged again."""

    @classmethod
    def correct(cls, row: Any, values: Mapping[str, Any]) -> None:
        """Put what a person says into a row; what followed from the old values has to go."""
        for name, value in values.items():
            setattr(row, name, value)

    def related(self, gone: Sequence[Any], come: Sequence[Any]) -> set[int]:
        """The rows of the batch whose verdict may be another when the rows `gone` go and the lines `come` come.

        They are judged again together with those, in the order of the batch. Rows that were removed or set aside
        are not among them. Most rows stand alone.
        """
        return set()


class Kind(NamedTuple):
    """One kind of batch. `correctable` are the row's fields that a person may correct, by their names."""

    name: str
    title: str
    judge: type[Judge]
    correctable: tuple[str, ...]
    needs_vendor: bool = False
    needs_store: bool = False
    folder: str = ""
    #: Says everything that is wrong with the settings of a new batch, or returns them as they will be kept.
    check_settings: Callable[[Mapping[str, Any]], dict[str, Any]] = dict

    @property
    def row_model(self) -> type[Row]:
        return self.judge.row_model

    @property
    def place(self) -> str:
        """The logical name of the folder that holds the batches' folders."""
        return self.folder or f"data/batches/{self.name}"


def note_of(problem: Problem) -> str:
    """What is wrong with a row, in one sentence."""
    column = f"column {problem.column!r}: " if problem.column else ""
    is_quoted = problem.reason.startswith('"')  # what is wrong with a code begins with the code
    value = f'"{problem.value[:60]}" ' if problem.value and not is_quoted else ""
    return f"{column}{value}{problem.reason}"[:500]


BAD = int(Status.BAD_ROW)
