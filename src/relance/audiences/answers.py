"""A question of a criteria tree comes in; what each probe sees, and how that is judged, goes out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir

from relance.audiences.compare import Seen, holds, literal
from relance.audiences.conditions import Comparing
from relance.audiences.criteria import (
    Amount,
    Attribute,
    Average,
    Behind,
    Count,
    Criteria,
    Extreme,
    First,
    Holds,
    InRfm,
    InSegment,
)
from relance.audiences.rfm import classes_of
from relance.audiences.scope import Scope, matching, related, since
from relance.base.errors import BadDocument
from relance.base.spans import parse_span
from relance.customers.relations import house_relation
from relance.customers.tables import Column, ColumnType, Table

Judge = Callable[[ir.Table, Any, Any], tuple[ir.Value, ir.BooleanValue]]


VALUES = "contact_values"  # of which the attributes are what scenarios set, not columns


@dataclass(frozen=True)
class Leaf:
    """One question of the tree.

    path reads like `all[1].none[0]`. column: of `Observed.rows`, the value it saw (for a personal column the
    instant at which the version it read became known, never the value). test: the column with its verdict.
    readable: the question in English; `words.describe` says it in French too.
    """

    path: str
    node: Criteria
    column: str
    test: str
    personal: bool
    readable: str


@dataclass(frozen=True)
class Answer:
    """found: (probe_, a, b), at most one row per probe. judge: from the probes' columns, a and b to the value
    that was seen and the verdict, which is never null. personal: the value is the instant at which the
    version that was read became known, since a decision may not keep the value itself."""

    found: ir.Table
    judge: Judge
    personal: bool = False


def answer(node: Criteria, asked: Scope) -> Answer:
    """How a leaf is answered. Raises BadDocument for tables, columns or values that do not suit."""
    for kind, answers in _ANSWERS.items():
        if isinstance(node, kind):
            return answers(node, asked)
    raise TypeError(f"{type(node).__name__} is not a question")


def target_of(asked: Scope, target: str) -> tuple[Table, Column]:
    """Table and open column that `table.column` names."""
    name, column_name = target.split(".")
    table = related(asked.view, name)
    asked.view.part_of(name, column_name)
    column = table.column(column_name)
    if column is None or column.personal:
        raise BadDocument(f"{target} is personal; only an attribute or a row condition may look at it")
    return table, column


def lines_held(node: Holds, asked: Scope) -> ir.Table:
    """Order lines that a `holds` sees, products as they were known to the probe."""
    rows = matching(asked, "order_lines", node.where, node.window)
    lines = asked.view.table("order_lines")
    for name, wanted in node.holds.items():
        values = wanted if isinstance(wanted, tuple) else (wanted,)
        if name == "product":
            seen = Seen(rows["product"], "text", "order_lines.product", asked.zone)
            rows = rows.filter(holds(seen, "in", values))
    described = {name: wanted for name, wanted in node.holds.items() if name != "product"}
    return _described(rows, described, asked, lines) if described else rows


def amounts(node: Amount, asked: Scope) -> tuple[ir.Table, Column]:
    """Rows that a sum, min, max or average sees, of one currency where there are currencies."""
    table, column = target_of(asked, node.target)
    if column.type not in ("integer", "decimal", "number"):
        raise BadDocument(f"{node.target} is {column.type}; {node.MEASURE} needs a number")
    rows = matching(asked, table.name, node.where, node.window)
    if node.currency is None:
        if column.unit == "currency":
            raise BadDocument(f"{node.target} is money, and sums never mix currencies; add one, like currency: CAD")
        return rows, column
    if table.column("currency") is None:
        raise BadDocument(f"table “{table.name}” has no currency; leave “currency” out")
    return rows.filter(rows["currency"] == node.currency), column


def member_rows(node: InSegment, asked: Scope) -> ir.Table:
    """Stays in the segment, as turns recorded them, that hold at the probe's instant."""
    stays = house_relation("segment_members")
    stays = stays.filter(stays["segment"] == node.segment)

    def seen(probes: ir.Table) -> list[ir.BooleanValue]:
        still = stays["left_at"].isnull() | (stays["left_at"] > probes["as_of_"])
        return [stays["entered_at"] <= probes["as_of_"], still]

    return asked.beside(stays, seen)


def attribute_rows(node: Attribute, asked: Scope) -> tuple[ir.Table, Column]:
    """The one row per contact that an attribute reads."""
    name, column_name = node.attribute.split(".")
    if name == VALUES:
        return set_values(column_name, asked)
    table = asked.view.table(name)
    if table.key != ("contact",):
        raise BadDocument(
            f"“{name}” has many rows per contact, so {node.attribute} is no attribute; "
            f"ask count, sum, first or last of {name}"
        )
    part = asked.view.part_of(name, column_name)

    def seen(probes: ir.Table) -> list[ir.BooleanValue]:
        predicates = asked.view.known(part, probes["known_"])
        if table.happened and table.happened in part.columns:
            predicates.append(part[table.happened] <= probes["as_of_"])
        return predicates

    column = table.column(column_name)
    if column is None:
        raise BadDocument(f"there is no column {node.attribute}")
    return asked.beside(part, seen), column


def set_values(attribute: str, asked: Scope) -> tuple[ir.Table, Column]:
    """The value that scenarios set last, by then, for an attribute of each probe's contact."""
    table, rows, vault = asked.view.table(VALUES), asked.view.facts(VALUES), asked.view.vault(VALUES)
    rows = rows.filter(rows["attribute"] == attribute)
    seen = asked.beside(
        rows, lambda probes: [*asked.view.known(rows, probes["known_"]), rows["set_at"] <= probes["as_of_"]]
    )
    order = ibis.window(group_by="probe_", order_by=[seen["set_at"].desc(), seen["setting"].desc()])
    last = seen.mutate(nth_=ibis.row_number().over(order)).filter(lambda t: t.nth_ == 0)
    said = last.inner_join(vault.select("setting", "value"), "setting")
    column = table.column("value")
    assert column is not None
    return said, column


def _attribute(node: Attribute, asked: Scope) -> Answer:
    rows, column = attribute_rows(node, asked)
    found = rows.select(probe_=rows["probe_"], a=rows[column.name], b=rows["known_at"])
    if asked.view.merged:
        found = _newest(found)

    def judge(probes: ir.Table, a: Any, b: Any) -> tuple[ir.Value, ir.BooleanValue]:
        seen = Seen(a, column.type, node.attribute, asked.zone)
        return (b if column.personal else a), _compared(node, seen)

    return Answer(found, judge, column.personal)


def _newest(found: ir.Table) -> ir.Table:
    """Rows of merged contacts meet at one probe: the one known last speaks."""
    order = ibis.window(group_by="probe_", order_by=[found["b"].desc(), found["a"].asc()])
    return found.mutate(rank_=ibis.row_number().over(order)).filter(lambda t: t.rank_ == 0).drop("rank_")


def _count(node: Count, asked: Scope) -> Answer:
    if asked.maintained and node.count == "orders" and node.where == "valid" and node.window is None:
        found = _maintained(asked, "orders")
    else:
        rows = matching(asked, node.count, node.where, node.window)
        found = rows.group_by("probe_").agg(a=rows.count(), b=_nothing())
    return Answer(found, lambda probes, a, b: _number(node, a.fill_null(0), "integer", node.count))


def _amount(node: Amount, asked: Scope) -> Answer:
    rows, column = amounts(node, asked)
    kind: ColumnType = "number" if column.type == "number" else "decimal"
    value = rows[column.name] if kind == "number" else rows[column.name].cast("decimal(18, 3)")
    if isinstance(node, Average):
        found = rows.group_by("probe_").agg(a=value.sum(), b=value.count())
        return Answer(found, lambda probes, a, b: _mean(node, a, b, kind))
    measures = {"sum": value.sum, "min": value.min, "max": value.max}
    found = rows.group_by("probe_").agg(a=measures[node.MEASURE](), b=_nothing())
    nothing = literal(0, kind, node.target)

    def judge(probes: ir.Table, a: Any, b: Any) -> tuple[ir.Value, ir.BooleanValue]:
        seen = a.fill_null(nothing) if node.MEASURE == "sum" else a
        return _number(node, seen, kind, node.target)

    return Answer(found, judge)


def _number(node: Comparing, value: Any, kind: ColumnType, name: str) -> tuple[ir.Value, ir.BooleanValue]:
    return value, _compared(node, Seen(value, kind, name, None))


def _compared(node: Comparing, seen: Seen) -> ir.BooleanValue:
    return ibis.and_(*(holds(seen, operator, value) for operator, value in node.comparisons))


def _mean(node: Average, total: Any, count: Any, kind: ColumnType) -> tuple[ir.Value, ir.BooleanValue]:
    """Exact: a mean is above x where the total is above x times the count."""
    tests = []
    for operator, written in node.comparisons:
        bound = literal(written, kind, node.average) * count
        tests.append(_against(operator, total, bound).fill_null(False))
    mean = total / count
    return (mean if kind == "number" else mean.cast("decimal(18, 3)")), ibis.and_(*tests)


def _against(operator: str, left: Any, right: Any) -> Any:
    tests = {"is": left == right, "above": left > right, "below": left < right}
    return {**tests, "at_least": left >= right, "at_most": left <= right}[operator]


def _extreme(node: Extreme, asked: Scope) -> Answer:
    table, column = target_of(asked, node.target)
    if column.type not in ("date", "instant"):
        raise BadDocument(f"{node.target} is {column.type}; {node.MEASURE} needs a date or an instant")
    if asked.maintained and node.target == "orders.placed_at" and node.where == "valid":
        found = _maintained(asked, f"{node.MEASURE}_order")
    else:
        rows = matching(asked, table.name, node.where)
        value = rows[column.name]
        extreme = value.min() if isinstance(node, First) else value.max()
        found = rows.group_by("probe_").agg(a=extreme, b=_nothing())

    def judge(probes: ir.Table, a: Any, b: Any) -> tuple[ir.Value, ir.BooleanValue]:
        seen = Seen(a, column.type, node.target, asked.zone)
        return a, ibis.and_(*(_when(seen, probes, *comparison) for comparison in node.comparisons))

    return Answer(found, judge)


def _when(seen: Seen, probes: ir.Table, operator: str, written: Any) -> ir.BooleanValue:
    if operator == "after":
        fact = probes["fact_at_"] if seen.type == "instant" else probes["fact_at_"].date()
        return (seen.value > fact).fill_null(False)
    if operator not in ("older_than", "within"):
        return holds(seen, operator, written)
    span = parse_span(written)
    if seen.type == "instant":
        bound, now = since(probes, span), probes["as_of_"]
    elif span.elapsed:
        raise BadDocument(f"{seen.name} is a date, and {written} is counted in hours; write it in days")
    else:
        bound, now = probes[f"day_{span.days}_"], probes["day_0_"]
    test = seen.value <= bound if operator == "older_than" else (seen.value > bound) & (seen.value <= now)
    return test.fill_null(False)


def _holds(node: Holds, asked: Scope) -> Answer:
    rows = lines_held(node, asked)
    found = rows.group_by("probe_").agg(a=rows.count(), b=_nothing())
    return Answer(found, lambda probes, a, b: (a.fill_null(0), a.fill_null(0) > 0))


def behind_rows(node: Behind, asked: Scope) -> ir.Table:
    """The row behind the probe, where the condition holds for it."""
    rows = matching(asked, node.fact, node.where)
    key = ibis.literal("/").join([rows[name].cast("string") for name in asked.view.table(node.fact).key])
    found: ir.Table = rows.filter(key == rows["subject_"])
    return found


def _behind(node: Behind, asked: Scope) -> Answer:
    rows = behind_rows(node, asked)
    found = rows.group_by("probe_").agg(a=rows.count(), b=_nothing())
    return Answer(found, lambda probes, a, b: (a.fill_null(0) > 0, a.fill_null(0) > 0))


def _described(rows: ir.Table, wanted: dict[str, Any], asked: Scope, lines: Table) -> ir.Table:
    products = asked.view.facts("products")
    declared = asked.view.table("products")
    joined = rows.inner_join(
        products,
        [rows["product"] == products["product"], *asked.view.known(products, rows["known_"])],
        rname="product_{name}_",
    )
    tests = []
    for name, value in wanted.items():
        column = declared.column(name)
        if column is None or column.personal:
            listed = ", ".join(each.name for each in declared.open_columns)
            raise BadDocument(f"products have no column “{name}”; they have {listed}")
        there = f"product_{name}_" if name in rows.columns else name
        seen = Seen(joined[there], column.type, f"products.{name}", asked.zone)
        tests.append(holds(seen, "in", value if isinstance(value, tuple) else (value,)))
    kept: ir.Table = joined.filter(*tests).select(*rows.columns)
    return kept


def _segment(node: InSegment, asked: Scope) -> Answer:
    rows = member_rows(node, asked)
    found = rows.group_by("probe_").agg(a=rows["entered_at"].max(), b=_nothing())
    return Answer(found, lambda probes, a, b: (a, a.notnull()))


def _rfm(node: InRfm, asked: Scope) -> Answer:
    found = classes_of(asked, node.rfm).mutate(b=_nothing())

    def judge(probes: ir.Table, a: Any, b: Any) -> tuple[ir.Value, ir.BooleanValue]:
        digits = {"r": a // 100, "f": (a // 10) % 10, "m": a % 10}
        wanted = {"r": node.rfm.r, "f": node.rfm.f, "m": node.rfm.m}
        tests = [digits[name].isin(classes).fill_null(False) for name, classes in wanted.items() if classes]
        return a, ibis.and_(*tests)

    return Answer(found, judge)


def _maintained(asked: Scope, column: str) -> ir.Table:
    rows = asked.beside(house_relation("contact_orders"), lambda _: [])
    return rows.select(probe_=rows["probe_"], a=rows[column], b=_nothing())


def _nothing() -> ir.Value:
    return ibis.null("int64")


# One line per kind of question.
_ANSWERS: dict[type, Callable[[Any, Scope], Answer]] = {
    Attribute: _attribute,
    Count: _count,
    Amount: _amount,
    Extreme: _extreme,
    Holds: _holds,
    Behind: _behind,
    InSegment: _segment,
    InRfm: _rfm,
}
