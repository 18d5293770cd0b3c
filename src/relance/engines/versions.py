"""Rows that a file brought go in; current rows, superseded versions and what became of each row come out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from relance.engines.duckdb import DuckEngine


@dataclass(frozen=True)
class Stamp:
    """Who brings the rows: import, feed, what the file speaks of, and when that is known (naive UTC)."""

    source: int
    feed: str
    period: datetime
    known_at: datetime


@dataclass(frozen=True)
class Stored:
    """A stored table with its superseded rows in `<name>_past`: key and other columns, without bookkeeping."""

    name: str
    key: tuple[str, ...]

    @property
    def past(self) -> str:
        return self.name + "_past"

    @property
    def state(self) -> str:
        """The scratch table (key, records, known_at, state) that `merge` leaves; `row` is the engine's own number."""
        return "state_" + self.name


def merge(
    engine: DuckEngine,
    stored: Stored,
    source: str,
    mapped: Sequence[str],
    stamp: Stamp,
    defaults: Mapping[str, str] | None = None,
) -> dict[str, int]:
    """Makes the rows of a scratch table current; only `mapped` columns change, what was there is kept as past.

    source: scratch table of key and mapped columns, `known_at` and `records` (source records of that row), one
    row per key. Answers rows by state: inserted, updated, unchanged, stale (a newer file of the feed owns it).
    """
    _judge(engine, stored, source, mapped, stamp)
    counts = _counts(engine, stored)
    if counts.get("late"):
        _judge_late(engine, stored, source, mapped, stamp)
        counts = _counts(engine, stored)
    if counts.get("inserted") and _count(engine, "deletions", f"table_name = {_text(stored.name)}"):
        _leave_deleted(engine, stored, stamp)
        counts = _counts(engine, stored)
    if counts.get("updated"):
        _supersede(engine, stored, source, mapped, stamp)
    if counts.get("inserted"):
        _insert(engine, stored, source, mapped, stamp, defaults or {}, counts)
    if counts.pop("older", 0):
        _renew(engine, stored, stamp)
    return counts


def delete(engine: DuckEngine, stored: Stored, keys: str, stamp: Stamp, remember: bool = False) -> int:
    """Supersedes the current rows whose keys are in a scratch table; a row of a newer file stays.

    remember: an older file that arrives later may not bring the row back.
    """
    same = _same("t", "k", stored.key)
    which = f'FROM "{stored.name}" AS t JOIN "{keys}" AS k ON {same} WHERE t.period <= {_at(stamp.period)}'
    gone = int(engine.value(f"SELECT count(*) {which}"))
    if gone:
        known = f"greatest({_at(stamp.known_at)}, t.known_at)"
        engine.execute(f'INSERT INTO "{stored.past}" BY NAME SELECT t.*, {known} AS superseded_at {which}')
        engine.execute(
            f'DELETE FROM "{stored.name}" AS t USING "{keys}" AS k WHERE {same} AND t.period <= {_at(stamp.period)}'
        )
    if remember:
        engine.execute(
            f"INSERT INTO deletions BY NAME SELECT {_text(stored.name)} AS table_name, {_key_text('k', stored.key)} "
            f'AS key, {_at(stamp.period)} AS period, {_at(stamp.known_at)} AS known_at FROM "{keys}" AS k '
            f"WHERE NOT EXISTS (SELECT 1 FROM deletions AS d WHERE d.table_name = {_text(stored.name)} "
            f"AND d.key = {_key_text('k', stored.key)} AND d.period >= {_at(stamp.period)})"
        )
    return gone


def absent(engine: DuckEngine, stored: Stored, source: str, stamp: Stamp, into: str) -> int:
    """Keeps the keys of current rows that this feed once brought and that are not in `source`."""
    keys = _listed("t", stored.key)
    mine = _mine(stamp)
    once = f'EXISTS (SELECT 1 FROM "{stored.past}" AS p WHERE {_same("p", "t", stored.key)} AND p.source IN {mine})'
    there = f'EXISTS (SELECT 1 FROM "{source}" AS c WHERE {_same("c", "t", stored.key)})'
    return engine.keep(
        into,
        f'SELECT {keys} FROM "{stored.name}" AS t WHERE (t.source IN {mine} OR {once}) AND NOT {there}',
    )


def absent_lines(
    engine: DuckEngine, stored: Stored, owner: str, source: str, stamp: Stamp, into: str
) -> tuple[int, int]:
    """The newest file that holds an owner owns all its lines.

    Keeps in `into` the keys of current lines of the owners in `source` that are no longer among its lines, and in
    `into_stale` the owners of which a newer file is known. Answers both numbers.
    """
    owners = f'SELECT DISTINCT "{owner}" FROM "{source}"'
    held = engine.keep(
        into + "_all",
        f'SELECT {_listed("t", (*stored.key, owner))}, t.period FROM "{stored.name}" AS t '
        f'SEMI JOIN ({owners}) AS c ON t."{owner}" = c."{owner}"',
    )
    if not held:
        return 0, 0
    stale = engine.keep(
        into + "_stale",
        f'SELECT "{owner}" FROM "{into}_all" GROUP BY 1 HAVING max(period) > {_at(stamp.period)}',
    )
    same = _same("c", "t", stored.key)
    gone = engine.keep(
        into,
        f'SELECT {_listed("t", stored.key)} FROM "{into}_all" AS t '
        f'WHERE NOT EXISTS (SELECT 1 FROM "{source}" AS c WHERE {same}) '
        f'AND t."{owner}" NOT IN (SELECT "{owner}" FROM "{into}_stale")',
    )
    return gone, stale


def _judge(engine: DuckEngine, stored: Stored, source: str, mapped: Sequence[str], stamp: Stamp) -> None:
    changed = _changed(mapped)
    engine.execute(
        f'CREATE OR REPLACE TEMP TABLE "{stored.state}" AS SELECT {_listed("c", stored.key)}, c.records, '
        f"CASE WHEN t.known_at IS NULL THEN c.known_at ELSE greatest(c.known_at, t.known_at) END AS known_at, "
        f"CASE WHEN t.known_at IS NULL THEN 'inserted' WHEN t.period > {_at(stamp.period)} THEN 'late' "
        f"WHEN {changed} THEN 'updated' ELSE 'unchanged' END AS state, "
        f"coalesce(t.period < {_at(stamp.period)}, false) AS older, t.rowid AS row "
        f'FROM "{source}" AS c LEFT JOIN "{stored.name}" AS t ON {_same("c", "t", stored.key)}'
    )


def _judge_late(engine: DuckEngine, stored: Stored, source: str, mapped: Sequence[str], stamp: Stamp) -> None:
    """A row of which this feed itself said something newer is stale; other feeds do not own its columns."""
    newer = f"source IN {_mine(stamp)} AND period > {_at(stamp.period)}"
    keys = ", ".join(f'"{column}"' for column in stored.key)
    engine.execute(
        f'CREATE OR REPLACE TEMP TABLE owned_newer AS SELECT {keys} FROM "{stored.name}" WHERE {newer} '
        f'UNION SELECT {keys} FROM "{stored.past}" WHERE {newer}'
    )
    engine.execute(
        f"UPDATE \"{stored.state}\" AS s SET state = 'stale' FROM owned_newer AS o "
        f"WHERE s.state = 'late' AND {_same('s', 'o', stored.key)}"
    )
    engine.execute(
        f"UPDATE \"{stored.state}\" AS s SET state = CASE WHEN {_changed(mapped)} THEN 'updated' ELSE 'unchanged' END "
        f'FROM "{source}" AS c JOIN "{stored.name}" AS t ON {_same("c", "t", stored.key)} '
        f"WHERE s.state = 'late' AND {_same('s', 'c', stored.key)}"
    )


def _leave_deleted(engine: DuckEngine, stored: Stored, stamp: Stamp) -> None:
    engine.execute(
        f"UPDATE \"{stored.state}\" AS s SET state = 'stale' FROM deletions AS d WHERE s.state = 'inserted' "
        f"AND d.table_name = {_text(stored.name)} AND d.key = {_key_text('s', stored.key)} "
        f"AND d.period > {_at(stamp.period)}"
    )


def _supersede(engine: DuckEngine, stored: Stored, source: str, mapped: Sequence[str], stamp: Stamp) -> None:
    """What the rows were is kept as past; the rest works on these few."""
    updated = f"FROM \"{stored.state}\" WHERE state = 'updated'"
    engine.execute(
        f'CREATE OR REPLACE TEMP TABLE before AS SELECT t.*, s.known_at AS superseded_at FROM "{stored.name}" AS t '
        f"JOIN (SELECT row, known_at {updated}) AS s ON t.rowid = s.row"
    )
    engine.execute(f'INSERT INTO "{stored.past}" BY NAME SELECT * FROM before')
    engine.execute(f'DELETE FROM "{stored.name}" WHERE rowid IN (SELECT row {updated})')
    put = "".join(f'c."{column}" AS "{column}", ' for column in mapped)
    engine.execute(
        f'INSERT INTO "{stored.name}" BY NAME SELECT t.* EXCLUDE (superseded_at) REPLACE ({put}'
        f"t.superseded_at AS known_at, greatest(t.period, {_at(stamp.period)}) AS period, {stamp.source} AS source) "
        f'FROM before AS t JOIN "{source}" AS c ON {_same("c", "t", stored.key)}'
    )


def _insert(
    engine: DuckEngine,
    stored: Stored,
    source: str,
    mapped: Sequence[str],
    stamp: Stamp,
    defaults: Mapping[str, str],
    counts: Mapping[str, int],
) -> None:
    columns = [*stored.key, *(column for column in mapped if column not in stored.key)]
    listed = _listed("c", columns)
    fixed = "".join(f', {_text(value)} AS "{column}"' for column, value in defaults.items() if column not in columns)
    new = ""
    if set(counts) != {"inserted"}:
        new = f"JOIN \"{stored.state}\" AS s ON {_same('c', 's', stored.key)} AND s.state = 'inserted'"
    engine.execute(
        f'INSERT INTO "{stored.name}" BY NAME SELECT {listed}{fixed}, c.known_at, {_at(stamp.period)} AS period, '
        f'{stamp.source} AS source FROM "{source}" AS c {new}'
    )


def _renew(engine: DuckEngine, stored: Stored, stamp: Stamp) -> None:
    """A newer file that says the same owns the row from then on, so that an older one may not change it."""
    renewed = f"s.state = 'unchanged' AND s.older AND t.period < {_at(stamp.period)} AND t.source IN {_mine(stamp)}"
    put = f'SET period = {_at(stamp.period)} FROM "{stored.state}" AS s WHERE {renewed}'
    for name, same in ((stored.name, "t.rowid = s.row"), (stored.past, _same("t", "s", stored.key))):
        engine.execute(f'UPDATE "{name}" AS t {put} AND {same}')


def _counts(engine: DuckEngine, stored: Stored) -> dict[str, int]:
    """Rows by state; and `older`, the unchanged ones that an older file owned."""
    older = "count(*) FILTER (older AND state = 'unchanged') AS older"
    rows = engine.rows(f'SELECT state, count(*) AS n, {older} FROM "{stored.state}" GROUP BY state')
    counts = {row["state"]: int(row["n"]) for row in rows}
    renewable = sum(int(row["older"]) for row in rows)
    return counts | {"older": renewable} if renewable else counts


def _count(engine: DuckEngine, name: str, where: str) -> int:
    return int(engine.value(f'SELECT count(*) FROM "{name}" WHERE {where}'))


def _mine(stamp: Stamp) -> str:
    return f"(SELECT import_id FROM imports WHERE feed = {_text(stamp.feed)} UNION SELECT {stamp.source})"


def _changed(mapped: Sequence[str]) -> str:
    return " OR ".join(f'c."{column}" IS DISTINCT FROM t."{column}"' for column in mapped) or "false"


def _same(left: str, right: str, key: Sequence[str]) -> str:
    """The first column of a key is never empty; said so, the engine need not read what cannot match."""
    equal = ["=", *["IS NOT DISTINCT FROM"] * (len(key) - 1)]
    return " AND ".join(f'{left}."{name}" {how} {right}."{name}"' for name, how in zip(key, equal, strict=True))


def _key_text(alias: str, key: Sequence[str]) -> str:
    return "concat_ws(chr(31), " + ", ".join(f'{alias}."{column}"::VARCHAR' for column in key) + ")"


def _listed(alias: str, columns: Sequence[str]) -> str:
    return ", ".join(f'{alias}."{column}"' for column in columns)


def _at(moment: datetime) -> str:
    return f"TIMESTAMP '{moment.isoformat(sep=' ')}'"


def _text(value: Any) -> str:
    return "'" + str(value).replace("'", "''") + "'"
