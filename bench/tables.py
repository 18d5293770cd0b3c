"""Every table of the star that a base leaves empty is filled from its own declaration, by SQL, at a stated size."""

from __future__ import annotations

from relance.customers.installation import Installation
from relance.customers.schema import VAULT
from relance.customers.tables import Column, Table

# Rows per contact, where it is not one in twenty.
_SHARES = {"wishlists": 0.2, "site_visits": 0.5, "reviews": 0.05, "loyalty_accounts": 0.5, "loyalty_lots": 0.3}
_FEW = {"stores": 60, "recurring_types": 5, "recurring_products": 2_000, "product_prices": 100_000}
_DAYS = 400
# A value by the name of the column; else by its type.
_BY_NAME = {
    "product": "'p' || (h % 50000)",
    "store": "'s' || (h % 60)",
    "currency": "'CAD'",
    "type": "'t' || (h % 5)",
    "interval_days": "30 + h % 90",
    "removed_at": "NULL",
    "lifted_at": "NULL",
    "redeemed_at": "NULL",
    "auto_renew": "h % 2 = 0",
    "status": "'active'",
    "tier": "'tier-' || (h % 3)",
    "zone": "NULL",
}
_BY_TYPE = {
    "text": "'v' || (h % 20)",
    "integer": "1 + h % 5",
    "decimal": "(h % 9000) / 100.0",
    "number": "(h % 9000) / 100.0",
    "date": "DATE '2026-03-10' + (h % 400)::INT - 200",
    "instant": "happened",
    "boolean": "h % 2 = 0",
}
_MADE = """SELECT i, hash(i, '{name}') AS h, 1 + hash(i, '{name}', 1) % {contacts} AS contact,
  TIMESTAMP '2026-03-10 03:00' - to_seconds((hash(i, '{name}', 2) % ({days} * 86400))::BIGINT) AS happened
  FROM range(0, {rows}) t(i)"""
_KNOWN = "least(date_trunc('day', happened) + INTERVAL 30 HOUR, TIMESTAMP '2026-03-10 10:00')"


def fill_tables(place: Installation, contacts: int) -> dict[str, int]:
    """Fills what is empty; answers the rows of every table. Facts are known at six on the morning after."""
    for table in place.tables.values():
        if not place.engine.value(f'SELECT count(*) FROM "{table.name}"'):
            _fill(place, table, contacts)
    return {name: int(place.engine.value(f'SELECT count(*) FROM "{name}"')) for name in place.tables}


def _fill(place: Installation, table: Table, contacts: int) -> None:
    rows = _FEW.get(table.name) or int(contacts * _SHARES.get(table.name, 0.05))
    made = _MADE.format(name=table.name, contacts=contacts, days=_DAYS, rows=rows)
    for name, columns in ((table.name, table.open_columns), (table.name + VAULT, table.vault_columns)):
        if columns:
            listed = ", ".join(f'{_value(column, table)} AS "{column.name}"' for column in columns)
            known = _KNOWN if table.happened else "TIMESTAMP '2025-01-01'"
            keys = ", ".join(f'"{key}"' for key in table.key)
            text = f"SELECT {listed}, {known} AS known_at, 1 AS source FROM ({made})"
            place.engine.execute(f'INSERT INTO "{name}" BY NAME SELECT DISTINCT ON ({keys}) * FROM ({text})')


def _value(column: Column, table: Table) -> str:
    if column.name == "contact":
        return "contact"
    if column.name == "into":
        return "1 + contact // 2"
    if table.key == (column.name,) and column.type == "text":
        return (
            _BY_NAME.get(column.name, "") if table.name in _FEW and column.name == "product" else f"'{table.name}' || i"
        )
    return _BY_NAME.get(column.name) or _BY_TYPE[column.type]
