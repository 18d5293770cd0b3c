"""Who waits for a product that is there again: in which line, since when, and how many places its wave has now.

A wave opens at the first turn after a restock, again after `every`, and at the next count of the stock; it has so many
places a unit then in stock. Who takes one is the gate's affair: only people who pass everything else.
"""

from __future__ import annotations

from collections.abc import Mapping

import ibis
import ibis.expr.types as ir

from relance.customers.relations import View, house_relation, scratch, view_mark
from relance.engines.texts import compiled
from relance.engines.warehouse import Engine
from relance.scenarios.arrivals import WORK
from relance.scenarios.product_starts import Restock
from relance.scenarios.product_stops import ASKED, WISHING
from relance.scenarios.restocks import interval, stock_of
from relance.scenarios.versions import Version
from relance.scenarios.windows import clock_of

WAVES: Mapping[str, str] = {
    "rule": "text",
    "probe": "integer",
    "line": "text",  # the restock that they wait for
    "wished_at": "instant",  # the order of the line; then the contact's own id
    "stock": "decimal",
    "places": "integer",  # none while no wave is open
}


def lay_out_waves(engine: Engine, view: View, version: Version, rule: str) -> None:
    """Adds the line of each newcomer to scratch table `waves`; expects `lay_out_product_stops`."""
    said = version.scenario.trigger.restock
    if said is not None:
        marks = ("waves", version.mark, rule, view_mark(view))
        engine.insert("waves", compiled(engine, marks, lambda: _waves(said, view, rule)))


def _waves(said: Restock, view: View, rule: str) -> ir.Table:
    asked = scratch("asked_products", ASKED)
    newcomers = scratch("work", WORK).filter(ibis._["entering"]).select("probe")
    rows = asked.semi_join(newcomers, "probe").inner_join(scratch("wishing", WISHING), "probe", rname="w_{name}")
    restocks = asked.select("subject", "product", "fact_at").distinct()
    stock = stock_of(restocks, view, clock_of(rule, "turn", "known"))
    rows = rows.inner_join(stock, "subject", rname="s_{name}")
    rows = rows.left_join(_last_waves(rule), "subject", rname="l_{name}").cross_join(clock_of(rule, "turn"))
    last = rows["last_wave"]
    opens = last.isnull() | (rows["turn"] >= last + interval(said.every))
    opens = opens | (rows["counted_known"] > last) | (rows["counted_at"] > last)
    places = ibis.greatest((rows["stock"] * said.people_a_unit).floor().cast("int64"), 1)
    return rows.select(
        rule=ibis.literal(rule),
        probe=rows["probe"],
        line=rows["subject"],
        wished_at=rows["wished_at"],
        stock=rows["stock"],
        places=ibis.ifelse(opens, places, 0),
    )


def _last_waves(rule: str) -> ir.Table:
    """subject, last_wave: the last turn that told anybody of a restock."""
    made = house_relation("decisions")
    made = made.filter(made["scenario"] == rule, made["outcome"] == "send")
    clock = clock_of(rule, "decided_until")
    made = made.join(clock, made["at"] < clock["decided_until"])
    return made.group_by("subject").agg(last_wave=made["at"].max())
