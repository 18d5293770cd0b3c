"""A rendered text goes in; what presses the reader, and what spam filters count, comes out with its reason."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

LONGEST_SUBJECT = 60
"""Characters; a phone shows about forty of them, a desk about sixty."""


@dataclass(frozen=True, slots=True)
class Wording:
    """Words to leave out: how they are found, under which code they are refused, and why."""

    code: str
    pattern: re.Pattern[str]
    reason: str


def _words(code: str, reason: str, *patterns: str) -> Wording:
    return Wording(code, re.compile("|".join(rf"(?<!\w)(?:{one})(?!\w)" for one in patterns), re.IGNORECASE), reason)


REFUSED: tuple[Wording, ...] = (
    _words(
        "urgency",
        "presses the reader; say what is true, with its number, or leave it out",
        "last chance", "only (?:a )?few (?:are )?left", "(?:almost|nearly) (?:sold out|gone)", "while stocks? lasts?",
        "limited (?:stock|quantit(?:y|ies))", "hurry up", "act now", "don[’']t miss out", "before it[’']s too late",
        "dernière chance", "plus que quelques", "derniers exemplaires", "(?:bientôt|presque) épuisée?s?",
        "stocks? limités?", "quantités? limitées?", "faites vite", "ne ratez pas", "ne manquez pas", "vite avant",
    ),
    _words(
        "spam_words",
        "promises money or winning, which filters count first",
        "you(?:[’']ve| have) won", "earn money", "extra cash", "double your", "you have been selected",
        "vous avez gagné", "gagnez de l[’']argent", "argent facile", "doublez vos?", "vous avez été sélectionnée?",
    ),
    _words(
        "spam_words",
        "promises too much to be believed",
        r"100\s?%\s?free", "risk[- ]free", "no obligation", "satisfaction guaranteed", "best price ever",
        r"100\s?%\s?gratuit", "sans aucun risque", "sans engagement", "satisfait ou remboursé", "prix imbattables?",
    ),
    _words(
        "spam_words",
        "says nothing of where the link leads; name what is behind it",
        "click here", "cliquez ici", "click below", "cliquez ci-dessous",
    ),
    _words(
        "spam_words",
        "speaks to nobody; write the first name or “hello”",
        "dear (?:friend|customer|sir or madam)", "ch(?:er|ère) ami[e]?", "cher client", "chère cliente",
    ),
)  # fmt: skip
"""Short on purpose: words that no good shop needs. What is merely common stays allowed."""

_SHOUTED = re.compile(r"!\s*!|[$€]{2,}|\?\s*!\s*\?")


def refused_words(text: str) -> Iterator[tuple[str, str]]:
    """Code and sentence of each wording to leave out, once each."""
    for wording in REFUSED:
        for found in dict.fromkeys(match.lower() for match in wording.pattern.findall(text)):
            yield wording.code, f"“{found}” {wording.reason}"
    if shouted := _SHOUTED.search(text):
        yield "spam_words", f"“{shouted[0]}” shouts; one sign is enough"


def shouting_subject(subject: str) -> Iterator[tuple[str, str]]:
    """A subject in capitals is refused; three letters may be a name."""
    letters = [sign for sign in subject if sign.isalpha()]
    if len(letters) > 8 and all(sign.isupper() for sign in letters):
        yield "spam_words", "the subject is in capitals, as if it were shouted; write it like a sentence"
