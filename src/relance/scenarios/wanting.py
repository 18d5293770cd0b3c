"""Products to which something happened go in; the people who want them come out, each a candidate."""

from __future__ import annotations

from collections.abc import Mapping

import ibis
import ibis.expr.types as ir

from relance.base.errors import BadDocument
from relance.base.spans import Span
from relance.customers.relations import View
from relance.customers.tables import Table
from relance.scenarios.local_days import with_local_date, with_start_of_day
from relance.scenarios.product_starts import Wanted
from relance.scenarios.where import row_condition
from relance.scenarios.windows import instant_of

REMOVED = "removed_at"
# What happened to a product; `anchor`: the instant from which the days of `wanted.last` are counted back.
EVENTS: Mapping[str, str] = {
    "product": "text",
    "currency": "text",
    "subject": "text",
    "occurrence": "text",
    "fact_at": "instant",
    "fact_day": "instant",
    "due_at": "instant",
    "unseen": "boolean",
    "anchor": "instant",
}


def wanting(wanted: Wanted, events: ir.Table, view: View, clock: ir.Table) -> ir.Table:
    """The events (with product, fact_at, anchor) for each contact who wanted the product when it happened and still
    did; with contact, visitor, logged_in. Who began to want it later sees nothing of it."""
    happened = _looking_back(events, wanted.last)
    wished = wishes(wanted, view, clock)
    wished = wished.semi_join(happened, "product")
    rows = happened.inner_join(wished, "product", rname="w_{name}")
    rows = rows.filter(rows["wished_at"] < rows["fact_at"])
    rows = rows.filter(rows[REMOVED].isnull() | (rows[REMOVED] > rows["fact_at"]))
    if wanted.last:
        rows = rows.filter(rows["wished_at"] >= rows["wanted_since"])
    rows = rows.select("contact", *events.columns).distinct()
    return rows.mutate(visitor=ibis.literal(""), logged_in=ibis.null("boolean"))


def wishes(wanted: Wanted, view: View, clock: ir.Table) -> ir.Table:
    """contact, product, wished_at, removed_at, known_at of every row that had happened and was known. BadDocument."""
    table = wanted_table(wanted, view)
    rows = view.facts(table.name)
    if wanted.where is not None:
        rows = rows.filter(row_condition(wanted.where, rows, table))
    rows = rows.filter(rows["contact"].notnull(), rows["product"].notnull())
    known = rows.filter(*view.known(rows, instant_of(clock, "known")))
    known = known.filter(known[str(table.happened)] <= instant_of(clock, "turn"))
    removed = known[REMOVED] if table.column(REMOVED) else ibis.null("timestamp(6)")
    happened = known[str(table.happened)]
    return known.select("contact", "product", "known_at", wished_at=happened, removed_at=removed)


def wanted_table(wanted: Wanted, view: View) -> Table:
    """The table that says who wants what, or BadDocument where it cannot say so."""
    table = view.table(wanted.table)
    if not (table.contact and table.column("product") and table.happened):
        able = [each.name for each in view.tables.values() if each.contact and each.column("product")]
        raise BadDocument(
            f"table “{table.name}” does not say who wants which product and since when; those that do are "
            f"{', '.join(sorted(name for name in able if view.tables[name].happened))}"
        )
    return table


def _looking_back(events: ir.Table, last: Span | None) -> ir.Table:
    """Adds the start of the local date so many days before the anchor."""
    if last is None:
        return events
    rows = with_local_date(events, "anchor", "day")
    rows = rows.mutate(day=(rows["day"] - ibis.interval(days=last.days)).cast("date"))
    return with_start_of_day(rows, "day", "wanted_since").drop("day")
