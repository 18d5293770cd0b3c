"""An open home and an instant come in; what is well and what is not goes out, for `doctor` and for /health alike."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

import relance
from relance.base.clock import naive_utc
from relance.base.errors import RelanceError
from relance.base.home import Home
from relance.customers.installation import Installation
from relance.messages.release import uncopied
from relance.scenarios.running import last_turn, running_scenarios
from relance.serving.findings import Finding, disk, finding, tried

LATE = timedelta(hours=26)  # a daily turn that has not come
LATE_FEED = timedelta(hours=26)
MISSED_TURNS = 4  # of those that the process runs by itself


def looked_at(place: Installation, now: datetime, served: bool) -> Iterator[Finding]:
    """What changes from day to day in an open home; a served one runs its turns by itself."""
    yield _turns(place, now, _late(place.settings.serve.turn_minutes if served else 0))
    yield from _feeds(place)
    yield _uncopied(place)
    yield _outbox(place)
    yield tried("ledger", lambda: _writable(place))


def health(place: Installation, now: datetime, beside: Iterable[Finding]) -> dict[str, Any]:
    """What /health answers: no path, no name of a person, nothing that a stranger could use."""
    found = [disk(place.home), *looked_at(place, now, served=True), *beside]
    return _answer(place.home, found, at=now.isoformat())


def unwell(place: Installation, error: RelanceError) -> dict[str, Any]:
    """The same where nothing could be looked at."""
    return _answer(place.home, [disk(place.home), finding("warehouse and ledger", "red", str(error))])


def _answer(home: Home, found: Iterable[Finding], **more: Any) -> dict[str, Any]:
    listed = list(found)
    return {
        "healthy": all(one.colour != "red" for one in listed),
        "version": relance.__version__,
        **more,
        "findings": [_without_paths(asdict(one), home) for one in listed],
    }


def _without_paths(one: dict[str, Any], home: Home) -> dict[str, Any]:
    return {**one, "said": one["said"].replace(f"{home.path}/", "").replace(str(home.path), "the home")}


def _late(minutes: int) -> timedelta:
    """The age from which the last turn is too old."""
    return max(timedelta(hours=1), MISSED_TURNS * timedelta(minutes=minutes)) if minutes else LATE


def _turns(place: Installation, now: datetime, late: timedelta) -> Finding:
    on = len(running_scenarios(place.ledger, now))
    last = last_turn(place.engine, before=None)
    if last is None:
        said = f"none yet, {on} scenarios are on"
        return finding("turns", "amber" if on else "green", said, last_at=None, age_seconds=None, scenarios_on=on)
    age = now - last
    said = f"the last was at {last:%Y-%m-%d %H:%M} UTC, {on} scenarios are on"
    figures = {"last_at": last.isoformat(), "age_seconds": round(age.total_seconds()), "scenarios_on": on}
    return finding("turns", "red" if on and age > late else "green", said, **figures)


def _feeds(place: Installation) -> Iterator[Finding]:
    """Feeds that running scenarios need, and until when each is complete."""
    last = last_turn(place.engine, before=None)
    if last is None:
        return
    rows = place.engine.rows("SELECT feed, max(until) AS until FROM feed_completeness GROUP BY feed")
    until = {row["feed"]: row["until"] for row in rows}
    needed = {need.feed for each in running_scenarios(place.ledger, last) for need in each.version.scenario.needs}
    for feed in sorted(needed):
        complete = until.get(feed)
        fresh = complete is not None and naive_utc(last) - complete < LATE_FEED
        said = f"complete until {complete:%Y-%m-%d %H:%M} UTC" if complete else "never said to be complete"
        figures = {"complete_until": f"{complete.isoformat()}Z" if complete else None, "late": not fresh}
        yield finding(f"feed {feed}", "green" if fresh else "amber", said, **figures)


def _uncopied(place: Installation) -> Finding:
    turns = uncopied(place)
    if turns:
        said = f"{len(turns)} turns were decided and not queued; the next “relance run” mends it"
        return finding("hand to the outbox", "amber", said, turns=len(turns))
    return finding("hand to the outbox", "green", "every turn's messages are queued", turns=0)


def _outbox(place: Installation) -> Finding:
    counts = place.ledger.outbox_counts()
    unknown = sum(one.messages for one in counts if one.state in ("unknown", "handing"))
    waiting = sum(one.messages for one in counts if one.state in ("queued", "leased", "deferred"))
    said = f"{waiting:,} wait, {unknown:,} left with an unknown outcome"
    return finding("outbox", "amber" if unknown else "green", said, waiting=waiting, unknown=unknown)


def _writable(place: Installation) -> str:
    """An empty transaction takes the lock of whoever writes, and writes nothing."""
    with place.ledger.transaction():
        return "can be written"
