"""Recency, frequency and money of each contact come in; classes 1 to 5 by dated cuts go out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal

import ibis
import ibis.expr.types as ir

from relance.audiences.criteria import Criteria, InRfm, RfmClasses, leaves
from relance.audiences.scope import QUESTION, QUESTION_COLUMNS, Scope, everyone, matching, scope
from relance.base.clock import naive_utc
from relance.base.errors import Refused
from relance.customers.relations import View, house_relation, scratch
from relance.engines.warehouse import Engine

CUTS = 4
# The cuts by which the probes of one instant are classed; scratch, made by `load_cuts`. One row per instant
# and measure: `r`, `f`, `m` or `m:GBP`.
ASKED = "rfm_asked"
CUT_COLUMNS: Mapping[str, str] = {"measure": "text", **{f"cut{n}": "decimal" for n in range(1, CUTS + 1)}}
ASKED_COLUMNS: Mapping[str, str] = {"as_of": "instant", **CUT_COLUMNS}
DAY = 86_400_000_000  # microseconds

Cuts = tuple[Decimal | None, ...]


def measures_asked(criteria: Criteria) -> set[str]:
    """`r`, `f`, `m` or `m:GBP` for every measure that the tree asks the class of."""
    asked: set[str] = set()
    for _, node in leaves(criteria):
        if isinstance(node, InRfm):
            asked |= set(_wanted(node.rfm).values())
    return asked


def load_cuts(
    engine: Engine,
    view: View,
    criteria: Criteria,
    questions: Iterable[tuple[datetime, datetime]],
    *,
    exact: bool,
) -> None:
    """Fills the scratch table by which `observe` classes the probes of each (as_of, known); nothing is asked
    where the tree asks no class.

    exact: only cuts stored for that very instant are used, else they are computed as of it (asked outside
    turns). Otherwise the latest stored at or before it (a turn), computed where there are none.
    Raises Refused where money is asked without a currency and orders have several.
    """
    measures = sorted(measures_asked(criteria))
    rows: list[dict[str, object]] = []
    for as_of, known in questions if measures else ():
        cuts = {name: _stored(engine, name, as_of, exact) for name in measures}
        missing = [name for name, found in cuts.items() if found is None]
        computed = compute_cuts(engine, view, as_of, known, missing) if missing else {}
        for name in measures:
            found = cuts[name] or computed[name]
            rows.append({"as_of": naive_utc(as_of), **_row(name, found)})
    engine.load(ASKED, ASKED_COLUMNS, rows)


def compute_cuts(
    engine: Engine, view: View, as_of: datetime, known: datetime, measures: Iterable[str]
) -> dict[str, Cuts]:
    """Discrete quintile cuts over everyone who has a valid order: the smallest values with at least 20, 40,
    60 and 80 % of them at or below; None where nobody has one."""
    put_question(engine, as_of, known)
    wanted = sorted(set(measures))
    if "m" in wanted:
        _one_currency(engine, view)
    asked = scope(everyone(view), view, ())
    found: dict[str, Cuts] = {}
    for name in wanted:
        [row] = engine.rows(_quintiles(_measure(asked, name), name[0]))
        found[name] = tuple(row[f"cut{number}"] for number in range(1, CUTS + 1))
    return found


def store_cuts(engine: Engine, at: datetime, cuts: Mapping[str, Cuts]) -> None:
    """Keeps cuts under their date."""
    columns = {"at": "instant", **CUT_COLUMNS}
    engine.load("new_cuts", columns, [{"at": naive_utc(at), **_row(name, found)} for name, found in cuts.items()])
    engine.insert("rfm_cuts", scratch("new_cuts", columns))


def put_question(engine: Engine, as_of: datetime, known: datetime) -> None:
    """Says when everyone is asked."""
    engine.load(QUESTION, QUESTION_COLUMNS, [{"as_of": naive_utc(as_of), "known": naive_utc(known)}])


def classes_of(asked: Scope, wanted: RfmClasses) -> ir.Table:
    """(probe_, a), a = 100 × R + 10 × F + M of the classes asked, 0 for one that is not asked or not known; a
    class is 1 + the number of cuts strictly below the value."""
    named = _wanted(wanted)
    found = _measures(asked, wanted.currency)
    cuts = scratch(ASKED, ASKED_COLUMNS)
    code: ir.Value = ibis.literal(0, type="int64")
    for number, (measure, name) in enumerate(named.items()):
        chosen = cuts.filter(cuts["measure"] == name)
        renamed = chosen.rename({f"{column}_{number}_": column for column in ASKED_COLUMNS})
        found = found.inner_join(renamed, found["as_of_"] == renamed[f"as_of_{number}_"])
        code = code + {"r": 100, "f": 10, "m": 1}[measure] * _class(found, measure, number)
    return found.select(probe_=found["probe_"], a=code)


def _wanted(classes: RfmClasses) -> dict[str, str]:
    money = f"m:{classes.currency}" if classes.currency else "m"
    names = {"r": "r", "f": "f", "m": money}
    return {measure: name for measure, name in names.items() if getattr(classes, measure)}


def _measures(asked: Scope, currency: str | None) -> ir.Table:
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


def _measure(asked: Scope, name: str) -> ir.Table:
    _, _, currency = name.partition(":")
    return _measures(asked, currency or None)


def _class(found: ir.Table, measure: str, number: int) -> ir.Value:
    below = [(found[f"cut{n}_{number}_"] < found[measure]).cast("int64") for n in range(1, CUTS + 1)]
    return (ibis.literal(1, type="int64") + below[0] + below[1] + below[2] + below[3]).fill_null(0)


def _quintiles(found: ir.Table, measure: str) -> ir.Table:
    """Cumulative counts instead of a quantile function: engines' own are continuous, or differ."""
    values = found.filter(found[measure].notnull()).select(value=measure)
    counts = values.group_by("value").agg(many=values.count())
    running = ibis.window(order_by=counts["value"], preceding=None, following=0)
    piled = counts.mutate(below=counts["many"].sum().over(running), total=counts["many"].sum().over(ibis.window()))
    return piled.agg(
        **{
            f"cut{n}": piled["value"].min(where=piled["below"] * (CUTS + 1) >= piled["total"] * n)
            for n in range(1, CUTS + 1)
        }
    )


def _stored(engine: Engine, measure: str, at: datetime, exact: bool) -> Cuts | None:
    kept = house_relation("rfm_cuts")
    moment = ibis.literal(naive_utc(at), type="timestamp(6)")
    suits = kept["at"] == moment if exact else kept["at"] <= moment
    found = engine.rows(kept.filter(kept["measure"] == measure, suits).order_by(kept["at"].desc()).limit(1))
    return tuple(found[0][f"cut{number}"] for number in range(1, CUTS + 1)) if found else None


def _row(name: str, found: Cuts) -> dict[str, object]:
    return {"measure": name, **{f"cut{number}": cut for number, cut in enumerate(found, start=1)}}


def _one_currency(engine: Engine, view: View) -> None:
    orders = view.facts("orders")
    rows = engine.rows(orders.filter(orders["valid"], orders["currency"].notnull()).select("currency").distinct())
    if len(rows) > 1:
        named = " and ".join(sorted(row["currency"] for row in rows))
        raise Refused(f"orders are in {named}, which are never added: name one, like rfm: {{m: [5], currency: CAD}}")
