"""What the house earned beyond doing nothing, computed once for all pages until something new is known."""

from __future__ import annotations

from datetime import datetime

from relance.base.zones import local_day
from relance.customers.installation import Installation
from relance.reports.accounts import Account, Overview, overview
from relance.reports.asking import Period
from relance.web.reading.kept import decided, delivered, kept_if_ready


def worth(place: Installation, now: datetime) -> Overview | None:
    """Of all time, as known at the last turn or import; asked again when either is new, and every day.

    None while it is being counted for the first time.
    """
    mark = (decided(place), delivered(place), local_day(now, place.zone), len(place.ledger.switches()))
    return kept_if_ready(place, "worth", mark, lambda: overview(place, Period(), now))


def worth_of(whole: Overview | None, name: str) -> Account | None:
    """One scenario's part of it; None where it has done nothing yet."""
    return next((each for each in whole.accounts if each.scenario == name), None) if whole else None
