"""What runs out is bought again: a word in good time, one for several things, and a second one at most."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from relance.base.errors import Refused
from relance.explaining.explain import explain
from tests.stories.bookshop import Bookshop, bookshop, copy_of, local, order, person

FEEDS = {
    "products": "columns: {product: product, title: title, category: category}",
    "recurring_products": "columns: {product: product, type: type, interval_days: days, advice_fr: fr, advice_en: en}",
    "recurring_types": "columns: {type: type, interval_days: days}",
    "reactions": """
columns: {reaction: id, contact: contact, scenario: scenario, step: step, kind: kind, verdict: verdict, happened_at: at}
""",
}
# Tea lasts 21 days and is told 7 days before, 14 days after it was bought. Coffee: 30 and 8, so 22. Filters by their
# category: 90 and 14, so 76.
PRODUCTS = [
    {"product": "sencha", "title": "Sencha, 100 g", "category": "tea"},
    {"product": "bancha", "title": "Bancha, 100 g", "category": "tea"},
    {"product": "moka", "title": "Moka, 250 g", "category": "coffee"},
    {"product": "cones", "title": "Filtres, 100", "category": "filters"},
    {"product": "cup", "title": "Une tasse", "category": "china"},
]
KEEPS = {"fr": "Gardez-le à l’abri de la lumière.", "en": "Keep it away from light."}
RECURRING = [
    {"product": "sencha", "type": "green tea", "days": 21, **KEEPS},
    {"product": "bancha", "type": "green tea", "days": 21, **KEEPS},
    {"product": "moka", "type": "", "days": 30, "fr": "", "en": ""},
]
MINUTES = itertools.count()
NAMES = ("marie", "paul", "anne", "beth", "carl", "dora", "emma", "fred", "gina")


@pytest.fixture(scope="module")
def in_january(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = bookshop(tmp_path_factory.mktemp("tea") / "home", feeds=FEEDS)
    made.people(*(person(name, language="fr") for name in NAMES))
    made.deliver("2026-01-02 07:00", products=PRODUCTS)
    made.deliver("2026-01-02 07:30", recurring_products=RECURRING, recurring_types=[{"type": "filters", "days": 90}])
    made.publish("replenishment", "2026-01-03 08:00")
    made.close()
    return made.home.path


@pytest.fixture
def shop(in_january: Path, tmp_path: Path) -> Iterator[Bookshop]:
    made = copy_of(in_january, tmp_path / "home")
    yield made
    made.close()


def buy(shop: Bookshop, who: str, when: str, *products: str, quantity: int = 1, known: str | None = None) -> None:
    """An order, delivered the next moment."""
    rows = [{**row, "quantity": quantity} for row in order(f"{who}-{when}", who, when, *products)]
    shop.deliver(known or f"{when[:10]} 23:{next(MINUTES) % 60:02}", orders=rows)


def sent(shop: Bookshop, when: str) -> set[str]:
    return {who for who, (outcome, _) in decided(shop, when).items() if outcome == "send"}


def decided(shop: Bookshop, when: str) -> dict[str, tuple[str, str | None]]:
    shop.turn(when)
    return shop.decided(when)


def test_a_word_leaves_a_week_before_three_weeks_are_over(shop: Bookshop) -> None:
    buy(shop, "marie", "2026-01-05 18:00", "sencha", "cup")
    assert sent(shop, "2026-01-18 09:00") == set()
    assert sent(shop, "2026-01-19 09:00") == {"marie"}
    assert sent(shop, "2026-01-20 09:00") == set()
    shop.send("2026-01-20 09:05")
    (mail,) = shop.mails()
    body = mail.get_body(("plain",))
    assert body is not None
    text = body.get_content()
    assert str(mail["Subject"]) == "«\xa0Sencha, 100 g\xa0»\xa0: vous en reste-t-il\u202f?"
    assert "Votre dernier achat\xa0: le 5 janvier 2026" in text
    assert "Le saviez-vous\u202f? Gardez-le à l’abri de la lumière." in text
    assert "depuis le 1er janvier 2026" in text
    assert "tasse" not in text


def test_a_category_may_be_recurring_and_the_lead_grows_with_the_interval(shop: Bookshop) -> None:
    buy(shop, "marie", "2026-01-05 18:00", "cones")
    assert sent(shop, "2026-03-21 09:00") == set()
    assert sent(shop, "2026-03-22 09:00") == {"marie"}


def test_three_packets_last_three_times_as_long(shop: Bookshop) -> None:
    """63 days; 7 × 3 ^ 0.481 = 11.9, so 12 days before: 51 days after the purchase."""
    buy(shop, "marie", "2026-01-05 18:00", "sencha", quantity=3)
    assert sent(shop, "2026-02-24 09:00") == set()
    assert sent(shop, "2026-02-25 09:00") == {"marie"}


def test_one_who_has_bought_the_type_again_starts_again(shop: Bookshop) -> None:
    buy(shop, "paul", "2026-01-05 18:00", "sencha")
    buy(shop, "paul", "2026-01-12 18:00", "bancha")
    assert decided(shop, "2026-01-19 09:00") == {"paul": ("refused", "repurchased")}
    assert sent(shop, "2026-01-26 09:00") == {"paul"}


def test_a_late_file_still_counts_and_mints_nothing_new(shop: Bookshop) -> None:
    buy(shop, "paul", "2026-01-05 18:00", "sencha")
    buy(shop, "paul", "2026-01-05 20:00", "bancha", known="2026-01-18 12:00")
    assert sent(shop, "2026-01-19 09:00") == set()  # two packets: 42 days, 10 before
    assert sent(shop, "2026-02-06 09:00") == {"paul"}


def test_what_runs_out_within_a_week_is_told_together(shop: Bookshop) -> None:
    for who, coffee in (("anne", "2026-01-04"), ("beth", "2026-01-05")):
        buy(shop, who, f"{coffee} 18:00", "moka")
        buy(shop, who, "2026-01-05 19:00", "sencha")
    # anne's coffee, due on the 26th, goes along; beth's, on the 27th, waits
    assert counted(shop, "2026-01-19 09:00") == (3, 2)
    keys = {row.outgoing.address: row.outgoing.keys for row in shop.place.ledger.outbox()}
    assert keys["anne@example.test"] == ("green tea/2026-01-05", "moka/2026-01-04")
    assert keys["beth@example.test"] == ("green tea/2026-01-05",)
    assert counted(shop, "2026-01-26 09:00") == (3, 2)  # the second word: for tea and coffee, and for tea
    assert counted(shop, "2026-01-27 09:00") == (1, 1)  # beth's coffee


def counted(shop: Bookshop, when: str) -> tuple[int, int]:
    """Keys and messages that a turn sends."""
    (told,) = shop.turn(when).scenarios
    return told.send, told.messages


def reaction(who: str, at: str, verdict: str, kind: str = "click") -> dict[str, Any]:
    return {
        "id": f"{who}-{at}", "contact": who, "scenario": "replenishment", "step": "first",
        "kind": kind, "verdict": verdict, "at": at,
    }  # fmt: skip


def test_only_those_who_did_not_react_get_a_second_word(shop: Bookshop) -> None:
    for who in ("carl", "dora", "emma", "fred", "gina"):
        buy(shop, who, "2026-01-05 18:00", "sencha")
    assert len(sent(shop, "2026-01-19 09:00")) == 5
    clicks = [
        reaction("carl", "2026-01-20 10:00", "human"),
        reaction("dora", "2026-01-20 10:00", "machine"),
        reaction("gina", "2026-01-20 10:00", "proxy", kind="open"),
    ]
    shop.deliver("2026-01-20 12:00", reactions=clicks)
    buy(shop, "emma", "2026-01-22 18:00", "bancha")
    assert decided(shop, "2026-01-26 09:00") == {
        "carl": ("ended", "reacted"),
        "dora": ("send", None),
        "emma": ("refused", "repurchased"),
        "fred": ("send", None),
        "gina": ("send", None),
    }
    shop.send("2026-01-26 09:05")
    assert shop.received() == sorted(
        f"{who}@example.test" for who in ("carl", "dora", "emma", "fred", "gina", "dora", "fred", "gina")
    )
    assert decided(shop, "2026-02-02 09:00") == {}  # no third


@pytest.mark.parametrize(("language", "words"), [
    ("fr", "green tea acheté le 5 janvier 2026, fait pour durer 21 jours ; rappel 7 jours avant"),
    ("en", "green tea bought on January 5, 2026, made to last 21 days; reminder 7 days before"),
])  # fmt: skip
def test_explain_says_what_was_bought_and_how_long_it_lasts(shop: Bookshop, language: str, words: str) -> None:
    buy(shop, "marie", "2026-01-05 18:00", "sencha")
    buy(shop, "paul", "2026-01-05 18:00", "sencha")
    buy(shop, "paul", "2026-01-12 18:00", "bancha")
    shop.turn("2026-01-19 09:00")
    told = explain(shop.place, "marie", "replenishment", local("2026-01-19 10:00"))
    assert told.outcome == "send"
    assert words in told.text(language)  # type: ignore[arg-type]
    refused = explain(shop.place, "paul", "replenishment", local("2026-01-19 10:00"))
    assert refused.reason == "repurchased"
    since = {"fr": "racheté le 12 janvier 2026", "en": "bought again on January 12, 2026"}
    assert since[language] in refused.text(language)  # type: ignore[arg-type]


LOYAL = {
    "scenario": "loyal",
    "trigger": {"handed_over": {}},
    "fresh_for": "3d",
    "steps": [{"send": {"channel": "email", "message": "win-back"}}],
}
FIRST = {"name": "first", "send": {"channel": "email", "message": "replenishment"}}
HANDS_ON = {
    "on_stop": {"repurchased": {"hand_over": "loyal"}},
    "steps": [FIRST, {"wait": "7d"}, {"hand_over": "lost"}],
}


def test_a_purchase_leads_to_one_scenario_and_none_to_another(shop: Bookshop) -> None:
    shop.publish(LOYAL, "2026-01-03 08:10")
    shop.publish({**LOYAL, "scenario": "lost"}, "2026-01-03 08:11")
    shop.publish("replenishment", "2026-01-03 08:12", **HANDS_ON)
    for who in ("marie", "paul", "anne"):
        buy(shop, who, "2026-01-05 18:00", "sencha")
    buy(shop, "anne", "2026-01-08 18:00", "sencha")
    assert decided(shop, "2026-01-19 09:00") == {
        "marie": ("send", None), "paul": ("send", None), "anne": ("refused", "repurchased"),
    }  # fmt: skip
    buy(shop, "marie", "2026-01-21 18:00", "bancha")
    buy(shop, "anne", "2026-01-21 19:00", "bancha")
    assert decided(shop, "2026-01-26 09:00") == {
        "marie": ("refused", "repurchased"), "paul": ("ended", "hand_over:lost"), "anne": ("refused", "repurchased"),
    }  # fmt: skip
    shop.turn("2026-01-27 09:00")
    assert shop.decided("2026-01-27 09:00", "loyal") == {"marie": ("send", None)}
    assert shop.decided("2026-01-27 09:00", "lost") == {"paul": ("send", None)}
    told = explain(shop.place, "marie", "loyal", local("2026-01-27 10:00"))
    assert "Un autre scénario passe le relais" in told.text("fr")
    ended = explain(shop.place, "paul", "replenishment", local("2026-01-26 10:00"))
    assert "sans message, parce que « lost » prend le relais." in ended.text("fr").replace("\xa0", " ")
    assert "because “lost” takes over." in ended.text("en")
    shop.turn("2026-01-28 09:00")
    assert shop.decided("2026-01-28 09:00") == {}


def test_hand_overs_that_lead_nowhere_or_round_are_refused_at_the_switch(shop: Bookshop) -> None:
    with pytest.raises(Refused, match=r"hands over to “lost” \(line 1\), which is not published"):
        shop.publish("replenishment", "2026-01-03 08:20", **HANDS_ON)
    back = [{"wait": "1d"}, {"hand_over": "b"}]
    with pytest.raises(Refused, match=r"“b” \(line 1\), which is not published"):
        shop.publish({**LOYAL, "scenario": "a", "steps": back}, "2026-01-03 08:21")
    shop.publish({**LOYAL, "scenario": "b"}, "2026-01-03 08:22")
    shop.publish({**LOYAL, "scenario": "a", "steps": back}, "2026-01-03 08:23")
    with pytest.raises(
        Refused, match=r"in a circle: b → a → b .“b” hands over to “a” .line 1., “a” hands over to “b” .line 1.."
    ):
        shop.publish({**LOYAL, "scenario": "b", "steps": [{"hand_over": "a"}]}, "2026-01-03 08:24")
    with pytest.raises(Refused, match=r"“win-back” \(line 1\), whose trigger is not handed_over"):
        shop.publish("win-back", "2026-01-03 08:25")
        shop.publish({**LOYAL, "scenario": "c", "steps": [{"hand_over": "win-back"}]}, "2026-01-03 08:26")
