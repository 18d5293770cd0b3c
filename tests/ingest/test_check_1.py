"""Check 1: a real retailer's year goes in, day by day, and is the same a second time in another order."""

from __future__ import annotations

import importlib.util
import random
from datetime import date, time, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from relance.base.clock import parse_instant
from relance.base.zones import to_instant
from relance.engines.duckdb import DuckEngine
from relance.ingest.delivery import import_delivery

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "online-retail"
DEFINITIONS = EXAMPLE / "definitions"


def cut(parquet: Path, folder: Path) -> list[Path]:
    """The example's own script."""
    spec = importlib.util.spec_from_file_location("cut", EXAMPLE / "cut.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return list(module.cut(parquet, folder))


@pytest.mark.slow
def test_check_1_a_real_year_goes_in_and_is_the_same_a_second_time_in_another_order(shared_data, tmp_path):
    consents, *days = cut(shared_data / "online-retail" / "online_retail.parquet", tmp_path / "days")
    assert len(days) == 305
    engine = DuckEngine(tmp_path / "warehouse.duckdb")
    import_delivery(engine, None, DEFINITIONS, [consents], parse_instant("2010-12-01T00:00:00Z"))
    reports = []
    for path in days:
        known = to_instant(date.fromisoformat(path.stem[-10:]) + timedelta(days=1), time(6), "Europe/London")
        reports += import_delivery(engine, None, DEFINITIONS, [path], known)

    assert sum(report.read for report in reports) == sum(report.inserted for report in reports) == 541_909
    assert engine.rows(
        "SELECT count(*) AS orders, count(DISTINCT contact) AS customers, sum(amount) AS amount "
        "FROM orders WHERE valid AND contact IS NOT NULL"
    ) == [{"orders": 18_532, "customers": 4_338, "amount": Decimal("8911407.904")}]
    assert engine.rows(
        "SELECT count(*) AS lines, sum(amount) AS amount FROM order_lines WHERE valid AND contact IS NOT NULL"
    ) == [{"lines": 397_884, "amount": Decimal("8911407.904")}]
    assert engine.rows(
        "SELECT status, count(*) AS n FROM orders GROUP BY status ORDER BY status"
    ) == [
        {"status": "adjustment", "n": 3},
        {"status": "cancellation", "n": 3_836},
        {"status": "order", "n": 22_061},
    ]  # fmt: skip
    assert engine.rows(
        "SELECT count(contact) AS known, count(*) - count(contact) AS nobody FROM order_lines WHERE order_id LIKE 'C%'"
    ) == [{"known": 8_905, "nobody": 383}]

    before = engine.contents_hash()
    again = [consents, *days]
    random.Random(1).shuffle(again)
    second = import_delivery(engine, None, DEFINITIONS, again, parse_instant("2011-12-11T06:00:00Z"))
    after = engine.contents_hash()
    assert all(report.unchanged == report.read for report in second)
    assert {name for name in before if before[name] != after[name]} == {"imports"}
