"""An explanation looks at one contact; what a turn asks afterwards is asked of everybody again."""

from __future__ import annotations

from pathlib import Path

from relance.customers.relations import View, view_mark
from relance.explaining.explain import explain
from relance.explaining.person import OneContact
from tests.stories.bookshop import bookshop, local, person


def test_a_plan_after_an_explanation_sees_everybody(tmp_path: Path) -> None:
    shop = bookshop(tmp_path / "home")
    shop.people(person("anne"), person("luc"))
    shop.deliver("2026-02-02 06:00", products=[{"product": "book", "title": "Marées", "policy": "unlimited"}])
    shop.publish("forgotten-cart", "2026-03-08 08:00", holdout="0%", needs=[{"feed": "carts", "deadline": "12:00"}])
    left = {"added": "2026-03-09 15:00", "touched": "2026-03-09 15:00", "product": "book", "logged_in": "yes"}
    shop.deliver("2026-03-10 06:00", carts=[{"cart": f"k-{name}", "contact": name, **left} for name in ("anne", "luc")])
    shop.turn("2026-03-10 09:00")
    shop.deliver("2026-03-11 06:00", contacts=[person("late")])  # from now on that morning is history
    explain(shop.place, "anne", "forgotten-cart", local("2026-03-10 09:00"))
    assert shop.plan("2026-03-10 09:00").scenario("forgotten-cart").send == 2
    shop.close()


def test_looking_at_one_contact_is_another_way_of_looking(tmp_path: Path) -> None:
    shop = bookshop(tmp_path / "home")
    assert view_mark(View(shop.place.tables)) != view_mark(OneContact(shop.place.tables))
    shop.close()
