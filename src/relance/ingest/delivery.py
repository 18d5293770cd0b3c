"""The files of one delivery go in; the star is brought up to date, file by file, and each is reported."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from time import perf_counter
from weakref import WeakKeyDictionary

from relance.base.clock import aware_utc, naive_utc
from relance.base.errors import BadFile, Refused, RelanceError
from relance.base.ids import digest
from relance.customers.identity import check_secret
from relance.customers.own_tables import load_tables
from relance.customers.schema import create_star
from relance.customers.tables import Table
from relance.engines.calendar import keep_local_days, keep_offset_days
from relance.engines.duckdb import DuckEngine
from relance.engines.files import Taken
from relance.engines.spool import spooled
from relance.engines.texts import kept_text
from relance.engines.versions import Stamp
from relance.ingest.facts import LedgerHook
from relance.ingest.feeds import MANIFEST, feed_complete, manifest_lines, period_end, period_in_name
from relance.ingest.history import available_at, check_history
from relance.ingest.journal import known_before, next_import_id, write_journal, write_reject_rows
from relance.ingest.mapping import Feed, feed_of, load_feeds
from relance.ingest.one_file import Work, collect_rejects, fill_tables, take_file
from relance.ingest.plan import CLOCK, Plan, compile_queries, kept, plan_from
from relance.ingest.reports import ImportReport

Progress = Callable[[str, int, int], None]  # name of the file, files done, files in all

EVER = datetime(1, 1, 1)  # stands for a period that is not known yet
_PLANS: dict[tuple[str, ...], Plan] = {}
_READY: WeakKeyDictionary[DuckEngine, str] = WeakKeyDictionary()
# What a feed should be imported after, by the first table that it fills: owners before what they own.
_RANKS = {"contacts": 0, "products": 1, "stores": 1, "orders": 2, "carts": 2}


@dataclass(frozen=True)
class Arrival:
    """A file of a delivery, the feed that takes it, and the start of its period where its name says it."""

    path: Path
    feed: Feed
    period: datetime | None


@dataclass(frozen=True)
class Refusal:
    """A file that was refused whole, the feed it was for, and why."""

    path: Path
    feed: str | None
    error: RelanceError


@dataclass(frozen=True)
class Delivery:
    """What all files of one delivery have in common."""

    engine: DuckEngine
    hook: LedgerHook | None
    tables: Mapping[str, Table]
    number: int
    known_at: datetime  # naive UTC
    history: bool
    secret: bytes


def import_delivery(
    engine: DuckEngine,
    ledger_hook: LedgerHook | None,
    home_definitions: Path,
    files: Sequence[Path],
    known_at: datetime,
    history: bool = False,
    progress: Progress | None = None,
    secret: bytes = b"",
) -> list[ImportReport]:
    """Imports files as one delivery, one transaction a file: owners before lines, older periods before newer.

    known_at: the instant of the import (aware, or naive UTC). secret: the home's, by which identities are hashed.
    A file that cannot be read is refused whole: the others are taken, then BadFile says why. Refused where
    known_at lies before the last import or turn, or where history is asked for a feed imported before.
    """
    reports, refusals = deliver(engine, ledger_hook, home_definitions, files, known_at, history, progress, secret)
    if len(refusals) == 1:
        raise refusals[0].error
    if refusals:
        raise BadFile("; ".join(str(refusal.error) for refusal in refusals))
    return reports


def deliver(
    engine: DuckEngine,
    ledger_hook: LedgerHook | None,
    home_definitions: Path,
    files: Sequence[Path],
    known_at: datetime,
    history: bool = False,
    progress: Progress | None = None,
    secret: bytes = b"",
) -> tuple[list[ImportReport], list[Refusal]]:
    """As `import_delivery`, but answers the files that were refused beside the reports of the others."""
    tables = load_tables(home_definitions / "tables")
    feeds = load_feeds(home_definitions, tables)
    make_ready(engine, tables, secret)
    moment = naive_utc(known_at)
    refuse_early(engine, moment, "this import would be known")
    manifests = [path for path in files if path.name.endswith(MANIFEST)]
    arrivals, refusals = _arrivals([path for path in files if path not in manifests], feeds)
    if history:
        for feed in {arrival.feed.feed: arrival.feed for arrival in arrivals}.values():
            check_history(engine, feed)
    said, refused = _manifests(manifests, feeds)
    refusals += refused
    delivery = Delivery(engine, ledger_hook, tables, next_import_id(engine), moment, history, secret)
    reports: list[ImportReport] = []
    for done, arrival in enumerate(arrivals):
        try:
            reports.append(_import_one(delivery, arrival))
        except BadFile as error:
            refusals.append(Refusal(arrival.path, arrival.feed.feed, error))
        if progress is not None:
            progress(arrival.path.name, done + 1, len(arrivals))
    _say_complete(delivery, said, {refusal.feed for refusal in refusals})
    return reports, refusals


def _say_complete(delivery: Delivery, said: list[tuple[str, datetime]], refused: set[str | None]) -> None:
    """A feed of which a file was refused is not complete, whatever the manifest says."""
    with delivery.engine.transaction():
        for feed, until in said:
            if feed not in refused:
                feed_complete(delivery.engine, feed, until, delivery.known_at)


def _manifests(paths: Sequence[Path], feeds: dict[str, Feed]) -> tuple[list[tuple[str, datetime]], list[Refusal]]:
    said, refusals = [], []
    for path in paths:
        try:
            said += manifest_lines(path, feeds)
        except BadFile as error:
            refusals.append(Refusal(path, None, error))
    return said, refusals


def make_ready(engine: DuckEngine, tables: Mapping[str, Table], secret: bytes) -> None:
    """Creates what is missing of the star, once per engine and declaration of the tables."""
    mark = _mark(tables, secret)
    if _READY.get(engine) != mark:
        with engine.transaction():
            create_star(engine, tables.values())
            check_secret(engine, secret)
        _READY[engine] = mark


def stands_ready(engine: DuckEngine, tables: Mapping[str, Table], secret: bytes) -> None:
    """Says that nothing is missing: the warehouse is the copy of one that was made ready."""
    _READY[engine] = _mark(tables, secret)


def _mark(tables: Mapping[str, Table], secret: bytes) -> str:
    return digest(repr(sorted(tables.items())) + secret.hex())


def refuse_early(engine: DuckEngine, at: datetime, what: str) -> None:
    """Refused for an instant (naive UTC) before the last import or turn: what was decided stays as it was."""
    for table, column, last_one in (("imports", "known_at", "import"), ("turns", "at", "turn")):
        last = engine.value(f'SELECT max("{column}") FROM "{table}"')
        if last is not None and at < last:
            raise Refused(
                f"{what} at {aware_utc(at).isoformat()}, before the last {last_one} "
                f"at {aware_utc(last).isoformat()}; give a later instant"
            )


def _arrivals(paths: Sequence[Path], feeds: dict[str, Feed]) -> tuple[list[Arrival], list[Refusal]]:
    found, refusals = [], []
    for path in paths:
        feed = feed_of(feeds, path.name)
        try:
            found.append(Arrival(path, feed, period_in_name(feed, path.name)))
        except BadFile as error:
            refusals.append(Refusal(path, feed.feed, error))
    found.sort(key=lambda one: (_rank(one.feed), one.period or datetime(9999, 1, 1), one.path.name))
    return found, refusals


def _rank(feed: Feed) -> int:
    if feed.grain in ("order_lines", "cart_lines") and len(feed.tables) == 1:
        return 4
    return min(_RANKS.get(name, 3) for name in feed.tables)


def _import_one(delivery: Delivery, arrival: Arrival) -> ImportReport:
    started = perf_counter()
    engine, feed = delivery.engine, arrival.feed
    near = engine.path.parent if engine.path else None
    form = feed.format.for_file(arrival.path.name)
    plan = plan_of(engine, feed, delivery.tables)
    with spooled(arrival.path, form, near) as file:
        mark = digest("\n".join((file.digest, feed.fingerprint, str(arrival.period))))
        source = next_import_id(engine)
        before = known_before(engine, feed.feed, mark)
        if before is not None:
            same = replace(before, import_id=source, delivery=delivery.number, file=file.name)
            return _journalled(delivery, replace(same, known_at=delivery.known_at), mark, started)
        work = Work(engine, plan, delivery.tables, Stamp(source, feed.feed, arrival.period or EVER, delivery.known_at))
        taken = take_file(work, file, form)
        with engine.transaction():
            return _journalled(delivery, _fill(delivery, work, taken), mark, started)


def _journalled(delivery: Delivery, report: ImportReport, mark: str, started: float) -> ImportReport:
    report = replace(report, seconds=perf_counter() - started)
    write_journal(delivery.engine, report, mark)
    return report


def _fill(delivery: Delivery, work: Work, taken: Taken) -> ImportReport:
    """All that one file writes, but for the journal."""
    engine, feed = delivery.engine, work.plan.feed
    work.stamp = replace(work.stamp, period=_period(delivery, work))
    _set_clock(delivery, work.stamp)
    waiting = sorted(delivery.hook.waiting_contacts()) if delivery.hook is not None else []
    fill_tables(work, delivery.history, waiting)
    rejects = collect_rejects(work, taken)
    write_reject_rows(engine, work.stamp.source, taken.file.name, rejects)
    until = _complete(delivery, feed, work.stamp) if feed.completes else None
    if delivery.hook is not None and work.facts:
        delivery.hook.facts_known(work.facts, aware_utc(delivery.known_at))
    if delivery.hook is not None and waiting:
        filled = {table.table.name for table in work.plan.tables}
        delivery.hook.rows_came(engine, delivery.tables, filled, aware_utc(delivery.known_at))
    read = taken.rows + len(taken.rejects)
    return _report(delivery, work, taken.file.name, read, Counter(reject.reason for reject in rejects), until)


def _period(delivery: Delivery, work: Work) -> datetime:
    """What the file speaks of: by its name, by a column of it, else the instant of its import."""
    atom = work.plan.made.period_atom
    if atom is not None:
        last = delivery.engine.value(f"SELECT max({atom}) FROM typed WHERE err IS NULL")
        return last or delivery.known_at
    return delivery.known_at if work.stamp.period == EVER else work.stamp.period


def _report(
    delivery: Delivery, work: Work, file: str, read: int, reasons: Counter[str], until: datetime | None
) -> ImportReport:
    return ImportReport(
        import_id=work.stamp.source,
        delivery=delivery.number,
        feed=work.stamp.feed,
        file=file,
        period=work.stamp.period,
        known_at=delivery.known_at,
        read=read,
        inserted=work.grain["inserted"],
        updated=work.grain["updated"],
        unchanged=work.grain["unchanged"],
        rejected=reasons.total(),
        deleted=sum(counts["deleted"] for counts in work.counts.values()),
        new_contacts=work.new_contacts,
        unmatched=work.unmatched,
        complete_until=until,
        tables={name: dict(counts) for name, counts in work.counts.items()},
        reasons=dict(reasons),
    )


def plan_of(engine: DuckEngine, feed: Feed, tables: Mapping[str, Table]) -> Plan:
    """The compiled queries of a feed, compiled once per process and declaration."""
    zone = feed.zone or "UTC"
    days = keep_local_days(engine, zone)
    keep_offset_days(engine, zone)
    key = (type(engine).__name__, feed.fingerprint, digest(repr(sorted(tables.items()))))
    if key not in _PLANS:

        def compiled_queries() -> str:
            return kept(compile_queries(feed, tables, days if feed.zone else None, engine.compile))

        _PLANS[key] = plan_from(kept_text(engine, ("import", *key), compiled_queries), feed, tables)
    return _PLANS[key]


def _set_clock(delivery: Delivery, stamp: Stamp) -> None:
    row = {
        "known_at": stamp.known_at,
        "period": stamp.period,
        "source": stamp.source,
        "secret": delivery.secret.hex(),
    }
    delivery.engine.load("import_clock", CLOCK, [row])


def _complete(delivery: Delivery, feed: Feed, stamp: Stamp) -> datetime:
    """The end of the file's period: until then the feed is complete."""
    until = period_end(feed, stamp.period) if feed.period is not None else stamp.period
    known = available_at(feed, stamp) if delivery.history else stamp.known_at
    feed_complete(delivery.engine, feed.feed, until, known)
    return until
