"""Zones of contacts, for scenarios that keep to the clocks of each: their names, and the zone beside a row."""

from __future__ import annotations

from collections.abc import Mapping

import ibis.expr.types as ir

from relance.customers.relations import View, relation
from relance.customers.schema import PAST
from relance.customers.star import STAR
from relance.engines.texts import compiled
from relance.engines.warehouse import Engine
from relance.scenarios.windows import clock_of

# The instants that differ from zone to zone.
ZONE_CLOCKS: Mapping[str, str] = {"rule": "text", "zone": "text", "fresh_since": "instant", "entry_since": "instant"}


def zone_names(engine: Engine) -> tuple[str, ...]:
    """Every zone that some contact has, and the empty name of those who have none and keep to the brand's."""
    rows = engine.rows(compiled(engine, ("zone-names",), _zone_names))
    return tuple(sorted({row["zone"] or "" for row in rows} | {""}))


def with_zone(rows: ir.Table, view: View, rule: str) -> ir.Table:
    """The rows with `own_zone`, the name of their contact's zone as known at the turn; empty where there is none."""
    contacts, clock = view.facts("contacts"), clock_of(rule, zone_known="known")
    known = contacts.join(clock, view.known(contacts, clock["zone_known"]))
    known = known.select(zone_of="contact", own_zone="zone")
    joined = rows.left_join(known, rows["contact"] == known["zone_of"]).drop("zone_of")
    return joined.mutate(own_zone=joined["own_zone"].fill_null(""))


def _zone_names() -> ir.Table:
    columns = STAR["contacts"].open_columns
    now, past = (relation(name, columns).select("zone") for name in ("contacts", "contacts" + PAST))
    return now.union(past).distinct()
