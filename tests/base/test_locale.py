"""What a reader sees: the texts are those of CLDR 46, with the minus and the hours of our microcopy."""

from __future__ import annotations

from datetime import date, time
from decimal import Decimal

import pytest

from relance.base.errors import BadDocument
from relance.base.locale import LOCALES, locale_named, write_date, write_number, write_time
from relance.base.money import SYMBOLS, write_money

MONEY = {
    "fr-CA": ["1\xa0234,50\xa0$", "1\xa0234,50\xa0$\xa0US", "1\xa0234,50\xa0€", "1\xa0234,50\xa0£",
              "1\xa0234\xa0¥", "1\xa0234,50\xa0CHF"],
    "fr-FR": ["1\u202f234,50\xa0$CA", "1\u202f234,50\xa0$US", "1\u202f234,50\xa0€", "1\u202f234,50\xa0£GB",
              "1\u202f234\xa0JPY", "1\u202f234,50\xa0CHF"],
    "en-CA": ["$1,234.50", "US$1,234.50", "€1,234.50", "£1,234.50", "JP¥1,234", "CHF1,234.50"],
    "en-US": ["CA$1,234.50", "$1,234.50", "€1,234.50", "£1,234.50", "¥1,234", "CHF1,234.50"],
    "en-GB": ["CA$1,234.50", "US$1,234.50", "€1,234.50", "£1,234.50", "JP¥1,234", "CHF1,234.50"],
}  # fmt: skip


@pytest.mark.parametrize("name", LOCALES)
def test_money_is_written_as_cldr_does(name: str) -> None:
    currencies = ("CAD", "USD", "EUR", "GBP", "JPY", "CHF")
    assert [write_money(Decimal("1234.5"), one, locale_named(name)) for one in currencies] == MONEY[name]


def test_every_locale_has_its_symbols() -> None:
    assert SYMBOLS.keys() == LOCALES.keys()


def test_money_keeps_its_sign_its_cents_and_its_millions() -> None:
    quebec, canada = locale_named("fr-CA"), locale_named("en-CA")
    assert write_money(Decimal("-5"), "CAD", quebec) == "\u22125,00\xa0$"
    assert write_money(Decimal("-5"), "CAD", canada) == "\u2212$5.00"
    assert write_money(Decimal("-0.001"), "CAD", canada) == "$0.00"
    assert write_money(Decimal("0.005"), "CAD", canada) == "$0.00"
    assert write_money(Decimal("0.015"), "CAD", canada) == "$0.02"
    assert write_money(Decimal("1234567.5"), "CAD", quebec) == "1\xa0234\xa0567,50\xa0$"


@pytest.mark.parametrize(
    ("name", "whole", "exact"),
    [
        ("fr-CA", "1\xa0234\xa0567", "1\xa0234\xa0567,891"),
        ("fr-FR", "1\u202f234\u202f567", "1\u202f234\u202f567,891"),
        ("en-CA", "1,234,567", "1,234,567.891"),
    ],
)
def test_numbers_are_grouped_in_thousands(name: str, whole: str, exact: str) -> None:
    assert write_number(1_234_567, locale_named(name)) == whole
    assert write_number(Decimal("1234567.891"), locale_named(name)) == exact
    assert write_number(Decimal("-0.5"), locale_named(name), 0) == "0"
    assert write_number(-12, locale_named(name)) == "\u221212"
    assert write_number(999, locale_named(name)) == "999"


@pytest.mark.parametrize(
    ("name", "day", "long", "full"),
    [
        ("fr-CA", "1er novembre", "1er novembre 2026", "dimanche 1er novembre 2026"),
        ("fr-FR", "1er novembre", "1er novembre 2026", "dimanche 1er novembre 2026"),
        ("en-CA", "November 1", "November 1, 2026", "Sunday, November 1, 2026"),
        ("en-US", "November 1", "November 1, 2026", "Sunday, November 1, 2026"),
        ("en-GB", "1 November", "1 November 2026", "Sunday, 1 November 2026"),
    ],
)
def test_dates_are_written_out(name: str, day: str, long: str, full: str) -> None:
    locale, first = locale_named(name), date(2026, 11, 1)
    assert [write_date(first, locale, style) for style in ("day", "long", "full")] == [day, long, full]
    assert write_date(first, locale) == long


def test_the_second_of_the_month_is_an_ordinary_number_in_french() -> None:
    assert write_date(date(2026, 3, 2), locale_named("fr-CA")) == "2 mars 2026"


@pytest.mark.parametrize(
    ("name", "morning", "midnight", "evening"),
    [
        ("fr-CA", "9\xa0h\xa000", "0\xa0h\xa000", "21\xa0h\xa030"),
        ("fr-FR", "09:00", "00:00", "21:30"),
        ("en-CA", "9:00\xa0a.m.", "12:00\xa0a.m.", "9:30\xa0p.m."),
        ("en-US", "9:00\xa0AM", "12:00\xa0AM", "9:30\xa0PM"),
    ],
)
def test_times_are_those_of_the_place(name: str, morning: str, midnight: str, evening: str) -> None:
    locale = locale_named(name)
    assert [write_time(one, locale) for one in (time(9), time(0), time(21, 30))] == [
        morning,
        midnight,
        evening,
    ]


def test_an_unknown_locale_or_style_is_named() -> None:
    with pytest.raises(BadDocument, match="“tlh” is not a locale we can write in; use one of fr-CA"):
        locale_named("tlh")
    with pytest.raises(BadDocument, match="“iso” is not a way to write a date"):
        write_date(date(2026, 3, 2), locale_named("fr-CA"), "iso")
