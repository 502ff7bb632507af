"""What every verb stands on: the folders, the clock, who acts, and the shop's own habits."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from rattail.site import Site


class Ground(NamedTuple):
    """`folders` are the app folder's places by their logical names; `now` is aware, in UTC."""

    folders: Mapping[str, str]
    now: datetime
    actor: str
    time_zone: str = "UTC"
    currency: str = "USD"
    weighed_codes: str = "price_4"

    @property
    def root(self) -> str:
        """The app folder itself."""
        return self.folders["."]

    @property
    def today(self) -> date:
        """The shop's business day."""
        return self.now.astimezone(ZoneInfo(self.time_zone)).date()

    def moment(self, text: str) -> datetime:
        """A date and time of the shop, without a zone, as an aware one. Raises ValueError where it is none."""
        return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(self.time_zone))


def ground_of(site: Site, *, actor: str, now: datetime) -> Ground:
    """What the services stand on for one person, in the web application or a job."""
    return Ground(
        folders=site.folders,
        now=now,
        actor=actor,
        time_zone=site.time_zone,
        currency=site.text("app.currency"),
        weighed_codes=site.text("products.weighed_codes"),
    )
