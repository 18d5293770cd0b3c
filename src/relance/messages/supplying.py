"""Released messages come in; the value of each declared field goes out, from what the kind of trigger knows first."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal

import ibis
import ibis.expr.types as ir

from relance.customers.relations import scratch, view_mark
from relance.engines.texts import compiled
from relance.messages import contexts
from relance.messages.batch import APPROVED, RULE, Batch, Values
from relance.messages.cart_fields import carts_in_a_row, complements, with_low_stock
from relance.messages.fields import Field
from relance.scenarios.lots import told_together, unspent
from relance.scenarios.windows import clock_of

Supplier = Callable[[Batch, Field], Values]


def supplied(batch: Batch, fields: Sequence[Field]) -> Mapping[str, Values]:
    """For each declared field that somebody here can fill, its value by probe."""
    own = _own(batch, fields)
    mine = {field.name: own[field.name](batch, field) for field in fields if field.name in own}
    return {**contexts.supplied(batch, [field for field in fields if field.name not in own]), **mine}


def _own(batch: Batch, fields: Sequence[Field]) -> Mapping[str, Supplier]:
    kind = batch.version.scenario.trigger.kind if batch.version else ""
    return {field.name: _of_call for field in fields} if kind == "call" else OF_TRIGGER.get(kind, {})


def _of_call(batch: Batch, field: Field) -> Values:
    """What the call gave under the name of the field; else what is known here anyway."""

    def build() -> ir.Table:
        asked, calls = scratch("approved", APPROVED).select("probe", "subject"), batch.view.vault("calls")
        calls = calls.select("fields", subject=ibis.literal("/").join([calls["scenario"], calls["call"]]))
        return asked.inner_join(calls, "subject")

    rows = batch.engine.rows(compiled(batch.engine, ("fields of calls", view_mark(batch.view)), build))
    given = {row["probe"]: json.loads(row["fields"], parse_float=Decimal).get(field.name) for row in rows}
    known = contexts.supplied(batch, [field]).get(field.name, {})
    return {**known, **{probe: value for probe, value in given.items() if value is not None}}


def _points(batch: Batch, _: Field) -> Values:
    """What is left at release of the lots that are told together."""
    assert batch.version is not None and batch.version.scenario.trigger.expiry is not None
    said = batch.version.scenario.trigger.expiry

    def build() -> ir.Table:
        asked = scratch("approved", APPROVED).select("probe", "contact", "occurrence")
        return told_together(said, unspent(said, batch.view, clock_of(RULE, "turn", "known")), asked)

    rows = batch.engine.rows(compiled(batch.engine, ("points", repr(said), view_mark(batch.view)), build))
    return {row["probe"]: row["amount"] for row in rows}


def _expires_on(batch: Batch, _: Field) -> Values:
    return {row["probe"]: date.fromisoformat(row["occurrence"]) for row in batch.rows}


# What only one kind of trigger knows: its fields by name.
OF_TRIGGER: Mapping[str, Mapping[str, Supplier]] = {
    "quiet": {"items": with_low_stock, "in_a_row": carts_in_a_row, "complements": complements},
    "expiry": {"points": _points, "expires_on": _expires_on},
}
