"""What an import did, file by file, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True)
class ImportReport:
    """One file of a delivery. read = inserted + updated + unchanged + rejected, by record of the grain table.

    tables: rows by table and state (inserted, updated, unchanged, stale, deleted). reasons: rejects by code.
    unmatched: refunds that name no known order. repeated: the same content was imported before.
    """

    import_id: int
    delivery: int
    feed: str
    file: str
    period: datetime  # naive UTC
    known_at: datetime  # naive UTC
    read: int
    inserted: int
    updated: int
    unchanged: int
    rejected: int
    deleted: int = 0
    new_contacts: int = 0
    unmatched: int = 0
    repeated: bool = False
    complete_until: datetime | None = None
    seconds: float = 0.0
    tables: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    reasons: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        total = self.inserted + self.updated + self.unchanged + self.rejected
        if self.read != total:
            raise AssertionError(f"{self.file}: {self.read} records read, {total} accounted for")
