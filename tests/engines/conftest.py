"""A ledger of its own for each story, and messages to put in it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from relance.engines.ledger import Ledger, OutboxKey, Outgoing
from relance.engines.sqlite import migrate_ledger, open_ledger

NINE = datetime(2026, 3, 10, 13, tzinfo=UTC)
TERM = timedelta(minutes=5)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "ledger.sqlite"
    migrate_ledger(file)
    return file


@pytest.fixture
def ledger(path: Path) -> Iterator[Ledger]:
    opened = open_ledger(path)
    yield opened
    opened.close()


def hand(ledger: Ledger, limit: int = 10, at: datetime = NINE) -> int:
    """What is due begins to leave under a new lease; the lease."""
    lease = ledger.open_lease("email", at + TERM)
    rows = ledger.lease_rows(lease, "email", at, limit)
    ledger.begin_handing({row.id: f"<{row.id}@relance>" for row in rows}, at, lease)
    return lease


def recover(ledger: Ledger, max_attempts: int = 8, at: datetime = NINE) -> int:
    return ledger.recover("email", at, at, max_attempts, TERM)


def outgoing(contact: int, occurrence: str = "cart-1", *, kind: str = "marketing", scenario: str = "cart") -> Outgoing:
    return Outgoing(
        key=OutboxKey(scenario, "remind", contact, occurrence, "email"),
        keys=(occurrence,),
        kind=kind,
        version=1,
        sender="shop",
        message="forgotten-cart",
        message_version=1,
        language="fr",
        locale="fr-CA",
        context={"first_name": "Marie", "price": Decimal("12.50"), "since": date(2026, 3, 9)},
        address=f"contact{contact}@example.test",
        address_hash=f"hash-{contact}",
        local_day=date(2026, 3, 10),
        due_at=NINE,
        created_at=NINE,
    )


def states(ledger: Ledger) -> dict[int, tuple[str, str | None]]:
    return {row.outgoing.key.contact: (row.state, row.reason) for row in ledger.outbox()}
