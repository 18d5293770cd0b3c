"""The page of one scenario tells the whole story of its people, and the parts make the whole."""

from __future__ import annotations

import re
from typing import Any

import pytest

from relance.base.errors import RelanceError
from relance.policy.equation import Equation, equations
from relance.reports.catalogue import CATALOGUE
from relance.web.reading.parts import parts_of
from relance.web.voice import Voice
from tests.stories.bookshop import Bookshop

FRENCH = Voice("fr", "America/Toronto", ("fr-CA", "en-CA"))


def listed(page: str) -> dict[str, int]:
    """Reason to number, of the list under the bar."""
    found = re.findall(
        r'people/(\w+)">[^<]*</a><span class="num">([\d\u00a0]+)</span></li>', page.split('class="why"')[1]
    )
    return {code: int(number.replace("\u00a0", "")) for code, number in found}


def test_the_reasons_and_what_was_sent_make_everything_that_was_seen(lived: Bookshop, camille: Any) -> None:
    equation = next(each for each in equations(lived.place) if each.scenario == "forgotten-cart")
    shown = listed(camille.get("/scenarios/forgotten-cart").content.decode())
    assert sum(shown.values()) == equation.candidates
    assert shown["sent"] == equation.outbox["sent"]
    assert shown["ordered"] == equation.refused["ordered"]


def test_a_reason_opens_the_list_of_its_people(camille: Any) -> None:
    for code, number in listed(camille.get("/scenarios/forgotten-cart").content.decode()).items():
        page = camille.get(f"/scenarios/forgotten-cart/people/{code}").content.decode()
        assert page.count("<tr><td>") == number, code
    assert "Luc" in camille.get("/scenarios/forgotten-cart/people/ordered").content.decode()


def test_an_equation_that_does_not_add_up_is_not_drawn() -> None:
    outbox = {"queued": 0, "sent": 2, "failed": 0, "unknown": 0, "cancelled": 0}
    wrong = Equation("forgotten-cart", 10, {"ordered": 7}, 0, 0, 0, 0, outbox, {})
    with pytest.raises(RelanceError, match="do not make up the whole"):
        parts_of(wrong, FRENCH)


def test_attributed_sales_and_clicks_stand_beside_the_comparison_by_their_names_in_the_catalogue(camille: Any) -> None:
    page = camille.get("/scenarios/forgotten-cart").content.decode()
    for name in ("delivered", "opened", "opened_raw", "clicked", "clicked_raw", "unsubscribed"):
        assert f"<b>{CATALOGUE[name].label['fr']}</b>" in page, name
    assert "jamais ajouté" in CATALOGUE["attributed_revenue"].meaning["fr"]


def test_what_a_scenario_still_needs_is_named_by_its_table(lived: Bookshop, camille: Any) -> None:
    page = camille.get("/scenarios").content.decode()
    assert "Aucun de vos fichiers ne remplit" in page
    card = page.split('href="/scenarios/replenishment"')[1].split("</li>")[0]
    assert "recurring_products" in card


def test_a_missing_column_is_named_on_the_card_and_on_the_page_of_the_scenario(lived: Bookshop, camille: Any) -> None:
    card = camille.get("/scenarios").content.decode().split('href="/scenarios/cart"')[1].split("</li>")[0]
    page = camille.get("/scenarios/cart").content.decode()
    for said in (card, page):
        assert "Il manque une colonne\u00a0: l’étape du panier." in said
    english = camille.get("/scenarios/cart", HTTP_ACCEPT_LANGUAGE="en").content.decode()
    assert "A column is missing: the stage of the cart." in english
    assert "Your files fill “carts”, but not “stage”." in english
