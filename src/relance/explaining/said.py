"""Values of the star become words in French and in English, by the brand's zone and ways of writing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from relance.base.clock import aware_utc
from relance.base.locale import LOCALES, NO_BREAK, Locale, locale_named, write_date, write_number, write_time
from relance.base.money import write_money
from relance.base.zones import to_local


@dataclass(frozen=True)
class Said:
    """One thing said in both languages."""

    fr: str
    en: str

    def in_(self, language: str) -> str:
        """The words in `fr` or `en`."""
        return self.fr if language.startswith("fr") else self.en

    def as_dict(self) -> dict[str, str]:
        """The published shape."""
        return {"fr": self.fr, "en": self.en}

    def put(self, **words: Said) -> Said:
        """The words with their {places} filled in."""
        fr, en = ({name: each.in_(language) for name, each in words.items()} for language in ("fr", "en"))
        # an English time may end a sentence: one full stop is enough
        return Said(self.fr.format(**fr), self.en.format(**en).replace(".m..", ".m."))


NOTHING = Said("", "")


def same(text: object) -> Said:
    """What reads alike in both languages: a name, a key."""
    return Said(str(text), str(text))


def listed(parts: Sequence[Said], between: str = ", ") -> Said:
    """Parts in a row."""
    return Said(between.join(part.fr for part in parts), between.join(part.en for part in parts))


@dataclass(frozen=True)
class Pen:
    """How instants, dates and numbers are written: the brand's zone and its locale in each language."""

    zone: str
    fr: Locale
    en: Locale

    def at(self, instant: datetime) -> Said:
        """`8 février 2026, 9 h 00` on the brand's clocks."""
        local = to_local(aware_utc(instant), self.zone)
        return Said(
            *(f"{write_date(local.date(), one)}, {write_time(local.time(), one)}" for one in (self.fr, self.en))
        )

    def day(self, day: date) -> Said:
        """`8 février 2026`."""
        return Said(write_date(day, self.fr), write_date(day, self.en))

    def number(self, value: Decimal | int | float, decimals: int | None = None) -> Said:
        """Grouped in thousands."""
        exact = Decimal(str(value))
        return Said(write_number(exact, self.fr, decimals), write_number(exact, self.en, decimals))

    def share(self, value: float) -> Said:
        """A part of one as a percentage: `10 %`, `10%`."""
        percent = Decimal(str(round(value * 100, 4))).normalize()
        text = self.number(Decimal(f"{percent:f}"))
        return Said(f"{text.fr}{NO_BREAK}%", f"{text.en}%")

    def money(self, amount: Decimal, currency: str | None) -> Said:
        """An amount; without its currency only the number."""
        if not currency:
            return self.number(_plain(amount))
        return Said(*(write_money(amount, currency, one) for one in (self.fr, self.en)))

    def value(self, value: Any) -> Said:
        """Whatever a condition saw."""
        if value is None:
            return Said("rien", "nothing")
        if isinstance(value, bool):
            return Said("oui", "yes") if value else Said("non", "no")
        if isinstance(value, datetime):
            return self.at(value)
        if isinstance(value, date):
            return self.day(value)
        if isinstance(value, int | float | Decimal):
            return self.number(_plain(value))
        return Said(f"«{NO_BREAK}{value}{NO_BREAK}»", f"“{value}”")


def pen_of(zone: str, languages: Sequence[str]) -> Pen:
    """The brand's own way of writing each language, else the first we know."""

    def locale(language: str) -> Locale:
        offered = [*languages, *LOCALES]
        return locale_named(next(name for name in offered if name.startswith(language) and name in LOCALES))

    return Pen(zone, locale("fr"), locale("en"))


def _plain(value: Decimal | int | float) -> Decimal:
    exact = Decimal(str(value))
    whole = exact.to_integral_value()
    return whole if exact == whole else exact.normalize()
