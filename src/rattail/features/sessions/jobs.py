"""What sessions have done in the background."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rattail.features.sessions import service

if TYPE_CHECKING:
    from rattail.jobs.running import Running


def clean(job: Running) -> dict[str, object]:
    """Remove sessions that nobody uses any more. Done twice it does no more than once."""
    return dict(service.clean(now=job.now())._asdict())
