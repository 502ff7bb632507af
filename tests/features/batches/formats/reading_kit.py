"""A file of a test, read by one format."""

from pathlib import Path
from typing import TypeVar

from rattail.features.batches.reading.format import Format, Reading
from rattail.features.batches.reading.lines import Event, InvoiceLine, Problem, Remark
from rattail.features.batches.reading.source import Source, look_at
from rattail.retail.amounts import divide

_E = TypeVar("_E")


class ReadFile:
    """What one format makes of one file."""

    def __init__(self, layout: Format, folder: Path, content: str | bytes, *, name: str = "from-vendor") -> None:
        path = folder / name
        path.write_bytes(content.encode("latin-1") if isinstance(content, str) else content)
        self.layout = layout
        self.source: Source = look_at(str(path))
        self.events: list[Event] = list(layout.read(self.source, Reading()))

    @property
    def why(self) -> str:
        return self.layout.recognise(self.source)

    @property
    def codes(self) -> list[str]:
        assert self.layout.codes is not None

        return list(self.layout.codes(self.source, Reading()))

    @property
    def problems(self) -> list[Problem]:
        return self.all_of(Problem)

    @property
    def remarks(self) -> list[str]:
        return [remark.text for remark in self.all_of(Remark)]

    def all_of(self, kind: type[_E]) -> list[_E]:
        return [event for event in self.events if isinstance(event, kind)]

    def the(self, kind: type[_E]) -> _E:
        """The only event of a kind."""
        (event,) = self.all_of(kind)
        return event


def unit_cost_of(line: InvoiceLine) -> int:
    """What one unit of a line costs by its cost of a case."""
    assert line.cost is not None
    assert line.case_size is not None

    return divide(line.cost, line.case_size)
