"""Screened candidates become verdicts: one address once, the most important message, the control group last."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import ibis
import ibis.expr.types as ir

from relance.policy.reasons import BEFORE_STOPS

_FLAGS = {"stale_data": "stale"}
# Of all that is known of a candidate, what the walk needs: every column is carried through each step of it.
JUDGED: Mapping[str, str] = {
    "rule": "text",
    "probe": "integer",
    "step": "text",
    "contact": "integer",
    "visitor": "text",
    "occurrence": "text",
    "purpose": "text",
    "priority": "integer",
    "on_lose": "text",
    "address": "text",
    "own_id": "text",
    "feed_waiting": "boolean",
    "quiet_hours": "boolean",
    "cap": "boolean",
    "held": "boolean",
    "early": "text",
    "next_wave": "boolean",
    "open": "boolean",
}
VERDICTS: Mapping[str, str] = {
    "rule": "text",
    "probe": "integer",
    "outcome": "text",
    "reason": "text",
    "reasons": "text",
    "lost_to": "text",
    "message_key": "text",
}


def verdicts(judged: ir.Table) -> ir.Table:
    """Columns of VERDICTS for every judged candidate.

    Candidates that pass all else are walked per contact in order of priority: those held out are recorded and
    skipped, the first other wins, the rest lose. A contact at its cap takes no part, so no control arm is
    starved and nobody loses to a message that does not leave.
    """
    return _named(_with_outcome(walked(judged)))


def walked(judged: ir.Table) -> ir.Table:
    """Judged rows with `passing` (nothing but others stands against them), and `winner`, `winning`, `lost`."""
    rows = _with_walk(_with_same_address(judged))
    return rows.mutate(lost=rows["walked"] & (rows["place"] > rows["winner"]).fill_null(False))


def judged(rows: ir.Table) -> ir.Table:
    """What each candidate is refused for whatever the others do; columns of JUDGED."""
    parts = [ibis.ifelse(rows[_FLAGS.get(name, name)], f"{name},", "") for name in BEFORE_STOPS]
    parts += [rows["stopped"], ibis.ifelse(rows["nothing_left"], "nothing_left,", "")]
    early = _joined(parts)
    open_ = (early == "") & ~rows["feed_waiting"] & ~rows["quiet_hours"]
    return rows.mutate(early=early, open=open_, next_wave=ibis.literal(False)).select(*JUDGED)


def _with_same_address(rows: ir.Table) -> ir.Table:
    """Of several contacts with one address the first by contact id keeps the message."""
    rows = rows.mutate(competing=rows["open"] & (rows["purpose"] != "transactional"))
    asked = rows.filter(rows["competing"])
    first = asked.group_by("rule", "step", "address").agg(first=asked["own_id"].min())
    rows = rows.left_join(first, ["rule", "step", "address", rows["competing"]], rname="a_{name}")
    same = (rows["own_id"] != rows["first"]).fill_null(False)
    rows = rows.mutate(same_address=same)
    return rows.mutate(passing=rows["open"] & ~rows["same_address"] & ~rows["cap"])


def _with_walk(rows: ir.Table) -> ir.Table:
    """With `walked`, `place` in the order of all, and of the first that goes to the contact `winner` and `winning`.

    By contact and not by windows: most contacts of a broadcast have nothing else to be put in order with.
    """
    rows = rows.mutate(walked=rows["passing"] & (rows["purpose"] == "marketing"))
    ways = rows.select("priority", "rule", "step").distinct()
    order = [ways["priority"].desc(), ways["rule"], ways["step"]]
    ways = ways.mutate(place=ibis.row_number().over(order_by=order))
    rows = rows.inner_join(ways, ["priority", "rule", "step"])
    goes = rows.filter(rows["walked"], ~rows["held"])
    first = goes.group_by("contact").agg(winner=goes["place"].min(), winning=goes["rule"].argmin(goes["place"]))
    return rows.left_join(first, ["contact", rows["walked"]], rname="w_{name}").drop("w_contact")


def _with_outcome(rows: ir.Table) -> ir.Table:
    lost = rows["lost"]
    held = rows["passing"] & rows["held"] & ~lost
    late = [
        ibis.ifelse(rows["quiet_hours"] & ~rows["feed_waiting"], "quiet_hours,", ""),
        ibis.ifelse(rows["next_wave"], "next_wave,", ""),
        ibis.ifelse(rows["same_address"], "same_address,", ""),
        ibis.ifelse(lost, "lost,", ""),
        ibis.ifelse(rows["cap"], "cap,", ""),
        ibis.ifelse(held, "holdout,", ""),
    ]
    waiting = ibis.ifelse(rows["feed_waiting"], "waiting_feed,", "")
    reasons = _joined([waiting, rows["early"], *late])
    deferred = rows["feed_waiting"] | ((rows["early"] == "") & (rows["quiet_hours"] | rows["next_wave"]))
    deferred = deferred | (lost & (rows["on_lose"] == "wait"))
    outcome = ibis.cases((deferred, "deferred"), (held, "held_out"), (rows["passing"] & ~lost, "send"), else_="refused")
    return rows.mutate(outcome=outcome, reasons=reasons, lost_to=ibis.ifelse(lost, rows["winning"], None))


def _named(rows: ir.Table) -> ir.Table:
    """The primary reason, and the message that several keys share."""
    group = [rows["rule"], rows["step"], rows["contact"], rows["visitor"], rows["outcome"]]
    first = rows["occurrence"].min().over(group_by=group)
    key = ibis.literal("|").join([rows["rule"], rows["step"], rows["contact"].cast("string"), first])
    return rows.mutate(
        reason=rows["reasons"].re_extract("^([^,]*)", 1),
        reasons=rows["reasons"].re_replace(",$", ""),
        message_key=ibis.ifelse(rows["outcome"] == "send", key, None),
    ).select(*VERDICTS)


def _joined(parts: Iterable[ir.Value]) -> ir.StringValue:
    text: ir.StringValue = ibis.literal("")
    for part in parts:
        text = text + part
    return text
