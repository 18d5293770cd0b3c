"""Candidate rows of the tables that need more than their document says; rows with what is worked out come out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ibis
import ibis.expr.types as ir

from relance.base.ids import digest
from relance.customers.identity import identity_hash
from relance.customers.relations import relation, scratch
from relance.customers.star import STAR
from relance.engines.calendar import DAYS

ACTS = {
    "granted": ("granted", "grant", "accepted", "opt_in", "optin", "subscribed"),
    "denied": ("denied", "refused", "withdrawn", "revoked", "unsubscribed"),
    "opt_out": ("opt_out", "optout", "global_opt_out"),
}
EVERYTHING = "*"


def cancelled_orders() -> ir.Table:
    """order_id of the orders that are known to be given back whole."""
    refunds = relation("refunds", STAR["refunds"].open_columns)
    return refunds.filter(refunds["whole"], refunds["order_id"].notnull()).select("order_id").distinct()


def _orders(rows: ir.Table, zone: str) -> ir.Table:
    """An order given back whole is cancelled, whichever file came first."""
    gone = cancelled_orders()
    joined = rows.left_join(gone, rows["order_id"] == gone["order_id"])
    whole = gone["order_id"].notnull()
    changed = {}
    if "valid" in rows.columns:
        changed["valid"] = rows["valid"] & ~whole
    if "status" in rows.columns:
        changed["status"] = ibis.ifelse(whole, "cancelled", rows["status"])
    return joined.select(*[rows[name] for name in rows.columns if name not in changed], **changed)


def _lines(rows: ir.Table, zone: str) -> ir.Table:
    if "valid" not in rows.columns:
        return rows
    gone = cancelled_orders()
    joined = rows.left_join(gone, rows["order_id"] == gone["order_id"])
    kept = [rows[name] for name in rows.columns if name != "valid"]
    return joined.select(*kept, valid=rows["valid"] & gone["order_id"].isnull())


def _consent_acts(rows: ir.Table, zone: str) -> ir.Table:
    """Acts by their settled names; a grant that was not affirmative is refused; implied bases expire."""
    said = rows["act"].lower()
    act = ibis.cases(*[(said.isin(words), name) for name, words in ACTS.items()])
    rows = rows.mutate(act=act)
    for name in ("channel", "purpose", "sender"):
        given = rows[name] if name in rows.columns else ibis.null("string")
        anything = EVERYTHING if name != "sender" else "shop"
        everywhere = ibis.ifelse(rows["act"] == "opt_out", ibis.literal(EVERYTHING), given.fill_null(anything))
        rows = rows.mutate(**{name: everywhere})
    # who refuses everything on every channel has opted out, whatever the file calls it
    everything = (rows["act"] == "denied") & (rows["channel"] == EVERYTHING) & (rows["purpose"] == EVERYTHING)
    rows = rows.mutate(act=ibis.ifelse(everything, "opt_out", rows["act"]))
    affirmative = rows["affirmative"] if "affirmative" in rows.columns else ibis.null("boolean")
    refuse = ibis.cases(
        (rows["act"].isnull(), "unknown_act"),
        ((rows["act"] == "granted") & ~affirmative.fill_null(False), "not_affirmative"),
    )
    rows = rows.mutate(refuse=refuse)
    if "act_id" not in rows.columns:
        rows = rows.mutate(act_id=_act_id(rows))
    return _with_expiry(rows, zone)


def _act_id(rows: ir.Table) -> Any:
    parts = [
        rows["contact"],
        rows["channel"],
        rows["purpose"],
        rows["sender"],
        rows["act"],
        rows["happened_at"],
    ]
    text: Any = None
    for part in parts:
        one = part.cast("string").fill_null("")
        text = one if text is None else text.concat("\n").concat(one)
    return text.hexdigest("sha256").left(24)


def _with_expiry(rows: ir.Table, zone: str) -> ir.Table:
    """Two years after an implied purchase, six months after an inquiry, at local midnight, ends clipped."""
    if "basis" not in rows.columns or "expires_at" in rows.columns:
        return rows
    shown = scratch("offset_days_" + digest(zone), DAYS)
    at = rows["happened_at"]
    joined = rows.left_join(shown, [at.date() == shown["day"], at >= shown["since"], at < shown["until"]])
    rows = joined.select(*[rows[name] for name in rows.columns], shift=shown["shift"])
    local = (rows["happened_at"] + rows["shift"].as_interval("s")).date()
    last = ibis.cases(
        (rows["basis"] == "implied_purchase", (local + ibis.interval(years=2)).cast("date")),
        (rows["basis"] == "implied_inquiry", (local + ibis.interval(months=6)).cast("date")),
    )
    rows = rows.mutate(last=last).drop("shift")
    day = scratch("local_days_" + digest(zone), DAYS)
    midnight = rows["last"].cast("timestamp(6)")
    joined = rows.left_join(day, [midnight.date() == day["day"], midnight >= day["since"], midnight < day["until"]])
    expires = day["instant"].fill_null(midnight - day["shift"].as_interval("s"))
    return joined.select(*[rows[name] for name in rows.columns if name != "last"], expires_at=expires)


def _identities(rows: ir.Table, zone: str) -> ir.Table:
    if "value_hash" in rows.columns:
        return rows
    clock = scratch("import_clock", {"secret": "text"})
    joined = rows.cross_join(clock.select("secret"))
    return joined.mutate(value_hash=identity_hash(joined["secret"], joined["kind"], joined["value"])).drop("secret")


def _prices(rows: ir.Table, zone: str) -> ir.Table:
    return rows if "currency" in rows.columns else rows.mutate(currency=ibis.null("string"))


def _stock(rows: ir.Table, zone: str) -> ir.Table:
    return rows if "store" in rows.columns else rows.mutate(store=ibis.null("string"))


DERIVED: dict[str, Callable[[ir.Table, str], ir.Table]] = {
    "orders": _orders,
    "order_lines": _lines,
    "consent_acts": _consent_acts,
    "identities": _identities,
    "product_prices": _prices,
    "product_stock": _stock,
}
