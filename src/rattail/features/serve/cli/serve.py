"""`rattail serve`."""

from __future__ import annotations

import click

from rattail.cli.command import command
from rattail.cli.outcome import Outcome
from rattail.cli.session import Session
from rattail.errors import WrongUsage


@command("serve")
@click.option("--web-only", is_flag=True, help="Answer requests, and run no jobs.")
@click.option("--worker-only", is_flag=True, help="Run jobs, and answer no requests.")
@click.option("--quarantine", "is_quarantined", is_flag=True, help="Take no jobs, so that nothing is done or sent.")
def serve(session: Session, web_only: bool, worker_only: bool, is_quarantined: bool) -> Outcome:
    """Run the web application and the workers, until Ctrl-C or SIGTERM.

    Then requests that were accepted are answered and running jobs end, or go back into the queue after
    jobs.stop_wait_s; a second Ctrl-C hurries. A process that dies is started again. SIGHUP brings new code and
    settings in without refusing anybody: each process is replaced once its successor is at work.
    """
    if web_only and worker_only:
        raise WrongUsage("--web-only and --worker-only exclude each other; without both, both run.")
    parts = ("web",) if web_only else ("worker",) if worker_only else ("web", "worker")
    from rattail.features.serve.service import Order, serve_app

    order = Order(root=session.root, parts=parts, places=session.places, is_quarantined=is_quarantined)
    served = serve_app(order, registry=session.registry, settings=session.settings, say=session.console.say)
    return Outcome({"appdir": session.root, "parts": list(parts), "url": served.url}, ["Stopped."])
