"""An amount and its currency become the text a reader of one locale expects (symbols of CLDR)."""

from __future__ import annotations

from decimal import Decimal

from relance.base.locale import MINUS, NARROW_NO_BREAK, NO_BREAK, Locale, write_number

DIGITS = {"JPY": 0, "XOF": 0, "XAF": 0, "XPF": 0, "KRW": 0, "CLP": 0, "ISK": 0, "VND": 0}
"""Decimals of a currency where they are not two."""

_CFA = f"F{NARROW_NO_BREAK}CFA"
SYMBOLS: dict[str, dict[str, str]] = {
    "fr-CA": {
        "CAD": "$",
        "USD": f"${NO_BREAK}US",
        "AUD": f"${NO_BREAK}AU",
        "EUR": "€",
        "GBP": "£",
        "JPY": "¥",
    },
    "fr-FR": {"CAD": "$CA", "USD": "$US", "AUD": "$AU", "EUR": "€", "GBP": "£GB", "XOF": _CFA},
    "en-CA": {"CAD": "$", "USD": "US$", "AUD": "A$", "EUR": "€", "GBP": "£", "JPY": "JP¥", "XOF": _CFA},
    "en-US": {"CAD": "CA$", "USD": "$", "AUD": "A$", "EUR": "€", "GBP": "£", "JPY": "¥", "XOF": _CFA},
    "en-GB": {"CAD": "CA$", "USD": "US$", "AUD": "A$", "EUR": "€", "GBP": "£", "JPY": "JP¥", "XOF": _CFA},
}
"""By locale, the currencies that have a symbol there; the others are written by their code."""


def write_money(amount: Decimal | int, currency: str, locale: Locale) -> str:
    """The amount at the currency's own decimals, rounded half to even: `1 234,50 $`, `$1,234.50`."""
    written = write_number(amount, locale, DIGITS.get(currency, 2))
    bare = written.removeprefix(MINUS)
    signed = locale.currency.format(bare, SYMBOLS[locale.name].get(currency, currency))
    return f"{MINUS}{signed}" if bare != written else signed
