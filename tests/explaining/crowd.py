"""A day at the bookshop on which every reason that does not need a cart has its contact."""

from __future__ import annotations

from pathlib import Path

from relance.base.ids import draw
from tests.explaining.shop import Bookshop, local

SHARE = 0.05
ORDERED, KNOWN, TURN = "2026-02-01 10:00", "2026-02-02 06:00", "2026-03-03 09:00"


def held_out_id() -> str:
    """The first own id that the control group draws."""
    names = (f"held-{number}" for number in range(1000))
    return next(name for name in names if draw("relance", "second-purchase", "holdout", name) < SHARE)


def bookshop(folder: Path) -> Bookshop:
    """Second purchase at 5 % control group, and a present for those who bought in a shop that matters more."""
    shop = Bookshop(folder, {"pressure": {"messages": 2, "days": 7}})
    shop.publish("second-purchase", holdout="5%")
    present = {"row": {"table": "orders", "where": {"column": "channel", "is": "shop"}, "days": 30}}
    shop.publish(
        "present",
        schedule={"daily": "09:00"},
        priority=90,
        trigger=present,
        steps=[{"send": {"channel": "email", "message": "win-back"}}],
    )
    shop.on("second-purchase", "2026-01-01 08:00")
    shop.on("present", "2026-01-01 08:00")
    _people(shop)
    shop.turn("2026-03-02 09:00")
    _late(shop)
    return shop


def _people(shop: Bookshop) -> None:
    shop.person(1)
    shop.person(2)
    shop.order("B2", 2, "2026-02-20 10:00", "2026-02-21 06:00")
    shop.person(3, consent=False)
    shop.person(4)
    shop.act(4, "denied", "2026-01-15")
    shop.person(5, kind="institution")
    shop.person(6, email=None)
    shop.person(7)
    shop.put("suppressions", contact=7, channel="email", happened_at=local("2026-01-20"), reason="hard_bounce")
    shop.person(8, email="Two@example.test")
    shop.person(9, email="two@example.test")
    shop.person(10, own_id=held_out_id())
    shop.person(12)
    for day in ("2026-02-26", "2026-03-01"):
        _message(shop, 12, day)
    _message(shop, 12, "2026-02-20")
    shop.person(13)
    for number in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12):
        shop.order(f"A{number}", number, ORDERED)
    shop.order("A13", 13, ORDERED, KNOWN, channel="shop")
    shop.person(14)
    shop.order("A14", 14, "2026-02-10 10:00", "2026-02-11 06:00")
    shop.person(15)
    shop.person(16)
    shop.order("A16", 16, "2025-11-01 10:00", "2025-11-02 06:00")


def _message(shop: Bookshop, contact: int, day: str) -> None:
    """A newsletter that left on that day and counts for the cap."""
    at, moment = local(f"{day} 09:00"), local(day).date()
    key = f"newsletter|letter|{contact}|{day}"
    row = {"scenario": "newsletter", "version": 1, "step": "letter", "contact": contact, "occurrence": day}
    row |= {"outcome": "send", "channel": "email", "purpose": "marketing", "sender": "default"}
    shop.house("decisions", at=at, due_at=at, fact_at=at, day=moment, message_key=key, **row)


def _late(shop: Bookshop) -> None:
    """Files of two other days come in just before the turn."""
    shop.person(11)
    shop.order("A11", 11, "2026-01-27 10:00", "2026-03-03 06:00")
    shop.person(17)
    shop.order("A17", 17, "2026-01-05 10:00", "2026-03-03 06:00")


EXPECTED = {
    "c1": ("send", None),
    "c2": ("refused", "more_than_one_order"),
    "c3": ("refused", "no_basis"),
    "c4": ("refused", "consent_refused"),
    "c5": ("refused", "not_targeted"),
    "c6": ("refused", "no_address"),
    "c7": ("refused", "suppressed"),
    "c8": ("send", None),
    "c9": ("refused", "same_address"),
    held_out_id(): ("held_out", "holdout"),
    "c11": ("refused", "too_late"),
    "c12": ("refused", "cap"),
    "c13": ("refused", "lost"),
    "c14": ("not_due", None),
    "c15": ("no_fact", None),
    "c16": ("already_past", None),
    "c17": ("too_old_to_see", None),
}
