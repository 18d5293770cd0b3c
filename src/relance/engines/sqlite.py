"""A path becomes the ledger: definitions, outbox and protecting facts in one SQLite file."""

from __future__ import annotations

from pathlib import Path

from relance.base.errors import NotFound
from relance.engines.ledger import Ledger
from relance.engines.sqlite_calls import Calls
from relance.engines.sqlite_coupons import Coupons
from relance.engines.sqlite_definitions import Definitions
from relance.engines.sqlite_facts import Facts
from relance.engines.sqlite_file import BUSY_SECONDS, check_schema, migrate
from relance.engines.sqlite_leases import Leases
from relance.engines.sqlite_outbox import Outbox
from relance.engines.sqlite_webhooks import WebhookCalls


class SqliteLedger(Leases, Definitions, Outbox, Facts, WebhookCalls, Coupons, Calls):
    """The default ledger. One instance per process or thread; any number may be open on one file."""


def migrate_ledger(path: Path, busy_seconds: float = BUSY_SECONDS) -> int:
    """Create the ledger or bring it up to date; how many schema files were applied."""
    ledger = SqliteLedger(path, busy_seconds)
    try:
        return migrate(ledger)
    finally:
        ledger.close()


def open_ledger(path: Path, busy_seconds: float = BUSY_SECONDS) -> Ledger:
    """Open a migrated ledger, writing nothing. Raises NotFound when there is none or its schema is old."""
    if not path.exists():
        raise NotFound(f"{path}: there is no ledger here; run “relance init” or “relance migrate” first")
    ledger = SqliteLedger(path, busy_seconds)
    check_schema(ledger)
    return ledger
