"""What a metric is, and how one is asked: one query for each, whoever asks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal

import ibis
import ibis.expr.types as ir

from relance.base.errors import BadDocument
from relance.customers.relations import View, view_mark
from relance.engines.texts import compiled
from relance.reports.asking import Asked, on_local_day, within

Unit = Literal["count", "money", "share", "days"]
Words = Mapping[str, str]  # by language: fr, en
DIMENSIONS = ("scenario", "step", "reason", "day")


@dataclass(frozen=True)
class Metric:
    """A number that people ask for.

    rows: one row for each thing counted, with `at` (instant), `value`, `base` where it is a part of something,
    `currency` where it is money, and those of `dimensions` that it can be told apart by. `day` is always one.
    how: sum of the values; ratio of the sums of value and base; median of the values; share of the sum of all.
    """

    name: str
    label: Words
    meaning: Words
    unit: Unit
    rows: Callable[[View], ir.Table]
    dimensions: tuple[str, ...] = ()
    how: Literal["sum", "ratio", "median", "of_all"] = "sum"


@dataclass(frozen=True)
class Figure:
    """A metric's value for one group. value is int for a count, Decimal for money, float for shares and days.

    value is None where there is nothing to divide by. part and whole stand behind a ratio or a share.
    """

    metric: str
    value: int | Decimal | float | None
    part: int | Decimal | float | None = None
    whole: int | Decimal | float | None = None
    currency: str | None = None
    scenario: str | None = None
    step: str | None = None
    reason: str | None = None
    day: date | None = None


def measure(asked: Asked, metric: Metric, by: Sequence[str] = ()) -> list[Figure]:
    """The metric over the period, one figure for each group and currency, in order.

    A count of nothing is one figure of 0; money of nothing is no figure, for it has no currency. Raises
    BadDocument for a way of grouping that the metric does not know.
    """
    for name in by:
        if name not in (*metric.dimensions, "day"):
            raise BadDocument(f"“{metric.name}” cannot be told apart by {name}")
    marks = ("report", metric.name, *by, view_mark(asked.view))
    found = asked.place.engine.rows(compiled(asked.place.engine, marks, lambda: _query(asked.view, metric, by)))
    return [_figure(metric, row, found) for row in found if row["things"]]


def total(asked: Asked, metric: Metric) -> int:
    """A count over the whole period."""
    return sum(int(each.value or 0) for each in measure(asked, metric))


def _query(view: View, metric: Metric, by: Sequence[str]) -> ir.Table:
    rows = within(metric.rows(view))
    if "day" in by:
        rows = on_local_day(rows)
    groups = [*by, *(["currency"] if "currency" in rows.columns else [])]
    things = {"things": rows.count() if groups else ibis.literal(1)}
    if metric.how == "median":
        counted = {"part": rows["value"].quantile(0.5), "whole": rows["value"].count()}
    else:
        whole = rows["base"].sum() if "base" in rows.columns else ibis.null("int64")
        counted = {"part": rows["value"].sum(), "whole": whole}
    return rows.group_by(groups).agg(**things, **counted).order_by(groups) if groups else rows.agg(**things, **counted)


def _figure(metric: Metric, row: Mapping[str, Any], found: Sequence[Mapping[str, Any]]) -> Figure:
    part, whole = row["part"], row["whole"]
    if metric.how == "of_all":
        whole = sum(each["part"] or 0 for each in found if each["currency"] == row["currency"])
    groups = {name: row[name] for name in (*DIMENSIONS, "currency") if name in row}
    value = part or 0
    if metric.how in ("ratio", "of_all"):
        value = _divided(metric, part, whole)
    elif metric.how == "median":
        value = None if part is None else float(part)
    return Figure(metric.name, value, part, whole, **groups)


def _divided(metric: Metric, part: Any, whole: Any) -> Any:
    if not whole:
        return None
    if metric.unit == "money":
        return Decimal(part) / Decimal(whole)
    return float(part or 0) / float(whole)
