"""One candidate goes in, the first reason against it in the published order comes out."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from tests.reference.facts import Facts
from tests.reference.local_time import days_after, instant, local_date, shown
from tests.reference.lots import left
from tests.reference.occurrences import Occurrence, home_of
from tests.reference.prices import price_back, wished_no_more
from tests.reference.restocks import out_again
from tests.reference.steps import Send, Steps
from tests.reference.world import Cart, Contact, Order, Scenario, World

Touches = set[tuple[datetime, date]]  # when, and which day it then was where the contact lives
WAITING = "waiting_feed"
ITEMS_SHOWN = 4


@dataclass(frozen=True, eq=False)
class Asked:
    """One journey before a step, at the instant of the turn that decides it; in Phase 1 its age does not matter.

    `scenario` is the version it keeps to, `due` its step's own due time, `behind` the step it has just left.
    `marks` are what the diary knows against it: `reentry`, `in_progress`, `not_sent`.
    Two candidates are the same only if they are the same object, so a turn may keep verdicts by candidate.
    """

    world: World
    facts: Facts
    scenario: Scenario
    occurrence: Occurrence
    turn: datetime
    phase_one: bool
    due: datetime
    steps: Steps = ()
    entering: bool = True
    over: bool = False
    behind: str = ""
    marks: frozenset[str] = frozenset()

    @property
    def contact(self) -> Contact | None:
        return self.facts.contact(self.occurrence.contact, self.turn) if self.occurrence.contact else None

    @property
    def home(self) -> str:
        """The zone whose clocks count for this scenario."""
        return home_of(self.scenario, self.facts, self.world.zone, self.occurrence.contact, self.turn)

    @property
    def own_zone(self) -> str:
        """Where the contact lives, as far as is known."""
        return (self.contact.zone if self.contact else None) or self.world.zone

    @property
    def own_day(self) -> date:
        """Today, where the contact lives."""
        return local_date(self.own_zone, self.turn)


def first_reason(asked: Asked) -> str | None:
    """The primary reason among those a candidate has by itself, or None; consent and address are asked of messages."""
    message = not asked.steps or isinstance(asked.steps[0], Send)
    return next(
        (name for name, holds in REASONS.items() if (message or name not in OF_MESSAGES) and holds(asked)), None
    )


def _deadline(asked: Asked) -> datetime | None:
    """Until when to wait for a feed that is incomplete up to the start of the due day, or of today.

    Last night's orders count, however long ago the cart was due; in Phase 1 they alone do.
    """
    zone, today = asked.world.zone, local_date(asked.world.zone, asked.turn)
    for day in (today,) if asked.phase_one else (local_date(zone, asked.due), today):
        start = instant(zone, day, time(0))
        if not all(asked.facts.complete(feed, start, asked.turn) for feed in asked.scenario.needs):
            return instant(zone, day, asked.scenario.deadline)
    return None


def _waiting(asked: Asked) -> bool:
    deadline = _deadline(asked)
    return deadline is not None and asked.turn < deadline


def _stale(asked: Asked) -> bool:
    deadline = _deadline(asked)
    return deadline is not None and asked.turn >= deadline


def _too_late(asked: Asked) -> bool:
    return not asked.phase_one and asked.turn > _fresh_until(asked)


def _fresh_until(asked: Asked) -> datetime:
    """The last instant at which the candidate is still fresh."""
    scenario, due = asked.scenario, asked.due
    if scenario.fresh_days == 0:
        return instant(asked.home, local_date(asked.home, due) + timedelta(days=1), time(0)) - timedelta(microseconds=1)
    if scenario.fresh_days is not None:
        return days_after(asked.home, due, scenario.fresh_days)
    if scenario.fresh_hours is not None:
        return due + timedelta(hours=scenario.fresh_hours)
    return datetime.max.replace(tzinfo=UTC)


def _anonymous(asked: Asked) -> bool:
    return asked.contact is None


def _not_logged_in(asked: Asked) -> bool:
    cart = asked.occurrence.cart
    return cart is not None and asked.entering and not cart.logged_in


def _no_address(asked: Asked) -> bool:
    return asked.contact is not None and not asked.contact.email


def _not_targeted(asked: Asked) -> bool:
    """Individuals, as all are unless said, and of those the ones of whom an earlier turn has set what is wanted."""
    if asked.contact is None:
        return False
    wants = asked.scenario.wants
    return asked.contact.kind == "institution" or (
        wants is not None and asked.facts.value(asked.contact.id, wants[0], asked.turn) != wants[1]
    )


def _refused(asked: Asked) -> bool:
    """Marketing and service heed a refusal; what is transactional asks nothing."""
    purpose = asked.scenario.purpose
    return (
        purpose != "transactional"
        and asked.facts.consent(asked.occurrence.contact or "", asked.turn, purpose) == "refused"
    )


def _no_basis(asked: Asked) -> bool:
    """Marketing alone needs a yes."""
    if asked.scenario.purpose != "marketing":
        return False
    return asked.facts.consent(asked.occurrence.contact or "", asked.turn) is None


def stopped(asked: Asked) -> bool:
    """A stop condition of the scenario holds, whatever its name."""
    return any(holds(asked) for holds in STOPS.values())


def stops_of(scenario: Scenario) -> tuple[str, ...]:
    """The names of its stop conditions."""
    return OWN_STOPS[scenario.trigger] if scenario.stops is None else scenario.stops


def _orders(asked: Asked) -> Sequence[Order]:
    return asked.facts.valid_orders(asked.occurrence.contact or "", asked.turn)


def _ordered(asked: Asked) -> bool:
    """A valid order: of a cart from the start of its own day on, of a silence after what began it, else ever."""
    if "ordered" not in stops_of(asked.scenario) or asked.occurrence.contact is None:
        return False
    if asked.scenario.trigger == "sign_up":
        return bool(_orders(asked))
    if asked.occurrence.cart is not None:
        start = instant(asked.world.zone, asked.occurrence.fact_date, time(0))
        return any(order.placed_at >= start for order in _orders(asked))
    return any(order.placed_at > asked.occurrence.fact for order in _orders(asked))


def _more_than_one_order(asked: Asked) -> bool:
    return "more_than_one_order" in stops_of(asked.scenario) and len(_orders(asked)) > 1


def _fact_is_gone(name: str) -> Callable[[Asked], bool]:
    """The order that began the journey does not stand any more."""

    def gone(asked: Asked) -> bool:
        if name not in stops_of(asked.scenario) or asked.occurrence.contact is None:
            return False
        return not asked.facts.stands(asked.occurrence.order or "", asked.turn)

    return gone


def _moved_back(asked: Asked) -> bool:
    """Out of the segment that was entered, or in the one that was left, by the last look of a turn."""
    if "moved_back" not in stops_of(asked.scenario):
        return False
    inside = asked.occurrence.contact in (asked.facts.members or ())
    return inside == (asked.scenario.trigger == "left")


def _bought(asked: Asked) -> bool:
    """The product wished for was bought since."""
    wish = asked.occurrence.wish
    return wish is not None and any(one.placed_at > wish.at and wish.product in one.bought() for one in _orders(asked))


def _unwished(asked: Asked) -> bool:
    return asked.occurrence.wish is not None and wished_no_more(asked.occurrence.wish, asked.turn)


def _price_back(asked: Asked) -> bool:
    return asked.occurrence.fall is not None and price_back(asked.world, asked.occurrence.fall.row, asked.turn)


def _cart(asked: Asked) -> Cart | None:
    """The cart as it is known to be now."""
    cart = asked.occurrence.cart
    return cart and asked.facts.cart(cart.id, asked.turn)


def _emptied(asked: Asked) -> bool:
    cart = _cart(asked)
    return asked.scenario.trigger == "stages" and cart is not None and not cart.holds()


def _day_of_lot(asked: Asked) -> date | None:
    """On which day the lot that headed it expires now, None where nothing is left of it."""
    kept = left(asked.world, asked.occurrence.contact or "", asked.turn)
    return kept[asked.occurrence.lot or ""][0] if asked.occurrence.lot in kept else None


def _over(asked: Asked) -> bool:
    """Nothing expires any more on the day that was told."""
    if asked.occurrence.lot is None:
        return False
    kept = left(asked.world, asked.occurrence.contact or "", asked.turn)
    return all(day != asked.occurrence.fact_date for day, _ in kept.values())


def _extended(asked: Asked) -> bool:
    day = _day_of_lot(asked)
    return _over(asked) and day is not None and day > asked.occurrence.fact_date


def _out_again(asked: Asked) -> bool:
    restock = asked.occurrence.restock
    return restock is not None and out_again(asked.world, restock, asked.turn)


def _no_price_history(asked: Asked) -> bool:
    return asked.occurrence.fall is not None and asked.occurrence.fall.short


def _quiet(asked: Asked) -> bool:
    """No message of marketing or service leaves in the quiet hours of the contact's own clock."""
    quiet = asked.world.quiet
    if quiet is None or asked.scenario.purpose == "transactional":
        return False
    return quiet.at(shown(asked.own_zone, asked.turn).time())


def _nothing_left(asked: Asked) -> bool:
    return asked.occurrence.cart is not None and not items(asked)


def items(asked: Asked) -> tuple[str, ...]:
    """The first four products of a cart by time added, without those bought since and dead stock."""
    cart, facts = _cart(asked), asked.facts
    if cart is None:
        return ()
    orders = facts.valid_orders(asked.occurrence.contact or "", asked.turn)
    kept = (
        line.product
        for line in sorted(cart.holds(), key=lambda line: line.added_at)
        if not facts.out_of_stock(line.product, asked.turn)
        and not any(order.placed_at >= line.added_at and line.product in order.bought() for order in orders)
    )
    return tuple(kept)[:ITEMS_SHOWN]


def _marked(mark: str) -> Callable[[Asked], bool]:
    return lambda asked: mark in asked.marks


STOPS: dict[str, Callable[[Asked], bool]] = {
    "ordered": _ordered,
    "more_than_one_order": _more_than_one_order,
    "cancelled": _fact_is_gone("cancelled"),
    "returned": _fact_is_gone("returned"),
    "moved_back": _moved_back,
    "bought": _bought,
    "unwished": _unwished,
    "price_back": _price_back,
    "no_price_history": _no_price_history,
    "out_again": _out_again,
    "emptied": _emptied,
    "points_spent": lambda asked: _over(asked) and not _extended(asked),
    "points_extended": _extended,
    "abandons_in_a_row": _marked("abandons_in_a_row"),
    "abandons_for_discount": _marked("abandons_for_discount"),
}
OWN_STOPS: dict[str, tuple[str, ...]] = {
    "second_purchase": ("more_than_one_order",),
    "win_back": ("ordered",),
    "forgotten_cart": ("ordered",),
    "birthday": (),
    "sign_up": ("ordered",),
    "order": ("cancelled",),
    "received": ("returned",),
    "handed_over": (),
    "entered": ("moved_back",),
    "left": ("moved_back",),
    "call": (),
    "price_drop": (),
    "restock": (),
    "stages": ("ordered",),
    "expiry": (),
}
OF_MESSAGES = frozenset(("no_address", "consent_refused", "no_basis", "nothing_left", "quiet_hours"))


# The published order. Suppression has no place in these worlds; what looks at more
# than one candidate (same_address, lost, cap, holdout) follows in crowd.py.
REASONS: dict[str, Callable[[Asked], bool]] = {
    WAITING: _waiting,
    "stale_data": _stale,
    "too_late": _too_late,
    "anonymous": _anonymous,
    "not_logged_in": _not_logged_in,
    "no_address": _no_address,
    "not_targeted": _not_targeted,
    "consent_refused": _refused,
    "no_basis": _no_basis,
    "reentry": _marked("reentry"),
    "in_progress": _marked("in_progress"),
    **STOPS,
    "not_sent": _marked("not_sent"),
    "nothing_left": _nothing_left,
    "quiet_hours": _quiet,
}
DEFERRALS = (WAITING, "quiet_hours")


def past_and_wanted(asked: Asked) -> bool:
    """Due before the scenario was switched on, by a known contact in the target and not stopped."""
    if asked.contact is None or asked.occurrence.due >= asked.turn:
        return False
    return not _not_targeted(asked) and not stopped(asked)


def drawn(seed: str, scenario: str, step: str, contact: str) -> float:
    """A number in [0, 1) that is always the same for the same four texts."""
    digest = hashlib.sha256("\n".join((seed, scenario, step, contact)).encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def held_out(world: World, scenario: Scenario, contact: str) -> bool:
    """In the control group: the global one of marketing, drawn with no scenario's name, or the scenario's own."""
    if scenario.purpose == "transactional":
        return False
    if scenario.purpose == "marketing" and drawn(world.seed, "", "holdout", contact) < world.global_holdout:
        return True
    return drawn(world.seed, scenario.id, "holdout", contact) < scenario.holdout


def at_cap(asked: Asked, sent: Touches) -> bool:
    """Whether messages sent by earlier turns fill the cap on the contact's local date."""
    cap = asked.world.cap
    if cap is None:
        return False
    since = asked.own_day - timedelta(days=cap.days)
    return sum(day > since for _, day in sent) >= cap.messages
