"""Rows about products go in; the products of which a turn learns things too late to see come out.

What happened is decided by the first turn that knows it and looks back as far. So it is left undecided only where it,
or somebody's wish, came to be known when the look-back had passed it: of all that lies behind, this little is asked.
"""

from __future__ import annotations

from datetime import timedelta

import ibis
import ibis.expr.types as ir

from relance.base.spans import Span
from relance.customers.relations import View, house_relation
from relance.scenarios.documents import Scenario
from relance.scenarios.product_stops import product_in
from relance.scenarios.wanting import wishes
from relance.scenarios.windows import clock_of, due_rows, instant_of

_SLACK = timedelta(hours=26)  # a slot may lie a day before what falls due at it, and clocks change


def late_products(rows: ir.Table, scenario: Scenario, view: View, rule: str) -> ir.Column:
    """Of rows with product, fact_at and known_at, and of who wants these products, those known late; as `product`."""
    wanted = scenario.trigger.wanted
    assert wanted is not None
    wished = wishes(wanted, view, clock_of(rule, "turn", "known"))
    found = _late(rows, "fact_at", scenario, rule).union(_late(wished, "wished_at", scenario, rule))
    if _longest(scenario.fresh_for) > _longest(scenario.lookback):
        found = found.union(_put_off(scenario, rule))
    return found["product"]


def _late(rows: ir.Table, happened: str, scenario: Scenario, rule: str) -> ir.Table:
    """Known so long after it happened, and after the scenario began to look, that no turn can have seen it."""
    days = due_rows(rule)
    begun = days.filter(days["unseen"])["since"].min().as_scalar()
    later = ibis.interval(seconds=int((_longest(scenario.lookback) - _SLACK).total_seconds()))
    late = rows.filter(rows["known_at"] > rows[happened] + later, rows["known_at"] > begun + later)
    return late.select("product")


def _put_off(scenario: Scenario, rule: str) -> ir.Table:
    """Seen and put off, maybe until the look-back has passed it."""
    made = house_relation("decisions")
    made = made.filter(made["scenario"] == rule, made["outcome"] == "deferred")
    clock = clock_of(rule, "decided_until")
    made = made.filter(made["at"] < instant_of(clock, "decided_until"))
    return made.select(product=product_in(scenario.trigger.kind, made["subject"]))


def _longest(span: Span) -> timedelta:
    return timedelta(days=1) if span.same_day else timedelta(days=span.days) + span.elapsed
