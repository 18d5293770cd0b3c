"""One question over a million contacts, asked as criteria and as SQL written by hand."""

from __future__ import annotations

import tempfile
from pathlib import Path
from time import process_time

from bench.base import TURN, make_base
from relance.audiences.criteria import parse_criteria
from relance.audiences.probes import PROBES, days_needed, load_moments, observe
from relance.customers.relations import View, scratch

_CRITERIA = {"count": "orders", "where": "valid", "window": {"last": "90d"}, "at_least": 2}
_BY_HAND = """SELECT contact FROM orders WHERE valid AND placed_at > TIMESTAMP '2025-12-10 14:00'
 AND placed_at <= TIMESTAMP '2026-03-10 13:00' AND known_at <= TIMESTAMP '2026-03-10 13:00'
 GROUP BY contact HAVING count(*) >= 2"""
_RUNS = 5


def measure() -> dict[str, str]:
    """CPU of both, the least of five runs each, and their ratio; they must find the same people."""
    with tempfile.TemporaryDirectory() as folder:
        place = make_base(Path(folder))
        engine = place.engine
        criteria = parse_criteria(_CRITERIA)
        load_moments(engine, [TURN], days_needed(criteria), place.zone)
        engine.keep("probes", _everyone())
        seen = observe(criteria, scratch("probes", PROBES), View(place.tables), zone=place.zone)
        ours = engine.compile(seen.rows.filter(seen.rows["verdict"]).select("probe"))
        found, by_hand = (_least(lambda text=text: engine.arrow(text).num_rows) for text in (ours, _BY_HAND))
        place.close()
    assert found[1] == by_hand[1], (found, by_hand)
    return {
        "people found": f"{found[1]:,}",
        "CPU as criteria": f"{found[0]:.2f} s",
        "CPU by hand": f"{by_hand[0]:.2f} s",
        "ratio": f"{found[0] / by_hand[0]:.2f} (goal 1.2)",
    }


def _everyone() -> str:
    return """SELECT contact AS probe, contact, TIMESTAMP '2026-03-10 13:00' AS as_of,
      TIMESTAMP '2026-03-10 13:00' AS known, NULL::TIMESTAMP AS fact_at, NULL::TIMESTAMP AS fact_day FROM contacts"""


def _least(run) -> tuple[float, int]:  # type: ignore[no-untyped-def]
    times, rows = [], 0
    for _ in range(_RUNS):
        before = process_time()
        rows = run()
        times.append(process_time() - before)
    return min(times), rows
