"""Carts that have gone quiet: when each was last touched, in which episode it is, and when its stage makes it due."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from relance.customers.relations import View, house_relation
from relance.scenarios.documents import Scenario
from relance.scenarios.windows import at_instants, clock_of, due_rows, near

_FIRST_STAGE = "cart"


def cart_arrivals(scenario: Scenario, view: View, rule: str) -> ir.Table:
    """Carts by the date of their last touch; an episode begins with an item added after the last decision.

    By stage, a cart that was emptied since is a candidate too, for the refusal to say so.
    """
    said = scenario.trigger.quiet
    assert said is not None
    carts = touched_carts(view, rule, _touched_in(view, rule))
    ended = decided_carts(scenario.scenario, rule)
    rows = carts.left_join(ended, "subject", rname="ended_{name}")
    added = rows["ever_added_at"] if said.by_stage else rows["added_at"]
    rows = rows.filter(added.notnull(), rows["decided_at"].isnull() | (added > rows["decided_at"]))
    rows = rows.mutate(episode=rows["episodes"].fill_null(0) + 1)
    if said.by_stage:
        known = rows["stage"].isin(list(said.by_stage)).fill_null(ibis.literal(False))
        rows = rows.mutate(part=ibis.ifelse(known, rows["stage"], _FIRST_STAGE))
    due = at_instants(rows, scenario, rule)
    return due.mutate(occurrence=due["subject"] + "/" + due["episode"].cast("string"))


def touched_carts(view: View, rule: str, those: ir.Table | None = None) -> ir.Table:
    """Every cart known, or those that are asked about (`cart`): contact, subject, visitor, logged_in, stage, fact_at
    (its last touch), added_at (of the last item that is in it still, null where it is empty), ever_added_at (of the
    last item that ever was)."""
    clock = clock_of(rule, "turn", "known")
    lines, carts = view.facts("cart_lines"), view.facts("carts")
    if those is not None:
        lines, carts = lines.semi_join(those, "cart"), carts.semi_join(those, "cart")
    lines = lines.join(clock, [*view.known(lines, clock["known"]), lines["added_at"] <= clock["turn"]])
    still = lines["removed_at"].isnull() | (lines["removed_at"] > lines["turn"])
    lines = lines.group_by("cart").agg(
        added_at=lines["added_at"].max(where=still), ever_added_at=lines["added_at"].max()
    )
    carts = carts.join(
        clock, [*view.known(carts, clock["known"]), carts["touched_at"] <= clock["turn"]], rname="c_{name}"
    )
    carts = carts.left_join(lines, "cart", rname="line_{name}")
    return carts.select(
        contact=carts["contact"],
        subject=carts["cart"],
        visitor=ibis.ifelse(carts["contact"].isnull(), carts["cart"], ""),
        logged_in=carts["logged_in"],
        stage=carts["stage"],
        added_at=carts["added_at"],
        ever_added_at=carts["ever_added_at"],
        fact_at=ibis.greatest(carts["touched_at"], ibis.coalesce(carts["added_at"], carts["touched_at"])),
    )


def _touched_in(view: View, rule: str) -> ir.Table:
    """Carts of which something happened between the first and the last day of the window: few of very many."""
    days = due_rows(rule)
    touched, added = near(view.facts("carts"), days, "touched_at"), near(view.facts("cart_lines"), days, "added_at")
    return touched.select("cart").union(added.select("cart"), distinct=True)


def decided_carts(scenario: str, rule: str) -> ir.Table:
    """subject, episodes, decided_at: how many episodes of a cart turns have decided, and when the last one was.

    An episode is decided as it enters: a second message about it says nothing of what has been added meanwhile.
    """
    clock = clock_of(rule, "decided_until")
    journeys = house_relation("journeys")
    journeys = journeys.filter(journeys["scenario"] == scenario).select("subject", "occurrence", "at")
    past = journeys.join(clock, journeys["at"] < clock["decided_until"])
    entered = past.group_by("subject", "occurrence").agg(at=past["at"].min())
    return entered.group_by("subject").agg(episodes=entered.count(), decided_at=entered["at"].max())
