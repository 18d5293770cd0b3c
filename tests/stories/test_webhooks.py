"""An order is told to the shop's own system; what it answers is known to the scenario, and a failure may end it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from relance.base.clock import FixedClock
from relance.base.documents import load_document
from relance.base.errors import BadDocument
from relance.base.settings import Webhook
from relance.channels.settings import WebhookSettings
from relance.channels.setup import webhook_settings
from relance.channels.webhook.caller import call_due
from relance.explaining.explain import explain
from tests.channels.webhook.erp import Erp, serving
from tests.stories.bookshop import Bookshop, bookshop, local, order, person

SCENARIO = """
scenario: tell-the-till
trigger: {{row: {{table: orders, where: valid}}}}
fresh_for: 5d
holdout: {holdout}
steps:
  - name: till
    webhook: {{url: "http://{place}/orders", fields: [language, first_name], sets: [tier], on_failure: {failure}}}
  - send: {{channel: email, message: thanks}}
"""


@pytest.fixture
def erp() -> Iterator[Erp]:
    with serving() as erp:
        yield erp


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Bookshop]:
    made = bookshop(tmp_path / "home")
    made.write_message("thanks", "Thank you", "Thank you, {{ contact.first_name | default('you') }}.", {})
    made.people(person("alba"), person("bruno"))
    yield made
    made.close()


def publish(shop: Bookshop, erp: Erp, failure: str = "go_on", holdout: str = "0%") -> None:
    webhook = Webhook(private=(erp.place,))
    shop.place.settings = shop.place.settings.model_copy(update={"webhook": webhook})
    text = SCENARIO.format(place=erp.place, failure=failure, holdout=holdout)
    shop.publish(load_document(text).data, "2026-03-01 08:00")


def call(shop: Bookshop, erp: Erp, at: str) -> None:
    secret = webhook_settings(shop.place.settings, shop.place.secret).secret
    settings = WebhookSettings(secret, frozenset({erp.place}))
    call_due(shop.place.ledger, settings, FixedClock(local(at)), lambda: False)


def test_an_order_is_told_once_with_what_the_step_names(shop: Bookshop, erp: Erp) -> None:
    publish(shop, erp)
    shop.deliver("2026-03-03 06:00", orders=order("o1", "alba", "2026-03-02 15:00"))
    for hour in ("09", "10", "11"):
        shop.turn(f"2026-03-03 {hour}:00")
        call(shop, erp, f"2026-03-03 {hour}:05")
    [(_, body)] = erp.heard
    said = json.loads(body)
    assert (said["contact"], said["scenario"], said["step"], said["occurrence"]) == (
        "alba",
        "tell-the-till",
        "till",
        "o1",
    )
    assert set(said["fields"]) == {"language", "first_name"}


def test_what_the_answer_sets_is_known_before_the_next_step(shop: Bookshop, erp: Erp) -> None:
    publish(shop, erp)
    erp.answers = [(200, {}, b'{"tier": "gold", "email": "x@y.example"}')]
    shop.deliver("2026-03-03 06:00", orders=order("o1", "alba", "2026-03-02 15:00"))
    shop.turn("2026-03-03 09:00")
    assert shop.decided("2026-03-03 09:00") == {"alba": ("waiting", None)}
    call(shop, erp, "2026-03-03 09:05")
    shop.turn("2026-03-03 10:00")
    assert shop.decided("2026-03-03 10:00") == {"alba": ("send", None)}
    values = "SELECT attribute, value FROM contact_values JOIN contact_values_vault USING (setting)"
    assert shop.place.engine.rows(values) == [{"attribute": "tier", "value": "gold"}]


@pytest.mark.parametrize("failure, outcome", [("exit", ("ended", "webhook_failed")), ("go_on", ("send", None))])
def test_a_call_that_fails_ends_the_journey_or_not(
    shop: Bookshop,
    erp: Erp,
    failure: str,
    outcome: tuple[str, str | None],
) -> None:
    publish(shop, erp, failure)
    erp.answers = [(404, {}, b"")]
    shop.deliver("2026-03-03 06:00", orders=order("o1", "alba", "2026-03-02 15:00"))
    shop.turn("2026-03-03 09:00")
    call(shop, erp, "2026-03-03 09:05")
    shop.turn("2026-03-03 10:00")
    assert shop.decided("2026-03-03 10:00") == {"alba": outcome}


def test_nothing_is_told_of_the_control_group_nor_by_a_plan(shop: Bookshop, erp: Erp) -> None:
    publish(shop, erp, holdout="99%")
    shop.deliver("2026-03-03 06:00", orders=order("o1", "alba", "2026-03-02 15:00"))
    shop.plan("2026-03-03 09:00")
    shop.turn("2026-03-03 09:00")
    call(shop, erp, "2026-03-03 09:05")
    assert erp.heard == []
    shop.turn("2026-03-05 10:00")
    assert shop.decided("2026-03-05 10:00") == {"alba": ("held_out", "holdout")}


def test_who_is_forgotten_is_not_told_of_any_more(shop: Bookshop, erp: Erp) -> None:
    publish(shop, erp)
    shop.deliver("2026-03-03 06:00", orders=order("o1", "alba", "2026-03-02 15:00"))
    shop.turn("2026-03-03 09:00")
    contact = shop.place.engine.value("SELECT contact FROM orders")
    shop.place.ledger.erase(contact, local("2026-03-03 09:01"))
    call(shop, erp, "2026-03-03 09:05")
    assert erp.heard == []


@pytest.mark.parametrize(
    "step, said",
    [
        ('{webhook: {url: "https://shop.example/x"}}', "has a name"),
        ('{name: a, webhook: {url: "ftp://shop.example/x"}}', "url"),
        ('{name: a, webhook: {url: "https://127.0.0.1/x"}}', "private address"),
        ('{name: a, webhook: {url: "https://shop.example/x", fields: [shoe_size]}}', "contacts have no “shoe_size”"),
        ('{name: a, webhook: {url: "https://shop.example/x", sets: [consent_email]}}', "act of the person"),
    ],
)
def test_a_webhook_that_cannot_be_is_refused_before_it_is_on(shop: Bookshop, step: str, said: str) -> None:
    text = f"scenario: s\ntrigger: {{row: {{table: orders}}}}\nfresh_for: 5d\nsteps:\n  - {step}\n"
    with pytest.raises(BadDocument, match=said):
        shop.publish(load_document(text, "s.yaml").data, "2026-03-01 08:00")


def test_a_day_of_trouble_is_outlasted(shop: Bookshop, erp: Erp) -> None:
    publish(shop, erp, "exit")
    erp.answers = [(503, {}, b"")] * 5
    shop.deliver("2026-03-03 06:00", orders=order("o1", "alba", "2026-03-02 15:00"))
    shop.turn("2026-03-03 09:00")
    at = local("2026-03-03 09:05")
    for _ in range(6):
        secret = WebhookSettings(b"x" * 32, frozenset({erp.place}))
        call_due(shop.place.ledger, secret, FixedClock(at), lambda: False)
        at += timedelta(hours=12)
    shop.turn("2026-03-05 09:00")
    assert [row["state"] for row in shop.place.engine.rows("SELECT state FROM webhook_results")] == ["done"]


def test_the_explanation_tells_of_the_call_and_of_its_answer(shop: Bookshop, erp: Erp) -> None:
    publish(shop, erp, "exit")
    erp.answers = [(404, {}, b"")]
    shop.deliver("2026-03-03 06:00", orders=order("o1", "alba", "2026-03-02 15:00"))
    shop.turn("2026-03-03 09:00")
    call(shop, erp, "2026-03-03 09:05")
    shop.turn("2026-03-03 10:00")
    told = explain(shop.place, "alba", "tell-the-till", local("2026-03-03 11:00"))
    french, english = (told.text(language).replace("\xa0", " ") for language in ("fr", "en"))
    assert "sans message, parce que l’appel à l’autre système n’a pas abouti." in french
    assert "because the call to the other system did not go through." in english
    assert "Appel till (127.0.0.1), demandé le 3 mars 2026, 9 h 00 : l’appel est parti dans la file" in french
    assert "Answer to the call till, waited for until March 3, 2026, 10:00 a.m.: it answered, or failed" in english
