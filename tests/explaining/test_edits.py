"""What differs between two versions is said in both languages: parts, steps, triggers, conditions and messages."""

from __future__ import annotations

from typing import Any

import pytest

from relance.explaining.edits import edit_told
from relance.scenarios.changes import told

TEA: dict[str, Any] = {
    "scenario": "tea",
    "title": {"fr": "Le thé", "en": "Tea"},
    "trigger": {"date": {"of": "first_order", "days": 30}},
    "schedule": {"daily": "09:00"},
    "fresh_for": "3d",
    "stop": {"ordered": {"count": "orders", "where": "valid", "at_least": 1}},
    "holdout": "10%",
    "steps": [{"wait": "7d"}, {"name": "word", "send": {"message": "tea"}}],
}
CASES: list[tuple[dict[str, Any], list[tuple[str, str]]]] = [
    ({"holdout": "20%"}, [("Groupe témoin : 10\u00a0% → 20\u00a0%", "Control group: 10% → 20%")]),
    (
        {"title": {"fr": "Thé", "en": "Tea"}},
        [("Titre en français : Le thé → Thé", "Title in French: Le thé → Thé")],
    ),
    (
        {"trigger": {"date": {"of": "first_order", "days": 45}}},
        [
            (
                "Déclencheur : 30 jours après la première commande valable → "
                "45 jours après la première commande valable",
                "Trigger: 30 days after the first valid order → 45 days after the first valid order",
            )
        ],
    ),
    (
        {"stop": {"ordered": {"count": "orders", "where": "valid", "at_least": 2}}},
        [
            (
                "Arrêt « ordered » : Au moins 1 commande valable → Au moins 2 commandes valables",
                "Stop “ordered”: At least 1 valid order → At least 2 valid orders",
            )
        ],
    ),
    (
        {
            "steps": [
                {"wait": "48h"},
                {"name": "word", "send": {"message": "tea", "coupon": "spring"}},
                {"exit": "done"},
            ]
        },
        [
            ("Étape 1 : Attendre 7 jours → Attendre 48 heures", "Step 1: Wait 7 days → Wait 48 hours"),
            (
                "Étape 2 : Courriel « tea » → Courriel « tea », avec un code de « spring »",
                "Step 2: E-mail “tea” → E-mail “tea”, with a code of “spring”",
            ),
            ("Étape 3, ajout : Sortie « done »", "Step 3, added: Exit “done”"),
        ],
    ),
    (
        {"steps": [{"wait": "7d"}, {"name": "again", "send": {"message": "tea"}}]},
        [  # the words are the same, so the document's own are shown
            (
                "Étape 2 : {name: word, send: {message: tea}} → {name: again, send: {message: tea}}",
                "Step 2: {name: word, send: {message: tea}} → {name: again, send: {message: tea}}",
            )
        ],
    ),
    (
        {"about": {"fr": "x", "en": "y"}},
        [("Description, ajout : {fr: x, en: y}", "Description, added: {fr: x, en: y}")],
    ),
]


@pytest.mark.parametrize(("changed", "sentences"), CASES)
def test_what_differs_is_said_in_both_languages(changed: dict[str, Any], sentences: list[tuple[str, str]]) -> None:
    said = [edit_told(each) for each in told(TEA, TEA | changed)]
    assert [(each.fr, each.en) for each in said] == sentences


def test_a_message_that_is_rewritten_says_where() -> None:
    old, new = {"fr": {"subject": "Thé", "text": "a" * 300}}, {"fr": {"subject": "Du thé", "text": "b" * 300}}
    said = [edit_told(each) for each in told(old, new, "tea")]
    assert [each.fr for each in said] == [
        "Message « tea », objet en français : Thé → Du thé",
        "Message « tea », texte en français : nouvelle rédaction",
    ]
