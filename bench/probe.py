"""Criteria beside hand-written SQL: "at least 2 valid orders in 90 days" on 1 M contacts and 3 M orders."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from statistics import median

from relance.audiences.criteria import days_needed, parse_criteria
from relance.audiences.everyone import audience
from relance.audiences.probes import load_moments, observe
from relance.audiences.scope import PROBES
from relance.customers.relations import View, scratch
from relance.customers.schema import create_star
from relance.customers.star import STAR
from relance.engines.duckdb import DuckEngine, open_warehouse

AT = datetime(2025, 12, 1, 14, tzinfo=UTC)
ZONE = "America/Toronto"
SHOP = (
    """INSERT INTO contacts BY NAME
    SELECT i AS contact, TIMESTAMP '2024-01-01' AS known_at FROM range(1000000) AS r(i)""",
    """INSERT INTO orders BY NAME
    SELECT 'o' || i AS order_id, (power(hash(i) % 1000003 / 1000003.0, 2) * 1000000)::BIGINT AS contact,
        TIMESTAMP '2024-01-01' + to_seconds((hash(i + 7) % 63000000)::BIGINT) AS placed_at,
        i % 20 > 0 AS valid, 'CAD' AS currency, placed_at + INTERVAL 6 HOUR AS known_at
    FROM range(3000000) AS r(i)""",
    """CREATE TEMP TABLE probes AS
    SELECT i AS probe, i * 11 AS contact, TIMESTAMP '2025-12-01 14:00:00' AS as_of, as_of AS known,
        NULL::TIMESTAMP AS fact_at, NULL::TIMESTAMP AS fact_day FROM range(88000) AS r(i)""",
)
HAND = """
    SELECT p.contact FROM {who} AS p JOIN orders AS o ON o.contact = p.contact
    WHERE o.valid AND o.placed_at <= TIMESTAMP '2025-12-01 14:00:00'
        AND o.placed_at > TIMESTAMP '2025-09-02 13:00:00' AND o.known_at <= TIMESTAMP '2025-12-01 14:00:00'
    GROUP BY p.contact HAVING count(*) >= 2
"""


def measure() -> dict[str, str]:
    """CPU seconds, medians of five; the ratio is ours / by hand."""
    engine = open_warehouse(None)
    create_star(engine, STAR.values())
    for statement in SHOP:
        engine.execute(statement)
    criteria = parse_criteria({"count": "orders", "where": "valid", "window": {"last": "90d"}, "at_least": 2})
    view = View(STAR)
    load_moments(engine, [AT], days_needed(criteria), ZONE)
    rows = observe(criteria, scratch("probes", PROBES), view).rows
    text = engine.compile(rows.filter(rows["verdict"]).select("probe"))
    probes = _cpu(lambda: engine.keep("ours", text)), _cpu(lambda: _by_hand(engine, "probes"))
    everyone = (
        _cpu(lambda: audience(engine, criteria, view, ZONE, AT, AT)),
        _cpu(lambda: _by_hand(engine, "contacts")),
    )
    return {**_said("88,000 probes", *probes), **_said("everyone, compiling included", *everyone)}


def _by_hand(engine: DuckEngine, who: str) -> None:
    engine.keep("by_hand", HAND.format(who=who))


def _cpu(work: Callable[[], object]) -> float:
    spent = []
    for _ in range(6):
        before = time.process_time()
        work()
        spent.append(time.process_time() - before)
    return median(spent[1:])


def _said(what: str, ours: float, by_hand: float) -> dict[str, str]:
    return {what: f"{ours:.3f} s CPU, by hand {by_hand:.3f} s, ratio {ours / by_hand:.2f}"}
