"""A criteria tree and an instant come in; the contacts for whom it holds go out."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import ibis.expr.types as ir

from relance.audiences.criteria import Criteria, days_needed
from relance.audiences.probes import load_moments, observe
from relance.audiences.rfm import load_cuts, put_question
from relance.audiences.scope import everyone
from relance.base.clock import naive_utc
from relance.customers.relations import View, house_relation, scratch, view_mark
from relance.engines.texts import compiled
from relance.engines.warehouse import Engine

AUDIENCE = "audience"  # scratch: the contacts of the last question


def audience(
    engine: Engine,
    criteria: Criteria,
    view: View,
    zone: str,
    as_of: datetime,
    known: datetime,
    *,
    exact_cuts: bool = True,
    keep_as: str = AUDIENCE,
) -> ir.Table:
    """A scratch table (contact) of everyone for whom the criteria hold: facts that happened at or before
    `as_of`, as known at `known`. It stands until the next question kept under the same name.

    A view of current rows knows only the present: for an earlier `known` give one that looks at history.
    Nothing that is kept is written. `exact_cuts`: see `rfm.load_cuts`. A segment inside the criteria is the
    one that turns stored; `segments.members_at` asks for its meaning instead.
    """
    load_moments(engine, [as_of], days_needed(criteria), zone)
    load_cuts(engine, view, criteria, [(as_of, known)], exact=exact_cuts)
    put_question(engine, as_of, known)
    fast = can_use_maintained(engine, view, as_of, known)
    marks = ("audience", repr(criteria), view_mark(view), zone, str(fast))
    engine.keep(keep_as, compiled(engine, marks, lambda: _holding(criteria, view, zone, fast)))
    return scratch(keep_as, {"contact": "integer"})


def _holding(criteria: Criteria, view: View, zone: str, fast: bool) -> ir.Table:
    rows = observe(criteria, everyone(view), view, zone=zone, maintained=fast, broad=True).rows
    return rows.filter(rows["verdict"]).select(contact=rows["probe"])


def count(engine: Engine, members: ir.Table) -> int:
    """How many contacts an audience has."""
    return int(engine.value(members.count().as_table()))


def export(members: ir.Table, view: View) -> ir.Table:
    """The audience as the retailer knows it: (contact) = the retailer's own id, in order."""
    vault = replace(view, history=False).vault("contacts")
    rows = members.inner_join(vault, "contact").select(contact=vault["own_id"])
    return rows.order_by("contact")


def can_use_maintained(engine: Engine, view: View, as_of: datetime, known: datetime) -> bool:
    """Whether maintained tables say what probes would: every order in them had happened and was known then.

    Merged contacts are answered by probes, for the maintained table keeps both sides apart.
    """
    if view.history or view.merged:
        return False
    [last] = engine.rows(compiled(engine, ("last-order-and-import",), _last_order_and_import))
    happened = last["order"] is not None and last["order"] <= naive_utc(as_of)
    return happened and last["learnt"] is not None and last["learnt"] <= naive_utc(known)


def _last_order_and_import() -> ir.Table:
    orders, imports = house_relation("contact_orders"), house_relation("imports")
    return orders.agg(order=orders["last_order"].max()).cross_join(imports.agg(learnt=imports["known_at"].max()))
