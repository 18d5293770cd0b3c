"""The star's tables as they are stored: current rows, superseded versions, vaults for what is personal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from relance.customers.tables import BOOKKEEPING, SUPERSEDED, Column, Table
from relance.engines.warehouse import Engine

# Each stored part of a table T: T, T_past, and T_vault, T_vault_past where something is personal.
PAST = "_past"
VAULT = "_vault"

# Written by turns and imports, never by a retailer's file.
HOUSE_TABLES: Mapping[str, Mapping[str, str]] = {
    "imports": {
        "import_id": "integer",
        "delivery": "integer",
        "feed": "text",
        "file": "text",
        "digest": "text",
        "known_at": "instant",
        "period": "instant",
        "read": "integer",
        "inserted": "integer",
        "updated": "integer",
        "unchanged": "integer",
        "rejected": "integer",
        "deleted": "integer",
        "seconds": "number",
    },
    "rejects": {
        "import_id": "integer",
        "file": "text",
        "line": "integer",
        "column": "text",
        "value": "text",
        "reason": "text",
        "record": "text",
    },
    "deletions": {"table_name": "text", "key": "text", "period": "instant", "known_at": "instant"},
    "erased": {"value_hash": "text", "at": "instant"},
    "feed_completeness": {"feed": "text", "until": "instant", "known_at": "instant"},
    "turns": {
        "at": "instant",
        "kind": "text",
        "ledger_seq": "integer",
        "seconds": "number",
        "report": "text",
    },
    "journeys": {
        "scenario": "text",
        "version": "integer",
        "contact": "integer",
        "visitor": "text",
        "occurrence": "text",
        "subject": "text",
        "fact_at": "instant",
        "fact_day": "instant",
        "node": "integer",
        "due_at": "instant",
        "at": "instant",
        "state": "text",
        "reason": "text",
        # the fact by which it was left before its time
        "left_by": "text",
        "left_happened_at": "instant",
        "left_known_at": "instant",
    },
    # the ways that journeys took at steps that choose one, once and for all, with what was read
    "passages": {
        "at": "instant",
        "scenario": "text",
        "version": "integer",
        "step": "text",
        "contact": "integer",
        "visitor": "text",
        "occurrence": "text",
        "way": "text",
        "u": "number",
        "read": "text",
        "fact": "text",
        "happened_at": "instant",
        "known_at": "instant",
    },
    "decisions": {
        "at": "instant",
        "scenario": "text",
        "version": "integer",
        "step": "text",
        "contact": "integer",
        "visitor": "text",
        "occurrence": "text",
        "subject": "text",
        "fact_at": "instant",
        "due_at": "instant",
        "due_date": "date",
        "outcome": "text",
        "reason": "text",
        "reasons": "text",
        "read": "text",
        "message_key": "text",
        "lost_to": "text",
        "channel": "text",
        "purpose": "text",
        "sender": "text",
        "day": "date",
    },
    "message_states": {
        "message_key": "text",
        "scenario": "text",
        "step": "text",
        "contact": "integer",
        "occurrence": "text",
        "channel": "text",
        "state": "text",
        "reason": "text",
        "at": "instant",
        "seq": "integer",
        "happened_at": "instant",
        "links": "boolean",
        "pixel": "boolean",
    },
    # how far the facts born outside the warehouse have been taken: consent acts of the ledger, each file of hits
    "absorptions": {"source": "text", "seq": "integer", "rules": "integer", "at": "instant"},
    "draws": {"scenario": "text", "step": "text", "contact": "integer", "u": "number", "at": "instant"},
    "segment_members": {
        "segment": "text",
        "contact": "integer",
        "entered_at": "instant",
        "left_at": "instant",
        "moved_by": "text",  # what moved them last …
        "came_by": "text",  # … and what brought them in
    },
    "segment_runs": {"segment": "text", "at": "instant", "members": "integer"},
    "rfm_cuts": {
        "at": "instant",
        "measure": "text",
        "cut1": "decimal",
        "cut2": "decimal",
        "cut3": "decimal",
        "cut4": "decimal",
    },
    # maintained by imports, for the contacts that a file touched
    "contact_orders": {
        "contact": "integer",
        "orders": "integer",
        "first_order": "instant",
        "last_order": "instant",
        "first_order_id": "text",
        "last_order_id": "text",
    },
    "recurring_lines": {
        "contact": "integer",
        "order_id": "text",
        "product": "text",
        "placed_at": "instant",
        "quantity": "decimal",
    },
}


def stored_parts(table: Table) -> dict[str, tuple[Column, ...]]:
    """The stored tables of one table of the star, by name."""
    parts = {table.name: (*table.open_columns, *BOOKKEEPING)}
    parts[table.name + PAST] = (*parts[table.name], SUPERSEDED)
    if table.vault_columns:
        parts[table.name + VAULT] = (*table.vault_columns, *BOOKKEEPING)
        parts[table.name + VAULT + PAST] = (*parts[table.name + VAULT], SUPERSEDED)
    return parts


def create_star(engine: Engine, tables: Iterable[Table]) -> None:
    """Creates what is missing and adds new columns; what exists keeps its rows."""
    parts = {name: columns for table in tables for name, columns in stored_parts(table).items()}
    kinds = {name: {column.name: column.type for column in columns} for name, columns in parts.items()}
    engine.create({**kinds, **HOUSE_TABLES})
