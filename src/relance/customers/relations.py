"""Tables of the star as expressions: what was known at an instant, with merged contacts as one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from relance.base.errors import BadDocument
from relance.base.ids import digest
from relance.customers.schema import HOUSE_TABLES, PAST, VAULT
from relance.customers.tables import BOOKKEEPING, SUPERSEDED, Column, Table
from relance.engines.warehouse import IBIS_TYPES


@dataclass(frozen=True)
class View:
    """How a query looks at the star.

    `history`: read superseded versions too, so that any past instant of knowledge can be asked; a live turn
    reads the current rows only. `merged`: there are alias edges, follow them. `currency`: the brand's, in which
    prices stand and people pay where nothing else is said.
    """

    tables: Mapping[str, Table]
    history: bool = False
    merged: bool = False
    currency: str = ""

    @property
    def mark(self) -> str:
        """What tells one kind of view from another."""
        return type(self).__name__

    def table(self, name: str) -> Table:
        """The declared table, or BadDocument naming those that exist."""
        found = self.tables.get(name)
        if found is None:
            raise BadDocument(f"there is no table “{name}”; there are {', '.join(sorted(self.tables))}")
        return found

    def facts(self, name: str) -> ir.Table:
        """Open columns of a table, with `known_at` and, looking at history, `superseded_at`."""
        table = self.table(name)
        return self._followed(table, self._stored(table.name, table.open_columns))

    def vault(self, name: str) -> ir.Table:
        """Key and personal columns of a table, with the same bookkeeping."""
        table = self.table(name)
        return self._followed(table, self._stored(table.name + VAULT, table.vault_columns))

    def part_of(self, name: str, column: str) -> ir.Table:
        """The part that holds a column, open or vault; BadDocument where there is none."""
        table = self.table(name)
        found = table.column(column)
        if found is None:
            known = ", ".join(sorted(each.name for each in table.columns))
            raise BadDocument(f"table “{name}” has no column “{column}”; it has {known}")
        return self.vault(name) if found.personal else self.facts(name)

    def known(self, fact: ir.Table, instant: ir.Value) -> list[ir.BooleanValue]:
        """Predicates: this version was the one known at the instant."""
        predicates = [fact["known_at"] <= instant]
        if self.history:
            predicates.append(fact["superseded_at"] > instant)
        return predicates

    def _stored(self, name: str, columns: tuple[Column, ...]) -> ir.Table:
        listed = (*columns, *BOOKKEEPING)
        current = relation(name, listed)
        if not self.history:
            return current
        forever = ibis.timestamp("9999-12-31 00:00:00").cast("timestamp(6)")
        return current.mutate(superseded_at=forever).union(relation(name + PAST, (*listed, SUPERSEDED)))

    def follow(self, rows: ir.Table) -> ir.Table:
        """The rows with their contact replaced by the one it was merged into, where there are merges."""
        if not self.merged or "contact" not in rows.columns:  # a vault may be keyed without it
            return rows
        alias = relation("aliases", self.tables["aliases"].open_columns)
        joined = rows.left_join(alias, rows["contact"] == alias["contact"], rname="alias_{name}")
        return joined.mutate(contact=ibis.coalesce(joined["into"], joined["contact"])).select(*rows.columns)

    def _followed(self, table: Table, rows: ir.Table) -> ir.Table:
        """Facts of a merged contact belong to the one it was merged into; profiles stay their own."""
        return rows if table.name in ("contacts", "identities", "aliases") else self.follow(rows)


def relation(name: str, columns: tuple[Column, ...]) -> ir.Table:
    """A stored table as an expression."""
    return ibis.table({column.name: IBIS_TYPES[column.type] for column in columns}, name=name)


def house_relation(name: str) -> ir.Table:
    """A table that the house writes itself (turns, decisions, journeys…), as an expression."""
    return ibis.table({column: IBIS_TYPES[kind] for column, kind in HOUSE_TABLES[name].items()}, name=name)


def scratch(name: str, columns: Mapping[str, str]) -> ir.Table:
    """A scratch table of logical column types, as an expression."""
    return ibis.table({column: IBIS_TYPES[kind] for column, kind in columns.items()}, name=name)


def view_mark(view: View) -> str:
    """What tells two ways of looking at the star apart."""
    return f"{view.mark}{view.history}{view.merged}{view.currency}{_tables_mark(view.tables)}"


_TABLE_MARKS: dict[int, tuple[Mapping[str, Table], str]] = {}  # by identity; the tables are kept so that it holds


def _tables_mark(tables: Mapping[str, Table]) -> str:
    if id(tables) not in _TABLE_MARKS:
        _TABLE_MARKS[id(tables)] = (tables, digest(repr(sorted(map(repr, tables.values())))))
    return _TABLE_MARKS[id(tables)][1]
