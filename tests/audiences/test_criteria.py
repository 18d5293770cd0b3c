"""Criteria documents: what is understood, and one clear sentence for what is not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from relance.audiences.criteria import days_needed, json_schema, leaves, parse_criteria
from relance.audiences.probes import PROBES, check, describe, observe
from relance.base.errors import BadDocument
from relance.customers.relations import View, scratch
from relance.customers.star import STAR

PUBLISHED = Path(__file__).resolve().parents[2] / "docs" / "schemas" / "criteria.json"
EXAMPLE = """
all:
  - {count: orders, where: valid, window: {last: 90d}, at_least: 2}
  - {holds: {category: books}}
  - none:
      - {sum: refunds.amount, currency: CAD, window: {last: 365d}, above: "50.00"}
      - {rfm: {r: [5]}}
"""


def test_the_example_is_understood_and_said_in_both_languages() -> None:
    criteria = parse_criteria(yaml.safe_load(EXAMPLE))
    assert [path for path, _ in leaves(criteria)] == ["all[0]", "all[1]", "all[2].none[0]", "all[2].none[1]"]
    assert days_needed(criteria) == {90, 365}
    asked = observe(criteria, scratch("probes", PROBES), View(STAR)).leaves
    assert [describe(leaf, "fr") for leaf in asked] == [
        "Au moins 2 commandes valables depuis 90 jours",
        "A commandé un produit : category «\u00a0books\u00a0»",
        "Le total de refunds.amount en CAD depuis 365 jours est supérieur à «\u00a050.00\u00a0»",
        "Classe RFM R 5",
    ]
    assert [leaf.readable for leaf in asked] == [
        "At least 2 valid orders in the last 90 days",
        "Ordered a product: category “books”",
        "The total of refunds.amount in CAD in the last 365 days is above “50.00”",
        "RFM class R 5",
    ]


@pytest.mark.parametrize(
    ("question", "french", "english"),
    [
        ({"count": "orders", "is": 0}, "Aucune commande", "No order"),
        ({"count": "refunds", "at_most": 1}, "Au plus 1 remboursement", "At most 1 refund"),
        (
            {"count": "carts", "where": "logged_in", "at_least": 2, "below": 5},
            "Au moins 2 paniers connectés et moins de 5 paniers connectés",
            "At least 2 logged in carts and fewer than 5 logged in carts",
        ),
        (
            {"last": "orders.placed_at", "where": "valid", "older_than": "48h"},
            "Dernière commande valable il y a au moins 48 heures",
            "Last valid order at least 48 hours ago",
        ),
        (
            {"count": "orders", "window": {"since": "fact"}, "is": 1},
            "Exactement 1 commande depuis ce moment",
            "Exactly 1 order since then",
        ),
        (
            {"attribute": "contacts.email", "known": False},
            "On ne connaît pas l’adresse de courriel",
            "We do not know the e-mail address",
        ),
        ({"segment": "loyal"}, "Dans le segment «\u00a0loyal\u00a0»", "In the segment “loyal”"),
    ],
)
def test_a_question_reads_like_a_sentence(question: dict[str, Any], french: str, english: str) -> None:
    [leaf] = observe(parse_criteria(question), scratch("probes", PROBES), View(STAR)).leaves
    assert (describe(leaf, "fr"), describe(leaf, "en")) == (french, english)


def nested(depth: int) -> Any:
    return {"all": [nested(depth - 1)]} if depth else {"count": "orders", "is": 1}


HOSTILE: list[tuple[Any, str]] = [
    ({}, "nothing is asked here; write one of all, any, none, attribute, count"),
    (None, "nothing is asked here"),
    (["count"], "nothing is asked here"),
    ({"cuont": "orders", "is": 1}, "“cuont”, “is” does not tell what is asked"),
    ({"count": "orders"}, "nothing is compared; add one of is, at_least"),
    (
        {"count": "orders", "at_leest": 2},
        "there is no field “at_leest” here; allowed are count, where, window, is",
    ),
    ({"any": [{"none": [{"sql": "drop table"}]}]}, "any[0].none[0]: “sql” does not tell"),
    (
        {"all": [{"count": "orders", "window": {"lst": "9d"}, "is": 1}]},
        "all[0].window: there is no field “lst”",
    ),
    ({"count": "orders", "window": {}, "is": 1}, "window: a window says either “last” or “since”"),
    ({"count": "orders", "window": {"last": "0d"}, "is": 1}, "window.last: should be longer than nothing"),
    (
        {"count": "orders", "window": {"last": "99999w"}, "is": 1},
        "window.last: “99999w” is longer than a hundred",
    ),
    ({"last": "orders.placed_at", "within": "soon"}, "within: “soon” is not a length of time"),
    ({"count": "orders", "where": {"column": "x", "abve": 3}, "is": 1}, "where: there is no field “abve”"),
    ({"count": "orders", "is": -1}, "is: should be at least 0"),
    ({"count": "orders", "is": True}, "is: should be a whole number"),
    ({"count": "orders", "is": "2"}, "is: should be a whole number"),
    ({"count": "orders; drop table orders", "is": 1}, "count: should be written like a name"),
    ({"all": []}, "all: should have at least one part"),
    ({"rfm": {"r": [6]}}, "rfm.r[0]: should be at most 5"),
    ({"rfm": {}}, "rfm: no class is named"),
    ({"attribute": "contacts.kind", "is": ["a", "b"]}, "is: takes one value"),
    ({"attribute": "contacts.kind", "is": float("nan")}, "is: should be a number that has an end"),
    (nested(100), "nested deeper than 20 levels"),
]


@pytest.mark.parametrize(("document", "sentence"), HOSTILE)
def test_a_document_that_is_not_understood_is_refused_in_one_sentence(document: Any, sentence: str) -> None:
    with pytest.raises(BadDocument) as refused:
        parse_criteria(document, "spring.yaml")
    assert str(refused.value).startswith("spring.yaml: ")
    assert sentence in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_document_that_contains_itself_is_refused() -> None:
    document: dict[str, Any] = {}
    document["all"] = [document]
    with pytest.raises(BadDocument, match="nested deeper"):
        parse_criteria(document)


UNSUITED: list[tuple[Any, str]] = [
    ({"count": "unicorns", "is": 1}, "there is no table “unicorns”; there are aliases"),
    ({"count": "products", "is": 1}, "the rows of “products” belong to no contact"),
    ({"attribute": "contacts.kynd", "is": "x"}, "table “contacts” has no column “kynd”"),
    ({"attribute": "carts.stage", "is": "x"}, "“carts” has many rows per contact"),
    ({"attribute": "contacts.kind", "above": "x"}, "“above” cannot be asked of contacts.kind, which is text"),
    (
        {"attribute": "contacts.store", "is": 12345},
        "“12345” cannot be compared with contacts.store, which is a text",
    ),
    (
        {"attribute": "contacts.joined_on", "above": "2026-03-10T09:00:00Z"},
        "contacts.joined_on, which is a date",
    ),
    ({"count": "orders", "where": "fancy", "is": 1}, "table “orders” has no condition “fancy”; it has valid"),
    ({"count": "orders", "where": {"column": "amont", "above": 1}, "is": 1}, "has no column “amont”"),
    (
        {"count": "orders", "where": {"column": "amount", "above": "1.0005"}, "is": 1},
        "at most three decimals",
    ),
    ({"sum": "orders.amount", "above": 1}, "orders.amount is money, and sums never mix currencies"),
    ({"sum": "loyalty_lots.points", "currency": "CAD", "above": 1}, "has no currency; leave “currency” out"),
    ({"sum": "orders.store", "above": 1}, "orders.store is text; sum needs a number"),
    ({"last": "orders.amount", "within": "9d"}, "orders.amount is decimal; last needs a date or an instant"),
    ({"last": "contacts.birth_date", "within": "9d"}, "contacts.birth_date is personal"),
    ({"first": "contacts.joined_on", "within": "48h"}, "is a date, and 48h is counted in hours"),
    ({"count": "identities", "window": {"last": "9d"}, "is": 1}, "“identities” have no instant"),
    ({"holds": {"flavour": "mint"}}, "products have no column “flavour”"),
]


@pytest.mark.parametrize(("document", "sentence"), UNSUITED)
def test_what_the_star_does_not_have_is_refused_with_its_place(document: Any, sentence: str) -> None:
    criteria = parse_criteria({"any": [{"count": "orders", "is": 1}, document]})
    with pytest.raises(BadDocument) as refused:
        check(criteria, View(STAR), "America/Toronto", "spring.yaml")
    assert str(refused.value).startswith("spring.yaml: any[1]: ")
    assert sentence in str(refused.value)


def test_the_published_schema_is_the_one_of_the_code() -> None:
    """Write it again with: python -m relance.audiences.criteria > docs/schemas/criteria.json"""
    assert json.loads(PUBLISHED.read_text(encoding="utf-8")) == json_schema()
