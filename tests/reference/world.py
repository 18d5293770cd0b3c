"""A small world as frozen dataclasses: what happened, when it became known, what was switched on."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from decimal import Decimal
from typing import Literal

from tests.reference.points import Balance, Lot
from tests.reference.steps import Send, Steps

Kind = Literal["individual", "institution", "unknown"]
Act = Literal["granted", "refused"]
StockPolicy = Literal["tracked", "unlimited"]
Trigger = Literal[
    "second_purchase",
    "win_back",
    "forgotten_cart",
    "birthday",
    "sign_up",
    "order",
    "received",
    "handed_over",
    "entered",
    "left",
    "call",
    "price_drop",
    "restock",
    "stages",
    "expiry",
]
Purpose = Literal["marketing", "service", "transactional"]


@dataclass(frozen=True)
class Contact:
    """A customer; `id` is the retailer's own id, `email` may be missing or shared.

    Of one whose kind is `unknown` no row has come yet: only orders and acts name them.
    """

    id: str
    kind: Kind = "individual"
    email: str | None = None
    language: str = "fr"
    born: date | None = None
    joined: date | None = None
    zone: str | None = None


@dataclass(frozen=True)
class Call:
    """Somebody calls a scenario for a contact; the same key again says the same call again."""

    at: datetime
    scenario: str
    contact: str
    key: str


@dataclass(frozen=True)
class PriceRow:
    """What a product costs from an instant on; told again for the same instant, it is corrected."""

    product: str
    amount: Decimal
    valid_from: datetime
    known_at: datetime


@dataclass(frozen=True)
class Wish:
    """A product on somebody's list; `removed`: when it was taken off, and when that became known."""

    id: str
    contact: str
    product: str
    at: datetime
    known_at: datetime
    removed: tuple[datetime, datetime] | None = None


@dataclass(frozen=True)
class Retold:
    """Rows of contacts told again, whole, at `known_at`: whoever is among them is so from now on."""

    known_at: datetime
    contacts: tuple[Contact, ...]


@dataclass(frozen=True)
class ConsentAct:
    """What a contact said about e-mail of a purpose, `*` for every purpose on every channel; instants are aware."""

    contact: str
    act: Act
    happened_at: datetime
    known_at: datetime
    purpose: str = "marketing"


@dataclass(frozen=True)
class StockRow:
    """A count of pieces, replaced by the next row."""

    quantity: int
    happened_at: datetime
    known_at: datetime


@dataclass(frozen=True)
class Product:
    """Something sold; an `unlimited` product (an e-book) never runs out."""

    id: str
    stock_policy: StockPolicy = "unlimited"
    stock: tuple[StockRow, ...] = ()


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One line as the file says it; quantity and price may be zero or negative."""

    product: str
    quantity: int
    price: Decimal


@dataclass(frozen=True)
class Order:
    """One order as one file says it; `contact` is None for an anonymous one."""

    id: str
    contact: str | None
    placed_at: datetime
    lines: tuple[OrderLine, ...]
    cancellation: bool = False
    received: datetime | None = None
    coupon: str | None = None

    def bought(self) -> tuple[str, ...]:
        """The products of its positive lines."""
        return tuple(line.product for line in self.lines if line.quantity > 0 and line.price > 0)

    def valid(self) -> bool:
        """A positive line, and not a cancellation."""
        return not self.cancellation and any(line.quantity > 0 and line.price > 0 for line in self.lines)


@dataclass(frozen=True)
class CartLine:
    """A product lying in a cart, or taken out of it again."""

    product: str
    added_at: datetime
    removed: datetime | None = None


@dataclass(frozen=True)
class Cart:
    """One cart as one file says it; without lines it was emptied. `stage`: how far it has got."""

    id: str
    contact: str | None
    logged_in: bool
    touched_at: datetime
    lines: tuple[CartLine, ...]
    stage: str | None = None

    def holds(self) -> tuple[CartLine, ...]:
        """What lies in it still."""
        return tuple(line for line in self.lines if line.removed is None)


@dataclass(frozen=True)
class OrderFile:
    """A file of the feed `orders`; `period` (local, naive) says which is newest, `known_at` its import."""

    period: datetime
    known_at: datetime
    orders: tuple[Order, ...]


@dataclass(frozen=True)
class CartFile:
    """A file of the feed `carts`; see OrderFile."""

    period: datetime
    known_at: datetime
    carts: tuple[Cart, ...]


@dataclass(frozen=True)
class Complete:
    """The statement, made at `known_at`, that a feed is complete up to `until`."""

    feed: str
    until: datetime
    known_at: datetime


@dataclass(frozen=True)
class Edit:
    """At `at` another version comes into force: `live` says what becomes of what is under way; maybe it is undone.

    It has these steps and, where something is said, another age, other feeds it needs, other clocks it keeps to.
    """

    at: datetime
    live: str
    steps: Steps
    undone_at: datetime | None = None
    fresh_days: int | None = None
    needs: tuple[str, ...] | None = None
    own_zone: bool | None = None

    def of(self, old: Scenario) -> Scenario:
        """The new version."""
        new = replace(old, steps=self.steps)
        if self.fresh_days is not None:
            new = replace(new, fresh_days=self.fresh_days, fresh_hours=None)
        if self.needs is not None:
            new = replace(new, needs=self.needs)
        return new if self.own_zone is None else replace(new, own_zone=self.own_zone)


@dataclass(frozen=True)
class Scenario:
    """One scenario that is switched on at `on_at` and stays on.

    `fresh_for` is `fresh_days`, counted in local days, or `fresh_hours`, counted as elapsed time, or neither; the
    rest of the local day where `fresh_days` is 0. `needs` are feeds that must be complete up to the start of the due
    day, until `deadline` of that day. Without a `slot` it is due at the same clock time. `instead` days after it was
    placed, an order counts that nobody says was received. `reentry` is the law's word, or local days. `a_unit`: how
    many are told of what came back, for each piece of it.
    """

    id: str
    trigger: Trigger
    on_at: datetime
    days: int = 1
    priority: int = 50
    fresh_days: int | None = None
    fresh_hours: int | None = None
    lookback_days: int = 7
    holdout: float = 0.0
    slot: time | None = time(9)
    needs: tuple[str, ...] = ()
    deadline: time = time(12)
    steps: Steps = (Send("send"),)
    purpose: Purpose = "marketing"
    own_zone: bool = False
    instead: int = 0
    a_unit: int = 4
    reentry: Literal["each", "never"] | int = "each"
    stops: tuple[str, ...] | None = None
    waits_if_lost: bool = False
    wants: tuple[str, str] | None = None
    edits: tuple[Edit, ...] = ()
    off: tuple[datetime, datetime] | None = None

    def since(self, moment: datetime) -> datetime | None:
        """Since when it has been on, None while it is off; from the second instant of `off` it is on again."""
        if moment < self.on_at or (self.off is not None and self.off[0] <= moment < self.off[1]):
            return None
        return self.off[1] if self.off is not None and moment >= self.off[1] else self.on_at


@dataclass(frozen=True)
class Quiet:
    """Hours of the contact's own clock in which no message of marketing or service leaves, past midnight too."""

    start: time
    end: time

    def at(self, clock: time) -> bool:
        """Whether it is quiet at this clock time; the end is not."""
        if self.start <= self.end:
            return self.start <= clock < self.end
        return clock >= self.start or clock < self.end


@dataclass(frozen=True)
class Cap:
    """At most `messages` marketing messages to a contact within `days` local dates, today included."""

    messages: int
    days: int


@dataclass(frozen=True)
class Turn:
    """One turn; `enter_since` names scenarios run alone, as their Phase 1, from a local date of the fact on."""

    at: datetime
    enter_since: tuple[tuple[str, date], ...] = ()

    def asks(self, scenario: Scenario) -> bool:
        """Whether this turn is one of the scenario, if it is on."""
        return not self.enter_since or scenario.id in dict(self.enter_since)


@dataclass(frozen=True)
class World:
    """All of it. Instants are aware UTC; where they are equal, files are imported in the order given.

    `again`: when every file there was is imported a second time, the last one first. It changes nothing.
    """

    zone: str
    contacts: tuple[Contact, ...]
    scenarios: tuple[Scenario, ...]
    turns: tuple[Turn, ...]
    retold: tuple[Retold, ...] = ()
    calls: tuple[Call, ...] = ()
    prices: tuple[PriceRow, ...] = ()
    wishes: tuple[Wish, ...] = ()
    lots: tuple[Lot, ...] = ()
    balances: tuple[Balance, ...] = ()
    consents: tuple[ConsentAct, ...] = ()
    products: tuple[Product, ...] = ()
    order_files: tuple[OrderFile, ...] = ()
    cart_files: tuple[CartFile, ...] = ()
    complete: tuple[Complete, ...] = ()
    cap: Cap | None = None
    quiet: Quiet | None = None
    again: datetime | None = None
    global_holdout: float = 0.0
    seed: str = "check"


Outcome = Literal["send", "held_out", "deferred", "refused", "waiting", "ended"]


@dataclass(frozen=True, order=True)
class Decision:
    """What one turn decided about one candidate; `contact` is empty for a visitor.

    `items` (products of a forgotten cart, the first four by time added) is told but not compared.
    """

    turn: datetime
    due_date: date
    scenario: str
    step: str
    contact: str
    occurrence: str
    outcome: Outcome
    reason: str
    items: tuple[str, ...] = field(default=(), compare=False)


@dataclass(frozen=True)
class TurnReport:
    """The equation of one scenario in one turn, and what was too old to see."""

    turn: datetime
    scenario: str
    candidates: int
    send: int
    held_out: int
    deferred: int
    refused: tuple[tuple[str, int], ...]
    too_old_to_see: int
    waiting: int = 0
    ended: int = 0


@dataclass(frozen=True, order=True)
class HeldBack:
    """A message that was approved by a turn and did not leave at its hand-over, with the last word on it."""

    turn: datetime
    scenario: str
    contact: str
    reason: str


@dataclass(frozen=True)
class Run:
    """What a world leads to: decisions in order, reports by turn and scenario, `already_past` by scenario.

    `held_back`: whose approved message did not leave at hand-over; two keys of one message may tell it twice.
    """

    decisions: tuple[Decision, ...]
    reports: tuple[TurnReport, ...]
    already_past: tuple[tuple[str, int], ...]
    held_back: tuple[HeldBack, ...] = ()
