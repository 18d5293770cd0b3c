"""Files arrive late, corrected, twice, in the wrong order: the star says what is known, and what was."""

from __future__ import annotations

from decimal import Decimal

import pytest

from relance.base.errors import Refused
from tests.ingest.shop import CONTACTS, ORDER_HEADER, ORDERS, Ledger, Shop

MONDAY = (
    "orders-2026-03-09.csv",
    ORDER_HEADER + "o1,marie,2026-03-09 10:00,tea,2,4.50\no1,marie,2026-03-09 10:00,cup,1,9\n",
)


@pytest.fixture
def shop(tmp_path):
    return Shop(tmp_path, ORDERS, CONTACTS)


def lines_of(shop, order):
    return shop.rows(f"SELECT line, product, quantity FROM order_lines WHERE order_id = '{order}' ORDER BY line")


def test_a_file_becomes_contacts_orders_and_lines(shop):
    (report,) = shop.takes(MONDAY, at="2026-03-10T10:00:00Z")
    assert (report.read, report.inserted, report.new_contacts) == (2, 2, 1)
    assert shop.rows("SELECT order_id, contact, amount, currency, CAST(placed_at AS VARCHAR) FROM orders") == [
        ("o1", 1, Decimal("18.000"), "CAD", "2026-03-09 14:00:00")
    ]
    assert lines_of(shop, "o1") == [("o1/1", "tea", Decimal(2)), ("o1/2", "cup", Decimal(1))]
    assert shop.rows("SELECT contact, kind FROM contacts") == [(1, "individual")]
    assert shop.rows("SELECT own_id FROM contacts_vault") == [("marie",)]
    assert shop.rows("SELECT contact, orders, first_order_id FROM contact_orders") == [(1, 1, "o1")]


def test_a_corrected_file_replaces_the_order_and_all_its_lines(shop):
    shop.takes(MONDAY, at="2026-03-10T10:00:00Z")
    corrected = ORDER_HEADER + "o1,marie,2026-03-09 10:00,tea,3,4.50\n"
    (report,) = shop.takes(("orders-2026-03-10.csv", corrected), at="2026-03-11T10:00:00Z")
    assert (report.updated, report.deleted) == (1, 1)
    assert lines_of(shop, "o1") == [("o1/1", "tea", Decimal(3))]
    assert shop.rows(
        "SELECT line, quantity, CAST(known_at AS VARCHAR), CAST(superseded_at AS VARCHAR) "
        "FROM order_lines_past ORDER BY line"
    ) == [
        ("o1/1", Decimal(2), "2026-03-10 10:00:00", "2026-03-11 10:00:00"),
        ("o1/2", Decimal(1), "2026-03-10 10:00:00", "2026-03-11 10:00:00"),
    ]


def test_an_older_file_that_comes_late_changes_nothing_that_a_newer_one_holds(shop):
    newer = ORDER_HEADER + "o1,marie,2026-03-09 10:00,tea,3,4.50\n"
    shop.takes(("orders-2026-03-10.csv", newer), at="2026-03-11T10:00:00Z")
    late = MONDAY[1] + "o2,paul,2026-03-09 11:00,pot,1,20\n"
    (report,) = shop.takes(("orders-2026-03-09.csv", late), at="2026-03-12T10:00:00Z")
    assert (report.inserted, report.unchanged) == (1, 2)
    assert lines_of(shop, "o1") == [("o1/1", "tea", Decimal(3))]
    assert lines_of(shop, "o2") == [("o2/1", "pot", Decimal(1))]


def test_a_newer_file_that_says_the_same_owns_the_order_from_then_on(shop):
    shop.takes(MONDAY, at="2026-03-10T10:00:00Z")
    shop.takes(("orders-2026-03-11.csv", MONDAY[1]), at="2026-03-12T10:00:00Z")
    between = ORDER_HEADER + "o1,marie,2026-03-09 10:00,tea,9,4.50\n"
    shop.takes(("orders-2026-03-10.csv", between), at="2026-03-13T10:00:00Z")
    assert len(lines_of(shop, "o1")) == 2


def test_two_files_of_one_period_the_later_import_wins(shop):
    shop.takes(MONDAY, at="2026-03-10T10:00:00Z")
    shop.takes(
        ("orders-2026-03-09.csv", ORDER_HEADER + "o1,marie,2026-03-09 10:00,tea,7,4.50\n"), at="2026-03-10T11:00:00Z"
    )
    assert lines_of(shop, "o1") == [("o1/1", "tea", Decimal(7))]


def test_exact_duplicate_lines_in_one_order_are_two_lines(shop):
    twice = ORDER_HEADER + "o1,marie,2026-03-09 10:00,tea,1,4.50\n" * 2
    (report,) = shop.takes(("orders-2026-03-09.csv", twice), at="2026-03-10T10:00:00Z")
    assert report.inserted == 2
    assert len(lines_of(shop, "o1")) == 2


def test_the_same_content_again_writes_nothing_but_the_journal(shop):
    shop.takes(MONDAY, at="2026-03-10T10:00:00Z")
    before = shop.hashes()
    (report,) = shop.takes(MONDAY, at="2026-03-11T10:00:00Z")
    assert report.repeated and report.unchanged == 2
    assert shop.hashes() == before


def test_an_order_without_customer_is_kept_for_nobody(shop):
    shop.takes(("orders-2026-03-09.csv", ORDER_HEADER + "o1,,2026-03-09 10:00,tea,1,4.50\n"), at="2026-03-10T10:00:00Z")
    assert shop.rows("SELECT contact FROM orders") == [(None,)]
    assert shop.rows("SELECT count(*) FROM contacts") == [(0,)]


def test_a_file_with_a_header_and_no_rows_completes_its_feed(shop):
    (report,) = shop.takes(("orders-2026-03-09.csv", ORDER_HEADER), at="2026-03-10T10:00:00Z")
    assert report.read == 0
    assert shop.rows("SELECT feed, CAST(until AS VARCHAR) FROM feed_completeness") == [
        ("orders", "2026-03-10 04:00:00")
    ]


def test_a_manifest_line_completes_a_feed(shop):
    manifest = '{"feed": "contacts", "complete_until": "2026-03-10T00:00:00-04:00"}\n'
    shop.takes(("all.manifest.jsonl", manifest), at="2026-03-10T10:00:00Z")
    assert shop.rows("SELECT feed, CAST(until AS VARCHAR) FROM feed_completeness") == [
        ("contacts", "2026-03-10 04:00:00")
    ]


def test_an_attribute_file_changes_only_what_it_maps(shop):
    shop.takes(
        ("contacts-2026-03-01.csv", "id,email,name,language\nmarie,Marie@Example.test,Marie,fr\n"),
        at="2026-03-02T10:00:00Z",
    )
    shop.takes(MONDAY, at="2026-03-10T10:00:00Z")
    shop.says(CONTACTS.replace("feed: contacts", "feed: names").replace("contacts-*", "names-*").replace(
        "email: email, first_name: name, language: language", "first_name: name"))  # fmt: skip
    shop.takes(("names-2026-02-01.csv", "id,name\nmarie,Mariette\n"), at="2026-03-11T10:00:00Z")
    assert shop.rows("SELECT own_id, email, first_name FROM contacts_vault") == [
        ("marie", "Marie@Example.test", "Mariette")
    ]
    assert shop.rows("SELECT contact, language FROM contacts") == [(1, "fr")]
    assert shop.rows("SELECT first_name FROM contacts_vault_past ORDER BY known_at") == [("Marie",)]


def test_a_row_that_is_told_deleted_goes_and_an_older_file_does_not_bring_it_back(shop):
    shop.says(CONTACTS.replace("tables:", "delete_when: {column: op, is: D}\ntables:"))
    header = "id,email,name,language,op\n"
    shop.takes(("contacts-2026-03-02.csv", header + "paul,p@example.test,Paul,fr,U\n"), at="2026-03-02T10:00:00Z")
    (report,) = shop.takes(("contacts-2026-03-04.csv", header + "paul,,,,D\n"), at="2026-03-04T10:00:00Z")
    assert (report.deleted, report.updated) == (1, 1)
    assert shop.rows("SELECT count(*) FROM contacts_vault") == [(0,)]
    shop.takes(("contacts-2026-03-03.csv", header + "paul,p2@example.test,Paul,fr,U\n"), at="2026-03-05T10:00:00Z")
    assert shop.rows("SELECT email FROM contacts_vault WHERE email IS NOT NULL") == []


def test_a_full_file_deletes_what_it_no_longer_holds_and_leaves_other_feeds_rows(shop):
    shop.says(CONTACTS.replace("tables:", "full: true\ntables:"))
    header = "id,email,name,language\n"
    shop.takes(MONDAY, at="2026-03-10T10:00:00Z")
    shop.takes(("contacts-2026-03-10.csv", header + "a,a@x.test,A,fr\nb,b@x.test,B,fr\n"), at="2026-03-10T10:00:00Z")
    (report,) = shop.takes(("contacts-2026-03-11.csv", header + "b,b@x.test,B,fr\n"), at="2026-03-11T10:00:00Z")
    assert report.deleted == 1
    assert shop.rows("SELECT own_id FROM contacts_vault ORDER BY 1") == [("b",), ("marie",)]


REFUNDS = """
feed: refunds
files: "refunds-*.csv"
period: {from_name: "%Y-%m-%d"}
zone: America/Toronto
currency: CAD
tables:
  refunds:
    columns: {refund: refund, order_id: order, refunded_at: at, amount: amount, whole: whole}
"""


def test_a_whole_refund_cancels_the_order_whichever_comes_first(shop):
    shop.says(REFUNDS)
    back = "refund,order,at,amount,whole\nr1,o1,2026-03-10 09:00,18,yes\nr2,o9,2026-03-10 09:00,5,yes\n"
    shop.takes(MONDAY, at="2026-03-10T10:00:00Z")
    (report,) = shop.takes(("refunds-2026-03-10.csv", back), at="2026-03-11T10:00:00Z")
    assert report.unmatched == 1
    assert shop.rows("SELECT status, valid, CAST(known_at AS VARCHAR) FROM orders") == [
        ("cancelled", False, "2026-03-11 10:00:00")
    ]
    assert shop.rows("SELECT status, valid FROM orders_past") == [("order", True)]
    assert shop.rows("SELECT count(*) FROM order_lines WHERE valid") == [(0,)]
    assert shop.rows("SELECT count(*) FROM contact_orders") == [(0,)]
    shop.takes(
        ("orders-2026-03-10.csv", ORDER_HEADER + "o9,paul,2026-03-10 08:00,pot,1,5\n"), at="2026-03-12T10:00:00Z"
    )
    assert shop.rows("SELECT status, valid FROM orders WHERE order_id = 'o9'") == [("cancelled", False)]


def test_a_refund_that_is_not_said_to_be_whole_cancels_nothing(shop):
    shop.says(REFUNDS.replace(", whole: whole", ""))
    shop.takes(MONDAY, at="2026-03-10T10:00:00Z")
    back = "refund,order,at,amount\nr1,o1,2026-03-10 09:00,18\n"
    (report,) = shop.takes(("refunds-2026-03-10.csv", back), at="2026-03-11T10:00:00Z")
    assert (report.inserted, report.unmatched) == (1, 0)
    assert shop.rows("SELECT status, valid FROM orders") == [("order", True)]


def test_refunds_without_a_word_on_whole_may_be_the_first_file_of_all(shop):
    shop.says(REFUNDS.replace(", whole: whole", ""))
    back = "refund,order,at,amount\nr1,o1,2026-03-10 09:00,18\n"
    (report,) = shop.takes(("refunds-2026-03-10.csv", back), at="2026-03-11T10:00:00Z")
    assert (report.inserted, report.unmatched) == (1, 1)


def test_lines_that_come_before_their_order_take_its_customer_when_it_comes(shop):
    shop.says("""
feed: heads
files: "heads-*.csv"
period: {from_name: "%Y-%m-%d"}
zone: America/Toronto
tables:
  orders:
    columns: {order_id: order, contact: customer, placed_at: at, valid: {value: true}}
""")
    shop.says("""
feed: lines
files: "lines-*.csv"
period: {from_name: "%Y-%m-%d"}
tables:
  order_lines:
    ordinal_within: order
    columns: {order_id: order, product: product, valid: {value: true}}
""")
    shop.takes(("lines-2026-03-09.csv", "order,product\no1,tea\no1,cup\n"), at="2026-03-10T10:00:00Z")
    assert shop.rows("SELECT DISTINCT contact FROM order_lines") == [(None,)]
    shop.takes(("heads-2026-03-09.csv", "order,customer,at\no1,marie,2026-03-09 10:00\n"), at="2026-03-10T11:00:00Z")
    assert shop.rows("SELECT DISTINCT contact, CAST(placed_at AS VARCHAR) FROM order_lines") == [
        (1, "2026-03-09 14:00:00")
    ]
    shop.takes(("lines-2026-03-10.csv", "order,product\no1,tea\n"), at="2026-03-11T10:00:00Z")
    assert shop.rows("SELECT line, contact FROM order_lines") == [("o1/1", 1)]


def test_time_does_not_go_back(shop):
    shop.takes(MONDAY, at="2026-03-10T10:00:00Z")
    with pytest.raises(Refused, match="before the last import"):
        shop.takes(("orders-2026-03-10.csv", ORDER_HEADER), at="2026-03-10T09:59:59Z")


def test_history_is_known_when_it_could_have_been_and_only_once(shop):
    friday = ORDER_HEADER + "o1,marie,2026-03-06 23:30,tea,1,4.50\no2,marie,2026-03-07 00:10,tea,1,4.50\n"
    shop.takes(("orders-2026-03-06.csv", friday), at="2026-03-10T10:00:00Z", history=True)
    assert shop.rows("SELECT order_id, CAST(known_at AS VARCHAR) FROM orders ORDER BY 1") == [
        ("o1", "2026-03-07 11:00:00"),
        ("o2", "2026-03-08 10:00:00"),  # the clocks changed in the night to the 8th
    ]
    with pytest.raises(Refused, match="first import only"):
        shop.takes(("orders-2026-03-07.csv", ORDER_HEADER), at="2026-03-10T11:00:00Z", history=True)


def test_history_that_took_nothing_does_not_count_as_the_first_import(shop):
    wrong = ORDER_HEADER + "o1,marie,2026-03-06 23:30,tea,1,4$50\n"
    (report,) = shop.takes(("orders-2026-03-06.csv", wrong), at="2026-03-10T10:00:00Z", history=True)
    assert (report.read, report.rejected) == (1, 1)
    shop.takes(("orders-2026-03-06.csv", wrong), at="2026-03-10T10:30:00Z", history=True)
    right = ("orders-2026-03-06.csv", wrong.replace("$", "."))
    shop.takes(right, at="2026-03-10T11:00:00Z", history=True)
    assert shop.rows("SELECT order_id, CAST(known_at AS VARCHAR) FROM orders") == [("o1", "2026-03-07 11:00:00")]
    with pytest.raises(Refused, match="first import only"):
        shop.takes(right, at="2026-03-10T12:00:00Z", history=True)


def test_history_never_claims_to_have_known_before_it_was_imported_what_came_after(shop):
    today = ORDER_HEADER + "o1,marie,2026-03-10 05:00,tea,1,4.50\n"
    shop.takes(("orders-2026-03-10.csv", today), at="2026-03-10T10:00:00Z", history=True)
    assert shop.rows("SELECT CAST(known_at AS VARCHAR) FROM orders") == [("2026-03-10 10:00:00",)]


def test_an_import_tells_the_ledger_of_those_who_have_a_message_that_waits(shop):
    shop.takes(MONDAY, at="2026-03-10T10:00:00Z")
    shop.ledger = Ledger([1])
    more = ORDER_HEADER + "o3,marie,2026-03-10 10:00,pot,1,20\no4,paul,2026-03-10 10:00,pot,1,20\n"
    shop.takes(("orders-2026-03-10.csv", more), at="2026-03-11T10:00:00Z")
    (facts,) = shop.ledger.told
    assert [(fact.contact, fact.happened_at.isoformat()) for fact in facts.orders] == [(1, "2026-03-10T14:00:00+00:00")]
    assert [(fact.contact, fact.product) for fact in facts.purchases] == [(1, "pot")]
