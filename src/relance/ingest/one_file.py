"""One spooled file of one feed goes in; its rows are in the star when it is done, its rejects beside them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from relance.base.clock import aware_utc
from relance.base.errors import BadFile
from relance.customers.identity import make_stubs, resolve
from relance.customers.maintained import refresh_contact_orders, refresh_recurring_lines
from relance.customers.schema import VAULT
from relance.customers.tables import Table
from relance.engines import candidates
from relance.engines.duckdb import DuckEngine
from relance.engines.files import Reject, Taken, header, places_of, read_file
from relance.engines.spool import Format, Spooled
from relance.engines.versions import Stamp, Stored, absent, absent_lines, delete, merge
from relance.ingest.expressions import RAW, TYPED
from relance.ingest.facts import Facts, OrderFact, PurchaseFact, RefusalFact, RiseFact, StockFact
from relance.ingest.history import stamp_rows
from relance.ingest.plan import Plan, TablePlan, check_columns

ERASED = -1  # the code in `typed.err` of a record whose person was erased
DERIVED_FEED = "(derived)"  # rows worked out from others belong to no feed's order of periods
EARLY = datetime(1900, 1, 1)


@dataclass
class Work:
    """One file under way: what is counted while its tables are filled."""

    engine: DuckEngine
    plan: Plan
    tables: Mapping[str, Table]
    stamp: Stamp
    rejects: list[Reject] = field(default_factory=list)
    wrong: list[tuple[int, str]] = field(default_factory=list)  # (record, reason) found after typing
    counts: dict[str, Counter[str]] = field(default_factory=dict)
    grain: Counter[str] = field(default_factory=Counter)  # records of the grain table by state
    new_contacts: int = 0
    unmatched: int = 0
    erased: bool = False  # whether it speaks of somebody who was erased
    facts: Facts = field(default_factory=Facts)

    def count(self, table: str, state: str, rows: int) -> None:
        if rows:
            self.counts.setdefault(table, Counter())[state] += rows


def take_file(work: Work, file: Spooled, form: Format) -> Taken:
    """Reads the file into `raw` and `typed`; BadFile where nothing can be taken."""
    engine, plan = work.engine, work.plan
    check_columns(plan, header(file, form), file.name)
    engine.suit(file.plain.stat().st_size)
    taken = read_file(engine, file, form, plan.made.sources, RAW)
    if form.kind == "jsonl" and taken.rows:
        _refuse_unmapped(engine, plan, file.name)
    engine.keep(TYPED, plan.made.typed)
    work.rejects += taken.rejects
    return taken


def fill_tables(work: Work, history: bool, waiting: Sequence[int]) -> None:
    """From `typed` to the star: candidates, surrogates, versions, and what follows from them.

    waiting: contacts with messages that wait; only they can be stopped by what the file says.
    """
    engine = work.engine
    _candidates(work)
    _people(work)
    for table in work.plan.tables:
        engine.keep(table.two, table.made.second)
        if history:
            stamp_rows(engine, work.plan.feed, table, work.stamp)
        _sort_out(work, table)
        _store(work, table)
    if work.new_contacts:
        make_stubs(engine)
    _follow(work)
    if waiting:
        engine.load("waiting", {"contact": "integer"}, [{"contact": contact} for contact in waiting])
        work.facts = _facts(engine, {table.table.name for table in work.plan.tables})


def collect_rejects(work: Work, taken: Taken) -> list[Reject]:
    """Every reject of the file with its physical line, in the order of the file."""
    rows = _wrong_rows(work)
    places = places_of(taken, [row["record"] for row in rows] + [record for record, _ in work.wrong])
    found = list(work.rejects)
    for row in rows:
        place = places[row["record"]]
        if row["err"] == ERASED:
            found.append(Reject(place.line, None, None, "erased", ""))
            continue
        atom, code = work.plan.made.reasons[row["err"]]
        value = row[f"c{work.plan.made.sources.index(atom.source)}"]
        found.append(Reject(place.line, atom.source, value, code, place.text))
    for record, reason in work.wrong:
        text = "" if reason == "erased" else places[record].text
        found.append(Reject(places[record].line, None, None, reason, text))
    return sorted(found, key=lambda reject: reject.line)


def _wrong_rows(work: Work) -> list[dict[str, Any]]:
    """Records that could not be typed, or are of the erased: what is wrong, and the texts of the record."""
    if not work.engine.value(f'SELECT count(err) FROM "{TYPED}"'):
        return []
    listed = ", ".join(f"r.c{place}" for place in range(len(work.plan.made.sources)))
    return work.engine.rows(
        f'SELECT t.record, t.err, {listed} FROM "{TYPED}" AS t JOIN "{RAW}" AS r USING (record) '
        "WHERE t.err IS NOT NULL ORDER BY t.record"
    )


def _refuse_unmapped(engine: DuckEngine, plan: Plan, name: str) -> None:
    any_value = ", ".join(f"c{place}" for place in range(len(plan.made.sources)))
    if not engine.value(f'SELECT count(coalesce({any_value})) FROM "{RAW}"'):
        wanted = ", ".join(plan.made.sources)
        raise BadFile(f"{name} holds none of the mapped names ({wanted}); nothing of it was taken")


def _people(work: Work) -> None:
    """Surrogates for the own ids of the file; records of the erased are refused and all is made again."""
    engine, plan = work.engine, work.plan
    pairs = [(table.one, column) for table in plan.tables for column in table.made.contacts]
    if not pairs:
        return
    candidates.own_ids(engine, pairs, "owns")
    work.new_contacts += resolve(engine, "owns")
    work.erased = bool(engine.value("SELECT count(*) FROM ids WHERE erased"))
    if work.erased:
        candidates.mark_erased(engine, TYPED, plan.made.own_atoms, ERASED)
        _candidates(work)


def _candidates(work: Work) -> None:
    """Candidates as the document says; those that name no contact are read once and need not be kept."""
    for table in work.plan.tables:
        if table.made.contacts:
            work.engine.keep(table.one, table.made.first)
        else:
            candidates.look(work.engine, table.one, table.made.first)


def _sort_out(work: Work, table: TablePlan) -> None:
    """Takes out what must not become a row; only the grain's records are counted and told."""
    engine, name = work.engine, table.two
    grain = table.table.name == work.plan.feed.grain
    wrong: list[tuple[int, str]] = []
    columns = table.made.columns
    if "erased" in columns and work.erased:
        wrong += candidates.take_out(engine, name, "erased", "'erased'")
    if "refuse" in columns:
        wrong += candidates.take_out(engine, name, "refuse IS NOT NULL", "refuse")
    if not table.rule.ordinal_within and not table.rule.one_per:
        doubles = candidates.drop_duplicates(engine, name, table.table.key)
        wrong += [(record, "duplicate_key") for record in doubles]
    if grain:
        work.wrong += wrong


def _store(work: Work, table: TablePlan) -> None:
    engine, plan, stamp = work.engine, work.plan, work.stamp
    star = table.table
    grain = star.name == plan.feed.grain
    stored = Stored(star.name, star.key)
    gone = f"gone_{star.name}"
    deleted = 0
    if "gone" in table.made.columns:
        moved = candidates.split_gone(engine, table.two, star.key, gone)
        deleted = _delete(work, table, gone) if moved else 0
        work.grain["updated" if deleted else "unchanged"] += _records(engine, gone)
    if star.owner is not None:
        deleted += _own_all_lines(work, table, stored, gone)
    states = _merge(work, table, stored)
    if plan.feed.full and grain and absent(engine, stored, table.two, stamp, gone):
        deleted += _delete(work, table, gone)
    for state, rows in states.items():
        work.count(star.name, state, rows)
    work.count(star.name, "deleted", deleted)
    if grain:
        vault = Stored(star.name + VAULT, star.key) if table.personal else None
        for state, records in candidates.records_by_state(engine, stored, vault).items():
            work.grain["unchanged" if state == "stale" else state] += records


def _merge(work: Work, table: TablePlan, stored: Stored) -> dict[str, int]:
    defaults = {"kind": "individual"} if table.table.name == "contacts" else {}
    states = merge(work.engine, stored, table.two, table.open, work.stamp, defaults)
    if table.personal:
        merge(work.engine, Stored(stored.name + VAULT, stored.key), table.two, table.personal, work.stamp)
    return states


def _own_all_lines(work: Work, table: TablePlan, stored: Stored, gone: str) -> int:
    engine = work.engine
    owner = work.tables[str(table.table.owner)].key[0]
    lost, stale = absent_lines(engine, stored, owner, table.two, work.stamp, gone)
    if stale:
        records = candidates.without_stale(engine, table.two, owner, gone + "_stale")
        work.count(table.table.name, "stale", records)
        if table.table.name == work.plan.feed.grain:
            work.grain["unchanged"] += records
    return delete(engine, stored, gone, work.stamp) if lost else 0


def _delete(work: Work, table: TablePlan, gone: str) -> int:
    """Deletes rows with their personal values and the lines that they own."""
    engine, star, stamp = work.engine, table.table, work.stamp
    for other in work.tables.values():
        if other.owner == star.name:
            lines = Stored(other.name, other.key)
            if candidates.owned_keys(engine, lines, star.key[0], gone, "gone_owned"):
                delete(engine, lines, "gone_owned", stamp)
    if star.vault_columns:
        delete(engine, Stored(star.name + VAULT, star.key), gone, stamp, remember=True)
    return delete(engine, Stored(star.name, star.key), gone, stamp, remember=True)


def _records(engine: DuckEngine, name: str) -> int:
    return int(engine.value(f'SELECT coalesce(sum(records), 0)::BIGINT FROM "{name}"'))


def _follow(work: Work) -> None:
    """What the rows of this file change elsewhere: cancelled orders, lines of late owners, maintained tables."""
    filled = {table.table.name: table for table in work.plan.tables}
    if "orders" in filled:
        _refresh(work, work.counts["orders"]["deleted"] > 0 if "orders" in work.counts else False)
    if "refunds" in filled:
        _cancel(work, filled["refunds"])
    for owner, table in filled.items():
        for lines in work.tables.values():
            if lines.owner == owner and lines.name not in filled:
                _lines_follow(work, lines, table)
    refresh_recurring_lines(work.engine, filled, work.stamp.source, work.stamp.known_at)


def _refresh(work: Work, deleted: bool) -> None:
    stored = Stored("orders", ("order_id",))
    gone = "gone_orders" if deleted else None
    if candidates.touched_contacts(work.engine, stored, gone, "touched_contacts"):
        refresh_contact_orders(work.engine, "touched_contacts")


def _facts(engine: DuckEngine, filled: set[str]) -> Facts:
    """What the rows of this file may stop."""
    orders = candidates.new_orders(engine) if "orders" in filled else []
    bought = candidates.new_purchases(engine) if "order_lines" in filled else []
    refusals = candidates.new_refusals(engine) if "consent_acts" in filled else []
    stock = candidates.new_stock(engine) if "product_stock" in filled else []
    rises = candidates.new_rises(engine) if "product_prices" in filled else []
    return Facts(
        tuple(OrderFact(row["contact"], aware_utc(row["at"])) for row in orders),
        tuple(PurchaseFact(row["contact"], row["product"], aware_utc(row["at"])) for row in bought),
        tuple(RefusalFact(**{**row, "happened_at": aware_utc(row["happened_at"])}) for row in refusals),
        tuple(StockFact(row["product"], row["store"], row["quantity"], aware_utc(row["at"])) for row in stock),
        tuple(RiseFact(row["product"], row["currency"], row["amount"], aware_utc(row["at"])) for row in rises),
    )


def _cancel(work: Work, table: TablePlan) -> None:
    engine = work.engine
    work.unmatched += candidates.unmatched(engine, table.two)
    if "whole" not in table.mapped:
        return  # a file that does not say which refunds are whole cancels no order
    candidates.refunded(engine, table.two, "cancelled_orders", "cancelled_lines")
    stamp = Stamp(work.stamp.source, DERIVED_FEED, EARLY, work.stamp.known_at)
    merge(engine, Stored("orders", ("order_id",)), "cancelled_orders", ("status", "valid"), stamp)
    merge(engine, Stored("order_lines", ("line",)), "cancelled_lines", ("valid",), stamp)
    _refresh(work, False)


def _lines_follow(work: Work, lines: Table, owner: TablePlan) -> None:
    given = {"contact": "contact"} if "contact" in owner.mapped else {}
    if lines.happened == owner.table.happened and owner.table.happened in owner.mapped:
        given[str(lines.happened)] = str(owner.table.happened)
    if not given:
        return
    stored = Stored(owner.table.name, owner.table.key)
    if candidates.follow_owner(work.engine, lines.name, lines.key[0], stored, given, "following"):
        stamp = Stamp(work.stamp.source, DERIVED_FEED, EARLY, work.stamp.known_at)
        merge(work.engine, Stored(lines.name, lines.key), "following", tuple(given), stamp)
