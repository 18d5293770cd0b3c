"""Scratch tables of candidate rows go in; what must not become a row of the star is taken out and told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from relance.engines.duckdb import DuckEngine
from relance.engines.versions import Stored


def look(engine: DuckEngine, name: str, query: str) -> None:
    """A scratch view of a query that is read once."""
    engine.execute(f'CREATE OR REPLACE TEMP VIEW "{name}" AS {query}')


def drop_duplicates(engine: DuckEngine, name: str, key: Sequence[str]) -> list[int]:
    """Keeps the last row of each key; answers the records of the others."""
    keys = ", ".join(f'"{column}"' for column in key)
    distinct = f'SELECT count(*) FROM (SELECT DISTINCT {keys} FROM "{name}")'
    if int(engine.value(f'SELECT count(*) FROM "{name}"')) == int(engine.value(distinct)):
        return []
    last = f"row_number() OVER (PARTITION BY {keys} ORDER BY record DESC) > 1"
    engine.keep("duplicates", f'SELECT record FROM (SELECT record, {last} AS more FROM "{name}") WHERE more')
    engine.delete(name, 'SELECT record FROM "duplicates"', ["record"])
    return [row["record"] for row in engine.rows('SELECT record FROM "duplicates" ORDER BY record')]


def take_out(engine: DuckEngine, name: str, where: str, reason: str) -> list[tuple[int, str]]:
    """Removes the rows for which a boolean column or condition holds; answers (record, reason) of each.

    where, reason: SQL of ours over the scratch table's own columns.
    """
    if not int(engine.value(f'SELECT count(*) FROM "{name}" WHERE {where}')):
        return []
    rows = engine.rows(f'SELECT record, {reason} AS reason FROM "{name}" WHERE {where} ORDER BY record')
    engine.execute(f'DELETE FROM "{name}" WHERE {where}')
    return [(row["record"], row["reason"]) for row in rows]


def mark_erased(engine: DuckEngine, typed: str, columns: Sequence[str], code: int) -> None:
    """Records of erased people (by `ids`) are refused before anything is made of them."""
    for column in columns:
        engine.execute(f'UPDATE "{typed}" AS t SET err = {code} FROM ids AS i WHERE i.erased AND t."{column}" = i.own')


def own_ids(engine: DuckEngine, columns: Sequence[tuple[str, str]], into: str) -> int:
    """Keeps the distinct own ids found in (table, column) pairs as `own`."""
    parts = " UNION ".join(f'SELECT "{column}" AS own FROM "{name}"' for name, column in columns)
    rows = parts or "SELECT NULL::VARCHAR AS own"
    return engine.keep(into, f"SELECT own FROM ({rows}) WHERE own IS NOT NULL")


def split_gone(engine: DuckEngine, name: str, key: Sequence[str], into: str) -> int:
    """Moves the keys of rows marked `gone` into a scratch table (with `records`) and out of the candidates."""
    keys = ", ".join(f'"{column}"' for column in key)
    moved = engine.keep(into, f'SELECT {keys}, records FROM "{name}" WHERE gone')
    if moved:
        engine.execute(f'DELETE FROM "{name}" WHERE gone')
    return moved


def records_by_state(engine: DuckEngine, stored: Stored, vault: Stored | None) -> dict[str, int]:
    """Source records by what became of their row; a row of which only a personal value changed is updated."""
    state = "s.state"
    join = ""
    if vault is not None:
        same = " AND ".join(f's."{c}" IS NOT DISTINCT FROM v."{c}"' for c in stored.key)
        join = f'LEFT JOIN "{vault.state}" AS v ON {same}'
        changed = "s.state <> 'inserted' AND v.state IN ('updated', 'inserted')"
        state = f"CASE WHEN {changed} THEN 'updated' ELSE s.state END"
    rows = engine.rows(
        f'SELECT {state} AS state, sum(s.records)::BIGINT AS n FROM "{stored.state}" AS s {join} GROUP BY 1'
    )
    return {row["state"]: int(row["n"]) for row in rows}


def touched_contacts(engine: DuckEngine, stored: Stored, gone: str | None, into: str) -> int:
    """Contacts of rows that were inserted, updated or deleted, and those to whom they belonged before."""
    same = " AND ".join(f's."{c}" = t."{c}"' for c in stored.key)
    changed = f"\"{stored.state}\" AS s ON {same} AND s.state IN ('inserted', 'updated')"
    parts = [
        f'SELECT t.contact FROM "{stored.name}" AS t JOIN {changed}',
        f'SELECT t.contact FROM "{stored.past}" AS t JOIN {changed}',
    ]
    if gone is not None:
        lost = " AND ".join(f'g."{c}" = t."{c}"' for c in stored.key)
        parts.append(f'SELECT t.contact FROM "{stored.past}" AS t JOIN "{gone}" AS g ON {lost}')
    return engine.keep(into, f"SELECT contact FROM ({' UNION '.join(parts)}) WHERE contact IS NOT NULL")


def refunded(engine: DuckEngine, refunds: str, orders: str, lines: str) -> None:
    """Keeps the orders, and their lines, that the refunds in a scratch table give back whole."""
    whole = f'(SELECT order_id, max(known_at) AS known_at FROM "{refunds}" WHERE whole GROUP BY 1)'
    engine.keep(
        orders,
        "SELECT o.order_id, 'cancelled' AS status, false AS valid, r.known_at, 0::BIGINT AS records "
        f"FROM orders AS o JOIN {whole} AS r USING (order_id)",
    )
    engine.keep(
        lines,
        "SELECT l.line, false AS valid, r.known_at, 0::BIGINT AS records "
        f"FROM order_lines AS l JOIN {whole} AS r USING (order_id) WHERE l.valid",
    )


def unmatched(engine: DuckEngine, refunds: str) -> int:
    """Refunds that name no order that is known."""
    return int(engine.value(f'SELECT count(*) FROM "{refunds}" AS r ANTI JOIN orders AS o ON r.order_id = o.order_id'))


def follow_owner(engine: DuckEngine, lines: str, line_key: str, owner: Stored, given: dict[str, str], into: str) -> int:
    """Keeps the lines that must take contact or instant from an owner that was just inserted or changed."""
    key = owner.key[0]
    put = ", ".join(f'o."{source}" AS "{column}"' for column, source in given.items())
    differs = " OR ".join(f'o."{source}" IS DISTINCT FROM l."{column}"' for column, source in given.items())
    return engine.keep(
        into,
        f'SELECT l."{line_key}", {put}, s.known_at, 0::BIGINT AS records FROM "{lines}" AS l '
        f'JOIN "{owner.state}" AS s ON l."{key}" = s."{key}" AND s.state IN (\'inserted\', \'updated\') '
        f'JOIN "{owner.name}" AS o ON o."{key}" = s."{key}" WHERE {differs}',
    )


def owned_keys(engine: DuckEngine, lines: Stored, owner_key: str, gone: str, into: str) -> int:
    """Keeps the keys of the lines whose owners are in a scratch table."""
    keys = ", ".join(f'l."{column}"' for column in lines.key)
    return engine.keep(
        into,
        f'SELECT {keys} FROM "{lines.name}" AS l SEMI JOIN "{gone}" AS g ON l."{owner_key}" = g."{owner_key}"',
    )


def without_stale(engine: DuckEngine, name: str, owner: str, stale: str) -> int:
    """Takes out the lines of owners of which a newer file is known; answers their number of records."""
    where = f'"{owner}" IN (SELECT "{owner}" FROM "{stale}")'
    records = int(engine.value(f'SELECT coalesce(sum(records), 0)::BIGINT FROM "{name}" WHERE {where}'))
    engine.execute(f'DELETE FROM "{name}" WHERE {where}')
    return records


_NEWLY_VALID = (
    "orders AS o JOIN state_orders AS s USING (order_id) JOIN waiting AS w ON w.contact = o.contact "
    "LEFT JOIN orders_past AS p ON p.order_id = o.order_id AND p.superseded_at = s.known_at "
    "WHERE o.valid AND o.placed_at IS NOT NULL AND (s.state = 'inserted' "
    "OR (s.state = 'updated' AND (NOT p.valid OR p.contact IS DISTINCT FROM o.contact)))"
)


def new_orders(engine: DuckEngine) -> list[dict[str, Any]]:
    """(contact, at) of the latest order that this file made valid. Needs `state_orders` and `waiting`."""
    return engine.rows(f"SELECT o.contact, max(o.placed_at) AS at FROM {_NEWLY_VALID} GROUP BY 1 ORDER BY 1")


def new_purchases(engine: DuckEngine) -> list[dict[str, Any]]:
    """(contact, product, at) of the valid lines that this file brought. Needs `state_order_lines` and `waiting`."""
    return engine.rows(
        "SELECT l.contact, l.product, max(l.placed_at) AS at FROM order_lines AS l "
        "JOIN state_order_lines AS s USING (line) JOIN waiting AS w ON w.contact = l.contact "
        "WHERE l.valid AND s.state IN ('inserted', 'updated') AND l.product IS NOT NULL AND l.placed_at IS NOT NULL "
        "GROUP BY 1, 2 ORDER BY 1, 2"
    )


def new_refusals(engine: DuckEngine) -> list[dict[str, Any]]:
    """Refusals that this file brought. Needs `state_consent_acts` and `waiting`."""
    return engine.rows(
        "SELECT a.contact, a.channel, a.purpose, a.sender, a.happened_at FROM consent_acts AS a "
        "JOIN state_consent_acts AS s USING (act_id) JOIN waiting AS w ON w.contact = a.contact "
        "WHERE s.state IN ('inserted', 'updated') AND a.act <> 'granted' ORDER BY a.contact, a.act_id"
    )


def new_stock(engine: DuckEngine) -> list[dict[str, Any]]:
    """The latest count of each product that this file counted. Needs `state_product_stock`."""
    return engine.rows(
        "SELECT product, store, arg_max(quantity, counted_at) AS quantity, max(counted_at) AS at FROM product_stock "
        "WHERE product IN (SELECT product FROM state_product_stock WHERE state IN ('inserted', 'updated')) "
        "GROUP BY product, store HAVING max(counted_at) IS NOT NULL ORDER BY product, store"
    )


def new_rises(engine: DuckEngine) -> list[dict[str, Any]]:
    """The prices this file brought that are above the one before. Needs `state_product_prices`."""
    before = "lag(amount) OVER (PARTITION BY product, currency ORDER BY valid_from)"
    touched = "SELECT * FROM state_product_prices WHERE state IN ('inserted', 'updated')"
    return engine.rows(
        f"SELECT product, currency, amount, valid_from AS at FROM (SELECT *, {before} AS earlier FROM product_prices "
        f"WHERE product IN (SELECT product FROM ({touched}))) AS p SEMI JOIN ({touched}) AS s "
        "ON p.product = s.product AND p.valid_from = s.valid_from AND p.currency IS NOT DISTINCT FROM s.currency "
        "WHERE amount > earlier ORDER BY 1, 2, 4"
    )
