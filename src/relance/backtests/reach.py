"""How far back knowledge reaches: what scenarios read, and since when it was known as it happened."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import ibis
import ibis.expr.operations as ops
import ibis.expr.types as ir

from relance.audiences.criteria import parse_criteria
from relance.audiences.probes import PROBES, observe
from relance.base.clock import aware_utc
from relance.base.errors import Refused
from relance.base.zones import local_day, to_instant, to_local
from relance.customers.installation import Installation
from relance.customers.relations import View, house_relation, scratch
from relance.customers.schema import PAST, VAULT
from relance.engines.warehouse import Engine
from relance.scenarios.candidates import conditions_of
from relance.scenarios.products import event_queries
from relance.scenarios.triggers import trigger_rows
from relance.scenarios.versions import Version

_LATE = timedelta(days=7)  # a file of an ordinary week; facts that are older than that were learnt after the event
_ITEMS = {"cart_lines", "order_lines", "orders", "products", "product_stock"}
# Tables of which nothing was known are a matter of the retailer's; these are of every message.
_OF_EVERYBODY = "contacts"


@dataclass(frozen=True)
class Reach:
    """A table and the instant since which it was known as it happened."""

    table: str
    since: datetime


def check_reach(place: Installation, versions: Iterable[Version], first_turn: datetime) -> None:
    """Raises Refused, with the first honest date, where a table that is read was not yet known at the first turn."""
    view = View(place.tables, history=True)
    wanted: dict[str, bool] = {_OF_EVERYBODY: True}
    for version in versions:
        for name in tables_read(version, view, place.zone):
            wanted.setdefault(name, False)
        for name in triggering(version, view):
            wanted[name] = True
    known = [reach_of(place.engine, view, name, start) for name, start in sorted(wanted.items())]
    late = [each for each in known if each is not None and each.since > first_turn]
    if late:
        last = max(late, key=lambda each: (each.since, each.table))
        raise Refused(_said(last, first_turn, place.zone))


def _said(reach: Reach, first_turn: datetime, zone: str) -> str:
    honest = honest_date(reach.since, first_turn, zone)
    return f"“{reach.table}” is known as it happened only from {honest} on, so begin there: --from {honest}"


def honest_date(since: datetime, turn: datetime, zone: str) -> date:
    """The first local date whose turn, at the clock time of this one, knows what is known since an instant."""
    day, clock = local_day(since, zone), to_local(turn, zone).time()
    return day if to_instant(day, clock, zone) >= since else day + timedelta(days=1)


def tables_read(version: Version, view: View, zone: str) -> set[str]:
    """Tables of the star behind trigger and conditions: the queries themselves are asked."""
    found = relations_behind(version, view, zone) & set(view.tables)
    return found | (_ITEMS if version.scenario.items else set())


def triggering(version: Version, view: View) -> set[str]:
    """Tables of the star that the trigger reads."""
    return set().union(*map(_names, _starts(version, view))) & set(view.tables)


def reads_segments(versions: Iterable[Version], view: View, zone: str) -> bool:
    """Whether any of them asks who is in a segment, or starts by a move."""
    return any("segment_members" in relations_behind(each, view, zone) for each in versions)


def relations_behind(version: Version, view: View, zone: str) -> set[str]:
    """Names of all that trigger and conditions read, without saying which part of a table it is."""
    trees = [parse_criteria(tree) for tree in conditions_of(version)]
    asked = [observe(tree, scratch("probes", PROBES), view, zone=zone).rows for tree in trees]
    return set().union(*map(_names, [*_starts(version, view), *asked]))


def _starts(version: Version, view: View) -> list[ir.Table]:
    return [trigger_rows(version.scenario, view, version.name), *event_queries(version.scenario, view)]


def _names(expression: ir.Table) -> set[str]:
    names = {node.name for node in expression.op().find(ops.UnboundTable)}
    return {name.removesuffix(PAST).removesuffix(VAULT) for name in names}


def reach_of(engine: Engine, view: View, name: str, start: bool) -> Reach | None:
    """Since when a table is known as it happened; None where it is empty, or was never learnt after the event.

    start: its first row is a limit in any case, since nothing can begin before anything is known.
    """
    rows = engine.rows(_known_by_feed(view, name))
    known = [aware_utc(row["known"]) for row in rows]
    if not rows:
        return None
    late = [
        aware_utc(row["known"])
        for row in rows
        if row["happened"] is not None and aware_utc(row["known"]) - aware_utc(row["happened"]) > _LATE
    ]
    describes = view.table(name).happened is None  # its rows hold from when they are known
    limits = late + ([min(known)] if start or describes else [])
    return Reach(name, max(limits)) if limits else None


def _known_by_feed(view: View, name: str) -> ir.Table:
    """feed, known, happened: the first of each, over current and superseded rows."""
    table, facts = view.table(name), view.facts(name)
    happened = facts[table.happened] if table.happened else ibis.null("timestamp(6)")
    rows = facts.select("source", known=facts["known_at"], happened=happened)
    imports = house_relation("imports").select("import_id", "feed")
    rows = rows.left_join(imports, rows["source"] == imports["import_id"])
    return rows.group_by("feed").agg(known=rows["known"].min(), happened=rows["happened"].min())
