"""What `make-appdir --adopt` prints."""

import os
from collections.abc import Iterator

from rattail.appdir.owner import Owner
from rattail.appdir.refusal import shown
from rattail.cli.console import size_text
from rattail.cli.outcome import Message, Outcome
from rattail.cli.session import Session
from rattail.features.core.adopt.copying import Copied
from rattail.features.core.adopt.places import REPORT
from rattail.features.core.adopt.report import folder_lines, left_out_lines, not_translated_lines, translated_lines
from rattail.features.core.adopt.service import Adoption, adopt, already_there, check_adopted_in_place, plan_adoption
from rattail.features.core.make.service import Request


class Adopting:
    """One `make-appdir` with --adopt: the request to make the folder with, the copying after it.

    Without `given` the folder is adopted in place, and there is nothing to copy.
    """

    def __init__(self, session: Session, request: Request, given: str | None, *, reader: Owner | None) -> None:
        self._session = session
        self._now = request.now
        self._copied: Copied | None = None
        self._adoption: Adoption | None = None
        if given is None:
            check_adopted_in_place(session.registry, session.root)
            self.request = request._replace(is_adopted_in_place=True)
            return
        self._adoption = plan_adoption(session.registry, given=given, target=session.root, reader=reader)
        self.request = request._replace(
            adopted_from=self._adoption.source, first_values=self._adoption.translation.values
        )

    def run(self) -> None:
        """Copy what was planned; the folder has been made."""
        if self._adoption is None or self._adoption.is_complete:
            return
        progress = self._session.console.progress("copying files")
        self._copied = adopt(
            self._session.registry, self._adoption, now=self._now, environ=os.environ, on_file=progress
        )

    def added_to(self, outcome: Outcome) -> Outcome:
        """The outcome of make-appdir with what the adoption adds to it."""
        if self._adoption is None:
            return outcome._replace(data={**outcome.data, "adoption": None})
        data = {**outcome.data, "adoption": adoption_data(self._adoption, self._copied)}
        lines = adoption_lines(self._adoption, self._copied, is_verbose=self._session.console.is_verbose)
        messages = (*outcome.messages, *adoption_messages(self._adoption, self._copied))
        return outcome._replace(data=data, lines=[*lines, *outcome.lines], messages=messages)


def adoption_data(adoption: Adoption, copied: Copied | None) -> dict[str, object]:
    """The adoption for machines. Without `copied` it is a plan."""
    size = sum(copy.size_bytes for copy in adoption.copies)
    return {
        "from": adoption.source,
        "is_complete": adoption.is_complete or copied is not None,
        "files": len(adoption.copies),
        "size_bytes": size,
        "already_there": already_there(adoption) if copied is None else copied.already_there,
        "copied": [
            {"from": copy.source, "to": copy.to, "size_bytes": copy.size_bytes, "mode": f"{copy.mode:04o}"}
            for copy in adoption.copies
        ],
        "left_out": [
            {"path": one.path, "reason": one.reason, "files": one.files, "size_bytes": one.size_bytes}
            for one in adoption.left_out
        ],
        "translated": [
            {"from": one.source, "to": one.to, "value": one.shown} for one in adoption.translation.translated
        ],
        "not_translated": [
            {"from": one.source, "value": one.value, "file": one.file} for one in adoption.translation.not_translated
        ],
        "problems": [*adoption.problems, *(copied.problems if copied else ())],
        "report": REPORT,
    }


def adoption_lines(adoption: Adoption, copied: Copied | None, *, is_verbose: bool) -> Iterator[str]:
    """The adoption for people; a plan is told in full, a thing done by its numbers."""
    if adoption.is_complete:
        yield f"It was adopted from {shown(adoption.source)} before ({REPORT} tells): nothing to copy."
        return
    size = size_text(sum(copy.size_bytes for copy in adoption.copies))
    verb = "would copy" if copied is None else "copied"
    yield f"Adopting {shown(adoption.source)}: {verb} {len(adoption.copies):,} files, {size}:"
    if copied is None or is_verbose:
        yield from (f"  {shown(copy.source)} -> {copy.to} ({copy.size_bytes:,} bytes)" for copy in adoption.copies)
    else:
        yield from folder_lines(adoption.copies)
    done = already_there(adoption) if copied is None else copied.already_there
    if done:
        yield f"  ({done:,} of them were there from an earlier run)"
    yield "Left out:"
    yield from left_out_lines(adoption.left_out)
    yield "Translated:"
    yield from translated_lines(adoption.translation)
    rest = adoption.translation.not_translated
    if copied is None or is_verbose:
        yield from not_translated_lines(adoption.translation)
    else:
        yield f"Not translated: {len(rest):,} options. All of this is written down in {REPORT}."


def adoption_messages(adoption: Adoption, copied: Copied | None) -> tuple[Message, ...]:
    """What the operator should look at."""
    return tuple(Message("warning", text) for text in (*adoption.problems, *(copied.problems if copied else ())))
