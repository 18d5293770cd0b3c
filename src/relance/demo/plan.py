"""What a demo will live through: deliveries of files and turns, each at its moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path

from relance.demo.calendar import LAST_TURN, TURNS, instant_at


@dataclass(frozen=True)
class Delivery:
    """Files that arrive together and become known at one instant; the history comes first, once."""

    known_at: datetime
    files: tuple[Path, ...]
    history: bool = False
    note: str = ""


@dataclass(frozen=True)
class SwitchOn:
    """Some scenarios of the library are switched on."""

    at: datetime
    names: tuple[str, ...]


@dataclass(frozen=True)
class Turn:
    """A turn is due."""

    at: datetime


Moment = Delivery | SwitchOn | Turn


@dataclass(frozen=True)
class Showcase:
    """A member worth looking at: why, and on which turn's date."""

    own_id: str
    day: date
    french: str
    english: str


@dataclass(frozen=True)
class DemoPlan:
    """The whole demo, in time. Instants are aware, in UTC.

    history: the first delivery, for `import --history`; switch_ons: the first scenarios, and the others near the end;
    deliveries: all that follow the history; turns: the thirty;
    showcase: members worth explaining; counts: what was made up, by the table's name; seed: of whoever reacts.
    """

    history: Delivery
    switch_ons: tuple[SwitchOn, ...]
    deliveries: tuple[Delivery, ...]
    turns: tuple[datetime, ...]
    showcase: tuple[Showcase, ...]
    counts: dict[str, int]
    seed: int = 1

    @property
    def moments(self) -> tuple[Moment, ...]:
        """Everything that happens, in order; files that arrive at a turn's instant come before it."""
        switched = [each for each in self.switch_ons if each.at < self.turns[-1]]
        happens: list[tuple[datetime, int, Moment]] = [(each.at, 1, each) for each in switched]
        happens += [(each.known_at, 0, each) for each in (self.history, *self.deliveries)]
        happens += [(at, 2, Turn(at)) for at in self.turns]
        return tuple(moment for _, _, moment in sorted(happens, key=lambda row: row[:2]))


def turn_days() -> tuple[date, ...]:
    """The local dates of the turns."""
    return tuple(LAST_TURN - timedelta(days=TURNS - 1 - number) for number in range(TURNS))


def turn_instants() -> tuple[datetime, ...]:
    """Nine o'clock on each of those dates."""
    return tuple(instant_at(day, time(9)) for day in turn_days())
