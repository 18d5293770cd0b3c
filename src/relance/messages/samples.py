"""Declared fields become sample values, full and bare, to try a message before anybody gets it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from relance.messages.fields import COMMON, Field

SAMPLES: dict[str, Any] = {
    "text": "Marie",
    "number": 3,
    "money": {"amount": "1234.50", "currency": "CAD"},
    "date": "2026-03-10",
    "url": "https://example.test/page",
    "flag": True,
}
UNSUBSCRIBE = "https://example.test/unsubscribe/sample"
_KNOWN = {
    "unsubscribe_url": UNSUBSCRIBE,
    "greeting": "Bonjour Marie,",
    "brand": {
        "name": "Marque Exemple",
        "address": "1, rue de la Marque",
        "url": "https://example.test/brand",
    },
    "shop": {
        "name": "Boutique Exemple",
        "address": "2, rue de la Boutique",
        "phone": "819 555-0142",
        "hours": "9-17",
    },
}


_BY_NAME: dict[str, str] = {
    "title": "Les Marées lentes",
    "product": "Les Marées lentes",
    "author": "Hélène Fortin-Roy",
    "publisher": "Éditions du Sillage",
    "advice_fr": "Gardé au sec, il se conserve six mois.",
    "advice_en": "Kept dry, it lasts six months.",
    "currency": "CAD",
    "order_number": "A-1027",
    "collect_at": "Boutique Exemple, 2, rue de la Boutique",
    "basis": "implied_purchase",
    "code": "MERCI-7K2Q",
    "worth": "5 $",
}


def _value(field: Field, items: int, bare: bool) -> Any:
    if field.kind == "list":
        return [_values(field.of, items, bare) for _ in range(items)]
    if field.kind == "record":
        return _values(field.of, items, bare)
    return _BY_NAME.get(field.name, SAMPLES["text"]) if field.kind == "text" else SAMPLES[field.kind]


def _values(fields: Sequence[Field], items: int, bare: bool) -> dict[str, Any]:
    return {one.name: _value(one, items, bare) for one in fields if not (bare and one.optional)}


def samples(fields: Sequence[Field]) -> Iterator[dict[str, Any]]:
    """Contexts to try: everything with one and with seven items, and only what must be there."""
    own = [field for field in fields if field not in COMMON]
    for items, bare in ((7, False), (1, False), (1, True)):
        values = _values(own, items, bare) | _KNOWN
        values["preferences_url"] = None if bare else "https://example.test/preferences"
        values["contact"] = {} if bare else {"first_name": "Marie"}
        yield values
