"""Which journeys that wait are at work this turn: their wait is over, or something ends it before its time.

A stop fact ends a journey wherever it is, so the stop conditions are asked of everybody who waits, as one set; an
event ends the wait for it; a message that did not leave ends the journey, for a step follows only a step that was
sent or held out.
"""

from __future__ import annotations

from functools import partial

import ibis
import ibis.expr.types as ir

from relance.audiences.evidence import evidence, table_of
from relance.audiences.probes import PROBES
from relance.customers.relations import house_relation, scratch
from relance.engines.ledger import WITHDRAWN
from relance.scenarios.arrivals import WORK, latest_journeys, numbered, same_journey
from relance.scenarios.assess import ASSESSED, observed, probe_rows, with_repurchase
from relance.scenarios.awaiting import events_known
from relance.scenarios.desk import Desk
from relance.scenarios.own_stops import own_reasons, with_own_stops
from relance.scenarios.program import HAPPENED, Node
from relance.scenarios.triggers import clock_of
from relance.scenarios.versions import Version
from relance.scenarios.ways import NOTED, passed

RESUMED = {name: kind for name, kind in WORK.items() if name != "probe"}
_NOT_LEFT = ("cancelled", "refused")


def resume(desk: Desk, version: Version) -> bool:
    """Fills scratch table `resumed`, columns of RESUMED; false where nobody of this version waits."""
    marks = (version.mark, str(version.number))
    if not version.waits or not desk.keep("work", marks, lambda: numbered(_waiting(version))):
        return False
    desk.keep("probes", (version.name,), lambda: probe_rows(version.name))
    desk.keep("resumed", marks, lambda: _resumed(version, desk))
    return True


def note_exits(desk: Desk, version: Version) -> None:
    """Notes, for journeys of scratch `assessed` that a stop condition ends, the fact that it saw."""
    for place, name in enumerate(version.scenario.stop):
        marks = (version.mark, str(version.number), "left", name, str(place))
        desk.add("noted", marks, partial(_exits, desk, version, name))


def _waiting(version: Version) -> ir.Table:
    """Journeys pinned to this version that wait, whenever their wait is over."""
    latest = latest_journeys(version.name, version.name)
    latest = latest.filter(latest["version"] == version.number, latest["state"] == "waiting")
    rows = latest.mutate(entering=ibis.literal(False), logged_in=ibis.null("boolean"), gone=ibis.null("string"))
    return rows.select(*RESUMED)


def _resumed(version: Version, desk: Desk) -> ir.Table:
    scenario, rule = version.scenario, version.name
    rows = scratch("work", WORK).cross_join(clock_of(rule, "turn"))
    rows = rows.mutate(ends=rows["due_at"] <= rows["turn"])
    for place, tree in enumerate(scenario.stop.values()):
        seen = observed(tree, desk.view, desk.zone).rows.select("probe", stops="verdict")
        rows = _or_ends(rows, seen.filter(seen["stops"]).select("probe"), f"s{place}")
    own = with_own_stops(with_repurchase(rows, scenario, desk.view, rule), scenario, desk.view, rule)
    for name in ("repurchased", *own_reasons(scenario)):
        own = own.mutate(ends=own["ends"] | own[name])
    rows = own.select(*rows.columns)
    for node in version.nodes:
        if node.kind == "event":
            rows = _or_ends(rows, _through(version, node, desk), f"e{node.number}")
            rows = _met(rows, version, node, desk)
    gone = _not_sent(version)
    joined = rows.left_join(gone, same_journey(rows, gone), rname="g_{name}")
    joined = joined.mutate(gone=ibis.ifelse(joined["lost"].notnull(), "not_sent", ibis.null("string")))
    joined = joined.filter(joined["ends"] | joined["gone"].notnull())
    return joined.mutate(due_at=ibis.least(joined["due_at"], joined["turn"])).select(*RESUMED)


def _or_ends(rows: ir.Table, probes: ir.Table, mark: str) -> ir.Table:
    found = probes.distinct().select("probe", found=ibis.literal(True))
    joined = rows.left_join(found, "probe", rname=f"{mark}_{{name}}")
    return joined.mutate(ends=joined["ends"] | joined["found"].fill_null(False)).select(*rows.columns)


def _through(version: Version, node: Node, desk: Desk) -> ir.Table:
    """Who waits at this step and whose event is known, or who took its way before and was put off since."""
    assert node.wait is not None and node.wait.event is not None
    work = scratch("work", WORK)
    work = work.filter(work["node"] == node.number)
    known = events_known(version.scenario, node.wait.event, desk.view, desk.zone).select("probe")
    before = passed(version, node)
    again = work.semi_join(before, same_journey(work, before)).select("probe")
    return work.semi_join(known, "probe").select("probe").union(again)


def _met(rows: ir.Table, version: Version, node: Node, desk: Desk) -> ir.Table:
    """Whose event is known is at the step as of the turn that learnt of it, however late, and stays so if put off."""
    assert node.wait is not None and node.wait.event is not None
    work = scratch("work", WORK)
    here = work.filter(work["node"] == node.number)
    before = passed(version, node)
    before = here.inner_join(before, same_journey(here, before), rname="b_{name}")
    before = before.group_by("probe").agg(way=before["way"].min(), at=before["at"].min())
    known = events_known(version.scenario, node.wait.event, desk.view, desk.zone).select("probe")
    now = known.semi_join(here, "probe").anti_join(before, "probe")
    then = before.filter(before["way"] == HAPPENED).select("probe", met_at="at")
    now = now.cross_join(clock_of(version.name, "turn")).select("probe", met_at="turn")
    met = now.union(then).rename(met="probe")
    joined = rows.left_join(met, rows["probe"] == met["met"])
    return joined.mutate(due_at=ibis.coalesce(joined["met_at"], joined["due_at"])).drop("met", "met_at")


def _not_sent(version: Version) -> ir.Table:
    """contact, visitor, occurrence, lost: journeys of which a message was decided that did not leave."""
    clock = clock_of(version.name, "turn", "decided_until")
    every = house_relation("message_states")
    every = every.filter(every["scenario"] == version.name)
    every = every.join(clock, every["at"] <= clock["turn"])
    # what an undone edit stopped waits again, and what it took back was never decided
    over = every.filter(every["state"].isin(_NOT_LEFT), every["reason"].fill_null("") != WITHDRAWN)
    last = every.semi_join(over, "message_key")
    last = last.group_by("message_key").agg(
        state=last["state"].argmax(last["seq"]), reason=last["reason"].argmax(last["seq"])
    )
    states = last.filter(last["state"].isin(_NOT_LEFT)).select("message_key", "reason").cross_join(clock)
    made = house_relation("decisions")
    made = made.filter(made["scenario"] == version.name, made["outcome"] == "send")
    made = made.select("contact", "visitor", "occurrence", "message_key", "at")
    rows = made.inner_join(states, "message_key")
    rows = rows.filter(rows["at"] < rows["decided_until"])
    return rows.group_by("contact", "visitor", "occurrence").agg(lost=rows["reason"].fill_null("").max())


def _exits(desk: Desk, version: Version, name: str) -> ir.Table:
    rows = scratch("assessed", ASSESSED)
    rows = rows.filter(~rows["entering"], rows["stopped"].re_extract("^([^,]*)", 1) == name)
    facts = [
        evidence(leaf, desk.view, scratch("probes", PROBES), zone=desk.zone).mutate(table=ibis.literal(table))
        for leaf in observed(version.scenario.stop[name], desk.view, desk.zone).leaves
        for table in [table_of(leaf.node)]
    ]
    every = facts[0].union(*facts[1:]) if len(facts) > 1 else facts[0]
    every = every.mutate(fact=every["table"] + " " + every["key"])
    order = [every["known_at"].desc(), every["happened_at"].desc(), every["fact"]]
    every = every.mutate(nth=ibis.row_number().over(group_by=every["probe"], order_by=order))
    last = every.filter(every["nth"] == 0).select("probe", "fact", "happened_at", "known_at")
    joined = rows.inner_join(last, "probe").cross_join(clock_of(version.name, "turn"))
    empty = {column: ibis.null(kind) for column, kind in _EMPTY.items()}
    return (
        joined.drop("read")
        .mutate(
            at=joined["turn"],
            kind=ibis.literal("left"),
            scenario=ibis.literal(version.name),
            version=ibis.literal(version.number).cast("int64"),
            step=ibis.literal(""),
            **empty,
        )
        .select(*NOTED)
    )


_EMPTY = {"way": "string", "u": "float64", "read": "string", "attribute": "string", "value": "string"}
