"""What is put off by quiet hours goes the way it went and ages meanwhile; model and product agree."""

from __future__ import annotations

from dataclasses import replace
from datetime import time

from tests.reference.adapter import engine_under_test
from tests.reference.model import run
from tests.reference.smaller import assert_alike
from tests.reference.steps import Await, Send
from tests.reference.test_engine_alike import LONG_AGO, bought, day, shop
from tests.reference.world import Contact, Quiet, Scenario, Turn

QUESTION = Await("another", 5, happened=(Send("thanks"),), otherwise=(Send("question"),))
UNTIL = Scenario("until", "second_purchase", LONG_AGO, days=1, fresh_days=2, steps=(QUESTION,), stops=())
KIRITIMATI = Contact("anna", email="anna@example.test", zone="Pacific/Kiritimati")


def test_thanks_that_are_put_off_night_after_night_are_too_late_in_the_end() -> None:
    """Nine o'clock here is eleven at night where Anna lives; her second order was learnt of on the 5th."""
    turns = tuple(Turn(day(number)) for number in (3, 5, 6, 7, 8))
    night = Quiet(time(21), time(8))
    files = (bought("o1", day(2, "12:00")), bought("o2", day(4, "12:00")))
    world = replace(shop(UNTIL, turns=turns, people=(KIRITIMATI,)), order_files=files, quiet=night)
    assert_alike(world, engine_under_test)
    assert [(one.turn, one.step, one.reason or one.outcome) for one in run(world).decisions] == [
        (day(3), "another", "waiting"),
        (day(5), "thanks", "quiet_hours"),
        (day(6), "thanks", "quiet_hours"),
        (day(7), "thanks", "quiet_hours"),
        (day(8), "another", "too_late"),
    ]
