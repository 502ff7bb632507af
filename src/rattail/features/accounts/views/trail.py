"""Who did what to which record."""

from __future__ import annotations

from django.http import HttpResponse

from rattail.features.accounts.listings import DEEDS
from rattail.web.access import Request
from rattail.web.lists import render_list


def trail(request: Request) -> HttpResponse:
    """The audit trail, the newest deed first."""
    return render_list(request, DEEDS)
