"""A leaf of a tree and probes come in; the rows behind the value it saw go out, to be shown to a person."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ibis
import ibis.expr.types as ir

from relance.audiences.answers import Leaf, amounts, attribute_rows, behind_rows, lines_held, member_rows, target_of
from relance.audiences.criteria import (
    Amount,
    Attribute,
    Behind,
    Count,
    Criteria,
    Extreme,
    First,
    Holds,
    InRfm,
    InSegment,
    Min,
    days_needed,
)
from relance.audiences.scope import Scope, matching, scope
from relance.audiences.words import describe_node
from relance.customers.relations import View
from relance.customers.tables import Table

HANDFUL = 5  # rows shown per probe


def evidence(leaf: Leaf, view: View, probes: ir.Table, *, zone: str | None = None) -> ir.Table:
    """(probe, key, happened_at, known_at, value, place) of at most HANDFUL rows per probe; place 0 first.

    value is text; null for a row that is only counted and for personal columns, which are not repeated.
    Needs the moments (and cuts) that `observe` needed.
    """
    node = leaf.node
    asked = scope(probes, view, days_needed(node), zone)
    for kind, rows_of in _ROWS.items():
        if isinstance(node, kind):
            found = rows_of(node, asked)
            break
    else:
        raise TypeError(f"{type(node).__name__} is not a question")
    order = ibis.window(group_by="probe", order_by=[found["rank"], found["key"]])
    numbered = found.mutate(place=ibis.row_number().over(order))
    return numbered.filter(numbered["place"] < HANDFUL).select(
        "probe", "key", "happened_at", "known_at", "value", "place"
    )


def table_of(node: Criteria) -> str:
    """The table that a question looks at."""
    if isinstance(node, Attribute):
        return node.attribute.partition(".")[0]
    if isinstance(node, Count):
        return node.count
    if isinstance(node, Amount | Extreme):
        return node.target.partition(".")[0]
    if isinstance(node, Holds):
        return "order_lines"
    if isinstance(node, Behind):
        return node.fact
    return "segment_members" if isinstance(node, InSegment) else "orders"


def describe(leaf: Leaf, language: str) -> str:
    """The question in one short sentence, `fr` or `en`."""
    return describe_node(leaf.node, language)


def _shown(rows: ir.Table, table: Table, value: ir.Value | None, rank: ir.Value) -> ir.Table:
    """Fact rows in the shape of evidence; the smallest rank comes first."""
    key = ibis.literal("")
    for number, column in enumerate(table.key):
        text = rows[column].cast("string").fill_null("")
        key = text if number == 0 else key + "/" + text
    return rows.select(
        probe=rows["probe_"],
        key=key,
        happened_at=rows[table.happened or "known_at"],
        known_at=rows["known_at"],
        value=ibis.null("string") if value is None else value.cast("string"),
        rank=rank,
    )


def _age(instant: Any) -> ir.Value:
    """Ranks the newest first."""
    return -instant.cast("timestamp(6)").epoch_seconds()


def _count(node: Count, asked: Scope) -> ir.Table:
    table = asked.view.table(node.count)
    rows = matching(asked, node.count, node.where, node.window)
    return _shown(rows, table, None, _age(rows[table.happened or "known_at"]))


def _amount(node: Amount, asked: Scope) -> ir.Table:
    rows, column = amounts(node, asked)
    table = asked.view.table(node.target.split(".")[0])
    value = rows[column.name]
    size = value.cast("float64").fill_null(0.0)
    return _shown(rows, table, value, size if isinstance(node, Min) else -size)


def _extreme(node: Extreme, asked: Scope) -> ir.Table:
    table, column = target_of(asked, node.target)
    rows = matching(asked, table.name, node.where)
    rows = rows.filter(rows[column.name].notnull())
    value = rows[column.name]
    return _shown(rows, table, value, -_age(value) if isinstance(node, First) else _age(value))


def _attribute(node: Attribute, asked: Scope) -> ir.Table:
    rows, column = attribute_rows(node, asked)
    return rows.select(
        probe=rows["probe_"],
        key=ibis.literal(node.attribute),
        happened_at=rows["known_at"],
        known_at=rows["known_at"],
        value=ibis.null("string") if column.personal else rows[column.name].cast("string"),
        rank=_age(rows["known_at"]),
    )


def _holds(node: Holds, asked: Scope) -> ir.Table:
    rows = lines_held(node, asked)
    return _shown(rows, asked.view.table("order_lines"), rows["product"], _age(rows["placed_at"]))


def _behind(node: Behind, asked: Scope) -> ir.Table:
    table, rows = asked.view.table(node.fact), behind_rows(node, asked)
    return _shown(rows, table, None, _age(rows[table.happened or "known_at"]))


def _segment(node: InSegment, asked: Scope) -> ir.Table:
    rows = member_rows(node, asked)
    return rows.select(
        probe=rows["probe_"],
        key=rows["segment"],
        happened_at=rows["entered_at"],
        known_at=rows["entered_at"],
        value=rows["moved_by"],
        rank=_age(rows["entered_at"]),
    )


def _rfm(node: InRfm, asked: Scope) -> ir.Table:
    rows = matching(asked, "orders", "valid")
    return _shown(rows, asked.view.table("orders"), rows["amount"], _age(rows["placed_at"]))


# One line per kind of question.
_ROWS: dict[type, Callable[[Any, Scope], ir.Table]] = {
    Attribute: _attribute,
    Count: _count,
    Amount: _amount,
    Extreme: _extreme,
    Holds: _holds,
    Behind: _behind,
    InSegment: _segment,
    InRfm: _rfm,
}
