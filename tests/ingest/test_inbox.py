"""Files are dropped into the inbox; what is whole is taken as one delivery, and each is put where it belongs."""

from __future__ import annotations

import pytest

from relance.base.clock import parse_instant
from relance.ingest.inbox import import_inbox
from tests.ingest.shop import CONTACTS, ORDER_HEADER, ORDERS, SECRET, Shop


@pytest.fixture
def shop(tmp_path):
    return Shop(tmp_path, ORDERS, CONTACTS)


MANIFEST = '{{"feed": "{}", "complete_until": "2026-03-10T00:00:00Z"}}\n'


def look(shop, pause=lambda: None):
    inbox = shop.folder / "inbox"
    at = parse_instant("2026-03-10T10:00:00Z")
    return import_inbox(shop.engine, None, inbox, shop.definitions, at, secret=SECRET, pause=pause)


def drop(shop, name, text):
    (shop.folder / "inbox").mkdir(exist_ok=True)
    (shop.folder / "inbox" / name).write_text(text, encoding="utf-8")


def lying(shop):
    inbox = shop.folder / "inbox"
    return sorted(str(path.relative_to(inbox)) for path in inbox.rglob("*") if path.is_file())


def test_good_files_are_done_bad_ones_refused_with_a_reason(shop):
    drop(shop, "orders-2026-03-09.csv", ORDER_HEADER + "o1,marie,2026-03-09 10:00,tea,1,1\n")
    drop(shop, "orders-2026-03-10.csv", "")
    drop(shop, "holiday.jpg", "x")
    reports, refusals = look(shop)
    assert [report.file for report in reports] == ["orders-2026-03-09.csv"]
    assert len(refusals) == 2
    assert lying(shop) == [
        "done/2026-03-10/orders-2026-03-09.csv",
        "refused/2026-03-10/holiday.jpg",
        "refused/2026-03-10/holiday.jpg.reason.txt",
        "refused/2026-03-10/orders-2026-03-10.csv",
        "refused/2026-03-10/orders-2026-03-10.csv.reason.txt",
    ]
    reason = (shop.folder / "inbox/refused/2026-03-10/orders-2026-03-10.csv.reason.txt").read_text(encoding="utf-8")
    assert reason == "orders-2026-03-10.csv has no header; nothing of it was taken\n"


def test_a_file_that_is_still_being_written_is_left_alone(shop):
    drop(shop, "orders-2026-03-09.csv", ORDER_HEADER)
    drop(shop, "orders-2026-03-10.csv.part", ORDER_HEADER)

    def grows():
        drop(shop, "orders-2026-03-09.csv", ORDER_HEADER + "o1,marie,2026-03-09 10:00,tea,1,1\n")

    assert look(shop, grows) == ([], [])
    assert lying(shop) == ["orders-2026-03-09.csv", "orders-2026-03-10.csv.part"]


def test_an_empty_or_missing_inbox_is_no_delivery(shop):
    assert look(shop) == ([], [])


def test_a_manifest_does_not_complete_a_feed_whose_file_was_refused(shop):
    drop(shop, "contacts-2026-03-09.csv", "")
    drop(shop, "all.manifest.jsonl", "".join(MANIFEST.format(feed) for feed in ("contacts", "orders")))
    look(shop)
    assert shop.rows("SELECT feed FROM feed_completeness") == [("orders",)]
