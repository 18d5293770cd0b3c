"""Words of the catalogue and values become what one reader reads, in their language and the brand's ways of writing."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import mark_safe

from relance.base.clock import aware_utc
from relance.base.locale import NARROW_NO_BREAK, NO_BREAK, write_date, write_number, write_time
from relance.base.money import write_money
from relance.base.zones import local_day, to_local
from relance.explaining.said import Said, pen_of
from relance.policy.reasons import readable
from relance.web.words import WORDS
from relance.web.words.refusals import in_french

_LOOSE = re.compile(" ([:»%])")
_LOOSE_NARROW = re.compile(" ([;?!])")
_OPEN = f"«{NO_BREAK}"


class Voice:
    """One language; numbers, dates and money as the brand's locale of that language writes them."""

    own = Said("Français", "English")  # each language by its own name, whatever the page speaks

    def __init__(self, language: str, zone: str, offered: tuple[str, ...]) -> None:
        self.language, self.zone = language, zone
        self._french = language == "fr"
        self.locale = getattr(pen_of(zone, offered), language)

    def say(self, key: str, /, **values: Any) -> str:
        """The catalogue's words with values put in: numbers are written, texts are escaped.

        A number called `n` chooses between one and several. Raises KeyError for words that nobody wrote.
        """
        form = WORDS[key][0 if self.language == "fr" else 1]
        text = self.typeset(form if isinstance(form, str) else form[self._several(values["n"])])
        written = {name: self.write(value) for name, value in values.items()}
        # the words are ours, never from outside; an English time may end a sentence: one full stop is enough
        return mark_safe(format_html(text, **written).replace(".m..", ".m.") if written else text)

    def reason(self, code: str) -> str:
        """A reason as the reader says it."""
        return self.typeset(readable(code, self.language))

    def known(self, family: str, code: str | None) -> str:
        """Words for one code of a family; a code of the retailer's own reads as its name, `*` as every one."""
        key = f"{family}.{'every' if code in (None, '*') else code}"
        return self.say(key) if key in WORDS else str(code).replace("_", " ")

    def typeset(self, text: str) -> str:
        """French keeps its signs of punctuation on the line of the word before them, the high ones close to it."""
        if not self._french:
            return text
        text = _LOOSE_NARROW.sub(rf"{NARROW_NO_BREAK}\1", text)
        return _LOOSE.sub(rf"{NO_BREAK}\1", text).replace("« ", _OPEN)

    def of_both(self, said: Said) -> str:
        """One thing that is said in both languages, as this reader reads it."""
        return self.typeset(said.in_(self.language))

    def refusal(self, sentence: str) -> tuple[str, str]:
        """A sentence with which the house refused, and the language it is in."""
        french = in_french(sentence) if self._french else None
        return (self.typeset(french), "fr") if french else (sentence, "en")

    def write(self, value: Any) -> Any:
        """A value as it stands in a sentence."""
        if isinstance(value, Said):
            return self.of_both(value)
        if isinstance(value, bool) or value is None:
            return value
        if isinstance(value, int | Decimal):
            return self.number(value)
        if isinstance(value, datetime):
            return self.at(value)
        return self.day(value) if isinstance(value, date) else value

    def number(self, value: Decimal | int | float, decimals: int | None = None) -> str:
        """Grouped in thousands."""
        return write_number(Decimal(str(value)), self.locale, decimals)

    def share(self, value: float, decimals: int = 1) -> str:
        """A part of one as a percentage: `52,7 %`, `52.7%`."""
        written = self.number(Decimal(str(value)) * 100, decimals)
        return f"{written}{NO_BREAK}%" if self.language == "fr" else f"{written}%"

    def signed(self, amount: float, currency: str) -> str:
        """A difference of money, without cents: `+9 640 $`, `−420 $`."""
        written = self.money(amount, currency, 0)
        return f"+{written}" if round(amount) > 0 else written

    def money(self, amount: Decimal | float, currency: str, decimals: int | None = None) -> str:
        """An amount; without its cents where `decimals` is 0."""
        exact = Decimal(str(amount))
        if decimals != 0:
            return write_money(exact, currency, self.locale)
        rounded = exact.quantize(Decimal(1)) + 0  # no “−0”
        whole = write_money(rounded, currency, self.locale)
        return whole.replace(f"{self.locale.decimal}00", "")

    def local(self, instant: datetime) -> datetime:
        """The brand's wall clock (naive)."""
        return to_local(aware_utc(instant), self.zone)

    def at(self, instant: datetime) -> str:
        """`8 février 2026, 9 h 00`."""
        local = self.local(instant)
        return f"{write_date(local.date(), self.locale)}, {write_time(local.time(), self.locale)}"

    def time(self, instant: datetime) -> str:
        """`9 h 00`."""
        return write_time(self.local(instant).time(), self.locale)

    def day(self, day: date | datetime, style: str = "long") -> str:
        """`8 février 2026`, without the year as `day`, with the weekday as `full`."""
        if isinstance(day, datetime):
            day = local_day(aware_utc(day), self.zone)
        return write_date(day, self.locale, style)

    def _several(self, number: Any) -> int:
        return int(abs(number) >= 2) if self.language == "fr" else int(number != 1)
