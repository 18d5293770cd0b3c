"""Candidate rows of a first import go in; each is stamped with the instant at which it could have been known."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import ibis
import ibis.expr.types as ir

from relance.base.clock import naive_utc
from relance.base.errors import Refused
from relance.base.ids import digest
from relance.base.spans import parse_span
from relance.base.zones import local_day, plus_days, to_instant
from relance.customers.relations import scratch
from relance.engines.calendar import DAYS
from relance.engines.duckdb import DuckEngine
from relance.engines.texts import compiled
from relance.engines.versions import Stamp
from relance.ingest.mapping import Feed
from relance.ingest.plan import CLOCK, TablePlan


def check_history(engine: DuckEngine, feed: Feed) -> None:
    """Refused where the feed says nothing of availability, or something of it was imported before."""
    if feed.available is None:
        raise Refused(f"the feed “{feed.feed}” does not say when its facts are available; add `available`")
    columns = {"feed": "text"}
    engine.load("asked_feed", columns, [{"feed": feed.feed}])
    taken = "SELECT count(*) FROM imports WHERE feed = (SELECT feed FROM asked_feed) AND read > rejected"
    if engine.value(taken):
        raise Refused(f"the feed “{feed.feed}” was imported before; --history is for its first import only")


def available_at(feed: Feed, stamp: Stamp) -> datetime:
    """When what a file says of its whole period could be known (naive UTC), not after its import."""
    zone, rule = feed.zone or "UTC", feed.available
    start = stamp.period.replace(tzinfo=UTC)
    if rule is None:
        return stamp.known_at
    if rule.next_day is not None:
        day = local_day(start, zone) + timedelta(days=1)
        return min(naive_utc(to_instant(day, time.fromisoformat(rule.next_day), zone)), stamp.known_at)
    span = parse_span(str(rule.after))
    return min(naive_utc(plus_days(start, span.days, zone) + span.elapsed), stamp.known_at)


def stamp_rows(engine: DuckEngine, feed: Feed, table: TablePlan, stamp: Stamp) -> None:
    """Sets `known_at` of the candidates: from their fact's instant, else from the file's period."""
    columns = table.made.columns
    if "reference" in columns:
        name = ("history", feed.fingerprint, table.table.name, *columns)
        engine.keep("stamped", compiled(engine, name, lambda: _stamped(feed, table)))
    else:
        engine.load("period_known", {"at": "instant"}, [{"at": available_at(feed, stamp)}])
        engine.keep("stamped", f'SELECT * REPLACE ((SELECT "at" FROM period_known) AS known_at) FROM "{table.two}"')
    engine.keep(table.two, 'SELECT * FROM "stamped"')


def _stamped(feed: Feed, table: TablePlan) -> ir.Table:
    kinds = dict.fromkeys(table.made.columns, "string")
    rows = ibis.table({**kinds, "reference": "timestamp(6)", "known_at": "timestamp(6)"}, name=table.two)
    available = _available(feed, rows)
    clock = scratch("import_clock", CLOCK).select(imported="known_at")
    joined = available.cross_join(clock)
    known = ibis.coalesce(ibis.least(joined["at"], joined["imported"]), joined["imported"])
    return joined.select(*[joined[name] for name in table.made.columns if name != "known_at"], known_at=known)


def _available(feed: Feed, rows: ir.Table) -> ir.Table:
    """The rows with `at`, when their fact is available."""
    assert feed.available is not None
    zone = digest(feed.zone or "UTC")
    span = parse_span(feed.available.after) if feed.available.after is not None else None
    fact = rows["reference"]
    if span is not None and not span.days:
        return rows.mutate(at=fact + ibis.interval(seconds=int(span.elapsed.total_seconds())))
    shown = scratch("offset_days_" + zone, DAYS)
    on = [fact.date() == shown["day"], fact >= shown["since"], fact < shown["until"]]
    local = fact + shown["shift"].as_interval("s")
    joined = rows.left_join(shown, on).select(*[rows[name] for name in rows.columns], local=local)
    if span is not None:
        wanted = joined["local"] + ibis.interval(days=span.days)
    else:
        clock = time.fromisoformat(str(feed.available.next_day))
        midnight = joined["local"].date().cast("timestamp(6)")
        wanted = midnight + ibis.interval(days=1) + ibis.interval(seconds=clock.hour * 3600 + clock.minute * 60)
    return _at_local(joined.mutate(wanted=wanted), zone).drop("local", "wanted")


def _at_local(rows: ir.Table, zone: str) -> ir.Table:
    day = scratch("local_days_" + zone, DAYS)
    wanted = rows["wanted"]
    on = [wanted.date() == day["day"], wanted >= day["since"], wanted < day["until"]]
    at = day["instant"].fill_null(wanted - day["shift"].as_interval("s"))
    return rows.left_join(day, on).select(*[rows[name] for name in rows.columns], at=at)
