"""The engine port: tables and set-based queries, said in Ibis, without naming the driver."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeAlias

import ibis.expr.types as ir
import pyarrow as pa

Query: TypeAlias = ir.Table | str  # an expression, or its compiled text where the caller keeps it

# Logical column types (customers.tables.ColumnType) as Ibis names them.
IBIS_TYPES: Mapping[str, str] = {
    "text": "string",
    "integer": "int64",
    "decimal": "decimal(18, 3)",
    "number": "float64",
    "date": "date",
    "instant": "timestamp(6)",
    "boolean": "boolean",
}


class Engine(Protocol):
    """Where the star lives. Every method works on sets; names are table names of ours, never from outside."""

    def reader(self) -> Engine:
        """The same warehouse for one more thread: it sees what is committed, and its scratch tables are its own.

        Closing it leaves the warehouse open.
        """
        ...

    def aside(self) -> Engine:
        """A reader that may write: a kept table is copied before its first change, and the copy goes with it."""
        ...

    def compile(self, expression: ir.Table) -> str:
        """The engine's own text of an expression, to be kept and run again."""
        ...

    def arrow(self, query: Query) -> pa.Table:
        """The rows of a query."""
        ...

    def rows(self, query: Query) -> list[dict[str, Any]]:
        """The rows of a small query as dicts; instants come back as naive UTC datetimes."""
        ...

    def value(self, query: Query) -> Any:
        """The single value of a query of one row and one column, or None."""
        ...

    def tables(self) -> set[str]:
        """Names of the tables that are kept."""
        ...

    def create(self, tables: Mapping[str, Mapping[str, str]]) -> None:
        """Kept tables by name, of logical column types: all or none. What exists gets the columns it lacks."""
        ...

    def keep(self, name: str, query: Query) -> int:
        """A scratch table made of a query, replaced where it exists; answers its number of rows."""
        ...

    def load(self, name: str, columns: Mapping[str, str], rows: Iterable[Mapping[str, Any]]) -> None:
        """A scratch table made of Python rows (few: settings, calendars, one turn's instants)."""
        ...

    def insert(self, name: str, query: Query) -> int:
        """Appends the query's rows, matched by column name; answers how many."""
        ...

    def delete(self, name: str, keys: Query, on: Iterable[str]) -> int:
        """Deletes the rows whose `on` columns equal those of a row of `keys`; nulls are equal."""
        ...

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing, also over a crash."""
        ...

    def rolled_back(self) -> AbstractContextManager[None]:
        """A transaction of which nothing remains; scratch tables go with it."""
        ...

    def contents_hash(self) -> dict[str, str]:
        """An ordered hash of every kept table, to show that nothing was written."""
        ...

    def close(self) -> None: ...
