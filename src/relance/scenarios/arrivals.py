"""Who comes to the first step now: new candidates of the trigger; and how journeys are known again."""

from __future__ import annotations

from collections.abc import Mapping

import ibis
import ibis.expr.types as ir

from relance.customers.relations import View, house_relation
from relance.scenarios.rounds import told_together
from relance.scenarios.triggers import ARRIVALS, clock_of, trigger_rows
from relance.scenarios.versions import Version

WORK: Mapping[str, str] = {
    "probe": "integer",
    "node": "integer",
    "entering": "boolean",
    "gone": "text",  # the reason, where a message of the journey did not leave
    **ARRIVALS,
}
ENTERING: Mapping[str, str] = {**ARRIVALS, "unseen": "boolean"}
COMING: Mapping[str, str] = {"rule": "text", **ENTERING}  # scratch table `entering`: of all scenarios of a turn
_ROOM = 2**40  # for the probes of one version
# What names a journey; null-safe because an anonymous candidate has no contact.
JOURNEY = ("scenario", "contact", "visitor", "occurrence")


def entering(version: Version, view: View, rule: str) -> ir.Table:
    """Candidates of the trigger that no earlier turn has decided; columns of ENTERING."""
    comes_round = version.scenario.trigger.comes_round
    due = trigger_rows(version.scenario, view, rule, "unseen", *(("again", "soon") if comes_round else ()))
    begun = _begun(version, view, rule)
    fresh = due.anti_join(begun, same_journey(due, begun))
    return told_together(fresh).select(*ENTERING) if comes_round else fresh


def coming(version: Version, view: View, rule: str) -> ir.Table:
    """The same with their rule; columns of COMING."""
    return entering(version, view, rule).mutate(rule=ibis.literal(rule)).select(*COMING)


def arriving(rows: ir.Table) -> ir.Table:
    """Of what enters, what the turn sees, at the first step; columns of WORK but for the probe."""
    seen = rows.filter(~rows["unseen"])
    first = {"node": ibis.literal(0).cast("int64"), "entering": ibis.literal(True), "gone": ibis.null("string")}
    return seen.mutate(**first).select(*_without_probe())


def numbered(rows: ir.Table, version: int = 0) -> ir.Table:
    """Gives each row its probe, in an order that depends on nothing but the rows.

    Several versions of a scenario may be at work in one turn, and the gate knows candidates by scenario and probe:
    so each version numbers its own from another beginning.
    """
    order = [rows["due_at"], rows["contact"], rows["visitor"], rows["occurrence"]]
    return rows.mutate(probe=ibis.row_number().over(order_by=order) + version * _ROOM).select(*WORK)


def counted_off(rows: ir.Table) -> ir.Table:
    """Gives each row some probe, where no decision hangs on which."""
    return rows.mutate(probe=ibis.row_number() + 1).select(*WORK)


def latest_journeys(scenario: str, rule: str) -> ir.Table:
    """The last row of every journey of a scenario, as the turn's own decisions begin."""
    clock = clock_of(rule, "decided_until")
    rows = house_relation("journeys")
    rows = rows.filter(rows["scenario"] == scenario)
    rows = rows.join(clock, rows["at"] < clock["decided_until"])
    order = [rows["at"].desc(), rows["node"].desc()]
    rows = rows.mutate(place=ibis.row_number().over(group_by=[rows[name] for name in JOURNEY], order_by=order))
    return rows.filter(rows["place"] == 0).drop("place", "decided_until")


def same_journey(left: ir.Table, right: ir.Table) -> list[ir.BooleanValue]:
    """Predicates: both rows speak of one journey of one scenario."""
    return [
        left["contact"].fill_null(0) == right["contact"].fill_null(0),
        left["visitor"] == right["visitor"],
        left["occurrence"] == right["occurrence"],
    ]


def _begun(version: Version, view: View, rule: str) -> ir.Table:
    rows = house_relation("journeys")
    rows = rows.filter(rows["scenario"] == version.name).select("contact", "visitor", "occurrence", "at")
    clock = clock_of(rule, "decided_until")
    rows = rows.join(clock, rows["at"] < clock["decided_until"])
    return view.follow(rows.select("contact", "visitor", "occurrence")).distinct()


def _without_probe() -> tuple[str, ...]:
    return tuple(name for name in WORK if name != "probe")
