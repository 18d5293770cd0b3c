"""Decisions and messages as rows to be counted, one row each."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from relance.customers.relations import View
from relance.reports.facts import decided_keys, messages, reactions

_TOLD = ("scenario", "step", "at")


def candidates(view: View) -> ir.Table:
    return _one_each(decided_keys(view))


def refused(view: View) -> ir.Table:
    rows = decided_keys(view)
    return rows.filter(rows["place"] == "refused").select(*_TOLD, reason="why", value=ibis.literal(1))


def held_out(view: View) -> ir.Table:
    rows = decided_keys(view)
    return _one_each(rows.filter(rows["place"] == "held_out"))


def sent(view: View) -> ir.Table:
    return _one_each(_left(view))


def transactional(view: View) -> ir.Table:
    rows = messages(view)
    return _one_each(rows.filter(rows["place"] == "sent", rows["purpose"] == "transactional"))


def bounced(view: View) -> ir.Table:
    return _one_each(_left(view).semi_join(_with(view, "bounce"), "message_key"))


def delivered(view: View) -> ir.Table:
    return _one_each(_delivered(view))


def opened(view: View) -> ir.Table:
    """Of messages with a pixel, those whose pictures a person fetched."""
    return _share(_seen(view), _with(view, "open", human=True))


def opened_raw(view: View) -> ir.Table:
    """Of messages with a pixel, those whose pictures were fetched by anybody or anything."""
    return _share(_seen(view), _with(view, "open"))


def clicked(view: View) -> ir.Table:
    """Messages that a person clicked in."""
    return _share(_delivered(view), _with(view, "click", human=True))


def clicked_raw(view: View) -> ir.Table:
    """Messages in which anybody or anything followed a link."""
    return _share(_delivered(view), _with(view, "click"))


def unsubscribed(view: View) -> ir.Table:
    return _share(_delivered(view), _with(view, "unsubscribe"))


def _left(view: View) -> ir.Table:
    """Messages that were accepted, transactional ones aside."""
    rows = messages(view)
    return rows.filter(rows["place"] == "sent", rows["purpose"] != "transactional")


def _delivered(view: View) -> ir.Table:
    return _left(view).anti_join(_with(view, "bounce"), "message_key")


def _seen(view: View) -> ir.Table:
    """Delivered with a pixel, which only they have who allowed it."""
    rows = _delivered(view)
    return rows.filter(rows["pixel"].fill_null(False))


def _with(view: View, kind: str, human: bool = False) -> ir.Table:
    """Keys of messages with such a reaction; a message counts once, however often."""
    rows = reactions(view)
    rows = rows.filter(rows["kind"] == kind)
    return (rows.filter(rows["verdict"] == "human") if human else rows).select("message_key").distinct()


def _share(rows: ir.Table, hit: ir.Table) -> ir.Table:
    """One row a message: 1 where it is among the hit ones, of 1."""
    found = rows.left_join(hit, "message_key", rname="h_{name}")
    return found.select(*_TOLD, value=found["h_message_key"].notnull().cast("int64"), base=ibis.literal(1))


def _one_each(rows: ir.Table) -> ir.Table:
    return rows.select(*_TOLD, value=ibis.literal(1))
