"""DuckDB behind the engine port: one file, owned by one process."""

from __future__ import annotations

import atexit
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from pathlib import Path
from typing import Any
from weakref import WeakSet

import duckdb
import ibis
import ibis.expr.types as ir
import pyarrow as pa

from relance.base.errors import Busy, RelanceError
from relance.engines.warehouse import Query

TYPES: Mapping[str, str] = {
    "text": "VARCHAR",
    "integer": "BIGINT",
    "decimal": "DECIMAL(18,3)",
    "number": "DOUBLE",
    "date": "DATE",
    "instant": "TIMESTAMP",
    "boolean": "BOOLEAN",
}
_ARROW: Mapping[str, pa.DataType] = {
    "text": pa.string(),
    "integer": pa.int64(),
    "decimal": pa.decimal128(18, 3),
    "number": pa.float64(),
    "date": pa.date32(),
    "instant": pa.timestamp("us"),
    "boolean": pa.bool_(),
}
_LARGE = 80_000_000  # bytes; with less, waking a second thread costs more than it brings
_MOST_PARSED = 600
_OPEN: WeakSet[DuckEngine] = WeakSet()


class DuckEngine:
    """A warehouse in one DuckDB file (or in memory, for tests)."""

    def __init__(self, path: Path | None, *, memory_limit: str = "8GB", threads: int = 2) -> None:
        self.path = path
        settings: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": memory_limit,
            "threads": threads,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
        try:
            self.connection = duckdb.connect(str(path) if path else ":memory:", config=settings)
        except duckdb.IOException as error:
            raise _cannot_open(path, error) from None
        self.connection.execute("SET enable_progress_bar = false")
        self._depth = 0
        self._threads = self._most_threads = threads
        self._parsed: dict[str, duckdb.Statement] = {}
        self._aside = False
        _OPEN.add(self)
        self.suit()

    def suit(self, incoming: int = 0) -> None:
        """Takes as many threads as pay: all where the file is large, or the bytes that come in are many, else one."""
        size = (self.path.stat().st_size if self.path else 0) + incoming * 10  # each is read, typed, joined, written
        wanted = self._most_threads if size >= _LARGE else 1
        if wanted != self._threads:
            self._threads = wanted
            self.connection.execute(f"SET threads = {wanted}")

    def reader(self) -> DuckEngine:
        beside = copy(self)
        beside.connection, beside._depth, beside._parsed = self.connection.cursor(), 0, {}
        return beside

    def aside(self) -> DuckEngine:
        beside = self.reader()
        beside._aside = True
        return beside

    def compile(self, expression: ir.Table) -> str:
        return str(ibis.to_sql(expression, dialect="duckdb"))

    def arrow(self, query: Query) -> pa.Table:
        return self.connection.sql(self._text(query)).to_arrow_table()

    def rows(self, query: Query) -> list[dict[str, Any]]:
        result = self._run(query)
        names = [column[0] for column in result.description]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]

    def value(self, query: Query) -> Any:
        rows = self._run(query).fetchall()
        return rows[0][0] if rows else None

    def tables(self) -> set[str]:
        found = self.execute("SELECT table_name FROM duckdb_tables() WHERE NOT temporary").fetchall()
        return {name for (name,) in found}

    def create(self, tables: Mapping[str, Mapping[str, str]]) -> None:
        there: dict[str, set[str]] = {}
        asked = "SELECT table_name, column_name FROM duckdb_columns() WHERE database_name = current_database()"
        for name, column in self.connection.execute(asked + " AND NOT internal").fetchall():
            there.setdefault(name, set()).add(column)
        with self.transaction():
            for name, columns in tables.items():
                for text in _missing(name, columns, there.get(name)):
                    self.connection.execute(text)

    def keep(self, name: str, query: Query) -> int:
        made = self.execute(f'CREATE OR REPLACE TEMP TABLE "{name}" AS {self._text(query)}')
        return _number_of(made)

    def load(self, name: str, columns: Mapping[str, str], rows: Iterable[Mapping[str, Any]]) -> None:
        kept = [{column: row.get(column) for column in columns} for row in rows]
        if len(kept) <= 1:
            self._load_one(name, columns, kept)
            return
        fields = pa.schema([pa.field(column, _ARROW[kind]) for column, kind in columns.items()])
        _loading = pa.Table.from_pylist(kept, schema=fields)  # found by its name: registering it costs as much again
        self.connection.execute(f'CREATE OR REPLACE TEMP TABLE "{name}" AS SELECT * FROM _loading')

    def _load_one(self, name: str, columns: Mapping[str, str], rows: list[dict[str, Any]]) -> None:
        """One row or none, as most of what is loaded is: by values, at half the cost."""
        listed = ", ".join(f'CAST(? AS {TYPES[kind]}) AS "{column}"' for column, kind in columns.items())
        text = f'CREATE OR REPLACE TEMP TABLE "{name}" AS SELECT {listed}' + ("" if rows else " LIMIT 0")
        self.execute(text, list(rows[0].values()) if rows else [None] * len(columns))

    def insert(self, name: str, query: Query) -> int:
        self._set_aside(name)
        result = self.execute(f'INSERT INTO "{name}" BY NAME {self._text(query)}')
        return _number_of(result)

    def delete(self, name: str, keys: Query, on: Iterable[str]) -> int:
        self._set_aside(name)
        same = " AND ".join(f't."{column}" IS NOT DISTINCT FROM k."{column}"' for column in on)
        result = self.execute(f'DELETE FROM "{name}" AS t USING ({self._text(keys)}) AS k WHERE {same}')
        return _number_of(result)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Nested uses join the outer transaction."""
        self._depth += 1
        try:
            if self._depth == 1:
                self.connection.begin()
            yield
            if self._depth == 1:
                self.connection.commit()
        except BaseException:
            if self._depth == 1:
                self._roll_back()
            raise
        finally:
            self._depth -= 1

    @contextmanager
    def rolled_back(self) -> Iterator[None]:
        """Whatever is written inside is undone at the end."""
        self._depth += 1
        self.connection.begin()
        try:
            yield
        finally:
            self._depth -= 1
            self._roll_back()

    def contents_hash(self) -> dict[str, str]:
        return {name: self._hash(name) for name in sorted(self.tables())}

    def close(self) -> None:
        self._parsed.clear()
        self.connection.close()

    def execute(self, text: str, values: list[Any] | None = None) -> Any:
        """The engine's own language, for this room only."""
        statement = self._statement(text)
        return self.connection.execute(statement, values) if values else self.connection.execute(statement)

    def _set_aside(self, name: str) -> None:
        """A scratch table hides a kept one of its name, so whatever is written from now on stays beside it."""
        if self._aside:
            self.execute(f'CREATE TEMP TABLE IF NOT EXISTS "{name}" AS FROM "{name}"')

    def _statement(self, text: str) -> duckdb.Statement:
        """The text as it was parsed the first time: on a small shop parsing costs as much as running."""
        if text not in self._parsed:
            if len(self._parsed) >= _MOST_PARSED:
                self._parsed.clear()
            [self._parsed[text]] = self.connection.extract_statements(text)
        return self._parsed[text]

    def _run(self, query: Query) -> Any:
        return self.execute(self._text(query))

    def _text(self, query: Query) -> str:
        return query if isinstance(query, str) else self.compile(query)

    def _hash(self, name: str) -> str:
        rows = f'SELECT hash(t) AS h FROM "{name}" AS t'
        return str(self.value(f"SELECT md5(coalesce(string_agg(h::VARCHAR, ',' ORDER BY h), '')) FROM ({rows})"))

    def _roll_back(self) -> None:
        try:
            self.connection.rollback()
        except duckdb.TransactionException:
            return  # the engine has already given up the transaction itself


@atexit.register
def _forget() -> None:
    """The driver complains, at the end of the process, of statements that outlive it."""
    for engine in list(_OPEN):
        engine._parsed.clear()


def open_warehouse(path: Path | None, **settings: Any) -> DuckEngine:
    """The engine over a file; Busy where another process owns it."""
    return DuckEngine(path, **settings)


def _missing(name: str, columns: Mapping[str, str], there: set[str] | None) -> Iterator[str]:
    """What makes the table, or gives it the columns that it lacks."""
    if there is None:
        listed = ", ".join(f'"{column}" {TYPES[kind]}' for column, kind in columns.items())
        yield f'CREATE TABLE "{name}" ({listed})'
    else:
        new = ((column, kind) for column, kind in columns.items() if column not in there)
        yield from (f'ALTER TABLE "{name}" ADD COLUMN "{column}" {TYPES[kind]}' for column, kind in new)


def _number_of(result: Any) -> int:
    """How many rows a statement wrote. Fetched to the end: the connection is free only then."""
    return int(result.fetchall()[0][0])


def _cannot_open(path: Path | None, error: Exception) -> RelanceError:
    if "lock" in str(error).lower():
        return Busy(f"{path} is in use by another Relance process; stop it, or wait until it has finished")
    return RelanceError(f"{path} cannot be opened as a warehouse: {str(error).splitlines()[0]}")
