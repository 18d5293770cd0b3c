"""A small shop in memory, filled row by row: what the stories of this folder are told about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from relance.audiences.criteria import parse_criteria
from relance.audiences.probes import PROBES, Observed, days_needed, load_moments, observe
from relance.base.clock import naive_utc
from relance.customers.relations import View, scratch
from relance.customers.schema import PAST, VAULT, create_star
from relance.customers.star import STAR
from relance.customers.tables import BOOKKEEPING, SUPERSEDED, Column, Table
from relance.engines.duckdb import DuckEngine, open_warehouse

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
ZONE = "America/Toronto"


def at(text: str) -> datetime:
    """`2026-03-10` or `2026-03-10 09:30`, in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


class Shop:
    """A warehouse, its tables, and a way to put rows straight into the star."""

    def __init__(self, tables: Mapping[str, Table] = STAR) -> None:
        self.tables = dict(tables)
        self.engine: DuckEngine = open_warehouse(None)
        create_star(self.engine, self.tables.values())

    def view(self, **how: bool) -> View:
        return View(self.tables, **how)

    def put(self, table: str, *rows: Mapping[str, Any]) -> None:
        """Rows known long ago unless said; one with `superseded_at` is a past version."""
        declared = self.tables[table]
        for past in ("", PAST):
            kept = [row for row in rows if ("superseded_at" in row) == bool(past)]
            more = (*BOOKKEEPING, SUPERSEDED) if past else BOOKKEEPING
            self._insert(table + past, (*declared.open_columns, *more), kept)
            if declared.vault_columns:
                self._insert(table + VAULT + past, (*declared.vault_columns, *more), kept)

    def ask(self, question: Any, *probes: Mapping[str, Any], zone: str = ZONE, **how: Any) -> dict[int, dict[str, Any]]:
        """What each probe sees, by its number (1, 2, … where none is given)."""
        observed = self.observed(question, probes, zone=zone, **how)
        return {row["probe"]: row for row in self.engine.rows(observed.rows)}

    def observed(
        self,
        question: Any,
        probes: Iterable[Mapping[str, Any]],
        *,
        zone: str = ZONE,
        view: View | None = None,
    ) -> Observed:
        rows = [_probe(number, probe) for number, probe in enumerate(probes, start=1)]
        criteria = parse_criteria(question)
        self.engine.load("probes", PROBES, rows)
        load_moments(self.engine, [row["as_of"] for row in rows], days_needed(criteria), zone)
        return observe(criteria, scratch("probes", PROBES), view or self.view(), zone=zone)

    def _insert(self, name: str, columns: Iterable[Column], rows: list[Mapping[str, Any]]) -> None:
        if not rows:
            return
        kinds = {column.name: column.type for column in columns}
        usual = {"known_at": LONG_AGO, "period": LONG_AGO, "source": 1}
        whole = [{column: _stored({**usual, **row}.get(column)) for column in kinds} for row in rows]
        self.engine.load("rows_put", kinds, whole)
        self.engine.insert(name, scratch("rows_put", kinds))


def _stored(value: Any) -> Any:
    return naive_utc(value) if isinstance(value, datetime) else value


def _probe(number: int, probe: Mapping[str, Any]) -> dict[str, Any]:
    whole = {"probe": number, "known": probe["as_of"], **probe}
    return {column: _stored(whole.get(column)) for column in PROBES}
