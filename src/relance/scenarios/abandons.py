"""Carts left in a row: how many, whether it is time to be silent, and who leaves carts for the sake of a coupon."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from relance.audiences.scope import MOMENT_COLUMNS, MOMENTS
from relance.customers.relations import View, house_relation, scratch
from relance.scenarios.carts import decided_carts, touched_carts
from relance.scenarios.documents import Scenario
from relance.scenarios.windows import clock_of

IN_A_ROW_DAYS, GUARD_DAYS, SILENT_DAYS = 90, 180, 90
SILENT_FROM = 4  # carts in a row
REMINDED, DISCOUNTED = 3, 2  # reminded episodes, and those of them that ended by an order with a coupon
AT_WORK = {
    "probe": "integer",
    "contact": "integer",
    "subject": "text",
    "occurrence": "text",
    "fact_at": "instant",
}
DAYS = frozenset({IN_A_ROW_DAYS, GUARD_DAYS, SILENT_DAYS})


def cart_stops(scenario: Scenario, view: View, rule: str) -> ir.Table:
    """probe, emptied, abandons_in_a_row, abandons_for_discount of scratch `work`. Needs the moments of `DAYS`."""
    work = scratch("work", AT_WORK).select("probe", "contact", "subject")
    full = touched_carts(view, rule).filter(ibis._["added_at"].notnull()).select("subject", full=ibis.literal(True))
    rows = work.left_join(full, "subject", rname="f_{name}")
    counted = in_a_row(scenario.scenario, view, rule).select("probe", "in_a_row")
    rows = rows.left_join(counted, "probe", rname="n_{name}")
    guarded = _for_discount(scenario.scenario, view, rule).mutate(guarded=ibis.literal(True))
    rows = rows.left_join(guarded, "contact", rname="g_{name}")
    return rows.select(
        "probe",
        emptied=rows["full"].isnull(),
        abandons_in_a_row=(rows["in_a_row"] >= SILENT_FROM).fill_null(ibis.literal(False)),
        abandons_for_discount=rows["guarded"].notnull(),
    )


def in_a_row(scenario: str, view: View, rule: str) -> ir.Table:
    """probe, in_a_row: the contact's episodes in 90 days with no valid order between, the one at work included."""
    work = scratch("work", AT_WORK).filter(ibis._["contact"].notnull())
    since = _since(rule, IN_A_ROW_DAYS)
    ordered = _orders(view, rule).group_by("contact").agg(last_order=ibis._["placed_at"].max())
    rows = work.left_join(ordered, "contact", rname="o_{name}").cross_join(since)
    rows = rows.mutate(after=ibis.greatest(rows["since"], rows["last_order"].fill_null(rows["since"])))
    others = _episodes(scenario, view, rule)
    earlier = [
        rows["contact"] == others["contact"],
        others["left_at"] > rows["after"],
        others["left_at"] <= rows["fact_at"],
        others["episode"] != rows["occurrence"],
    ]
    found = rows.left_join(others, earlier, rname="e_{name}")
    return found.group_by("probe").agg(in_a_row=found["episode"].nunique() + 1)


def _episodes(scenario: str, view: View, rule: str) -> ir.Table:
    """contact, episode, left_at: those decided but for the emptied, and what no turn has decided yet of full carts."""
    journeys, clock = house_relation("journeys"), clock_of(rule, "decided_until")
    journeys = journeys.filter(journeys["scenario"] == scenario, journeys["contact"].notnull())
    decided = journeys.join(clock, journeys["at"] < clock["decided_until"])
    decided = view.follow(decided.select("contact", "subject", "occurrence", "fact_at", "reason"))
    decided = decided.semi_join(scratch("work", AT_WORK), "contact")
    told = decided.filter(decided["reason"].fill_null("") != "emptied")
    told = told.group_by("contact", episode=told["occurrence"]).agg(left_at=told["fact_at"].max())
    carts = touched_carts(view, rule).semi_join(scratch("work", AT_WORK), "contact")
    ended = carts.left_join(decided_carts(scenario, rule), "subject", rname="ended_{name}")
    open_ = ended.filter(ended["added_at"].notnull())
    open_ = open_.filter(open_["decided_at"].isnull() | (open_["ever_added_at"] > open_["decided_at"]))
    number = (open_["episodes"].fill_null(0) + 1).cast("string")
    return told.union(open_.select("contact", episode=open_["subject"] + "/" + number, left_at="fact_at"))


def _for_discount(scenario: str, view: View, rule: str) -> ir.Table:
    """(contact) of those who have come to leave carts for a coupon, and for whom it is not long enough ago."""
    reminders = _reminders(scenario, view, rule)
    after = ibis.window(group_by=reminders["contact"], order_by=reminders["at"])
    reminders = reminders.mutate(next_at=reminders["at"].lead().over(after))
    orders = _orders(view, rule)
    meant = [
        reminders["contact"] == orders["contact"],
        orders["placed_at"] > reminders["at"],
        reminders["next_at"].isnull() | (orders["placed_at"] <= reminders["next_at"]),
    ]
    rows = reminders.left_join(orders, meant, rname="o_{name}")
    first = ibis.window(group_by=[rows["contact"], rows["episode"]], order_by=[rows["placed_at"], rows["order_id"]])
    rows = rows.mutate(place=ibis.row_number().over(first)).filter(ibis._["place"] == 0)
    bought = rows["coupon"].fill_null("") != ""
    counted = rows.group_by("contact").agg(
        reminded=rows.count(), discounted=bought.sum(), last_at=rows["placed_at"].max(where=bought)
    )
    counted = counted.cross_join(_since(rule, SILENT_DAYS))
    enough = [counted["reminded"] >= REMINDED, counted["discounted"] >= DISCOUNTED]
    return counted.filter(*enough, counted["last_at"] > counted["since"]).select("contact")


def _reminders(scenario: str, view: View, rule: str) -> ir.Table:
    """contact, episode, at: reminders of the last 180 days that were not called off or refused."""
    made, clock = house_relation("decisions"), clock_of(rule, "turn", "decided_until")
    made = made.filter(made["scenario"] == scenario, made["outcome"] == "send")
    made = made.select("contact", "occurrence", "message_key", "at").cross_join(_since(rule, GUARD_DAYS))
    made = made.join(clock, [made["at"] < clock["decided_until"], made["at"] > made["since"]])
    undone = house_relation("message_states")
    undone = undone.filter(undone["state"].isin(["refused", "cancelled"])).select("message_key", undone_at="at")
    gone = undone.join(clock, undone["undone_at"] <= clock["turn"])
    made = view.follow(made.anti_join(gone, "message_key").select("contact", "occurrence", "at"))
    made = made.semi_join(scratch("work", AT_WORK), "contact")
    return made.group_by("contact", episode=made["occurrence"]).agg(at=made["at"].min())


def _orders(view: View, rule: str) -> ir.Table:
    """contact, order_id, placed_at, coupon: valid orders of the contacts at work."""
    orders, clock = view.facts("orders"), clock_of(rule, "turn", "known")
    orders = orders.semi_join(scratch("work", AT_WORK), "contact")
    known = [*view.known(orders, clock["known"]), orders["placed_at"] <= clock["turn"]]
    rows = orders.join(clock, known, rname="clock_{name}")
    return rows.filter(rows["valid"]).select("contact", "order_id", "placed_at", "coupon")


def _since(rule: str, days: int) -> ir.Table:
    """(since) so many local days before the turn; one row."""
    moments = scratch(MOMENTS, MOMENT_COLUMNS)
    return moments.filter(moments["days"] == days).semi_join(clock_of(rule, as_of="turn"), "as_of").select("since")
