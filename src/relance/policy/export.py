"""Decisions come out as rows that a reader outside can join: own ids, local due dates, instants as text."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from relance.customers.installation import Installation
from relance.customers.relations import house_relation, relation
from relance.customers.schema import VAULT

COLUMNS = ["due_date", "decided_at", "scenario", "step", "contact", "occurrence", "outcome", "reason"]
_INSTANT = "%Y-%m-%dT%H:%M:%SZ"


def exported(
    place: Installation, scenarios: Sequence[str] = (), since: date | None = None, until: date | None = None
) -> pa.Table:
    """All decisions, or those of some scenarios and due dates, ordered by every column; all columns are text.

    contact is the retailer's own id, empty for a visitor and for a contact that was erased.
    """
    return place.engine.arrow(_rows(place, scenarios, since, until))


def _rows(place: Installation, scenarios: Sequence[str], since: date | None, until: date | None) -> ir.Table:
    made = house_relation("decisions")
    kept = [made["scenario"].isin(list(scenarios))] if scenarios else []
    kept += [made["due_date"] >= since] if since else []
    kept += [made["due_date"] <= until] if until else []
    made = made.filter(*kept) if kept else made
    people = relation("contacts" + VAULT, place.tables["contacts"].vault_columns)
    people = people.select(person=people["contact"], own_id=people["own_id"])
    rows = made.left_join(people, made["contact"] == people["person"])
    return rows.select(
        due_date=rows["due_date"].cast("string").fill_null(""),
        decided_at=rows["at"].strftime(_INSTANT),
        scenario=rows["scenario"],
        step=rows["step"].fill_null(""),
        contact=rows["own_id"].fill_null(""),
        occurrence=rows["occurrence"].fill_null(""),
        outcome=rows["outcome"],
        reason=rows["reason"].fill_null(""),
    ).order_by(*(ibis._[name] for name in COLUMNS))
