"""Out of the made-up world, the members whose story shows a rule."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np

from relance.demo.baskets import OPEN, Baskets, last_touch_day
from relance.demo.calendar import DAY, FIRST_DAY, HISTORY_ENDS, Flags, Whole, day_number, day_of, local
from relance.demo.consents import BOUGHT, DENIED, EXPRESS
from relance.demo.people import People
from relance.demo.plan import Showcase, turn_days
from relance.demo.purchases import Purchases


def worth_showing(people: People, bought: Purchases, baskets: Baskets, stance: Whole) -> tuple[Showcase, ...]:
    """At most one member for each story; a small world may lack some."""
    return (*_cart_stories(people, bought, baskets, stance), *_order_stories(people, bought, stance))


def _cart_stories(people: People, bought: Purchases, baskets: Baskets, stance: Whole) -> list[Showcase]:
    member = np.maximum(baskets.who, 0)
    day = last_touch_day(baskets)
    left = (baskets.who >= 0) & (baskets.status == OPEN) & (day >= day_number(HISTORY_ENDS) + 7)
    person = left & ~people.institution[member] & people.reachable[member]
    ready = person & baskets.logged_in & (stance[member] == EXPRESS)
    gap = _next_order(bought, len(people), baskets.who, baskets.touched) - baskets.touched
    mates = np.zeros(len(people), dtype=bool)
    mates[people.mate >= 0] = True
    alone = ready & (np.bincount(member[left], minlength=len(people))[member] == 1)
    stories: list[tuple[Flags, str, str]] = [
        (alone & (baskets.count >= 5) & (gap > 5 * DAY), "un panier de cinq livres ou plus, laissé la veille",
         "a cart of five books or more, left the day before"),
        (ready & (gap < 12 * 3600), "a commandé peu après avoir laissé son panier",
         "ordered soon after leaving the cart"),
        (left & people.institution[member] & baskets.logged_in, "une institution", "an institution"),
        (person & ~baskets.logged_in & (gap > 5 * DAY), "n’était pas connecté", "was not logged in"),
        (person & baskets.logged_in & (stance[member] == DENIED), "a refusé les courriels", "refused e-mail"),
        (ready & mates[member], "partage son adresse avec un autre membre, qui a aussi laissé un panier",
         "shares an address with another member who left a cart too"),
    ]  # fmt: skip
    return [
        Showcase(
            people.codes[int(member[found[0]])].as_py(),
            _date(day[found[0]]) + timedelta(days=1),
            french,
            english,
        )
        for flags, french, english in stories
        if len(found := np.flatnonzero(flags))
    ]


def _order_stories(people: People, bought: Purchases, stance: Whole) -> list[Showcase]:
    """Due on a turn's date: thirty days after a first and only order, ninety after the last of several."""
    known = (bought.who >= 0) & (bought.undone_at == 0)
    day = day_of(local(bought.at[known]))
    many = np.bincount(bought.who[known], minlength=len(people))
    last = np.full(len(people), -(10**6))
    np.maximum.at(last, bought.who[known], day)
    may = ~people.institution & people.reachable & ((stance == EXPRESS) | (stance == BOUGHT))
    stories = (
        (30, many == 1, "un premier achat il y a trente jours", "a first order thirty days ago"),
        (90, many > 2, "plus rien acheté depuis quatre-vingt-dix jours", "nothing bought for ninety days"),
    )
    turns = [day_number(day) for day in turn_days()]
    return [
        Showcase(people.codes[int(found[0])].as_py(), _date(last[found[0]] + days), french, english)
        for days, fits, french, english in stories
        if len(found := np.flatnonzero(may & fits & np.isin(last + days, turns)))
    ]


def _next_order(bought: Purchases, members: int, who: Whole, since: Whole) -> Whole:
    """The instant of each member's next order after a moment, far away where there is none."""
    known = np.flatnonzero(bought.who >= 0)
    far = 1 << 40
    keys = np.sort(bought.who[known] * far + bought.at[known])
    at = np.searchsorted(keys, np.maximum(who, 0) * far + since, side="right")
    following = np.append(keys, members * far)[at]
    return np.asarray(np.where(following // far == np.maximum(who, 0), following % far, far))


def _date(day: int | np.integer) -> date:
    return FIRST_DAY + timedelta(days=int(day))
