"""L13 beyond its story (files/l13-split.yaml): the draw of one to nine digits, and of every customer on the engine."""

from __future__ import annotations

from pathlib import Path

import ibis
import pyarrow.parquet as parquet
import pytest

from relance.base.ids import draw as draw_one
from relance.engines.duckdb import DuckEngine
from relance.engines.functions import draw

CUSTOMERS = """
    SELECT DISTINCT CustomerID::VARCHAR AS own_id FROM '{}' WHERE CustomerID IS NOT NULL
    AND Quantity > 0 AND UnitPrice > 0 AND InvoiceNo NOT LIKE 'C%' AND InvoiceNo NOT LIKE 'A%'
"""


@pytest.mark.parametrize(
    ("own_id", "begins"), [("12347", "0.041838540"), ("12349", "0.474106227"), ("17850", "0.560882981")]
)
def test_l13_the_draw_of_one(own_id: str, begins: str) -> None:
    assert f"{draw_one('check', 'second-purchase', 'tone', own_id):.12f}".startswith(begins)


def test_l13_half_and_half_over_every_customer(shared_data: Path) -> None:
    engine = DuckEngine(None)
    path = shared_data / "online-retail" / "online_retail.parquet"
    assert parquet.read_metadata(path).num_rows == 541_909
    engine.keep("customers", CUSTOMERS.format(path))
    people = ibis.table({"own_id": "string"}, name="customers")
    u = draw("check", ibis.literal("second-purchase"), ibis.literal("tone"), people["own_id"])
    rows = engine.rows(people.select("own_id", u=u))
    warm = [row for row in rows if row["u"] < 0.5]
    engine.close()
    assert (len(warm), len(rows) - len(warm)) == (2_161, 2_177)
    assert all(row["u"] == draw_one("check", "second-purchase", "tone", row["own_id"]) for row in rows)
