"""Who comes or waits in a turn goes in; their rows of the large tables, laid out once, come out as a view of few.

Every condition, and the gate, ask about those at work alone. So a large table is read once a turn for all of them, by
its key, and never again for each question.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial

import ibis
import ibis.expr.types as ir

from relance.customers.relations import View, house_relation, relation, scratch, view_mark
from relance.customers.schema import VAULT
from relance.customers.tables import BOOKKEEPING, SUPERSEDED, Column
from relance.engines.texts import compiled
from relance.engines.warehouse import Engine
from relance.scenarios.arrivals import COMING, JOURNEY
from relance.scenarios.versions import Version
from relance.scenarios.windows import CLOCKS, instant_of

LARGE = 500_000  # rows; a smaller table is read as soon as it is laid out
FEW = 0.1  # of all contacts, at most: where one in six is at work it brings nothing
_AT_WORK: Mapping[str, str] = {"contact": "integer"}
_NOBODY = 0  # in the place of the contact of an anonymous visitor
_OF_EVERYBODY = frozenset({"aliases", "identities"})  # who is whom
_OWNED = {"cart_lines": ("carts", "cart")}  # a line belongs to its cart, whatever contact its own row names


@dataclass(frozen=True)
class Near(View):
    """A view in which some tables hold only what was known at the turn of those at work.

    laid_out: those, by their stored names.
    """

    laid_out: tuple[str, ...] = ()

    @property
    def mark(self) -> str:
        """As View, by what was laid out."""
        return f"Near{','.join(self.laid_out)}"

    def facts(self, name: str) -> ir.Table:
        """As View, of those at work."""
        if name not in self.laid_out:
            return super().facts(name)
        return self._near(name, self.table(name).open_columns)

    def vault(self, name: str) -> ir.Table:
        """As View, of those at work."""
        if name + VAULT not in self.laid_out:
            return super().vault(name)
        return self._near(name + VAULT, self.table(name).vault_columns)

    def _near(self, stored: str, columns: tuple[Column, ...]) -> ir.Table:
        known = (*BOOKKEEPING, SUPERSEDED) if self.history else BOOKKEEPING
        return relation(_named(stored), (*columns, *known))


def near_view(engine: Engine, view: View, versions: Iterable[Version]) -> View:
    """The view to ask about those of scratch `entering`, and about the journeys of these versions that wait.

    It is the view itself in a small base, or where most contacts are at work.
    """
    counted = engine.rows(compiled(engine, ("table-rows", view_mark(view)), lambda: _row_numbers(view)))
    rows = {row["name"]: row["rows"] for row in counted}
    large = sorted(name for name, number in rows.items() if number >= LARGE)
    if not large:
        return view
    waiting = tuple(sorted({each.name for each in versions if each.waits}))
    number = engine.keep("at_work", compiled(engine, ("at-work", *waiting), lambda: _at_work(waiting)))
    if number > FEW * rows["contacts"]:
        return view
    near = Near(view.tables, view.history, view.merged, view.currency)
    for name in sorted(large, key=_OWNED.__contains__):  # owners first
        text = compiled(engine, ("near", name, view_mark(near)), partial(_rows_of, near, name))
        engine.keep(_named(name), text)
        near = replace(near, laid_out=(*near.laid_out, name))
    return near


def _named(stored: str) -> str:
    return f"near_{stored}"


def _row_numbers(view: View) -> ir.Table:
    """name, rows: of each stored table whose rows belong to contacts."""
    parts = []
    for table in view.tables.values():
        if table.contact and table.name not in _OF_EVERYBODY:
            parts.append((table.name, table.open_columns))
            if any(column.name == "contact" for column in table.vault_columns):
                parts.append((table.name + VAULT, table.vault_columns))
    counts = [relation(*part).aggregate(rows=ibis._.count()).mutate(name=ibis.literal(part[0])) for part in parts]
    return ibis.union(*counts)


def _at_work(scenarios: tuple[str, ...]) -> ir.Table:
    """Who comes, who has waited and not ended since, and nobody, for visitors: (contact)."""
    come = scratch("entering", COMING).filter(~ibis._["unseen"])
    come = come.select(contact=come["contact"].fill_null(_NOBODY))
    journeys = house_relation("journeys")
    journeys = journeys.filter(journeys["scenario"].isin(scenarios))
    until = instant_of(scratch("clocks", CLOCKS), "decided_until")
    ended = journeys.filter(journeys["state"] == "ended", journeys["at"] < until)
    waits = journeys.filter(journeys["state"] == "waiting")
    same = [waits[name].fill_null(_none(name)) == ended[name].fill_null(_none(name)) for name in JOURNEY]
    waits = waits.anti_join(ended, [*same, waits["at"] < ended["at"]])
    waits = waits.select(contact=waits["contact"].fill_null(_NOBODY))
    nobody = scratch("clocks", CLOCKS).select(contact=ibis.literal(_NOBODY, type="int64"))
    return ibis.union(come, waits, nobody, distinct=True)


def _none(name: str) -> int | str:
    return _NOBODY if name == "contact" else ""


def _rows_of(near: Near, stored: str) -> ir.Table:
    """A table, or the personal part of one, as known at the turn, of those at work."""
    name = stored.removesuffix(VAULT)
    rows = near.facts(name) if stored == name else near.vault(name)
    rows = rows.filter(*near.known(rows, instant_of(scratch("clocks", CLOCKS), "known")))
    if name in _OWNED:
        owner, key = _OWNED[name]
        return rows.semi_join(near.facts(owner) if owner in near.laid_out else _rows_of(near, owner), key)
    at_work = scratch("at_work", _AT_WORK)
    return rows.semi_join(at_work, rows["contact"].fill_null(_NOBODY) == at_work["contact"])
