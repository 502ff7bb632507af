"""What is said where an archive is not what it should be."""

from __future__ import annotations

from rattail.errors import BackupUnproven


class Damaged(BackupUnproven):
    """An archive, or a part of one, that cannot be believed."""

    def __init__(self, what: str) -> None:
        self.what = what
        super().__init__(
            f"the backup is damaged: {what}.",
            hint="take an older one, or a copy of this one: rattail list-backups",
        )
