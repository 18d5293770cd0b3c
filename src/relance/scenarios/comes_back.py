"""Rows about products go in; the first one after a silence comes out: sold again, seen again, wished again."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from relance.base.errors import BadDocument
from relance.customers.relations import View
from relance.scenarios.local_days import with_local_date
from relance.scenarios.product_starts import ComesBack
from relance.scenarios.where import row_condition
from relance.scenarios.windows import instant_of


def rows_of_products(said: ComesBack, view: View, clock: ir.Table) -> ir.Table:
    """product, happened_at, known_at of the rows that count, as had happened and was known. Raises BadDocument."""
    table = view.table(said.table)
    if not (table.column("product") and table.happened):
        raise BadDocument(f"the rows of “{said.table}” have no product and instant, so none can come back in it")
    rows = view.facts(said.table)
    if said.where is not None:
        rows = rows.filter(row_condition(said.where, rows, table))
    known = rows.filter(*view.known(rows, instant_of(clock, "known")), rows["product"].notnull())
    known = known.filter(known[table.happened] <= instant_of(clock, "turn"))
    return known.select("product", "known_at", happened_at=known[table.happened])


def first_rows_after(said: ComesBack, rows: ir.Table) -> ir.Table:
    """product, fact_at, anchor, subject, known_at: each row on a local date more than so many days after the last.

    `anchor` is that row before; the product and the local date name the return.
    """
    before = rows["happened_at"].lag().over(group_by=rows["product"], order_by=rows["happened_at"])
    pairs = rows.mutate(anchor=before)
    nearly = ibis.interval(days=said.after.days - 1)  # the few for which the calendar must be asked
    pairs = pairs.filter(pairs["happened_at"] > pairs["anchor"] + nearly)
    days = with_local_date(with_local_date(pairs, "happened_at", "day"), "anchor", "day_before")
    back = days.filter(days["day"] > (days["day_before"] + ibis.interval(days=said.after.days)).cast("date"))
    named = back["product"] + "/" + back["day"].cast("string")
    return back.select("product", "anchor", "known_at", fact_at="happened_at", subject=named).distinct()
