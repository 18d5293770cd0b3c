"""Points of a small world as frozen dataclasses: lots that expire, and how many there are in all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True)
class Lot:
    """Points that expire together; told again, it is corrected."""

    id: str
    contact: str
    expires_on: date
    points: int
    known_at: datetime


@dataclass(frozen=True)
class Balance:
    """How many points somebody has in all."""

    contact: str
    points: int
    known_at: datetime
