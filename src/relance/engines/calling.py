"""The ledger's part that is called from outside: calls of scenarios, and who may call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Call:
    """A scenario called for a contact; `key` says which call it is. `seq` is 0 until recorded."""

    scenario: str
    key: str
    contact: int
    at: datetime
    fields: Mapping[str, Any] = field(default_factory=dict)
    seq: int = 0


@dataclass(frozen=True, slots=True)
class Token:
    """Who may call, by name; of the token itself only a digest is kept."""

    name: str
    created_at: datetime
    revoked_at: datetime | None = None


class CallsLedger(Protocol):
    """See `Ledger`."""

    def add_call(self, call: Call) -> bool:
        """Keep a call; False where the scenario has one of this key already, which stays as it is."""

    def call(self, scenario: str, key: str) -> Call | None:
        """The call of that key."""

    def calls_since(self, seq: int, limit: int = 10_000) -> list[Call]:
        """Calls after `seq`, oldest first, for the warehouse to absorb."""

    def add_token(self, name: str, digest: str, at: datetime) -> bool:
        """Keep a token's digest; False where there is, or was, a token of that name."""

    def revoke_token(self, name: str, at: datetime) -> bool:
        """It opens nothing from now on; False where no such token is good."""

    def tokens(self) -> list[Token]:
        """All, the revoked ones too, oldest first."""

    def token(self, digest: str) -> Token | None:
        """The token of that digest, if it is good."""
