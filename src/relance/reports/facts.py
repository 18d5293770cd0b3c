"""What was known at an instant, as relations that metrics count: decided keys, messages, money, first orders."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from relance.customers.relations import View, house_relation
from relance.policy.equation import last_decided
from relance.reports.asking import clock, news

# Where a message stands, in the words of the equation.
PLACES = {
    "queued": "queued",
    "handing": "queued",
    "leased": "queued",
    "deferred": "queued",
    "accepted": "sent",
    "refused": "failed",
    "unknown": "unknown",
    "cancelled": "cancelled",
}


def made_decisions(view: View) -> ir.Table:
    """Every decision by the instant, merged contacts as one."""
    made = house_relation("decisions")
    asked = clock()
    made = made.join(asked, made["at"] <= asked["as_of"]).select(*made.columns)
    return view.follow(made)


def decided_keys(view: View) -> ir.Table:
    """Each key (step, contact or visitor, occurrence) once, as last decided, with `place` and `why`.

    place: refused, held_out, deferred, waiting, ended, or where its message stands: queued, sent, failed,
    unknown, cancelled. Test sends are no decisions and so never here.
    """
    last = last_decided(made_decisions(view)).select(
        "scenario", "step", "contact", "at", "outcome", "reason", "message_key", "purpose"
    )
    known = message_states().select("message_key", stands="state", said="reason")
    rows = last.left_join(known, "message_key", rname="m_{name}")
    stands = rows["stands"].cases(*PLACES.items(), else_="queued")
    sent = rows["outcome"] == "send"
    return rows.mutate(
        place=ibis.ifelse(sent, stands, rows["outcome"]),
        why=ibis.ifelse(sent, ibis.coalesce(rows["said"], stands), rows["reason"]),
    ).select("scenario", "step", "contact", "at", "place", "why", "purpose", "message_key")


def message_states() -> ir.Table:
    """The last state of each message that had come about: message_key, state, reason, pixel.

    What happens to a message happens here, so it is known at once, also before a turn has taken it over.
    """
    kept = house_relation("message_states")
    rows = kept.union(news().select(*kept.columns))
    asked = clock()
    rows = rows.join(asked, ibis.coalesce(rows["happened_at"], rows["at"]) <= asked["as_of"]).select(*kept.columns)
    newest = ibis.window(group_by=rows["message_key"], order_by=rows["seq"].desc())
    last = rows.mutate(number=ibis.row_number().over(newest)).filter(ibis._["number"] == 0)
    return last.select("message_key", "state", "reason", pixel=last["pixel"].fill_null(False))


def messages(view: View) -> ir.Table:
    """Each approved message once: message_key, scenario, step, contact, channel, purpose, at, place, pixel."""
    made = made_decisions(view)
    made = (
        made.filter(made["outcome"] == "send")
        .group_by("message_key")
        .agg(
            scenario=made["scenario"].min(),
            step=made["step"].min(),
            contact=made["contact"].min(),
            channel=made["channel"].min(),
            purpose=made["purpose"].min(),
            at=made["at"].min(),
        )
    )
    rows = made.left_join(message_states(), "message_key", rname="m_{name}")
    place = rows["state"].cases(*PLACES.items(), else_="queued")
    return rows.mutate(place=place).select(*made.columns, "place", "pixel")


def reactions(view: View) -> ir.Table:
    """What contacts did with messages, as judged then."""
    return _known(view, "reactions", "happened_at")


def valid_orders(view: View) -> ir.Table:
    """Orders that stand as known then: order_id, contact (null for a passer-by), at, currency, amount."""
    rows = _orders(view)
    return rows.filter(rows["valid"]).select("order_id", "contact", "at", "currency", "amount")


def money(view: View) -> ir.Table:
    """What orders brought and refunds took back, at the instant of the order: order_id, contact, at, currency, amount.

    A valid order counts in full. A cancellation that names no order is a negative fact and counts as it is; an
    order wholly cancelled counts nothing, and so does a refund of it. Grouped by order and currency nothing mixes.
    """
    rows = _orders(view)
    columns = ("order_id", "contact", "at", "currency", "amount")
    came = rows.filter(rows["valid"] | (rows["amount"] < 0)).select(*columns)
    back = _known(view, "refunds", "refunded_at").select("order_id", "whole", back="amount", back_currency="currency")
    taken = valid_orders(view).inner_join(back, "order_id", rname="r_{name}")
    given = ibis.ifelse(taken["whole"].fill_null(False), ibis.coalesce(taken["back"], taken["amount"]), taken["back"])
    taken = taken.mutate(
        amount=(-given.fill_null(0)).cast("decimal(18, 3)"),
        currency=ibis.coalesce(taken["back_currency"], taken["currency"]),
    )
    return came.union(taken.select(*columns))


def ranked_orders(view: View) -> ir.Table:
    """Valid orders of people we know, with `number` counted from 0 in the order of time."""
    rows = valid_orders(view)
    rows = rows.filter(rows["contact"].notnull())
    order = ibis.window(group_by=rows["contact"], order_by=[rows["at"], rows["order_id"]])
    return rows.mutate(number=ibis.row_number().over(order))


def _orders(view: View) -> ir.Table:
    rows = _known(view, "orders", "placed_at")
    return rows.mutate(
        at=rows["placed_at"],
        valid=rows["valid"].fill_null(False),
        amount=rows["amount"].fill_null(0).cast("decimal(18, 3)"),
        currency=ibis.coalesce(rows["currency"], rows["brand_currency"]),
    )


def _known(view: View, table: str, happened: str) -> ir.Table:
    """Facts of a table that had happened and were known."""
    rows = view.facts(table)
    asked = clock().select("as_of", brand_currency="currency")
    return rows.join(asked, [*view.known(rows, asked["as_of"]), rows[happened] <= asked["as_of"]])
