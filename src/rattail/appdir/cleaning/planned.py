"""What is planned to be removed: any number of entries, kept small."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from rattail.appdir.cleaning.ground import Kind, Look

DAY_NS = 86_400 * 10**9
_SECOND_NS = 10**9


class Planned(NamedTuple):
    """One entry to remove: `name` in the sub-folder `folder` of the declared folder `place`.

    `age_days` are whole days since its last modification; `reason` is why it may go.
    """

    place: str
    folder: str
    name: str
    look: Look
    age_days: int
    reason: str

    @property
    def path(self) -> str:
        """The name inside the app folder, wherever the declared folder lies."""
        return path_of(self.place, self.folder, self.name)


class _Shared(NamedTuple):
    """What many entries have in common."""

    place: str
    reason: str
    kind: Kind
    device: int


class Entries:
    """Planned entries in columns: about a hundred bytes each, a `Planned` only while it is looked at.

    `now_ns` is the time that ages are counted from.
    """

    def __init__(self, *, now_ns: int) -> None:
        self._now_ns = now_ns
        self._names: list[str] = []
        self._folders: list[str] = []
        self._shared: list[_Shared] = []
        self._number_of_shared: dict[_Shared, int] = {}
        self._folder_of = array("I")
        self._shared_of = array("I")
        self._inodes = array("Q")
        self._seconds = array("q")  # apart: a file may claim a year that 64 bits of nanoseconds do not reach
        self._nanoseconds = array("I")
        self._sizes = array("q")

    def add(self, place: str, folder: str, name: str, look: Look, reason: str) -> None:
        """Add one at the end. Entries of the same folder are to follow each other."""
        if not self._folders or self._folders[-1] != folder:
            self._folders.append(folder)
        shared = _Shared(place, reason, look.kind, look.device)
        number = self._number_of_shared.setdefault(shared, len(self._shared))
        if number == len(self._shared):
            self._shared.append(shared)
        seconds, nanoseconds = divmod(look.mtime_ns, _SECOND_NS)
        self._names.append(name)
        self._folder_of.append(len(self._folders) - 1)
        self._shared_of.append(number)
        self._inodes.append(look.inode)
        self._seconds.append(seconds)
        self._nanoseconds.append(nanoseconds)
        self._sizes.append(look.size_bytes)

    def sort_from(self, start: int) -> None:
        """Sort by name what was added from number `start` on: entries of one folder."""
        order = sorted(range(start, len(self._names)), key=self._names.__getitem__)
        self._names[start:] = [self._names[number] for number in order]
        for column in (self._shared_of, self._inodes, self._seconds, self._nanoseconds, self._sizes):
            column[start:] = array(column.typecode, (column[number] for number in order))

    def by_rule(self) -> list[tuple[str, str, Some]]:
        """The place, the reason and the entries, for each place and reason that there is."""
        found: dict[tuple[str, str], array[int]] = {}
        numbers = [found.setdefault((one.place, one.reason), array("I")) for one in self._shared]
        for number, shared in enumerate(self._shared_of):
            numbers[shared].append(number)
        return [(place, reason, Some(self, ones)) for (place, reason), ones in found.items()]

    def without(self, left_out: Iterable[int]) -> Some:
        """All but those with these numbers."""
        out = frozenset(left_out)
        return Some(self, array("I", (number for number in range(len(self)) if number not in out)))

    @property
    def size_bytes(self) -> int:
        return sum(self._sizes)

    def sizes_of(self, numbers: Iterable[int]) -> Iterator[int]:
        """The bytes of the entries with these numbers."""
        return (self._sizes[number] for number in numbers)

    def ages_of(self, numbers: Iterable[int]) -> Iterator[int]:
        """The whole days since the entries with these numbers were modified."""
        return (self._age_days(self._mtime_ns(number)) for number in numbers)

    def __len__(self) -> int:
        return len(self._names)

    def __getitem__(self, number: int) -> Planned:
        shared = self._shared[self._shared_of[number]]
        mtime_ns = self._mtime_ns(number)
        look = Look(shared.kind, shared.device, self._inodes[number], mtime_ns, self._sizes[number])
        folder = self._folders[self._folder_of[number]]
        return Planned(shared.place, folder, self._names[number], look, self._age_days(mtime_ns), shared.reason)

    def __iter__(self) -> Iterator[Planned]:
        return (self[number] for number in range(len(self)))

    def __eq__(self, other: object) -> bool:
        return tuple(self) == other if isinstance(other, tuple) else self is other

    __hash__ = None  # type: ignore[assignment]

    def _mtime_ns(self, number: int) -> int:
        return self._seconds[number] * _SECOND_NS + self._nanoseconds[number]

    def _age_days(self, mtime_ns: int) -> int:
        return max(0, self._now_ns - mtime_ns) // DAY_NS


class Some:
    """Some of the entries, by their numbers."""

    def __init__(self, entries: Entries, numbers: array[int]) -> None:
        self._entries = entries
        self._numbers = numbers

    @property
    def size_bytes(self) -> int:
        return sum(self._entries.sizes_of(self._numbers))

    @property
    def oldest_days(self) -> int:
        return max(self._entries.ages_of(self._numbers))

    def __len__(self) -> int:
        return len(self._numbers)

    def __getitem__(self, number: int) -> Planned:
        return self._entries[self._numbers[number]]

    def __iter__(self) -> Iterator[Planned]:
        return (self._entries[number] for number in self._numbers)

    def __eq__(self, other: object) -> bool:
        return tuple(self) == other if isinstance(other, tuple) else self is other

    __hash__ = None  # type: ignore[assignment]


def path_of(place: str, folder: str, name: str) -> str:
    """The name inside the app folder, wherever the declared folder lies."""
    return "/".join(part for part in (place if place != "." else "", folder, name) if part)
