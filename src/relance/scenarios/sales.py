"""Contacts and products that are asked about go in; the last valid purchase of each comes out."""

from __future__ import annotations

from collections.abc import Mapping

import ibis.expr.types as ir

from relance.customers.relations import View, scratch, view_mark
from relance.customers.tables import SUPERSEDED
from relance.engines.texts import compiled
from relance.engines.warehouse import Engine

_PAIRS: Mapping[str, str] = {"contact": "integer", "product": "text"}
_LINES: Mapping[str, str] = {"order_id": "text", **_PAIRS, "placed_at": "instant"}
_ORDERS: Mapping[str, str] = {"order_id": "text"}


def lay_out_sales(engine: Engine, view: View, asked: str) -> None:
    """Keeps the lines, and their orders, that are about the contacts and products of a scratch table.

    Of very many they are few, and found by their keys alone: what was known when is asked of what is found.
    """
    marks, lines, orders = (asked, view_mark(view)), f"{asked}_sold", f"{asked}_sold_in"
    if engine.keep(lines, compiled(engine, ("sales", *marks), lambda: _lines(view, asked))):
        engine.keep(orders, compiled(engine, ("sales-in", *marks), lambda: _orders(view, lines)))
    else:
        engine.load(orders, with_knowledge(_ORDERS, view), [])


def last_sold(view: View, clock: ir.Table, asked: str) -> ir.Table:
    """contact, product, sold_at of valid lines of valid orders, as had happened and was known.

    clock: `turn` and `known` of one row. Needs `lay_out_sales` of the same scratch table.
    """
    lines = scratch(f"{asked}_sold", with_knowledge(_LINES, view))
    orders = scratch(f"{asked}_sold_in", with_knowledge(_ORDERS, view))
    lines = lines.join(clock, view.known(lines, clock["known"]), rname="clock_{name}")
    lines = lines.filter(lines["placed_at"] <= lines["turn"])
    orders = orders.join(clock, view.known(orders, clock["known"]), rname="clock_{name}")
    lines = lines.semi_join(orders, "order_id")
    return lines.group_by("contact", "product").agg(sold_at=lines["placed_at"].max())


def with_knowledge(columns: Mapping[str, str], view: View) -> Mapping[str, str]:
    """These columns and those that say when a row was known."""
    known = ("known_at", SUPERSEDED.name) if view.history else ("known_at",)
    return {**columns, **dict.fromkeys(known, "instant")}


def _lines(view: View, asked: str) -> ir.Table:
    lines = view.facts("order_lines").semi_join(scratch(asked, _PAIRS), ["contact", "product"])
    return lines.filter(lines["valid"]).select(*with_knowledge(_LINES, view))


def _orders(view: View, lines: str) -> ir.Table:
    orders = view.facts("orders").semi_join(scratch(lines, _ORDERS), "order_id")
    return orders.filter(orders["valid"]).select(*with_knowledge(_ORDERS, view))
