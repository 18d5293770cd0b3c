"""Figures and results come in; what French and English readers are told goes out."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Literal

from relance.base.locale import NO_BREAK, Locale, locale_named, write_number
from relance.base.money import write_money
from relance.reports.catalogue import CATALOGUE
from relance.reports.intervals import Interval
from relance.reports.metrics import Figure
from relance.reports.results import Effect, Result

Language = Literal["fr", "en"]

VERDICTS: dict[str, Mapping[str, str]] = {
    "gain": {"fr": "Gain établi", "en": "Gain established"},
    "loss": {"fr": "Perte établie", "en": "Loss established"},
    "too_early": {"fr": "Trop tôt pour conclure", "en": "Too early to tell"},
    "no_holdout": {
        "fr": "Pas de groupe témoin, donc rien à comparer",
        "en": "No holdout, so nothing to compare with",
    },
    "nobody": {"fr": "Personne encore", "en": "Nobody yet"},
    "unfair_split": {
        "fr": "Le tirage n’est pas celui qui était demandé, on ne peut rien conclure",
        "en": "The draw is not the one asked for, so nothing can be concluded",
    },
}


def locale_for(languages: tuple[str, ...], language: Language) -> Locale:
    """The brand's own way of writing a language, else the Canadian one."""
    own = next((name for name in languages if name.startswith(language)), f"{language}-CA")
    return locale_named(own)


def horizon_words(result: Result, language: Language) -> str:
    """`7 jours`, `30 days`; what is not in days as the scenario's author wrote it."""
    days = result.horizon.removesuffix("d")
    if days == result.horizon:
        return result.horizon
    day = {"fr": "jour", "en": "day"}[language]
    return f"{days}{NO_BREAK}{day}" if days == "1" else f"{days}{NO_BREAK}{day}s"


def verdict_words(verdict: str, language: Language) -> str:
    """`Trop tôt pour conclure`, `Too early to tell`."""
    return VERDICTS[verdict][language]


def written_share(share: float, locale: Locale, signed: bool = False) -> str:
    """`5,3 %`, `5.3%`; points where it is a difference."""
    text = write_number(Decimal(str(round(100 * share, 6))), locale, 1)
    sign = "+" if signed and share > 0 else ""
    return f"{sign}{text}{NO_BREAK}%" if locale.language == "fr" else f"{sign}{text}%"


def written_money(amount: float | Decimal, currency: str, locale: Locale, signed: bool = False) -> str:
    """To the cent, with a plus where a difference is meant."""
    text = write_money(Decimal(str(amount)).quantize(Decimal("0.0001")), currency, locale)
    return f"+{text}" if signed and amount > 0 else text


def written_figure(figure: Figure, locale: Locale) -> str:
    """The value in its unit; a dash where there is nothing to divide by."""
    unit = CATALOGUE[figure.metric].unit
    if figure.value is None:
        return "–"
    if unit == "money" and figure.currency:
        return written_money(Decimal(figure.value), figure.currency, locale)
    if unit == "share":
        return written_share(float(figure.value), locale)
    return write_number(Decimal(str(figure.value)).normalize(), locale, 0 if unit == "count" else None)


def written_interval(effect: Effect, found: Interval, locale: Locale) -> str:
    """`+1,20 $ (de −0,40 $ à +2,80 $)`; only the estimate where there are no bounds."""

    def one(value: float) -> str:
        if effect.currency is None:
            return written_share(value, locale, signed=True)
        return written_money(value, effect.currency, locale, signed=True)

    if found.low is None or found.high is None:
        return one(found.estimate)
    if locale.language == "fr":
        return f"{one(found.estimate)} (de {one(found.low)} à {one(found.high)})"
    return f"{one(found.estimate)} ({one(found.low)} to {one(found.high)})"


def patience(result: Result, locale: Locale) -> str:
    """How long until it can be known; empty where it is known, or where no wait would help."""
    effect = result.main
    if effect.verdict != "too_early":
        return ""
    if not result.held_out.people:
        return {
            "fr": "Personne n’est encore dans le groupe témoin.",
            "en": "Nobody is in the control group yet.",
        }[locale.language]
    if effect.people_needed is None:
        return {
            "fr": "Il n’y a pas encore assez de commandes pour dire quand on saura.",
            "en": "There are not yet enough orders to say when it can be known.",
        }[locale.language]
    people = write_number(effect.people_needed, locale)
    if effect.days_more is None:
        return {
            "fr": f"Un effet de cette taille demanderait {people} personnes : plus de deux ans à ce rythme.",
            "en": f"An effect of this size would take {people} people: over two years at this pace.",
        }[locale.language]
    days = write_number(effect.days_more, locale)
    return {
        "fr": f"Un effet de cette taille se verrait avec {people} personnes, dans {days} jours à ce rythme.",
        "en": f"An effect of this size would show with {people} people, in {days} days at this pace.",
    }[locale.language]


def conclusion(result: Result, language: Language, locale: Locale) -> str:
    """One sentence: what the scenario earned beyond doing nothing, or why that cannot be said."""
    main = result.main
    if main.verdict not in ("gain", "loss"):
        return f"{verdict_words(main.verdict, language)}. {patience(result, locale)}".strip()
    earned = written_interval(main, main.earned, locale)
    heads = written_interval(main, main.difference, locale)
    if language == "fr":
        return f"{verdict_words(main.verdict, 'fr')}{NO_BREAK}: {earned} en tout, {heads} par personne."
    return f"{verdict_words(main.verdict, 'en')}: {earned} in all, {heads} a head."


def fairness(result: Result, language: Language, locale: Locale) -> str:
    """What is to be said of the draw; empty where nobody was drawn and nobody should have been."""
    if result.split.fair and not result.held_out.people:
        return ""
    asked, seen = (written_share(each, locale) for each in (result.split.asked, result.split.seen))
    if result.split.fair:
        fair = {"fr": "tirage conforme", "en": "as drawn"}[language]
        return f"{seen} / {asked} ({fair})"
    return f"{seen} / {asked} ({verdict_words('unfair_split', language)})"
