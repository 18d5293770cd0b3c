"""An own id comes in; the person is forgotten in the warehouse, in the ledger and in the built-in mailbox."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime

from relance.base.errors import NotFound
from relance.channels.email.mailbox import erase_from_mailbox
from relance.customers.erasure import erase_contact, own_hash
from relance.customers.installation import Installation
from relance.customers.schema import PAST, VAULT
from relance.engines.sqlite_hits import open_hits


def erase_everywhere(place: Installation, own_id: str, at: datetime) -> int:
    """Forgets the person; answers how many mails went from the mailbox. NotFound where nobody has the id.

    Busy while a turn or an import is under way: it could write the person down again.

    The ledger first: if the warehouse fails then, the command can be given again.
    """
    with place.turn_lock():
        contact = _contact(place, own_id)
        addresses = set(_addresses(place, contact))
        place.ledger.erase(contact, at)
        _erase_hits(place, contact)
        erased = sum(erase_from_mailbox(place.home.mail, address) for address in sorted(addresses))
        erase_contact(place.engine, place.tables, own_id, place.secret, at)
        return erased


def _erase_hits(place: Installation, contact: int) -> None:
    if place.home.hits.exists():
        with closing(open_hits(place.home.hits)) as hits:
            hits.erase(contact)


def _contact(place: Installation, own_id: str) -> int:
    place.engine.load("erasing_id", {"value_hash": "text"}, [{"value_hash": own_hash(place.secret, own_id)}])
    contact = place.engine.value("SELECT i.contact FROM identities AS i SEMI JOIN erasing_id USING (value_hash)")
    if contact is None:
        raise NotFound(f"nobody has the id “{own_id}”; nothing was erased")
    return int(contact)


def _addresses(place: Installation, contact: int) -> Iterator[str]:
    """Every address the person had, now or before, and those that mail was queued for."""
    for part in ("contacts" + VAULT, "contacts" + VAULT + PAST):
        asked = f'SELECT DISTINCT email FROM "{part}" WHERE contact = {contact} AND email IS NOT NULL'
        yield from (row["email"] for row in place.engine.rows(asked))
    yield from (row.outgoing.address for row in place.ledger.outbox(contact=contact) if row.outgoing.address)
