"""A skewed base of a stated size is made up by SQL in a home of its own: contacts, orders, carts, consents."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from relance.base.home import Home
from relance.customers.installation import Installation, open_installation
from relance.messages.publishing import library_document, publish_scenario
from relance.scenarios.switching import switch_on

CONTACTS = 1_000_000
TURN = datetime(2026, 3, 10, 13, tzinfo=UTC)
_SWITCH = datetime(2026, 3, 1, 13, tzinfo=UTC)
_SETTINGS = """seed = "bench"
[brand]
name = "Bench"
zone = "America/Toronto"
url = "https://shop.example"
[pressure]
messages = 2
days = 7
"""
# Contacts are skewed: the n-th draws its number of orders from a power law, a tenth share an address.
_STATEMENTS = """
CREATE TEMP TABLE made AS
  SELECT i AS contact, 'c' || lpad(i::VARCHAR, 8, '0') AS own_id, hash(i) % 1000000 AS h,
    least(60, floor(1.2 / pow(((hash(i) % 999983) + 1) / 999984.0, 0.55)))::INT - 1 AS orders
  FROM range(1, {contacts} + 1) t(i);
INSERT INTO contacts BY NAME SELECT contact, CASE WHEN h % 50 = 0 THEN 'institution' ELSE 'individual' END AS kind,
  CASE WHEN h % 4 = 0 THEN 'en' ELSE 'fr' END AS language, TIMESTAMP '2025-01-01' AS known_at,
  TIMESTAMP '2025-01-01' AS period, 1 AS source FROM made;
INSERT INTO contacts_vault BY NAME SELECT contact, own_id,
  'p' || (CASE WHEN h % 10 = 0 THEN contact // 2 ELSE contact END) || '@example.test' AS email,
  'Prénom' AS first_name, TIMESTAMP '2025-01-01' AS known_at FROM made;
INSERT INTO consent_acts BY NAME SELECT 'a' || contact AS act_id, contact, TIMESTAMP '2025-01-01' AS happened_at,
  'email' AS channel, 'marketing' AS purpose, 'shop' AS sender,
  CASE WHEN h % 8 = 0 THEN 'denied' ELSE 'granted' END AS act, TIMESTAMP '2025-01-01' AS known_at
  FROM made WHERE h % 5 > 0;
INSERT INTO orders BY NAME SELECT contact || '-' || n AS order_id, contact, made_at AS placed_at, 'online' AS channel,
  'order' AS status, hash(contact, n) % 30 > 0 AS valid, 'CAD' AS currency, 25.5 AS amount,
  date_trunc('day', made_at) + INTERVAL 30 HOUR AS known_at, date_trunc('day', made_at) AS period, 1 AS source
  FROM (SELECT contact, n,
          TIMESTAMP '2026-03-09 23:00' - to_seconds((hash(contact, n, 7) % 38880000)::BIGINT) AS made_at
        FROM made, range(0, orders) r(n));
UPDATE orders SET known_at = least(known_at, TIMESTAMP '2026-03-10 10:00');
INSERT INTO orders_past BY NAME SELECT * REPLACE (NOT valid AS valid), known_at + INTERVAL 1 DAY AS superseded_at
  FROM orders WHERE hash(order_id) % 20 = 0;
INSERT INTO order_lines BY NAME SELECT order_id || '/' || k AS line, order_id, contact, placed_at,
  'p' || (pow((hash(order_id, k) % 999983) / 999983.0, 3) * 50000)::INT AS product, 1 AS quantity,
  12.75 AS unit_price, 12.75 AS amount, 'CAD' AS currency, valid, known_at, period, source
  FROM orders, range(1, 3) r(k);
INSERT INTO products BY NAME SELECT 'p' || i AS product, 'Titre ' || i AS title, 'books' AS category,
  CASE WHEN i % 5 = 0 THEN 'unlimited' ELSE 'tracked' END AS stock_policy, TIMESTAMP '2025-01-01' AS known_at
  FROM range(0, 50001) t(i);
INSERT INTO product_stock BY NAME SELECT 'p' || i AS product, TIMESTAMP '2026-03-08' AS counted_at,
  hash(i) % 20 AS quantity, TIMESTAMP '2026-03-08' AS known_at FROM range(0, 50001) t(i) WHERE i % 5 > 0;
INSERT INTO carts BY NAME SELECT 'k' || i AS cart, CASE WHEN i % 10 = 0 THEN NULL ELSE 1 + hash(i) % {contacts} END
  AS contact, made_at AS started_at, made_at AS touched_at, i % 7 > 0 AS logged_in, 'cart' AS stage,
  least(date_trunc('day', made_at) + INTERVAL 30 HOUR, TIMESTAMP '2026-03-10 10:00') AS known_at
  FROM (SELECT i, TIMESTAMP '2026-03-10 03:00' - to_seconds((hash(i, 3) % 7776000)::BIGINT) AS made_at
        FROM range(0, {contacts} // 2) t(i));
INSERT INTO cart_lines BY NAME SELECT cart || '/' || k AS line, cart, contact, started_at AS added_at,
  'p' || (hash(cart, k) % 50000) AS product, 1 AS quantity, known_at FROM carts, range(1, 4) r(k);
INSERT INTO contact_orders SELECT contact, count(*), min(placed_at), max(placed_at), arg_min(order_id, placed_at),
  arg_max(order_id, placed_at) FROM orders WHERE valid GROUP BY contact;
INSERT INTO feed_completeness VALUES ('orders', TIMESTAMP '2026-03-10 04:00', TIMESTAMP '2026-03-10 10:00'),
  ('carts', TIMESTAMP '2026-03-10 04:00', TIMESTAMP '2026-03-10 10:00');
INSERT INTO turns BY NAME SELECT TIMESTAMP '2026-03-09 13:00' AS "at", 'run' AS kind,
  '{{"scenarios": [{{"id": "forgotten-cart"}}, {{"id": "second-purchase"}}, {{"id": "win-back"}}]}}' AS report;
INSERT INTO turns BY NAME SELECT TIMESTAMP '2026-03-09 13:00' AS "at", 'copied' AS kind;
"""


def make_base(folder: Path, contacts: int = CONTACTS) -> Installation:
    """A home with the base in it and the library's three scenarios on since nine days."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "relance.toml").write_text(_SETTINGS, encoding="utf-8")
    place = open_installation(Home(folder))
    for statement in _STATEMENTS.format(contacts=contacts).split(";\n"):
        if statement.strip():
            place.engine.execute(statement)
    for name in ("second-purchase", "win-back", "forgotten-cart"):
        switch_on(place, publish_scenario(place, library_document(name), _SWITCH, feeds_later=True), _SWITCH)
    return place
