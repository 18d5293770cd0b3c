"""A period and an instant of knowledge come in; the scratch tables that every report joins come out."""

# Instants are rows, never text of a query, so each query is compiled once and used for every period.

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import ibis.expr.types as ir

from relance.base.clock import naive_utc
from relance.base.errors import BadDocument
from relance.base.zones import offset_spans, to_instant
from relance.customers.absorb import event_row, last_event
from relance.customers.installation import Installation
from relance.customers.relations import View, scratch
from relance.customers.schema import HOUSE_TABLES
from relance.engines.ledger import OutboxEvent

CLOCK: Mapping[str, str] = {"since": "instant", "until": "instant", "as_of": "instant", "currency": "text"}
OFFSETS: Mapping[str, str] = {"since": "instant", "until": "instant", "offset": "integer"}
NEWS = HOUSE_TABLES["message_states"]
_ALWAYS = date(1900, 1, 1), date(2100, 12, 31)
_BATCH = 20_000


@dataclass(frozen=True)
class Period:
    """Local dates of the brand, both included; None is open."""

    since: date | None = None
    until: date | None = None

    def __post_init__(self) -> None:
        if self.since and self.until and self.since > self.until:
            raise BadDocument(f"a period from {self.since} to {self.until} ends before it begins")


@dataclass(frozen=True)
class Asked:
    """A question laid out: what is known at `as_of` (aware) about a period."""

    place: Installation
    period: Period
    as_of: datetime
    view: View


def ask(place: Installation, period: Period, as_of: datetime) -> Asked:
    """Fills scratch tables `report_clock`, `report_offsets` and `report_news`; keeps nothing."""
    zone, engine = place.zone, place.engine
    since, until = period.since or _ALWAYS[0], period.until or _ALWAYS[1]
    clock = {
        "since": naive_utc(to_instant(since, time(), zone)),
        "until": naive_utc(to_instant(until + timedelta(days=1), time(), zone)),
        "as_of": naive_utc(as_of),
        "currency": place.settings.brand.currency,
    }
    engine.load("report_clock", CLOCK, [clock])
    spans = offset_spans(zone)
    engine.load("report_offsets", OFFSETS, [{"since": s.since, "until": s.until, "offset": s.offset} for s in spans])
    engine.load("report_news", NEWS, [event_row(each, each.at) for each in _news(place, as_of)])
    return Asked(place, period, as_of, place.view(as_of))


def clock() -> ir.Table:
    """The one row of instants."""
    return scratch("report_clock", CLOCK)


def within(rows: ir.Table) -> ir.Table:
    """Those whose `at` lies in the period."""
    asked = clock().select("since", "until")
    found = rows.inner_join(asked, [rows["at"] >= asked["since"], rows["at"] < asked["until"]])
    return found.select(*rows.columns)


def on_local_day(rows: ir.Table) -> ir.Table:
    """With `local` and `day`, what the brand's clock and calendar show at `at`."""
    spans = scratch("report_offsets", OFFSETS)
    dated = rows.inner_join(spans, [rows["at"] >= spans["since"], rows["at"] < spans["until"]])
    local = dated["at"] + dated["offset"].as_interval("s")
    return dated.select(*rows.columns, local=local, day=local.date())


def news() -> ir.Table:
    """What the ledger has not yet told the warehouse."""
    return scratch("report_news", NEWS)


def _news(place: Installation, as_of: datetime) -> list[OutboxEvent]:
    """Events of the outbox since the last turn: a turn absorbs them, a report may not write."""
    found: list[OutboxEvent] = []
    last = last_event(place.engine)
    while events := place.ledger.events_since(last, _BATCH):
        found += [each for each in events if each.at <= as_of]
        last = events[-1].seq
    return found
