"""Everything that can go wrong because of the outside world, and its exit code.

    RattailError                1   the root: a message, a hint (what to type next), a code
    ├── WrongUsage              2   the command line could not be understood
    ├── AppDirNotFound         50   there is no app folder where one was expected
    ├── AppDirBroken           51   the app folder, or the disk under it, refuses
    ├── AppDirBusy             52   somebody else holds the lock: the one worth retrying
    ├── ConfigInvalid          53   settings: carries *all* faults
    ├── LayoutOutdated         54   code and folder are of different ages
    ├── WouldOverwrite         55   something is there that must not be replaced
    ├── NoSuchThing            56   a name that nothing answers to
    ├── InputRejected          57   what was given cannot be used, or a question needs an answer
    ├── NotAllowed             58   this person may not do that
    ├── BackupUnproven         59   a backup that was not shown to be good
    ├── UpgradeFailed          60   an upgrade that did not reach its end
    ├── FindingsFound          61   check-appdir found errors or warnings
    ├── DatabaseUnreachable    62   the database does not answer
    ├── RecordsMoved           63   records changed since a batch was read
    ├── KeyDoesNotFit          64   the key does not open this backup: it is another one's
    └── Interrupted           130   somebody pressed Ctrl-C: the number every shell uses

Codes keep clear of Luigi's (10 to 40) and, but for the last, of the shell's (126 and up).
A person who made a mistake sees the message and the hint; anything that is not a `RattailError`
is a fault of ours and shows its traceback.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar


class RattailError(Exception):
    """Something a person can mend. `hint` is what to do or type next, without a full stop to trip on."""

    exit_code: ClassVar[int] = 1
    meaning: ClassVar[str] = "something went wrong that no other code names"

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return self.message


class WrongUsage(RattailError):
    exit_code = 2
    meaning = "the command line could not be understood"


class AppDirNotFound(RattailError):
    exit_code = 50
    meaning = "there is no app folder where one was expected"


class AppDirBroken(RattailError):
    exit_code = 51
    meaning = "the app folder, or the disk under it, refuses"


class AppDirBusy(RattailError):
    exit_code = 52
    meaning = "another process holds the app folder's lock; worth retrying"


class ConfigInvalid(RattailError):
    """All faults of the settings at once, one line each."""

    exit_code = 53
    meaning = "settings are invalid; all faults are listed"

    def __init__(self, faults: Sequence[str], *, hint: str = "") -> None:
        super().__init__("\n".join(faults), hint=hint)
        self.faults = tuple(faults)


class LayoutOutdated(RattailError):
    exit_code = 54
    meaning = "the app folder and the installed code are of different ages"


class WouldOverwrite(RattailError):
    exit_code = 55
    meaning = "something is in the way that must not be replaced"


class NoSuchThing(RattailError):
    exit_code = 56
    meaning = "nothing has the name that was given"


class InputRejected(RattailError):
    exit_code = 57
    meaning = "what was given cannot be used, or a question needs an answer"


class NotAllowed(RattailError):
    exit_code = 58
    meaning = "this user may not do that"


class BackupUnproven(RattailError):
    exit_code = 59
    meaning = "a backup was not shown to be good"


class UpgradeFailed(RattailError):
    exit_code = 60
    meaning = "an upgrade did not reach its end"


class FindingsFound(RattailError):
    exit_code = 61
    meaning = "check-appdir found errors or warnings"


class DatabaseUnreachable(RattailError):
    exit_code = 62
    meaning = "the database does not answer, or refuses us"


class RecordsMoved(RattailError):
    """What a batch was to change is not as it was any more; nothing was changed."""

    exit_code = 63
    meaning = "records changed since the batch was read or executed; nothing was done"


class KeyDoesNotFit(RattailError):
    exit_code = 64
    meaning = "the key does not open this backup"


class Interrupted(RattailError):
    exit_code = 130
    meaning = "somebody pressed Ctrl-C; running the same command again completes it"


def all_errors() -> tuple[type[RattailError], ...]:
    """Every error class, by exit code: the source of the table in the reference."""
    return (RattailError, *sorted(RattailError.__subclasses__(), key=lambda cls: cls.exit_code))
