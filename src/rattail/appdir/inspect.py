"""Look at an app folder and say what is wrong. Nothing here changes anything.

A check is a function that takes a `Looking` and yields findings. The core's own are in
`rattail.appdir.checks`; features and extensions name theirs in their declaration.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Literal, NamedTuple

from rattail.appdir.finding import KINDS, level_of
from rattail.appdir.finding import Finding as Finding
from rattail.appdir.finding import FindingKind as FindingKind
from rattail.appdir.finding import found as found
from rattail.appdir.hints import pasted_line
from rattail.appdir.layout import Place, join
from rattail.appdir.marker import Identity, Marker, read_identity
from rattail.appdir.names import IDENTITY
from rattail.appdir.owner import Owner
from rattail.appdir.refusal import shown

EXAMPLES = 3
_ORDER = {"error": 0, "warning": 1, "info": 2}


class ExpectedFile(NamedTuple):
    """A file the root of the app folder should hold, and what others would learn from it."""

    path: str
    mode: int
    holds: Literal["secrets", "settings", "text"]


class Accepted:
    """The findings an operator meant to be: `ID`, or `ID:PATH` for a path and what lies below it."""

    def __init__(self, entries: Iterable[str] = ()) -> None:
        self.entries = tuple(entries)
        self.silenced: list[str] = []
        self._everywhere: set[str] = set()
        self._paths: dict[str, list[str]] = {}
        for entry in self.entries:
            identifier, colon, path = entry.partition(":")
            if colon:
                self._paths.setdefault(identifier, []).append(path.rstrip("/"))
            else:
                self._everywhere.add(identifier)

    def covers(self, identifier: str, path: str) -> bool:
        if identifier in self._everywhere:
            return True
        return any(path == accepted or path.startswith(accepted + "/") for accepted in self._paths.get(identifier, ()))

    def speaks_of(self, identifier: str) -> bool:
        """True where the id is accepted, be it for one path only."""
        return identifier in self._everywhere or identifier in self._paths


class Looked:
    """How much was looked at."""

    def __init__(self) -> None:
        self.folders = 0
        self.files = 0


class Looking(NamedTuple):
    """What a check may know. `now` is in seconds since 1970, `values` are option values by full name.

    `marker` is None where there is none that can be understood; `places` then follow the settings
    as far as these can be read. `is_deep` asks for what takes long.
    """

    root: str
    places: tuple[Place, ...]
    marker: Marker | None
    owner: Owner
    now: float
    accepted: Accepted
    looked: Looked
    files: tuple[ExpectedFile, ...] = ()
    values: Mapping[str, object] = {}
    is_deep: bool = False
    #: How this program is called, and the words that make another command work on this same folder.
    program: tuple[str, ...] = ("rattail",)
    appdir_words: tuple[str, ...] = ()

    def command(self, verb: str, *words: str) -> str:
        """A command line for a hint: it works on this same app folder."""
        own = self.appdir_words
        if verb == "make-appdir":
            own = tuple("--path" if word == "--appdir" else word for word in own)
        return pasted_line(*self.program, verb, *words, *own)

    def location(self, path: str) -> str:
        """Where a logical path really lies."""
        for place in self.places:
            if place.is_relocated and (path == place.path or path.startswith(place.path + "/")):
                return place.location + path[len(place.path) :]
        return join(self.root, path)

    def is_ours(self, place: Place) -> bool:
        """False for a relocated place that does not say it is this folder of this app: only that is said of it.

        What it says counts only where the place and its identity file belong to the app folder's owner.
        """
        if not place.is_relocated:
            return True
        identity = read_identity(place.location)
        if identity is None:
            return False
        app_id = self.marker.app_id if self.marker is not None else identity.app_id
        if identity != Identity(app_id, place.path, self.root):
            return False
        try:
            owners = {os.lstat(path).st_uid for path in (place.location, f"{place.location}/{IDENTITY}")}
        except OSError:
            return False
        return owners == {self.owner.uid}

    def integer(self, key: str) -> int:
        """The value of a whole-number option; 0 where nobody set or declared it."""
        value = self.values.get(key, 0)
        return value if isinstance(value, int) else 0


Check = Callable[[Looking], Iterable[Finding]]


class Noted:
    """Paths with the same fault: all are counted, the first few kept, so that a million cost no memory."""

    def __init__(self, accepted: Accepted, identifier: str) -> None:
        self.id = identifier
        self.count = 0
        self.examples: list[str] = []
        self._accepted = accepted
        self._has_accepted = False

    def note(self, path: str) -> None:
        if self._accepted.entries and self._accepted.covers(self.id, path):
            if not self._has_accepted:
                self._has_accepted = True
                self._accepted.silenced.append(self.id)
            return
        self.count += 1
        if len(self.examples) < EXAMPLES:
            self.examples.append(path)

    def finding(self, one: str, many: str, *, hint: str = "", can_be_fixed: bool = False) -> Iterator[Finding]:
        """One finding for all that was noted, none where nothing was.

        `one` may use {example}, `many` {count} and {examples}.
        """
        if not self.count:
            return
        self.examples.sort()
        if self.count == 1:
            sentence = one.format(example=shown(self.examples[0]))
        else:
            more = ", ..." if self.count > len(self.examples) else ""
            examples = ", ".join(shown(path) for path in self.examples) + more
            sentence = many.format(count=f"{self.count:,}", examples=examples)
        yield found(self.id, self.examples[0], sentence, hint=hint, can_be_fixed=can_be_fixed)


def all_finding_kinds() -> tuple[FindingKind, ...]:
    """Every kind of finding the program itself knows, by id: the source of the table in the reference."""
    return tuple(sorted(KINDS, key=lambda kind: (_ORDER[kind.level], kind.id)))


def run_checks(looking: Looking, checks: Iterable[tuple[str, Check]]) -> tuple[Finding, ...]:
    """Run all checks and return what they found, errors first, without what was accepted.

    A check that fails is a finding itself; the others go on.
    """
    kept: list[Finding] = []
    for name, check in checks:
        try:
            for finding in check(looking):
                if finding.level != level_of(finding.id):
                    raise ValueError(f"the level {finding.level!r} does not agree with the id {finding.id!r}")
                kept.append(finding)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a fault in one check must not hide what the others find
            kept.append(failed_check(name, error))
    accepted = looking.accepted
    if accepted.entries:
        accepted.silenced.extend(one.id for one in kept if accepted.covers(one.id, one.path))
        kept = [one for one in kept if not accepted.covers(one.id, one.path)]
    return tuple(sorted(kept, key=lambda one: (_ORDER[one.level], one.id, one.path)))


def failed_check(name: str, error: BaseException) -> Finding:
    """The finding for a check that failed: which one, how, and where."""
    trace, place = error.__traceback__, ""
    while trace is not None:
        place = f" ({os.path.basename(trace.tb_frame.f_code.co_filename)} line {trace.tb_lineno})"
        trace = trace.tb_next
    return found(
        "core.E027",
        "",
        f"the check {name!r} failed, so nobody knows what it would have found: {type(error).__name__}: {error}{place}.",
        hint="this is a fault in the check: please report the line above to whoever made it",
    )
