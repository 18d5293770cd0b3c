"""Files that are broken in every known way: what can be read is taken, the rest is told by line, nothing is lost."""

from __future__ import annotations

import csv
import gzip

import pytest

from relance.base.errors import BadDocument, BadFile, NotFound
from relance.ingest.journal import write_rejects
from tests.ingest.shop import ORDER_HEADER, ORDERS, Shop

GOOD = "o1,marie,2026-03-09 10:00,tea,2,4.50\n"
LATER = "o2,paul,2026-03-09 11:00,cup,1,9.00\n"
NAME = "orders-2026-03-09.csv"
AT = "2026-03-10T10:00:00Z"


@pytest.fixture
def shop(tmp_path):
    return Shop(tmp_path, ORDERS)


def rejects(shop):
    return shop.rows('SELECT line, "column", value, reason FROM rejects ORDER BY line')


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        ("o3,paul,2026-03-09 11:00,cup,1", (3, None, None, "missing_columns")),
        ("o3,paul,2026-03-09 11:00,cup,1,2,3", (3, None, None, "too_many_columns")),
        ("o3,paul,2026-03-09 11:00,cup,many,9", (3, "quantity", "many", "not_a_number")),
        ("o3,paul,2026-03-09 11:00,cup,1,12.5.5", (3, "price", "12.5.5", "not_a_number")),
        ("o3,paul,2026-03-09 11:00,cup,nan,1", (3, "quantity", "nan", "not_a_number")),
        ("o3,paul,yesterday,cup,1,9", (3, "at", "yesterday", "not_an_instant")),
        ("o3,paul,2026-02-30 11:00,cup,1,9", (3, "at", "2026-02-30 11:00", "not_an_instant")),
        ("o3,paul,2026-03-09 11:00 Europe/Paris,cup,1,9", (3, "at", "2026-03-09 11:00 Europe/Paris", "not_an_instant")),
        ("o3,paul,1066-10-14 11:00,cup,1,9", (3, "at", "1066-10-14 11:00", "absurd_date")),
        ("o3,paul,9999-12-31 11:00,cup,1,9", (3, "at", "9999-12-31 11:00", "absurd_date")),
        (",paul,2026-03-09 11:00,cup,1,9", (3, "order", None, "missing_key")),
        ('o3,"paul"x,2026-03-09 11:00,cup,1,9', (3, "customer", None, "broken_quotes")),
    ],
)  # fmt: skip
def test_a_bad_record_is_told_and_the_others_are_taken(shop, bad, told):
    (report,) = shop.takes((NAME, ORDER_HEADER + GOOD + bad + "\n" + LATER), at=AT)
    assert (report.read, report.inserted, report.rejected) == (3, 2, 1)
    assert rejects(shop) == [told]
    assert shop.rows("SELECT order_id FROM orders ORDER BY 1") == [("o1",), ("o2",)]


def test_an_open_quote_costs_its_own_line_and_not_the_rest_of_the_file(shop):
    text = ORDER_HEADER + GOOD + 'o3,"paul,2026-03-09 11:00,cup,1,9\n' + LATER
    (report,) = shop.takes((NAME, text), at=AT)
    assert (report.read, report.inserted) == (3, 2)
    assert rejects(shop) == [(3, None, None, "broken_quotes")]


def test_an_open_quote_that_a_later_value_closes_costs_its_own_line_only(shop):
    text = (
        ORDER_HEADER + 'o3,"paul,2026-03-09 11:00,cup,1,9\n' + GOOD + 'o4,"ann, b.",2026-03-09 11:00,cup,1,9\n' + LATER
    )
    (report,) = shop.takes((NAME, text), at=AT)
    assert (report.read, report.inserted) == (4, 3)
    assert rejects(shop) == [(2, None, None, "broken_quotes")]


def test_lines_are_physical_also_after_quoted_newlines(shop):
    text = (
        ORDER_HEADER
        + 'o1,"ma\nrie",2026-03-09 10:00,"a\n\nb",2,4.50\n'  # lines 2 to 5
        + "o2,paul,2026-03-09 11:00,cup,1\n"  # 6
        + 'o3,"x ""y""\n z",2026-03-09 11:00,cup,1,9\n'  # 7, 8
        + "o4,paul,2026-03-09 11:00,cup,ten,9\n"  # 9
        + "\n"  # 10
        + '"o5",paul,never,"c""up",1,9'  # 11
    )
    (report,) = shop.takes((NAME, text.replace("\n", "\r\n")), at=AT)
    assert (report.read, report.inserted, report.rejected) == (5, 2, 3)
    assert rejects(shop) == [
        (6, None, None, "missing_columns"),
        (9, "quantity", "ten", "not_a_number"),
        (11, "at", "never", "not_an_instant"),
    ]


def test_the_record_is_kept_with_its_reason_and_can_be_downloaded_without_harm(shop, tmp_path):
    (report,) = shop.takes((NAME, ORDER_HEADER + "=cmd|x,paul,never,cup,1,9\n"), at=AT)
    assert write_rejects(shop.engine, report.delivery, tmp_path / "rejects.csv") == 1
    with (tmp_path / "rejects.csv").open(encoding="utf-8-sig", newline="") as stream:
        (row,) = csv.DictReader(stream)
    assert (row["file"], row["line"], row["column"], row["value"]) == (NAME, "2", "at", "never")
    assert row["record"] == "'=cmd|x,paul,never,cup,1,9"


def test_of_two_records_with_one_key_the_last_wins(shop):
    shop.says("""
feed: products
files: "products*.csv"
tables:
  products:
    columns: {product: id, title: title}
""")
    (report,) = shop.takes(("products.csv", "id,title\na,one\nb,two\na,three\n"), at=AT)
    assert (report.inserted, report.rejected) == (2, 1)
    assert rejects(shop) == [(2, None, None, "duplicate_key")]
    assert shop.rows("SELECT title FROM products ORDER BY product") == [("three",), ("two",)]


def test_a_naive_time_needs_a_zone_and_an_offset_is_heeded(shop):
    shop.says("""
feed: carts
files: "carts*.csv"
tables:
  carts:
    columns: {cart: id, contact: who, touched_at: at}
""")
    text = "id,who,at\na,m,2026-03-09T10:00:00\nb,m,2026-03-09T10:00:00-04:00\n"
    text += "c,m,2026-03-09T10:00Z\nd,m,2026-03-09 10:00:00.5+0530\n"
    shop.takes(("carts.csv", text), at=AT)
    assert rejects(shop) == [(2, "at", "2026-03-09T10:00:00", "no_zone")]
    assert shop.rows("SELECT cart, CAST(touched_at AS VARCHAR) FROM carts ORDER BY 1") == [
        ("b", "2026-03-09 14:00:00"),
        ("c", "2026-03-09 10:00:00"),
        ("d", "2026-03-09 04:30:00.5"),
    ]


def test_local_times_that_do_not_exist_or_exist_twice(shop):
    text = ORDER_HEADER + "a,m,2026-03-08 02:30,t,1,1\nb,m,2026-11-01 01:30,t,1,1\nc,m,2026-03-08 03:30,t,1,1\n"
    shop.takes((NAME, text), at=AT)
    assert shop.rows("SELECT order_id, CAST(placed_at AS VARCHAR) FROM orders ORDER BY 1") == [
        ("a", "2026-03-08 07:00:00"),
        ("b", "2026-11-01 05:30:00"),
        ("c", "2026-03-08 07:30:00"),
    ]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        (NAME, b"", "has no header"),
        (NAME, b"\n\n", "has no header"),
        (NAME, b"order,customer\no1,m\n", "has no column “at”"),
        (NAME, b"order,customer,at,product,quantity,price,price\n", "has the column “price” twice"),
        (NAME, b"PK\x03\x04\x00\x00\x00", "is not a text file"),
        (NAME, (ORDER_HEADER + GOOD).encode("utf-16"), "is not a text file"),
        (NAME + ".gz", ORDER_HEADER.encode(), "is named .gz but is not gzip"),
        (NAME + ".gz", gzip.compress((ORDER_HEADER + GOOD * 50).encode(), mtime=0)[:-12], "is cut short or broken"),
        (NAME, (ORDER_HEADER + "o1,mélanie,2026-03-09 10:00,thé,2,4\n").encode("latin-1"), "is not written in utf-8"),
        ("orders-today.csv", ORDER_HEADER.encode(), "holds no period like %Y-%m-%d"),
    ],
)  # fmt: skip
def test_an_unreadable_file_is_refused_whole_with_one_sentence(shop, name, content, said):
    shop.takes((NAME.replace("09", "08"), ORDER_HEADER), at=AT)
    before = shop.engine.contents_hash()
    with pytest.raises(BadFile) as caught:
        shop.takes((name, content), at=AT)
    assert said in str(caught.value) and "\n" not in str(caught.value)
    assert name in str(caught.value)
    assert shop.engine.contents_hash() == before


def test_a_refused_file_does_not_keep_the_others_of_its_delivery_out(shop):
    with pytest.raises(BadFile, match="has no header"):
        shop.takes((NAME, ORDER_HEADER + GOOD), ("orders-2026-03-10.csv", ""), at=AT)
    assert shop.rows("SELECT order_id FROM orders") == [("o1",)]


def test_a_file_that_no_feed_takes_is_told(shop):
    with pytest.raises(NotFound, match=r"no feed takes a file named “other.csv”"):
        shop.takes(("other.csv", "a\n"), at=AT)


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
def test_every_way_to_end_a_line_and_a_mark_at_the_start(shop, ending, bom):
    text = (ORDER_HEADER + GOOD + LATER).replace("\n", ending).encode()
    (report,) = shop.takes((NAME, bom + text), at=AT)
    assert report.inserted == 2


def test_mixed_ends_of_lines_are_read_and_lines_still_counted(shop):
    text = ORDER_HEADER.replace("\n", "\r\n") + GOOD + LATER.replace("\n", "\r\n") + "o3,p,x,c,1,1\n"
    (report,) = shop.takes((NAME, text), at=AT)
    assert (report.inserted, report.rejected) == (2, 1)
    assert rejects(shop) == [(4, "at", "x", "not_an_instant")]


def test_other_delimiters_quotes_encodings_and_gzip(shop):
    shop.says(
        ORDERS.replace("zone:", 'format: {delimiter: ";", quote: "\'", encoding: latin-1, null: ["", "NULL"]}\nzone:')
    )
    text = (
        ORDER_HEADER.replace(",", ";") + "o1;'Mé;lanie';2026-03-09 10:00;thé;2;4.50\no2;NULL;2026-03-09 10:00;thé;x;4\n"
    )
    (report,) = shop.takes((NAME + ".gz", gzip.compress(text.encode("latin-1"), mtime=0)), at=AT)
    assert report.inserted == 1
    assert rejects(shop) == [(3, "quantity", "x", "not_a_number")]
    assert shop.rows("SELECT own_id FROM contacts_vault") == [("Mé;lanie",)]
    assert shop.rows("SELECT product FROM order_lines") == [("thé",)]


def test_json_lines_are_read_line_by_line(shop):
    shop.says(ORDERS.replace("orders-*.csv", "orders-*.jsonl"))
    lines = (
        '{"order": "o1", "customer": "marie", "at": "2026-03-09 10:00", "product": "tea", "quantity": 2, "price": 4}\n'
        "\n"
        "not json\n"
        '["a"]\n'
        '{"order": "o2", "at": "2026-03-09 10:00", "product": "tea", "quantity": "x", "price": null}\n'
        '{"order": "o3", "at": "2026-03-09 10:00", "product": "a \\n b", "quantity": 1, "price": 1, "more": {"x": 1}}\n'
    )
    (report,) = shop.takes(("orders-2026-03-09.jsonl", lines), at=AT)
    assert (report.read, report.inserted, report.rejected) == (5, 2, 3)
    assert rejects(shop) == [
        (3, None, None, "not_json"),
        (4, None, None, "not_json"),
        (5, "quantity", "x", "not_a_number"),
    ]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("orders-2026-03-09.jsonl", b"a\nb\n", "holds no JSON object"),
        ("orders-2026-03-09.jsonl", b'{"x": 1}\n', "holds none of the mapped names"),
        ("orders-2026-03-09.parquet", b"PAR1 not really", "cannot be read"),
    ],
)
def test_other_kinds_of_files_are_refused_whole_too(shop, name, content, said):
    shop.says(ORDERS.replace("orders-*.csv", "orders-*"))
    with pytest.raises(BadFile, match=said):
        shop.takes((name, content), at=AT)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("zone: America/Toronto", "zone: America/Toronton"), "orders.yaml:7: “zone”: “America/Toronton” is not"),
        (("contact: customer", "contract: customer"), "orders.yaml:14: table “orders” has no column “contract”"),
        (("files:", "filez:"), "orders.yaml"),
        (("order_id: order\n      contact", "contact"), "the key of “orders” needs “order_id”"),
        (("sum: {times", "total: {times"), "a column says exactly one of"),
        (("  orders:", "  ordres:"), "there is no table “ordres”"),
        (("quantity: quantity", "quantity: {min: quantity}"), "need one_per"),
    ],
)  # fmt: skip
def test_a_wrong_mapping_names_file_and_line(tmp_path, change, said):
    shop = Shop(tmp_path)
    shop.says(ORDERS.replace(*change))
    with pytest.raises(BadDocument) as caught:
        shop.takes((NAME, ORDER_HEADER), at=AT)
    assert said in str(caught.value) and str(caught.value).startswith("orders.yaml")


def test_names_of_columns_are_never_taken_for_anything_else(shop):
    evil = 'x") FROM orders; DROP TABLE orders; --'
    shop.says(
        ORDERS.replace("quantity: quantity", f"quantity: '{evil}'").replace("[quantity, price]", f"['{evil}', price]")
    )
    header = ORDER_HEADER.replace("quantity", '"' + evil.replace('"', '""') + '"')
    (report,) = shop.takes((NAME, header + GOOD), at=AT)
    assert report.inserted == 1
