"""The worker process: the app folder opened, and `rattail.jobs.worker` in it."""

from __future__ import annotations

from rattail.database.migrate import require_migrated
from rattail.database.setup import connect, require_file
from rattail.features.serve.child import say_ready
from rattail.logs.setup import write_to
from rattail.site import Site, open_site


def run_jobs(root: str, *, ready_fd: int, claims: bool = True) -> None:
    """Work off jobs until SIGTERM; without `claims` take none, and only say that it is there.

    Raises:
        LayoutOutdated: `migrate-db` has not been run.
        DatabaseUnreachable: the database does not answer.
    """
    site = open_site(root)
    write_to(site.folders["log"], "worker", settings=site.settings)
    site.open_django()
    require_records(site)
    from rattail.jobs.worker import run

    say_ready(ready_fd)
    run(site, claims=claims)


def require_records(site: Site) -> None:
    """Refuse to work where the tables are not those of this code; no connection is left open."""
    from django.db import connections

    require_file(site.where, may_create=False)
    connect()
    require_migrated(site.registry.apps)
    connections.close_all()
