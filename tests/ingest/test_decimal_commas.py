"""A French export writes its numbers with commas: one word in the document reads them all."""

from __future__ import annotations

from decimal import Decimal

import pytest

from relance.base.errors import BadDocument
from tests.ingest.shop import Shop

VENTES = """
feed: ventes
files: "ventes-*.csv"
format: {delimiter: ";", encoding: latin-1, decimal: ","}
zone: America/Toronto
currency: CAD
flags:
  vendu: {all: [{column: Qté, above: 0}, {column: Prix, at_least: 0.5}]}
tables:
  orders:
    one_per: Facture
    columns:
      order_id: Facture
      contact: Membre
      placed_at: Date
      valid: {any: vendu}
      amount: {sum: {times: [Qté, Prix]}, where: vendu}
  order_lines:
    ordinal_within: Facture
    columns:
      order_id: Facture
      product: Article
      quantity: Qté
      unit_price: Prix
      amount: {times: [Qté, Prix]}
      valid: vendu
"""
HEADER = "Facture;Membre;Date;Article;Qté;Prix\n"
LINES = "F1;marie;2026-03-09 10:00;thé;2;13,50\nF1;marie;2026-03-09 10:00;cadeau;1;0,25\n"
AT = "2026-03-10T10:00Z"


def test_every_number_of_the_feed_is_read_with_its_comma(tmp_path):
    shop = Shop(tmp_path, VENTES)
    (report,) = shop.takes(("ventes-1.csv", (HEADER + LINES).encode("latin-1")), at=AT)
    assert (report.inserted, report.rejected) == (2, 0)
    assert shop.rows("SELECT unit_price, amount, valid FROM order_lines ORDER BY line") == [
        (Decimal("13.500"), Decimal("27.000"), True),
        (Decimal("0.250"), Decimal("0.250"), False),
    ]
    assert shop.rows("SELECT amount, valid FROM orders") == [(Decimal("27.000"), True)]


def test_without_it_a_comma_is_no_number(tmp_path):
    shop = Shop(tmp_path, VENTES.replace(', decimal: ","', ""))
    (report,) = shop.takes(("ventes-1.csv", (HEADER + LINES).encode("latin-1")), at=AT)
    assert report.reasons == {"not_a_number": 2}


def test_a_point_in_such_a_file_is_read_and_thousands_are_never_guessed(tmp_path):
    shop = Shop(tmp_path, VENTES)
    lines = "F1;marie;2026-03-09 10:00;thé;1;13.50\nF2;marie;2026-03-09 10:00;thé;1;1.234,50\n"
    (report,) = shop.takes(("ventes-1.csv", (HEADER + lines).encode("latin-1")), at=AT)
    assert report.reasons == {"not_a_number": 1}
    assert shop.rows("SELECT unit_price FROM order_lines") == [(Decimal("13.500"),)]


def test_one_column_alone_may_have_commas(tmp_path):
    said = VENTES.replace(', decimal: ","', "").replace("unit_price: Prix", 'unit_price: {column: Poids, format: ","}')
    shop = Shop(tmp_path, said)
    header, line = "Facture;Membre;Date;Article;Qté;Prix;Poids\n", "F1;marie;2026-03-09 10:00;thé;2;13.50;1,5\n"
    shop.takes(("ventes-1.csv", (header + line).encode("latin-1")), at=AT)
    assert shop.rows("SELECT unit_price, amount FROM order_lines") == [(Decimal("1.500"), Decimal("27.000"))]


@pytest.mark.parametrize("times", ['[Qté, {column: Prix, format: ","}]', "Prix", "[Prix, 2]"])
def test_a_wrong_product_is_told_how_to_say_it(tmp_path, times):
    shop = Shop(tmp_path, VENTES.replace("amount: {times: [Qté, Prix]}", f"amount: {{times: {times}}}"))
    with pytest.raises(BadDocument) as told:
        shop.takes(("ventes-1.csv", HEADER + LINES), at=AT)
    assert "times is a list of source columns, [quantity, price]" in str(told.value)
    assert 'format: {decimal: ","}' in str(told.value) and "ventes.yaml:20" in str(told.value)
