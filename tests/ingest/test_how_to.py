"""The documents of the how-to page are imported as they stand there."""

from __future__ import annotations

import re
from decimal import Decimal

from tests.conftest import PROJECT
from tests.ingest.shop import Shop

PAGE = PROJECT / "docs" / "how-to" / "add-a-source.md"
HEADER = "order_number;customer;date;state;sku;quantity;price\n"
PAID = "1001;marie;2026-03-09 10:00;paid;thé;2;4.50\n"
VOID = "1002;paul;2026-03-09 11:00;void;thé;1;4.50\n"


def test_the_source_of_the_page_is_taken_and_its_cancelled_order_counts_no_more(tmp_path):
    blocks = re.findall(r"^```yaml\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert len(blocks) == 1
    shop = Shop(tmp_path)
    (tmp_path / "definitions" / "feeds").mkdir(parents=True)
    (tmp_path / "definitions" / "feeds" / "orders.yaml").write_text(blocks[0], encoding="utf-8")
    file = ("orders-2026-03-09.csv", (HEADER + PAID + VOID).encode("latin-1"))
    (report,) = shop.takes(file, at="2026-03-10T10:00Z", history=True)
    assert (report.inserted, report.rejected) == (2, 0)
    assert shop.rows("SELECT order_id, status, valid, amount FROM orders ORDER BY 1") == [
        ("1001", "order", True, Decimal(9)),
        ("1002", "cancelled", False, Decimal("4.5")),
    ]
    assert shop.rows("SELECT line, valid FROM order_lines ORDER BY 1") == [("1001/1", True), ("1002/1", False)]
    assert shop.rows("SELECT contact, orders FROM contact_orders") == [(1, 1)]
