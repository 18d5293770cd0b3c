"""The setting of many worlds goes in; carts by stage of one of them, and what is bought after them, come out."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.reference.deliveries import HORIZON, PRICE, Basket, Purchase, Visit
from tests.reference.world import OrderLine
from tests.reference.worlds import clocks

STAGES = ("cart", "checkout", "checkout", "payment_failed", "payment_failed", None)
NOVEL, ATLAS = (OrderLine("novel", 1, PRICE),), (OrderLine("atlas", 1, PRICE),)
Trolleys = tuple[list[Basket], list[Purchase]]

visits = st.builds(
    Visit,
    gap=st.sampled_from((0, 1, 2, 3)),
    clock=clocks,
    deed=st.sampled_from(("novel", "novel", "atlas", "look", "take out", "empty")),
    stage=st.sampled_from(STAGES),
)
baskets = st.builds(
    Basket,
    who=st.sampled_from((0, 0, 1, 1, 2, None)),
    logged_in=st.sampled_from((True,) * 7 + (False,)),
    day=st.integers(0, HORIZON - 3),
    visits=st.lists(visits, min_size=1, max_size=4).map(tuple),
)


@st.composite
def trolleys(draw: st.DrawFn) -> Trolleys:
    """Carts here and there; somebody may leave one every other day, and buy after each, perhaps for a coupon."""
    made = draw(st.lists(baskets, min_size=2, max_size=5))
    bought = []
    habit = draw(st.sampled_from((None, None, "leaves", "buys", "with a coupon", "with a coupon")))
    who, gap = draw(st.sampled_from((0, 1))), draw(st.sampled_from((2, 3)))
    for day in range(0, HORIZON - 1, gap) if habit else ():
        visit = Visit(0, draw(clocks), "novel", draw(st.sampled_from(("payment_failed", "payment_failed", "checkout"))))
        made.append(Basket(who, True, day, (visit,)))
        if habit != "leaves":
            coupon = draw(st.sampled_from(("SPRING", "SPRING", None))) if habit == "with a coupon" else None
            bought.append(Purchase(who, day + gap - 1, "15:00", draw(st.sampled_from((ATLAS, NOVEL))), coupon=coupon))
    return made, bought
