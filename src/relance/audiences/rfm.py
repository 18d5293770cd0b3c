"""Recency, frequency and money of each contact come in; classes 1 to 5 by dated cuts go out."""

from __future__ import annotations

from collections.abc import Mapping

import ibis
import ibis.expr.types as ir

from relance.audiences.scope import Scope, matching
from relance.customers.relations import scratch

# The cuts by which the probes of one instant are classed; scratch, made by `load_cuts`.
ASKED = "rfm_asked"
ASKED_COLUMNS: Mapping[str, str] = {
    "as_of": "instant",
    "currency": "text",
    **{f"{measure}{number}": "decimal" for measure in "rfm" for number in range(1, 5)},
}
DAY = 86_400_000_000  # microseconds
EVERY = "*"  # the currency of a shop that has only one


def measures_of(asked: Scope, currency: str | None) -> ir.Table:
    """(probe_, as_of_, r, f, m) of every probe whose contact has a valid order: elapsed whole days since the
    last one, how many, and their amounts, in one currency where one is named."""
    rows = matching(asked, "orders", "valid")
    counted = None if currency is None else rows["currency"] == currency
    grouped = rows.group_by("probe_", "as_of_").agg(
        last_=rows["placed_at"].max(),
        f=rows.count().cast("decimal(18, 3)"),
        m=rows["amount"].sum(where=counted).cast("decimal(18, 3)"),
    )
    days = grouped["as_of_"].delta(grouped["last_"], unit="microsecond") // DAY
    return grouped.select("probe_", "as_of_", r=days.cast("decimal(18, 3)"), f=grouped["f"], m=grouped["m"])


def classes_of(asked: Scope, currency: str | None) -> ir.Table:
    """(probe_, a), a = 100 × R + 10 × F + M; a class is 1 + the number of cuts strictly below the value."""
    found = measures_of(asked, currency)
    cuts = scratch(ASKED, ASKED_COLUMNS)
    chosen = cuts.filter(cuts["currency"] == (currency or EVERY))
    joined = found.inner_join(chosen, found["as_of_"] == chosen["as_of"])
    r, f, m = (_class(joined, measure) for measure in "rfm")
    return joined.select(probe_=joined["probe_"], a=100 * r + 10 * f + m)


def _class(joined: ir.Table, measure: str) -> ir.IntegerValue:
    below = [(joined[f"{measure}{number}"] < joined[measure]).cast("int64") for number in range(1, 5)]
    total = ibis.literal(1, type="int64") + below[0] + below[1] + below[2] + below[3]
    return total.fill_null(0)
