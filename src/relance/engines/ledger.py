"""The port to the ledger: what its rows are, and what may be asked of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Protocol

from relance.engines.calling import CallsLedger
from relance.engines.coupons import CouponCodes
from relance.engines.webhooks import Webhooks

WAITING = ("queued", "leased", "deferred")
"""States of a row that has not begun to leave: it may still be cancelled."""

LEFT = ("handing", "accepted", "unknown")
"""States of a row that has left, or may have."""

WITHDRAWN = "withdrawn"
"""Why a row is cancelled whose decision was undone before it left: the key may be used again."""

UNTIL = "until:"
"""Before an instant among the stops of a message: from then on it may not leave."""

DEARER = "dearer"
"""The kind of the fact that a product costs more than before, `{amount, currency}` in its detail."""

STATES = ("queued", "leased", "handing", "accepted", "deferred", "refused", "unknown", "cancelled")


@dataclass(frozen=True, slots=True)
class Document:
    """One immutable version of a scenario, message or segment."""

    kind: str
    name: str
    version: int
    body: str
    published_at: datetime


@dataclass(frozen=True, slots=True)
class Switch:
    """A scenario switched on or off; the last one at or before an instant says what was on then."""

    scenario: str
    on: bool
    version: int
    at: datetime
    enter_since: date | None = None
    already_past: int | None = None


@dataclass(frozen=True, slots=True)
class OutboxKey:
    """What may leave once. The version is not in it."""

    scenario: str
    step: str
    contact: int
    occurrence: str
    channel: str


@dataclass(frozen=True, slots=True)
class Outgoing:
    """An approved message to put in the outbox.

    `keys` lists every occurrence the one message uses (the first is `key.occurrence`). `created_at` is
    the instant of the turn that decided: only stop facts known after it can still stop the row. `stops`
    maps a kind of stop fact to the reason it gives (`{"ordered": "more_than_one_order"}`), empty for what
    no fact stops; None means `{"ordered": "ordered"}` for marketing and nothing for the rest. `context`
    holds plain values (str, int, bool, None, Decimal, date, lists and mappings of them) and is erased with
    the contact.
    """

    key: OutboxKey
    keys: tuple[str, ...]
    kind: str
    version: int
    sender: str
    message: str
    message_version: int
    language: str
    locale: str
    context: Mapping[str, Any]
    address: str
    address_hash: str
    local_day: date
    due_at: datetime
    created_at: datetime
    fresh_until: datetime | None = None
    stops: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """An outgoing message and where it stands."""

    id: int
    outgoing: Outgoing
    state: str
    reason: str | None
    message_id: str | None
    attempts: int
    retry_at: datetime | None
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one outbox row."""

    id: int
    state: str
    reason: str | None = None
    retry_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class OutboxEvent:
    """One change of state, in the order it was made; whether the message's links are followed, and it has a pixel."""

    seq: int
    outbox_id: int
    key: OutboxKey
    keys: tuple[str, ...]
    kind: str
    version: int
    sender: str
    local_day: date
    state: str
    reason: str | None
    at: datetime
    links: bool = False
    pixel: bool = False


@dataclass(frozen=True, slots=True)
class OutboxCount:
    """How many messages, and how many occurrences they carry, stand at one state for one reason."""

    scenario: str
    channel: str
    kind: str
    state: str
    reason: str | None
    messages: int
    keys: int


@dataclass(frozen=True, slots=True)
class Denial:
    """A contact, an address or both, not to be written to. None means every channel, purpose or sender.

    A denial without a purpose is the global opt-out: it stops marketing and service, never transactional.
    """

    reason: str
    since: datetime
    contact: int | None = None
    address_hash: str | None = None
    channel: str | None = None
    purpose: str | None = None
    sender: str | None = None


@dataclass(frozen=True, slots=True)
class StopFact:
    """Something that happened to a contact or a product since a message was decided.

    Kinds: `ordered` (contact), `bought` (contact and product), `out_of_stock` and `in_stock` (product); a
    retailer's own kinds are those that rows name in their `stops`.
    """

    kind: str
    happened_at: datetime
    known_at: datetime
    contact: int | None = None
    product: str | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ConsentAct:
    """A consent act born here (unsubscribe page, reply), not imported; `seq` is 0 until recorded."""

    contact: int
    channel: str
    purpose: str
    sender: str
    act: str
    at: datetime
    source: str
    wording: str | None = None
    language: str | None = None
    affirmative: bool = True
    basis: str | None = None
    proof: str | None = None
    seq: int = 0


@dataclass(frozen=True, slots=True)
class Suppression:
    """An address no channel server takes: a hard bounce, a complaint. Kept apart from consent."""

    address_hash: str
    channel: str
    reason: str
    since: datetime
    reversed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class HandOverFacts:
    """All that may still stop a batch of rows at the last moment."""

    denials: tuple[Denial, ...]
    suppressed: frozenset[str]
    stops: tuple[StopFact, ...]
    left_today: frozenset[tuple[str, str, str, date]]
    """(scenario, step, address hash, local day) of rows that have left, or may have."""


class Ledger(Webhooks, CouponCodes, CallsLedger, Protocol):
    """Transactional memory of what may leave, what left, and what must not. Instants are aware.

    Every method raises Busy when another process keeps the ledger locked, RelanceError when it cannot be read
    or written (full disk, damaged file); whatever was not committed is then unchanged.
    """

    def transaction(self) -> AbstractContextManager[None]:
        """Everything inside is committed together or not at all; joins a transaction already open."""

    def publish(self, kind: str, name: str, body: str, at: datetime) -> int:
        """The version of this body: a new one, or the latest if its body is the same."""

    def document(self, kind: str, name: str, version: int | None = None) -> Document:
        """One version, the latest by default. Raises NotFound."""

    def documents(self, kind: str) -> list[Document]:
        """The latest version of each, by name."""

    def history(self, kind: str, name: str) -> list[Document]:
        """All versions, oldest first."""

    def switch(self, switch: Switch) -> None:
        """Append one switching on or off."""

    def switches(self) -> list[Switch]:
        """All of them in order."""

    def enqueue(self, rows: Iterable[Outgoing]) -> int:
        """Put rows in, 1,000 a transaction; a key already there stays as it is, unless it was withdrawn. How many."""

    def outbox(self, *, contact: int | None = None, states: Sequence[str] = STATES) -> list[OutboxRow]:
        """Rows by id, of one contact or in some states."""

    def waiting_versions(self) -> list[tuple[str, int]]:
        """(scenario, version) of the rows that wait, in order."""

    def waiting_keys(self, scenario: str, version: int) -> list[OutboxKey]:
        """The keys of the rows that wait, of one version."""

    def waiting_contacts(self) -> set[int]:
        """Contacts with a row that has not left yet, the leaving ones included."""

    def due(self, channel: str, now: datetime, limit: int) -> list[OutboxRow]:
        """Waiting rows whose time has come (deferred ones: whose retry time has), oldest due first."""

    def hand_over_facts(self, rows: Sequence[OutboxRow]) -> HandOverFacts:
        """What could stop these rows, in as few queries as there are tables.

        Facts about products are those of the `product` of each of the context's `items`.
        """

    def open_lease(self, channel: str, until: datetime) -> int:
        """A sender begins; the token under which it holds rows. Lease times are those of the machine's clock."""

    def renew_lease(self, token: int, until: datetime) -> None:
        """The sender is alive. Raises LeaseLost when its rows have been taken from it."""

    def close_lease(self, token: int) -> None:
        """The sender leaves; what it held and never began goes back to the queue."""

    def lease_rows(self, token: int, channel: str, now: datetime, limit: int) -> list[OutboxRow]:
        """Take what is due under a lease, oldest due first, in the same statement that finds it."""

    def still_leased(self, token: int, ids: Iterable[int]) -> set[int]:
        """Which of these rows this lease still holds; the others were cancelled or taken back."""

    def begin_handing(self, message_ids: Mapping[int, str], at: datetime, token: int) -> int:
        """Rows (id -> Message-ID) held by this lease begin to leave; how many were still held."""

    def record(self, outcomes: Iterable[Outcome], at: datetime, token: int) -> int:
        """Outcomes of rows this lease holds, all in one transaction; how many were still held.

        `queued` hands a row back as if never attempted.
        """

    def recover(self, channel: str, at: datetime, lapsed: datetime, max_attempts: int, again: timedelta) -> int:
        """Take back what dead senders and leases that ended before `lapsed` held: leased rows are queued again,
        those in `handing` become `unknown`; how many did.

        Unknown transactional rows with fewer attempts are queued under the same Message-ID, `again` later.
        """

    def cancel(
        self,
        contacts: Iterable[int],
        reason: str,
        at: datetime,
        *,
        kinds: Sequence[str] = ("marketing",),
        channel: str | None = None,
        sender: str | None = None,
        scenarios: Sequence[str] | None = None,
    ) -> int:
        """Cancel what waits for these contacts, in one statement. How many rows."""

    def cancel_keys(self, keys: Iterable[OutboxKey], reason: str, at: datetime) -> int:
        """Cancel waiting rows by their key, in one statement."""

    def withdraw_keys(self, keys: Iterable[OutboxKey], version: int, at: datetime) -> int:
        """Take back waiting rows of one version, so that another may use their keys. How many."""

    def restore_cancelled(self, scenario: str, reason: str, at: datetime) -> int:
        """Rows of a scenario cancelled for this reason at this instant wait again, as they did before. How many."""

    def events_since(self, seq: int, limit: int = 10_000) -> list[OutboxEvent]:
        """Changes of state after `seq`, oldest first."""

    def newest_event(self) -> int:
        """The sequence number of the last event of the outbox; 0 before the first."""

    def outbox_counts(self) -> list[OutboxCount]:
        """The equation's share of the outbox."""

    def deny(self, denials: Iterable[Denial]) -> int:
        """Add to the deny list; what stands there already is not added twice. How many are new."""

    def allow(self, denial: Denial, at: datetime) -> int:
        """Lift exactly this denial (its reason and date aside), after the person's own act."""

    def denials(self) -> list[Denial]:
        """Those that stand."""

    def refusing(self, contacts: Iterable[int], purpose: str) -> set[int]:
        """Those of these contacts whose denial of this purpose, or of everything, stands."""

    def add_stop_facts(self, facts: Iterable[StopFact], *, only_waiting: bool = True) -> int:
        """Keep facts senders must heed; how many were kept.

        By default only those of contacts (for products: of anyone) with rows waiting or leaving.
        """

    def forget_stop_facts(self, known_before: datetime) -> int:
        """Drop facts that no waiting row is older than any more. How many."""

    def add_consent_acts(self, acts: Iterable[ConsentAct]) -> int:
        """Append consent acts born here."""

    def consent_acts_since(self, seq: int, limit: int = 10_000) -> list[ConsentAct]:
        """Consent acts after `seq`, oldest first, for the warehouse to absorb."""

    def suppress(self, suppressions: Iterable[Suppression]) -> int:
        """Suppress addresses; one that stands for the same reason is not added twice."""

    def unsuppress(self, address_hash: str, channel: str, at: datetime) -> int:
        """Reverse what suppresses this address on this channel."""

    def suppressions(self) -> list[Suppression]:
        """All, the reversed ones too, in order."""

    def erase(self, contact: int, at: datetime) -> None:
        """Scrub address, context and proofs of a contact; keep rows and keys; cancel what waits, `erased`."""

    def contents_hash(self) -> str:
        """Hex SHA-256 over every row of every table in order."""

    def close(self) -> None:
        """Let go of the file."""
