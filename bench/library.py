"""The whole library on a base that covers every table: planned for one day, and backtested over ninety."""

from __future__ import annotations

import json
import os
import tempfile
from datetime import date, timedelta
from pathlib import Path
from time import perf_counter, process_time

from bench.apart import apart
from bench.base import TURN, make_base
from bench.statements import timed_statements
from bench.tables import fill_tables
from relance.backtests.asked import asked_of
from relance.backtests.walk import backtest
from relance.base.home import Home
from relance.customers.installation import Installation, open_installation
from relance.flow import plan
from relance.messages.publishing import library, library_document, publish_scenario
from relance.scenarios.switching import switch_on

# RELANCE_BENCH_CONTACTS and RELANCE_BENCH_DAYS make it smaller, or larger; what ninety days cost is told from these.
CONTACTS = int(os.environ.get("RELANCE_BENCH_CONTACTS", "1000000"))
DAYS = int(os.environ.get("RELANCE_BENCH_DAYS", "7"))
PLAN_GOAL, BACKTEST_GOAL, ALL_DAYS = 10.0, 60.0, 90
_LAST = date(2026, 3, 9)
_ON = TURN - timedelta(days=9)


def measure() -> dict[str, str]:
    """Seconds and peak memory of base, plan and backtest, each in a process of its own; how far they are from their
    goals, and what took longest."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        figures: dict[str, str] = {}
        for what, does in (("base", _base), ("plan", _planned), ("backtest", _walked)):
            found, peak = apart(does, home)
            figures |= {f"{what}{name}": figure for name, figure in found.items()}
            figures[f"{what}, peak memory"] = f"{peak:,} MB"
        return figures


def walked(place: Installation, days: int) -> str:
    """What a backtest of everything that is on takes over so many days, and how many it decides."""
    begun = _clocks()
    found = backtest(place, asked_of(place, (), _LAST - timedelta(days=days - 1), _LAST))
    keys = sum(each["candidates"] for each in found["scenarios"])
    messages = sum(each["messages"] for each in found["scenarios"])
    return f"{_seconds(*_since(begun))}, {keys:,} candidates, {messages:,} messages, {found['measured']['peak_mb']} MB"


def _base(home: Path) -> dict[str, str]:
    begun = _clocks()
    place, rows = make_library(home, CONTACTS)
    place.close()
    said = f"{CONTACTS:,} contacts, {sum(rows.values()):,} rows in {len(rows)} tables"
    return {"": f"{said}: {_seconds(*_since(begun))}", ", scenarios": ", ".join(library())}


def _planned(home: Path) -> dict[str, str]:
    place, figures = open_installation(Home(home)), {}
    for name in (", first", ", again"):
        begun = _clocks()
        report = plan(place, TURN)
        wall, processor = _since(begun)
        figures[name] = f"{_seconds(wall, processor)}, {_beside(wall, PLAN_GOAL)}"
    figures[", candidates"] = ", ".join(f"{each.id} {each.candidates:,}" for each in report.scenarios)
    place.close()
    return figures


def _walked(home: Path) -> dict[str, str]:
    """So many days, and how long ninety would take: what is compiled and counted at the beginning is counted once."""
    place, clocks = open_installation(Home(home)), [_clocks()]
    first = _LAST - timedelta(days=DAYS - 1)
    with timed_statements() as statements:
        found = backtest(place, asked_of(place, (), first, _LAST), lambda *_: clocks.append(_clocks()))
    place.close()
    clocks.append(_clocks())
    keys = sum(each["candidates"] for each in found["scenarios"])
    (wall, processor), turns = _between(clocks[0], clocks[-1]), max(DAYS - 1, 1)
    a_turn = [spent / turns for spent in _between(clocks[2], clocks[-2])]  # without the first; the last is the counting
    every = [spent + more * (ALL_DAYS - DAYS) for spent, more in zip((wall, processor), a_turn, strict=True)]
    return {
        f", {DAYS} days": f"{_seconds(wall, processor)}, {keys:,} candidates",
        ", a turn": f"{_seconds(*a_turn)}, {statements.number // DAYS} statements",
        f", {ALL_DAYS} days": f"{every[0]:.0f} s, {every[1]:.0f} s CPU{'' if DAYS == ALL_DAYS else ' at this pace'}, "
        + _beside(every[0], BACKTEST_GOAL),
        ", what holds it": statements.said(),
    }


def _clocks() -> tuple[float, float]:
    return perf_counter(), process_time()


def _between(begun: tuple[float, float], over: tuple[float, float]) -> tuple[float, float]:
    return over[0] - begun[0], over[1] - begun[1]


def _since(begun: tuple[float, float]) -> tuple[float, float]:
    return _between(begun, _clocks())


def _beside(seconds: float, goal: float) -> str:
    return f"{seconds / goal:.2f} of the goal of {goal:.0f} s"


def make_library(folder: Path, contacts: int) -> tuple[Installation, dict[str, int]]:
    """A base with rows in every table and every scenario of the library on; feeds were complete each morning."""
    place = make_base(folder, contacts)
    rows = fill_tables(place, contacts)
    for statement in _EACH_MORNING.split(";\n"):
        place.engine.execute(statement)
    place.engine.execute("DELETE FROM aliases")  # merged contacts are asked for in another way: not of every shop
    segments = folder / "definitions" / "segments"
    segments.mkdir(parents=True, exist_ok=True)
    (segments / "loyal.yaml").write_text(_LOYAL, encoding="utf-8")
    for name in sorted(set(library()) - {"second-purchase", "win-back", "forgotten-cart"}):
        switch_on(place, publish_scenario(place, library_document(name), _ON), _ON)
    report = json.dumps({"scenarios": [{"id": name, "version": 0} for name in library()]})
    place.engine.execute(f"UPDATE turns SET report = '{report}' WHERE kind = 'run'")
    return place, rows


_LOYAL = """segment: loyal
criteria: {count: orders, where: valid, window: {last: 90d}, at_least: 2}
"""
_EACH_MORNING = """
INSERT INTO imports BY NAME SELECT 1 AS import_id, 'bench' AS feed, TIMESTAMP '2026-03-10 10:00' AS known_at;
INSERT INTO feed_completeness SELECT feed, day + INTERVAL 5 HOUR, day + INTERVAL 10 HOUR
  FROM range(TIMESTAMP '2025-01-01', TIMESTAMP '2026-03-10', INTERVAL 1 DAY) d(day),
  (VALUES ('orders'), ('carts')) f(feed);
UPDATE contacts SET joined_on = DATE '2026-03-10' - (hash(contact) % 500)::INT;
UPDATE contacts_vault SET birth_date = DATE '1960-01-01' + (hash(contact) % 15000)::INT;
INSERT INTO recurring_lines SELECT contact, order_id, product, placed_at, quantity FROM order_lines
  WHERE valid AND product IN (SELECT product FROM recurring_products);
INSERT INTO product_stock BY NAME SELECT 'p' || i AS product, counted AS counted_at, hash(i, counted) % 20 AS quantity,
  counted AS known_at FROM range(0, 50001) t(i), range(TIMESTAMP '2025-10-01', TIMESTAMP '2026-03-08', INTERVAL 14 DAY)
  c(counted) WHERE i % 5 > 0
"""


def _seconds(wall: float, processor: float) -> str:
    return f"{wall:.1f} s, {processor:.1f} s CPU"
