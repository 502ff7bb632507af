"""What check-appdir says of a restore that did not come to its end."""

from __future__ import annotations

from collections.abc import Iterator

from rattail.appdir.finding import FindingKind
from rattail.appdir.hints import pasted_line
from rattail.appdir.inspect import Finding, Looking, found

_UNFINISHED = "backups.E010"
KINDS = (FindingKind(_UNFINISHED, "error", "a restore did not come to its end"),)


def check_unfinished(looking: Looking) -> Iterator[Finding]:
    """A journal beside the folder that nobody works on: somebody killed a restore."""
    import os

    journal = f"{looking.root}.restoring.json"
    if not os.path.lexists(journal) or _is_at_work(os.path.dirname(looking.root)):
        return
    yield found(
        _UNFINISHED,
        journal,
        "a restore did not come to its end; what it put in place may not have been looked at.",
        hint="finish it, or take it back: "
        + pasted_line(*looking.program, "restore-backup", "--into", os.path.dirname(looking.root)),
    )


def _is_at_work(environment: str) -> bool:
    """Whether somebody restores there now: it asks this very check about what it restored."""
    import fcntl
    import os

    try:
        fd = os.open(environment, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(fd)
    return False
