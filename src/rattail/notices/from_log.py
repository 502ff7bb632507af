"""Errors of the log become notices."""

from __future__ import annotations

from collections.abc import Sequence

from rattail.logs.troubles import Trouble


def tell(troubles: Sequence[Trouble]) -> None:
    """Note errors, each place in the code once until somebody was told.

    Called in a thread of its own, whose connection to the database is closed again. Where no database was opened in
    this process there is nobody to tell.
    """
    from django.apps import apps
    from django.conf import settings

    if not settings.configured or not apps.ready:
        return
    from django.db import connections, transaction

    from rattail.notices.note import note

    try:
        with transaction.atomic():
            for trouble in troubles:
                note(trouble.key, subject=trouble.subject, text=trouble.text, now=trouble.at)
    finally:
        connections.close_all()
