"""Every table of the star is filled alike from CSV, JSON Lines and Parquet, personal values in its vault alone."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from relance.customers.schema import VAULT, stored_parts
from relance.customers.star import STAR
from relance.engines.duckdb import TYPES
from relance.ingest.expressions import is_contact
from tests.ingest.shop import SECRET, Shop

MOMENT = datetime(2026, 3, 1, 12, 30, 15, tzinfo=UTC)
VALUES = {
    "text": "ça “va”, oui; 100 %",
    "integer": 42,
    "decimal": Decimal("1234.567"),
    "number": 0.25,
    "date": date(2026, 3, 1),
    "instant": MOMENT,
    "boolean": True,
}
ARROW = {
    "integer": pa.int64(),
    "decimal": pa.decimal128(18, 3),
    "number": pa.float64(),
    "date": pa.date32(),
    "instant": pa.timestamp("us", tz="UTC"),
    "boolean": pa.bool_(),
}
WORDS = {"act": "granted", "value_hash": None}  # said or worked out otherwise than by the type


def given(table):
    """A row as a retailer may say it: contacts by their own id."""
    row = {}
    for column in table.columns:
        if (table.name, column.name) == ("contacts", "contact") or column.name == "value_hash":
            continue
        row[column.name] = f"own-{column.name}" if is_contact(column) else WORDS.get(column.name, VALUES[column.type])
    return row


def mapping(table, row):
    columns = "".join(f"      {name}: {name}\n" for name in row)
    return f'feed: any\nfiles: "any.*"\ntables:\n  {table.name}:\n    columns:\n{columns}'


def as_text(value):
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value).lower() if isinstance(value, bool) else str(value)


def files(table, row):
    stream = io.StringIO()
    writer = csv.DictWriter(stream, list(row))
    writer.writeheader()
    writer.writerow({name: as_text(value) for name, value in row.items()})
    yield "any.csv", stream.getvalue().encode()
    plain = {
        name: value if isinstance(value, bool | int | float | str) else as_text(value) for name, value in row.items()
    }
    yield "any.jsonl", json.dumps(plain).encode()
    kinds = {c.name: pa.string() if is_contact(c) else ARROW.get(c.type, pa.string()) for c in table.columns}
    sink = pa.BufferOutputStream()
    parquet.write_table(pa.table({name: pa.array([value], kinds[name]) for name, value in row.items()}), sink)
    yield "any.parquet", sink.getvalue().to_pybytes()


@pytest.mark.parametrize("name", sorted(STAR))
def test_a_table_is_filled_alike_from_every_kind_of_file(tmp_path, name):
    table = STAR[name]
    row = given(table)
    shop = Shop(tmp_path)
    shop.says(mapping(table, row))
    first, *others = [shop.takes(file, at="2026-03-10T10:00:00Z")[0] for file in files(table, row)]
    assert (first.read, first.inserted) == (1, 1), first
    assert [(other.read, other.unchanged) for other in others] == [(1, 1), (1, 1)]
    check_values(shop, table, row)
    check_types(shop, table)
    check_vault(shop, table)


def check_values(shop, table, row):
    """What is read back is what was given, instants without their offset."""
    for part in (table.name, table.name + VAULT) if table.vault_columns else (table.name,):
        (found,) = [
            one for one in shop.engine.rows(f'SELECT * FROM "{part}"') if one.get("kind") not in ("own", "secret")
        ]
        for column in stored_parts(table)[part]:
            if column.name in row and not is_contact(column) and column.name not in ("act", "confirmed"):
                wanted = row[column.name]
                wanted = wanted.replace(tzinfo=None) if isinstance(wanted, datetime) else wanted
                assert found[column.name] == wanted, (part, column.name)


def check_types(shop, table):
    for part, columns in stored_parts(table).items():
        described = {
            row["column_name"]: row["column_type"] for row in shop.engine.rows(f'DESCRIBE SELECT * FROM "{part}"')
        }
        assert described == {column.name: TYPES[column.type] for column in columns}, part


def check_vault(shop, table):
    personal = {column.name for column in table.columns if column.personal}
    open_columns = {column.name for column in stored_parts(table)[table.name]}
    assert not personal & open_columns
    assert SECRET.decode() not in str(shop.engine.rows(f'SELECT * FROM "{table.name}"'))
