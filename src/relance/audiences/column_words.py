"""A column of the star comes in, what people call it goes out, in French or English."""

from __future__ import annotations

from collections.abc import Mapping

# English and French, as they begin a sentence. A column that is not listed goes by its own name.
_WORDS: Mapping[str, tuple[str, str]] = {
    "contacts.kind": ("The kind of contact", "Le type de contact"),
    "contacts.language": ("The language", "La langue"),
    "contacts.zone": ("The time zone", "Le fuseau horaire"),
    "contacts.country": ("The country", "Le pays"),
    "contacts.province": ("The province", "La province"),
    "contacts.city": ("The city", "La ville"),
    "contacts.postal_code": ("The postal code", "Le code postal"),
    "contacts.store": ("The chosen store", "Le magasin choisi"),
    "contacts.joined_on": ("The day of joining", "La date d’inscription"),
    "contacts.birth_date": ("The date of birth", "La date de naissance"),
    "contacts.first_name": ("The first name", "Le prénom"),
    "contacts.last_name": ("The last name", "Le nom"),
    "contacts.email": ("The e-mail address", "L’adresse de courriel"),
    "carts.stage": ("The stage of the cart", "L’étape du panier"),
    "consent_acts.expires_at": ("The expiry of the consent", "L’échéance du consentement"),
    "orders.placed_at": ("The day of the order", "La date de la commande"),
    "orders.delivered_at": ("The day of delivery", "La date de livraison"),
    "product_stock.quantity": ("The quantity in stock", "La quantité en stock"),
    "product_prices.amount": ("The price", "Le prix"),
    "loyalty_lots.expires_on": ("The expiry of the points", "L’échéance des points"),
    "contacts.phone": ("The telephone number", "Le numéro de téléphone"),
}
# Values that the star itself names.
_VALUES: Mapping[tuple[str, str], tuple[str, str]] = {
    ("contacts.kind", "individual"): ("person", "particulier"),
    ("contacts.kind", "institution"): ("institution", "collectivité"),
    ("contacts.language", "fr"): ("French", "français"),
    ("contacts.language", "en"): ("English", "anglais"),
}


def column_words(column: str, language: str) -> str:
    """What `table.column` is called in `fr` or `en`; its own name where we have no word for it."""
    return _WORDS.get(column, (column, column))[language.startswith("fr")]


def column_inside(column: str, language: str) -> str:
    """The same, inside a sentence."""
    words = column_words(column, language)
    return words[0].lower() + words[1:]


def value_words(column: str, value: object, language: str) -> object:
    """What a value of `table.column` is called, where the star has a word for it; else the value."""
    words = _VALUES.get((column, value)) if isinstance(value, str) else None
    return words[language.startswith("fr")] if words else value
