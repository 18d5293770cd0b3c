"""The ledger's port for webhooks: calls go in once, are taken under a lease, and end with an answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

OPEN = ("queued", "calling")


@dataclass(frozen=True, slots=True)
class StepKey:
    """What a step may do once for a contact and an occurrence; no version is in it."""

    scenario: str
    step: str
    contact: int
    occurrence: str


@dataclass(frozen=True, slots=True)
class WebhookCall:
    """A call to make. `body` is JSON text; `takes` names what the answer may set; `attempts` were made before."""

    key: StepKey
    url: str
    body: str
    takes: tuple[str, ...]
    created_at: datetime
    id: int = 0
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class EndedCall:
    """How a call ended: `done` with what its answer sets, `failed` or `cancelled` with a reason."""

    seq: int
    key: StepKey
    state: str
    reason: str | None
    answer: Mapping[str, Any] = field(default_factory=dict)


class Webhooks(Protocol):
    """The part of the ledger that holds calls to the outside. Instants are aware."""

    def enqueue_calls(self, calls: Iterable[WebhookCall]) -> int:
        """Add calls; those whose key is there already are left alone. How many are new."""

    def take_calls(self, now: datetime, until: datetime, limit: int) -> list[WebhookCall]:
        """Take what is due, or was taken by somebody whose time is over; ours until `until`."""

    def end_call(
        self, call: WebhookCall, state: str, reason: str | None, answer: Mapping[str, Any], at: datetime
    ) -> None:
        """Write down how a call ended; nothing where it was cancelled meanwhile."""

    def retry_call(self, call: WebhookCall, reason: str, due_at: datetime) -> None:
        """Put a call back until then."""

    def ended_calls_since(self, seq: int, limit: int = 10_000) -> list[EndedCall]:
        """Calls that ended after `seq`, in the order in which they did."""

    def cancel_calls(self, keys: Iterable[StepKey], reason: str, at: datetime) -> int:
        """Cancel calls that have not been made, by scenario, contact and occurrence. How many."""

    def webhook_counts(self) -> Sequence[tuple[str, str, str, int]]:
        """(scenario, step, state, how many)."""
