"""A home after a turn or a sending comes in; what was decided, queued and delivered goes out in a story's words."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from functools import cached_property
from typing import Any

from relance.base.clock import aware_utc, naive_utc
from relance.customers.installation import Installation
from relance.engines.ledger import LEFT, OutboxRow

_DECIDED = (
    "SELECT coalesce(v.own_id, d.visitor) AS who, d.scenario, d.step, d.occurrence, d.outcome, d.reason, d.due_at "
    "FROM decisions AS d LEFT JOIN contacts_vault AS v USING (contact) WHERE d.\"at\" = TIMESTAMP '{}' "
    "ORDER BY 1, 2, 3, 4"
)
_ADDRESSES = "SELECT own_id, email FROM contacts_vault"
_NAMES = "SELECT contact, own_id FROM contacts_vault"


@dataclass(frozen=True)
class Decided:
    """One decision of a turn about a contact (or the cart of a visitor), by the retailer's own id."""

    who: str
    scenario: str
    step: str
    occurrence: str
    outcome: str
    reason: str
    due_at: datetime


@dataclass(frozen=True)
class Letter:
    """A message in the outbox, and its mail where it was delivered."""

    to: str
    row: OutboxRow
    due_at: datetime | None = None
    mail: EmailMessage | None = None

    @cached_property
    def holds(self) -> list[str]:
        """The products that it carries, in their order; what it speaks of where they have no numbers."""
        lists = [value for value in self.row.outgoing.context.values() if isinstance(value, list)]
        parts = [each for listed in lists for each in listed if isinstance(each, dict)]
        found = [str(each["product"]) for each in parts if "product" in each]
        product = self.row.outgoing.context.get("product")
        return found or ([str(product)] if isinstance(product, str) else [])

    @cached_property
    def text(self) -> str:
        """Subject and text as the person reads them."""
        body = self.mail.get_body(("plain",)) if self.mail else None
        return f"{self.mail['Subject']}\n{body.get_content()}" if self.mail and body else ""


def decided_at(place: Installation, turn: datetime) -> list[Decided]:
    """Everything that the turn at an instant decided."""
    rows = place.engine.rows(_DECIDED.format(naive_utc(turn)))
    return [
        Decided(
            str(row["who"]), row["scenario"], row["step"] or "", row["occurrence"] or "", row["outcome"],
            row["reason"] or "", aware_utc(row["due_at"]),
        )
        for row in rows
    ]  # fmt: skip


def letters(place: Installation, rows: Iterable[OutboxRow], decided: Iterable[Decided] = ()) -> list[Letter]:
    """Rows of the outbox with whom they are for and, where they have left, their mail."""
    rows = list(rows)
    names = {row["contact"]: row["own_id"] for row in place.engine.rows(_NAMES)}
    due = {(each.scenario, each.step, each.who, each.occurrence): each.due_at for each in decided}
    mails = {mail["Message-ID"]: mail for mail in _mails(place)} if any(row.state in LEFT for row in rows) else {}
    found = []
    for row in rows:
        key = row.outgoing.key
        who = str(names[key.contact])
        at = due.get((key.scenario, key.step, who, key.occurrence))
        found.append(Letter(who, row, at, mails.get(_bracketed(row.message_id))))
    return sorted(found, key=lambda letter: (letter.to, letter.row.id))


def addresses(place: Installation, people: Collection[str]) -> frozenset[str]:
    """The addresses of people, by the retailer's own ids."""
    rows = place.engine.rows(_ADDRESSES) if people else []
    return frozenset(row["email"] for row in rows if row["own_id"] in people)


def _mails(place: Installation) -> Iterator[EmailMessage]:
    for path in sorted(place.home.mail.glob("*/*")):
        yield BytesParser(_class=EmailMessage, policy=policy.default).parsebytes(path.read_bytes())


def _bracketed(message_id: str | None) -> str:
    return f"<{(message_id or '').strip('<>')}>"


def states(place: Installation) -> dict[int, OutboxRow]:
    """The outbox by row."""
    return {row.id: row for row in place.ledger.outbox()}


def plain(value: Any) -> str:
    """A value as a story writes it."""
    if isinstance(value, list | tuple):
        return "[" + ", ".join(plain(each) for each in value) + "]"
    if isinstance(value, datetime):
        return f"{aware_utc(value):%Y-%m-%dT%H:%M:%SZ}".replace(":00Z", "Z")
    return str(value)
