"""Numbers, dates and times become the text a reader of one locale expects, from tables (facts of CLDR)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal

from relance.base.errors import BadDocument

NO_BREAK = "\u00a0"
NARROW_NO_BREAK = "\u202f"
MINUS = "\u2212"

FRENCH_MONTHS = (
    "janvier", "février", "mars", "avril", "mai", "juin",
    "juillet", "août", "septembre", "octobre", "novembre", "décembre",
)  # fmt: skip
ENGLISH_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
FRENCH_DAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
ENGLISH_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True, slots=True)
class Locale:
    """How one locale writes; `currency` says where the symbol stands, with {} for amount then symbol."""

    name: str
    language: str
    decimal: str
    group: str
    currency: str
    day: Callable[[date], str]
    long_date: str
    full_date: str
    time_of_day: Callable[[time], str]


def _french_day(day: date) -> str:
    first = "1er" if day.day == 1 else str(day.day)
    return f"{first} {FRENCH_MONTHS[day.month - 1]}"


def _month_first(day: date) -> str:
    return f"{ENGLISH_MONTHS[day.month - 1]} {day.day}"


def _day_first(day: date) -> str:
    return f"{day.day} {ENGLISH_MONTHS[day.month - 1]}"


def _hours_h(moment: time) -> str:
    return f"{moment.hour}{NO_BREAK}h{NO_BREAK}{moment.minute:02}"


def _twenty_four(moment: time) -> str:
    return f"{moment.hour:02}:{moment.minute:02}"


def _twelve(before: str, after: str) -> Callable[[time], str]:
    def written(moment: time) -> str:
        half = before if moment.hour < 12 else after
        return f"{moment.hour % 12 or 12}:{moment.minute:02}{NO_BREAK}{half}"

    return written


_AFTER = "{0}" + NO_BREAK + "{1}"
_BEFORE = "{1}{0}"
_FR_FULL, _MONTH_FULL, _DAY_FULL = "{2} {0} {1}", "{2}, {0}, {1}", "{2}, {0} {1}"

LOCALES: dict[str, Locale] = {
    one.name: one
    for one in (
        Locale("fr-CA", "fr", ",", NO_BREAK, _AFTER, _french_day, "{0} {1}", _FR_FULL, _hours_h),
        Locale("fr-FR", "fr", ",", NARROW_NO_BREAK, _AFTER, _french_day, "{0} {1}", _FR_FULL, _twenty_four),
        Locale("en-CA", "en", ".", ",", _BEFORE, _month_first, "{0}, {1}", _MONTH_FULL, _twelve("a.m.", "p.m.")),
        Locale("en-US", "en", ".", ",", _BEFORE, _month_first, "{0}, {1}", _MONTH_FULL, _twelve("AM", "PM")),
        Locale("en-GB", "en", ".", ",", _BEFORE, _day_first, "{0} {1}", _DAY_FULL, _twenty_four),
    )
}


def locale_named(name: str) -> Locale:
    """The locale of this name (`fr-CA`). Raises BadDocument for one we have no table for."""
    if name not in LOCALES:
        raise BadDocument(f"“{name}” is not a locale we can write in; use one of {', '.join(LOCALES)}")
    return LOCALES[name]


def write_number(value: Decimal | int, locale: Locale, decimals: int | None = None) -> str:
    """The number grouped in thousands; rounded half to even where `decimals` is given."""
    exact = Decimal(value)
    if decimals is not None:
        exact = exact.quantize(Decimal(1).scaleb(-decimals))
    whole, _, fraction = f"{abs(exact):f}".partition(".")
    grouped = f"{int(whole):,}".replace(",", locale.group)
    sign = MINUS if exact < 0 else ""
    return f"{sign}{grouped}{locale.decimal}{fraction}" if fraction else f"{sign}{grouped}"


def write_date(day: date, locale: Locale, style: str = "long") -> str:
    """The date as `day` (1er novembre), `long` (with the year, the default) or `full` (with the weekday).

    Raises BadDocument for another style.
    """
    if style == "day":
        return locale.day(day)
    if style == "long":
        return locale.long_date.format(locale.day(day), day.year)
    if style == "full":
        names = FRENCH_DAYS if locale.language == "fr" else ENGLISH_DAYS
        return locale.full_date.format(locale.day(day), day.year, names[day.weekday()])
    raise BadDocument(f"“{style}” is not a way to write a date; use day, long or full")


def write_time(moment: time, locale: Locale) -> str:
    """The time of day: 9 h 00, 09:00 or 9:00 a.m."""
    return locale.time_of_day(moment)
