"""Where a process of the server writes its log."""

from __future__ import annotations

from importlib.util import find_spec

from rattail.registry import load_target
from rattail.site import Site


def begin_log(site: Site, kind: str) -> None:
    """Write what this process says to `log/web.log` or `log/worker.log`."""
    if find_spec("rattail.logs") is None:
        import logging

        logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
        return
    write_to = load_target("rattail.logs.setup:write_to")
    write_to(site.folders["log"], kind, settings=site.settings)  # type: ignore[operator]
