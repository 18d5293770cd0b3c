"""What a trigger itself knows to stop a journey for: its reasons by name, and the journeys at work they hold for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from relance.customers.relations import View
from relance.scenarios.abandons import DAYS, cart_stops
from relance.scenarios.documents import Scenario
from relance.scenarios.lots import spent_or_extended
from relance.scenarios.product_stops import found_product_stops


@dataclass(frozen=True)
class OwnStops:
    """`reasons` in the published order, asked after the stop conditions of the document.

    `find(scenario, view, rule)`: of scratch `work`, `probe` and one boolean column a reason; one row a probe, at most.
    """

    reasons: tuple[str, ...]
    find: Callable[[Scenario, View, str], ir.Table]
    days: frozenset[int] = frozenset()  # numbers of local days that it looks back, for scratch `moments`


OWN_STOPS: Mapping[str, OwnStops] = {
    "stages": OwnStops(("emptied", "abandons_in_a_row", "abandons_for_discount"), cart_stops, DAYS),
    "expiry": OwnStops(("points_spent", "points_extended"), spent_or_extended),
    "price_drop": OwnStops(("bought", "unwished", "price_back", "no_price_history"), found_product_stops),
    "restock": OwnStops(("bought", "unwished", "out_again"), found_product_stops),
    "comes_back": OwnStops(("bought", "unwished"), found_product_stops),
}


def own_stops(scenario: Scenario) -> OwnStops | None:
    """Those of the scenario's kind of trigger."""
    quiet = scenario.trigger.quiet
    return OWN_STOPS.get("stages" if quiet and quiet.by_stage else scenario.trigger.kind)


def own_reasons(scenario: Scenario) -> tuple[str, ...]:
    """The names of those."""
    own = own_stops(scenario)
    return own.reasons if own else ()


def own_days(scenario: Scenario) -> frozenset[int]:
    """Numbers of local days that they look back."""
    own = own_stops(scenario)
    return own.days if own else frozenset()


def with_own_stops(rows: ir.Table, scenario: Scenario, view: View, rule: str) -> ir.Table:
    """The rows with one boolean column a reason, never null."""
    own = own_stops(scenario)
    if own is None:
        return rows
    found = own.find(scenario, view, rule).select("probe", *own.reasons)
    joined = rows.left_join(found, "probe", rname="own_{name}")
    return joined.mutate(**{name: joined[name].fill_null(ibis.literal(False)) for name in own.reasons})
