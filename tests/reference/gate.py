"""One candidate goes in, the first reason against it in the published order comes out."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from tests.reference.facts import Facts
from tests.reference.local_time import instant, local_date
from tests.reference.occurrences import Occurrence
from tests.reference.world import Contact, Scenario, World

WAITING = "waiting_feed"
ITEMS_SHOWN = 4


@dataclass(frozen=True, eq=False)
class Asked:
    """One candidate at the instant of the turn that decides it; in Phase 1 its age does not matter.

    Two candidates are the same only if they are the same object, so a turn may keep verdicts by candidate.
    """

    world: World
    facts: Facts
    scenario: Scenario
    occurrence: Occurrence
    turn: datetime
    phase_one: bool

    @property
    def contact(self) -> Contact | None:
        return self.facts.contacts[self.occurrence.contact] if self.occurrence.contact else None


def first_reason(asked: Asked) -> str | None:
    """The primary reason among those a candidate has by itself, or None."""
    return next((reason for reason, holds in REASONS.items() if holds(asked)), None)


def _deadline(asked: Asked) -> datetime | None:
    """Until when to wait for a feed that is incomplete up to the start of the due day, or of today.

    Last night's orders count, however long ago the cart was due; in Phase 1 they alone do.
    """
    zone, today = asked.world.zone, local_date(asked.world.zone, asked.turn)
    for day in (today,) if asked.phase_one else (asked.occurrence.due_date, today):
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
    scenario, due = asked.scenario, asked.occurrence
    if scenario.fresh_days is not None:
        return instant(asked.world.zone, due.due_date + timedelta(days=scenario.fresh_days), scenario.slot)
    if scenario.fresh_hours is not None:
        return due.due + timedelta(hours=scenario.fresh_hours)
    return datetime.max.replace(tzinfo=UTC)


def _anonymous(asked: Asked) -> bool:
    return asked.contact is None


def _not_logged_in(asked: Asked) -> bool:
    cart = asked.occurrence.cart
    return cart is not None and not cart.logged_in


def _no_address(asked: Asked) -> bool:
    return asked.contact is not None and not asked.contact.email


def _not_targeted(asked: Asked) -> bool:
    return asked.contact is not None and asked.contact.kind != "individual"


def _consent(asked: Asked) -> str | None:
    return asked.facts.consent(asked.occurrence.contact or "", asked.turn)


def stopped(asked: Asked) -> bool:
    """A stop condition of the scenario holds, whatever its name."""
    return _ordered(asked) or _more_than_one_order(asked)


def _ordered(asked: Asked) -> bool:
    """For a cart: any valid order from the start of the cart's own day on."""
    cart, contact = asked.occurrence.cart, asked.occurrence.contact
    if cart is None or contact is None:
        return False
    start = instant(asked.world.zone, asked.occurrence.fact_date, time(0))
    return any(order.placed_at >= start for order in asked.facts.valid_orders(contact, asked.turn))


def _more_than_one_order(asked: Asked) -> bool:
    if asked.scenario.trigger != "second_purchase":
        return False
    return len(asked.facts.valid_orders(asked.occurrence.contact or "", asked.turn)) > 1


def _nothing_left(asked: Asked) -> bool:
    return asked.occurrence.cart is not None and not items(asked)


def items(asked: Asked) -> tuple[str, ...]:
    """The first four products of a cart by time added, without those bought since and dead stock."""
    cart, facts = asked.occurrence.cart, asked.facts
    if cart is None:
        return ()
    orders = facts.valid_orders(asked.occurrence.contact or "", asked.turn)
    kept = (
        line.product
        for line in sorted(cart.lines, key=lambda line: line.added_at)
        if not facts.out_of_stock(line.product, asked.turn)
        and not any(order.placed_at >= line.added_at and line.product in order.bought() for order in orders)
    )
    return tuple(kept)[:ITEMS_SHOWN]


# The published order. Quiet hours and suppression have no place in these worlds; what looks at more
# than one candidate (same_address, lost, cap, holdout) follows in crowd.py.
REASONS: dict[str, Callable[[Asked], bool]] = {
    WAITING: _waiting,
    "stale_data": _stale,
    "too_late": _too_late,
    "anonymous": _anonymous,
    "not_logged_in": _not_logged_in,
    "no_address": _no_address,
    "not_targeted": _not_targeted,
    "consent_refused": lambda asked: _consent(asked) == "refused",
    "no_basis": lambda asked: _consent(asked) is None,
    "ordered": _ordered,
    "more_than_one_order": _more_than_one_order,
    "nothing_left": _nothing_left,
}


def past_and_wanted(asked: Asked) -> bool:
    """Due before the scenario was switched on, by a known contact in the target and not stopped."""
    if asked.contact is None or asked.occurrence.due >= asked.scenario.on_at:
        return False
    return not _not_targeted(asked) and not stopped(asked)


def drawn(seed: str, scenario: str, step: str, contact: str) -> float:
    """A number in [0, 1) that is always the same for the same four texts."""
    digest = hashlib.sha256("\n".join((seed, scenario, step, contact)).encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def held_out(world: World, scenario: Scenario, contact: str) -> bool:
    """In the control group: the global one, drawn with no scenario's name, or the scenario's own."""
    if drawn(world.seed, "", "holdout", contact) < world.global_holdout:
        return True
    return drawn(world.seed, scenario.id, "holdout", contact) < scenario.holdout


def at_cap(world: World, sent: set[datetime], turn: datetime) -> bool:
    """Whether messages sent by earlier turns fill the cap on the local date of this one."""
    if world.cap is None:
        return False
    today = local_date(world.zone, turn)
    since = today - timedelta(days=world.cap.days)
    return sum(local_date(world.zone, moment) > since for moment in sent) >= world.cap.messages
