"""Probes and a view of the star come in; the rows that each probe may see go out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from relance.audiences.compare import Seen, holds
from relance.audiences.conditions import AllRows, AnyRow, ColumnTest, RowCriteria, Window, parts_of
from relance.base.errors import BadDocument
from relance.base.spans import Span, parse_span
from relance.customers.relations import View, scratch
from relance.customers.tables import Table

# One question about one contact (or about nobody: an anonymous visitor) at one instant, as known at another.
PROBES: Mapping[str, str] = {
    "probe": "integer",
    "contact": "integer",
    "as_of": "instant",
    "known": "instant",
    "fact_at": "instant",
    "fact_day": "instant",
    "subject": "text",  # the key of the row behind, where there is one
}
# as_of minus so many local days, as an instant and as a local date; `scratch` table MOMENTS.
MOMENTS = "moments"
MOMENT_COLUMNS: Mapping[str, str] = {
    "as_of": "instant",
    "days": "integer",
    "since": "instant",
    "day": "date",
}
# The one question put to everyone, one row: the scratch table `asked`.
QUESTION = "asked"
QUESTION_COLUMNS: Mapping[str, str] = {"as_of": "instant", "known": "instant"}
_NOTHING_BEHIND = {
    "fact_at": ibis.null("timestamp(6)"),
    "fact_day": ibis.null("timestamp(6)"),
    "subject": ibis.null("string"),
}
Rows = RowCriteria | None


@dataclass(frozen=True)
class Scope:
    """What a leaf is answered from.

    probes: the asked probes with our columns ending in `_` (probe_, contact_, as_of_, known_, fact_at_,
    fact_day_, and since_N_, day_N_ for the local days that the criteria need), so that no column of a
    retailer's own table meets them. zone: the brand's, for dates written beside instants. maintained: the
    question is "now" and maintained tables may answer. question: where the probes are everyone at one instant,
    the one row of that instant: whose a fact is says itself, so it need not be joined with all of them.
    """

    view: View
    probes: ir.Table
    zone: str | None = None
    maintained: bool = False
    question: ir.Table | None = None

    def beside(self, facts: ir.Table, seen: Callable[[ir.Table], Sequence[ir.BooleanValue]]) -> ir.Table:
        """Facts of contacts beside the probes of the same contact that see them: the columns of both."""
        if self.question is None:
            probes = self.probes
            joined: ir.Table = probes.inner_join(facts, [probes["contact_"] == facts["contact"], *seen(probes)])
            return joined
        told = list(seen(self.question))
        rows = self.question.inner_join(facts, told) if told else self.question.cross_join(facts)
        return rows.mutate(probe_=rows["contact"], contact_=rows["contact"])


def scope(
    probes: ir.Table,
    view: View,
    days: Iterable[int],
    zone: str | None = None,
    maintained: bool = False,
    broad: bool = False,
) -> Scope:
    """Probes beside the moments that they need. A probe whose instant has no moments is not answered at all,
    so a forgotten `load_moments` is seen as missing rows and never as a "no"."""
    question = _with_moments(scratch(QUESTION, QUESTION_COLUMNS).mutate(**_NOTHING_BEHIND), days) if broad else None
    return Scope(view, _with_moments(probes, days), zone, maintained, question)


def _with_moments(asked: ir.Table, days: Iterable[int]) -> ir.Table:
    prepared = asked.select(**{f"{name}_": asked[name] for name in PROBES if name in asked.columns})
    moments = scratch(MOMENTS, MOMENT_COLUMNS)
    for count in sorted(set(days)):
        chosen = moments.filter(moments.days == count)
        named = chosen.select(
            **{
                f"moment_{count}_": chosen["as_of"],
                f"since_{count}_": chosen["since"],
                f"day_{count}_": chosen["day"],
            }
        )
        joined = prepared.inner_join(named, prepared["as_of_"] == named[f"moment_{count}_"])
        prepared = joined.drop(f"moment_{count}_")
    return prepared


def everyone(view: View) -> ir.Table:
    """A probe of every contact known, at the instants of the table `asked`; its number is the contact's. A
    contact that was merged into another is no longer one."""
    contacts, question = view.facts("contacts"), scratch(QUESTION, QUESTION_COLUMNS)
    known = question.inner_join(contacts, view.known(contacts, question["known"]))
    if view.merged:
        alias = view.facts("aliases")
        merged = alias.inner_join(question, view.known(alias, question["known"])).select(alias["contact"])
        known = known.anti_join(merged, "contact")
    one = known["contact"]
    return known.select(probe=one, contact=one, as_of=known["as_of"], known=known["known"], **_NOTHING_BEHIND)


def related(view: View, name: str) -> Table:
    """A table whose rows belong to contacts, or BadDocument."""
    table = view.table(name)
    if not table.contact:
        owned = ", ".join(sorted(each.name for each in view.tables.values() if each.contact))
        raise BadDocument(f"the rows of “{name}” belong to no contact; those that do are {owned}")
    return table


def matching(asked: Scope, name: str, where: Rows = None, window: Window | None = None) -> ir.Table:
    """The rows of a table that each probe sees: its contact's, happened and known by then, in the window, for
    which the condition holds. Columns: the table's and the probes'."""
    table = related(asked.view, name)
    fact = asked.view.facts(name)
    if window and asked.question is not None:
        fact = _late_enough(table, fact, window)

    def seen(probes: ir.Table) -> list[ir.BooleanValue]:
        predicates = asked.view.known(fact, probes["known_"])
        if table.happened:
            predicates.append(fact[table.happened] <= probes["as_of_"])
        if window:
            predicates.append(_inside(table, fact, probes, window))
        return predicates

    rows = asked.beside(fact, seen)
    if where is None:
        return rows
    rows = _with_vault(asked, table, rows, where)
    return rows.filter(row_test(where, rows, table, asked.zone))


def since(probes: ir.Table, span: Span) -> ir.Value:
    """The instant so long before each probe's own."""
    if span.elapsed:
        return probes["as_of_"] - ibis.interval(seconds=int(span.elapsed.total_seconds()))
    return probes[f"since_{span.days}_"]


def _inside(table: Table, fact: ir.Table, probes: ir.Table, window: Window) -> ir.BooleanValue:
    if table.happened is None:
        raise BadDocument(f"the rows of “{table.name}” have no instant, so a window cannot be asked of them")
    happened = fact[table.happened]
    if window.last is not None:
        return happened > since(probes, parse_span(window.last))
    if window.since == "fact":
        return happened > probes["fact_at_"]
    return happened >= probes["fact_day_"]


def _late_enough(table: Table, fact: ir.Table, window: Window) -> ir.Table:
    """Leaves out what is too old for every probe before they are joined; each one's own bound still holds."""
    span = parse_span(window.last) if window.last is not None else None
    if table.happened is None or span is None or span.elapsed:
        return fact
    moments = scratch(MOMENTS, MOMENT_COLUMNS)
    earliest = moments.filter(moments["days"] == span.days)["since"].min().as_scalar()
    return fact.filter(fact[table.happened] > earliest)


def row_test(where: RowCriteria, rows: ir.Table, table: Table, zone: str | None) -> ir.BooleanValue:
    """The condition on one row; never null."""
    if isinstance(where, str):
        return _named(where, rows, table)
    if isinstance(where, ColumnTest):
        column = table.column(where.column)
        if column is None:
            listed = ", ".join(each.name for each in table.columns)
            raise BadDocument(f"table “{table.name}” has no column “{where.column}”; it has {listed}")
        seen = Seen(rows[column.name], column.type, f"{table.name}.{column.name}", zone)
        return ibis.and_(*(holds(seen, operator, value) for operator, value in where.comparisons))
    tests = [row_test(part, rows, table, zone) for part in parts_of(where)]
    if isinstance(where, AllRows):
        return ibis.and_(*tests)
    return ibis.or_(*tests) if isinstance(where, AnyRow) else ~ibis.or_(*tests)


def columns_of(where: Rows) -> set[str]:
    """Columns that a row condition reads, named conditions apart."""
    if isinstance(where, ColumnTest):
        return {where.column}
    if where is None or isinstance(where, str):
        return set()
    return set().union(*(columns_of(part) for part in parts_of(where)))


def personal_in(table: Table, where: Rows) -> set[str]:
    """Personal columns that a row condition reads."""
    found = (table.column(name) for name in columns_of(where))
    return {column.name for column in found if column is not None and column.personal}


def _named(name: str, rows: ir.Table, table: Table) -> ir.BooleanValue:
    column = table.conditions.get(name)
    if column is None:
        listed = ", ".join(sorted(table.conditions)) or "none"
        raise BadDocument(f"table “{table.name}” has no condition “{name}”; it has {listed}")
    test: ir.BooleanValue = rows[column].fill_null(False)
    return test


def _with_vault(asked: Scope, table: Table, rows: ir.Table, where: RowCriteria) -> ir.Table:
    """Joins the personal columns that the condition reads, in the version known to the probe."""
    personal = sorted(personal_in(table, where))
    if not personal:
        return rows
    vault = asked.view.vault(table.name)
    same = [rows[key] == vault[key] for key in table.key]
    joined = rows.left_join(vault, [*same, *asked.view.known(vault, rows["known_"])], rname="vault_{name}_")
    return joined.select(*rows.columns, *personal)
