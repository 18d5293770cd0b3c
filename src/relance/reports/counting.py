"""Decisions and messages as rows to be counted, one row each."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from relance.customers.relations import View
from relance.reports.facts import decided_keys, messages

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
    rows = left(view)
    return _one_each(rows.filter(rows["purpose"] != "transactional"))


def transactional(view: View) -> ir.Table:
    rows = left(view)
    return _one_each(rows.filter(rows["purpose"] == "transactional"))


def left(view: View) -> ir.Table:
    """Messages that were accepted."""
    rows = messages(view)
    return rows.filter(rows["place"] == "sent")


def _one_each(rows: ir.Table) -> ir.Table:
    return rows.select(*_TOLD, value=ibis.literal(1))
