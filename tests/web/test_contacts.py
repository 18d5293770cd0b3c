"""A contact is found, has a history, and every message got or not has its reason, in both languages."""

from __future__ import annotations

import re
from typing import Any

from tests.stories.bookshop import Bookshop


def number_of(shop: Bookshop, own_id: str) -> int:
    rows = shop.place.engine.rows("SELECT contact, own_id FROM contacts_vault")
    return next(row["contact"] for row in rows if row["own_id"] == own_id)


def text_of(answer: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def test_a_contact_is_found_by_the_shops_own_number_and_by_the_whole_address(lived: Bookshop, camille: Any) -> None:
    luc = f"/contacts/{number_of(lived, 'luc')}"
    assert camille.post("/contacts", {"asked": " luc "})["Location"] == luc
    assert camille.post("/contacts", {"asked": "LUC@example.test"})["Location"] == luc


def test_nobody_is_found_by_half_an_address_or_by_a_trick(camille: Any) -> None:
    for asked in ("@example.test", "%", "' OR 1=1 --", "lu", "<script>alert(1)</script>"):
        answer = camille.post("/contacts", {"asked": asked})
        assert answer.status_code == 200
        assert "Personne sous" in text_of(answer)
        assert "<script>alert" not in answer.content.decode()


def test_the_history_has_orders_carts_and_messages_the_latest_first(lived: Bookshop, camille: Any) -> None:
    told = text_of(camille.get(f"/contacts/{number_of(lived, 'luc')}"))
    assert told.index("Commande o-10") < told.index("Commande o-9")
    assert "Panier laissé, 1 article" in told
    assert "Panier oublié, non envoyé A commandé depuis" in told
    assert "Les Marées lentes" in told
    marie = text_of(camille.get(f"/contacts/{number_of(lived, 'marie')}?show=messages"))
    assert "Panier oublié envoyé" in marie
    assert "Panier laissé" not in marie


def test_why_luc_got_nothing_is_told_condition_by_condition_in_both_languages(lived: Bookshop, camille: Any) -> None:
    address = f"/contacts/{number_of(lived, 'luc')}/why?scenario=forgotten-cart&at=2026-03-11T13:00:00Z"
    french = camille.get(address)
    assert "parce que ce contact a commandé depuis" in text_of(french)
    assert french.content.decode().count('class="vl no"') == 1, "only the line that refused is tinted"
    camille.cookies["relance_language"] = "en"
    assert "because this contact has ordered since" in text_of(camille.get(address))


def test_the_same_question_may_be_asked_of_another_day(lived: Bookshop, camille: Any) -> None:
    told = text_of(camille.get(f"/contacts/{number_of(lived, 'luc')}/why?scenario=forgotten-cart&at=2026-03-10"))
    assert "10 mars 2026" in told


def test_consents_say_since_when(lived: Bookshop, camille: Any) -> None:
    told = text_of(camille.get(f"/contacts/{number_of(lived, 'marie')}"))
    assert "Courriel, nouvelles et offres form, 1er janvier 2026 Oui" in told
    refused = text_of(camille.get(f"/contacts/{number_of(lived, 'refuses')}"))
    assert "1er janvier 2026 Non" in refused
