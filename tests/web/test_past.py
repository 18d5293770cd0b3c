"""A scenario is asked what it would have done: the form, how far it is, and an answer whose parts make the whole."""

from __future__ import annotations

import re
from datetime import date
from time import sleep
from typing import Any

import pytest

from relance.base.errors import Busy
from relance.web import trying
from relance.web.drawing.days import bars_of, chart
from tests.stories.bookshop import Bookshop
from tests.web.test_pages import contents

ASKED = {"version": "1", "from": "2026-03-10", "to": "2026-03-11", "with": "none"}
FORM = "/scenarios/forgotten-cart/past"


def answered(camille: Any, asked: dict[str, str]) -> str:
    """The address that one is sent on to when the question is answered, or found impossible."""
    assert camille.post(FORM, asked).status_code == 302
    for _ in range(1200):
        look = camille.get(f"{FORM}/now")
        if "HX-Redirect" in look.headers:
            return str(look["HX-Redirect"])
        assert 'role="status"' in look.content.decode()
        sleep(0.05)
    raise AssertionError("it was never answered")


def numbers(page: str) -> list[int]:
    """Of the equation: seen, sent, not sent."""
    found = re.findall(r"<b>([\d\u00a0]+)</b><small>", page)
    return [int(number.replace("\u00a0", "")) for number in found]


def test_two_mornings_are_lived_again_and_nothing_is_changed(lived: Bookshop, camille: Any) -> None:
    before = contents(lived)
    page = camille.get(answered(camille, ASKED)).content.decode()
    seen, sent, unsent = numbers(page)
    shares = [int(number) for number in re.findall(r'<span class="num b">(\d+)</span><span class="num mut">', page)]
    reasons = shares[: len(shares) - 4]  # the last four are messages a person
    assert seen == sent + unsent
    assert sum(reasons) == unsent
    assert "En 2 jours, la version 1 aurait envoyé" in page
    assert "gagn" not in page
    assert contents(lived) == before
    kept = camille.get(FORM).content.decode()
    assert "du 10 mars 2026 au 11 mars 2026" in kept


def test_a_date_of_which_nothing_was_known_is_refused_with_the_first_honest_one(camille: Any) -> None:
    address = answered(camille, ASKED | {"from": "2020-01-01"})
    assert address == FORM
    page = camille.get(address).content.decode()
    assert 'role="alert"' in page
    assert "Commencez à cette date" in page
    assert 'value="2020-01-01"' not in page


@pytest.mark.parametrize("wrong", [{"from": "never"}, {"from": "2026-03-12"}, {"to": ""}])
def test_dates_that_make_no_span_are_said_before_anything_begins(camille: Any, wrong: dict[str, str]) -> None:
    answer = camille.post(FORM, ASKED | wrong)
    assert answer.status_code == 400
    assert "Écrivez deux dates" in answer.content.decode()


def test_one_question_at_a_time(lived: Bookshop, camille: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(trying._tries, str(lived.place.home.path), trying.Try("win-back"))
    with pytest.raises(Busy, match="another backtest is under way"):
        trying.begin(lived.place, "forgotten-cart", lambda place: None)  # type: ignore[arg-type, return-value]
    assert camille.post(FORM, ASKED).status_code == 503


def test_a_year_is_drawn_by_weeks_and_every_bar_stands_on_the_floor() -> None:
    days = [(date.fromordinal(date(2026, 1, 1).toordinal() + n), n % 7) for n in range(365)]
    bars = bars_of(days)
    assert (bars.days, len(bars.numbers), sum(bars.numbers)) == (7, 53, sum(n for _, n in days))
    for drawn in chart(bars, "a finding", "most", lambda day: f"{day:%d %b}", str):
        columns = re.findall(r'<rect class="bar" x="[\d.]+" y="([\d.]+)" width="[\d.]+" height="([\d.]+)"', str(drawn))
        assert len({round(float(y) + float(height), 1) for y, height in columns}) == 1
        assert 'aria-label="a finding"' in str(drawn)


def test_a_span_without_any_message_is_drawn_too() -> None:
    bars = bars_of([(date(2026, 3, 10), 0)])
    assert all("<svg" in str(drawn) for drawn in chart(bars, "", "", str, str))
