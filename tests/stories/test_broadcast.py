"""A letter to a whole audience, every Thursday or once; who joins the audience later is of the next one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from relance.base.errors import BadDocument
from relance.explaining.explain import explain
from tests.stories.bookshop import Bookshop, bookshop, copy_of, local, person

THURSDAY, NEXT = "2026-03-12", "2026-03-19"


@pytest.fixture(scope="module")
def in_march(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = bookshop(tmp_path_factory.mktemp("letters") / "home")
    made.people(person("marie", language="fr"), person("paul"), person("school", kind="institution"))
    made.close()
    return made.home.path


@pytest.fixture
def shop(in_march: Path, tmp_path: Path) -> Iterator[Bookshop]:
    made = copy_of(in_march, tmp_path / "home")
    yield made
    made.close()


def decided(shop: Bookshop, when: str) -> dict[str, tuple[str, str | None]]:
    shop.turn(when)
    return shop.decided(when)


def test_every_thursday_the_target_is_the_audience_and_nobody_else_is_a_candidate(shop: Bookshop) -> None:
    assert shop.publish("broadcast", "2026-03-10 08:00") == 2  # last week's is past
    assert decided(shop, "2026-03-11 09:00") == {}
    assert decided(shop, f"{THURSDAY} 09:00") == {"marie": ("send", None), "paul": ("send", None)}
    (row, *_) = shop.place.ledger.outbox()
    assert row.outgoing.key.occurrence == "2026-W11"
    shop.people(person("anne"), when=f"{THURSDAY} 12:00")
    again = shop.turn("2026-03-12 15:00").scenario("broadcast")
    assert (again.candidates, again.too_old_to_see) == (0, 0), "anne came after it"
    told = explain(shop.place, "anne", "broadcast", local("2026-03-12 16:00"))
    assert told.outcome == "not_due"
    assert "Un envoi à toute l’audience, chaque jeudi" in told.text("fr")
    assert "every Thursday" in told.text("en")
    assert explain(shop.place, "marie", "broadcast", local("2026-03-12 16:00")).outcome == "send"
    assert set(decided(shop, f"{NEXT} 09:00")) == {"marie", "paul", "anne"}
    shop.send(f"{NEXT} 09:05")
    assert shop.received() == sorted(f"{who}@example.test" for who in ("anne", "marie", "paul")), (
        "last week’s are stale"
    )


def test_a_broadcast_missed_for_more_than_a_day_is_too_late(shop: Bookshop) -> None:
    shop.publish("broadcast", "2026-03-10 08:00")
    shop.turn("2026-03-11 09:00")
    assert set(decided(shop, "2026-03-14 09:00").values()) == {("refused", "too_late")}


def test_once_is_once(shop: Bookshop) -> None:
    shop.publish("broadcast", "2026-03-10 08:00", trigger={"calendar": {"once": "2026-03-11T10:30"}})
    assert decided(shop, "2026-03-11 10:00") == {}
    assert set(decided(shop, "2026-03-11 10:30")) == {"marie", "paul"}
    for when in ("2026-03-11 11:00", "2026-03-12 09:00", "2027-03-11 10:30"):
        assert decided(shop, when) == {}
    assert shop.plan("2026-03-11 10:30").scenario("broadcast").send == 2


@pytest.mark.parametrize(("calendar", "said"), [
    ({"once": "2026-03-11"}, "write a local date and time without an offset"),
    ({"once": "2026-03-11T10:30Z"}, "write a local date and time without an offset"),
    ({"once": "2026-03-11T10:30", "weekly": "monday"}, "either once or weekly"),
    ({"weekly": "jeudi"}, "thursday"),
])  # fmt: skip
def test_a_calendar_is_said_plainly(shop: Bookshop, calendar: dict[str, str], said: str) -> None:
    with pytest.raises(BadDocument, match=said):
        shop.publish("broadcast", "2026-03-10 08:00", trigger={"calendar": calendar})
