"""The background work of mail: telling, watching, the digest."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from rattail.features.mail.outbox import is_work_waiting, prune, tell
from rattail.features.mail.posting import post_of, values_now
from rattail.notices.kept import FOLDER, is_anything_kept, take_in
from rattail.site import Site

if TYPE_CHECKING:
    from rattail.jobs.running import Running


def is_something_to_send(site: Site, *, now: datetime) -> bool:
    """Whether `send` would find anything to do."""
    return is_anything_kept(site.folders[FOLDER]) or is_work_waiting(post_of(site), now=now)


def send(job: Running) -> dict[str, object]:
    """Tell people what waits; first take in what was kept while the records could not be reached."""
    take_in(job.site.folders[FOLDER])
    told = tell(post_of(job.site), clock=job.now, go_on=lambda count: job.progress(count))
    return dict(told._asdict())


def send_test(job: Running, *, to: str = "") -> dict[str, object]:
    """Send a test mail; that the server refuses it is what the job found out, not a failure of it."""
    from rattail.errors import RattailError
    from rattail.features.mail.service import send_test_mail

    try:
        sent = send_test_mail(
            values_now(job.site), root=job.site.root, app_id=job.site.marker.app_id, to=to, now=job.now()
        )
    except RattailError as error:
        return {"is_sent": False, "message": error.message, "hint": error.hint}
    return {"is_sent": sent.failure == "", "message": sent.sentence, "hint": sent.hint}


def watch(job: Running) -> None:
    """Look at the disks, and for faults that commands met."""
    from rattail.features.mail.watching.disk import watch_disks
    from rattail.features.mail.watching.faults import watch_faults

    values = values_now(job.site)
    watch_disks(job.site.places, minimum_mb=int(str(values["check.min_free_mb"])), now=job.now())
    watch_faults(job.site.folders["log"], now=job.now())


def check(job: Running) -> None:
    """Look at the app folder and the age of the backup, and forget what is old."""
    from rattail.features.mail.watching.backup import watch_backup
    from rattail.features.mail.watching.folder import watch_folder

    values = values_now(job.site)
    keep = timedelta(days=int(str(values["mail.keep_days"])))
    prune(keep=keep, now=job.now())
    days = int(str(values["mail.warn_no_backup_days"]))
    watch_backup(made_at=job.site.marker.made_at, warn_days=days, now=job.now())
    job.progress(1, 2, "looking at the app folder")
    watch_folder(job.site.root, now=job.now())


def write_digest(job: Running) -> dict[str, object] | None:
    """Write the digest of yesterday as a letter; the next round of sending takes it along."""
    from rattail.features.mail.digest import post_digest

    values = values_now(job.site)
    return post_digest(post_of(job.site), job.site, is_quiet=bool(values["mail.digest_quiet"]), now=job.now())
