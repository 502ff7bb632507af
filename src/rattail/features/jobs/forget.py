"""Forgetting jobs that ended long ago."""

from datetime import timedelta

from rattail.jobs.models import UNFINISHED, Job
from rattail.jobs.running import Running


def forget(job: Running) -> dict[str, object]:
    """Delete every job that ended more than `jobs.keep_days` days ago."""
    before = job.now() - timedelta(days=job.site.settings.integer("jobs.keep_days"))
    with job.effect():
        count, _ = Job.objects.exclude(state__in=UNFINISHED).filter(ended_at__lt=before).delete()
        job.result = {"forgotten": count}
    return {"forgotten": count}
