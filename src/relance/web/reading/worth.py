"""What the house earned beyond doing nothing, computed once for all pages until something new is known."""

from __future__ import annotations

import threading
from datetime import datetime
from typing import Any

from relance.base.zones import local_day
from relance.customers.installation import Installation
from relance.reports.accounts import Account, Overview, overview
from relance.reports.asking import Period

_kept: dict[str, tuple[Any, Overview]] = {}
_one_at_a_time = threading.Lock()
_MARK = 'SELECT (SELECT max("at") FROM turns) AS turn, (SELECT max(import_id) FROM imports) AS delivery'


def worth(place: Installation, now: datetime) -> Overview:
    """Of all time, as known at the last turn or import; asked again when either is new, and every day."""
    known = place.engine.rows(_MARK)[0]
    mark = (known["turn"], known["delivery"], local_day(now, place.zone), len(place.ledger.switches()))
    with _one_at_a_time:
        before = _kept.get(str(place.home.path))
        if before is None or before[0] != mark:
            _kept[str(place.home.path)] = before = (mark, overview(place, Period(), now))
        return before[1]


def worth_of(place: Installation, name: str, now: datetime) -> Account | None:
    """One scenario's part of it; None where it has done nothing yet."""
    return next((each for each in worth(place, now).accounts if each.scenario == name), None)
