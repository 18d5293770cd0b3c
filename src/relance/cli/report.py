"""`report`: a scenario or none and a period come in; what it did and what it was worth goes out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from relance.cli.opened import clock_at, date_of, opened
from relance.cli.options import AsOfOption, HomeOption, JsonOption
from relance.cli.output import say, say_json, say_table

if TYPE_CHECKING:
    from relance.base.locale import Locale
    from relance.customers.installation import Installation
    from relance.policy.equation import Equation
    from relance.reports.accounts import Account, Overview
    from relance.reports.metrics import Figure
    from relance.reports.results import Result

Language = Literal["fr", "en"]
_IN_EQUATION = ("candidates", "refused", "held_out")
_SAID = {
    "fr": {
        "house": "Toute la maison",
        "earned": "De plus que sans rien faire\u00a0:",
        "figure": "mesure",
        "value": "valeur",
        "equation": "candidats",
        "refused": "refusés",
        "held_out": "groupe témoin",
        "deferred": "reportés",
        "waiting": "en attente",
        "ended": "terminés",
        "queued": "en file",
        "sent": "envoyés",
        "failed": "échoués",
        "unknown": "inconnus",
        "cancelled": "annulés",
        "arm": "groupe",
        "people": "personnes",
        "buyers": "acheteurs",
        "share": "part",
        "orders": "part des acheteurs\u00a0:",
        "head": "par personne",
        "written": "à qui l’on a écrit",
        "left": "groupe témoin",
        "difference": "différence (95 %)",
        "split": "part du témoin, vue / demandée\u00a0:",
        "within": "Commandes dans les {} de la décision",
        "nothing": "Personne n’est encore entré dans l’un des deux groupes.",
    },
    "en": {
        "house": "The whole house",
        "earned": "Beyond doing nothing:",
        "figure": "metric",
        "value": "value",
        "equation": "candidates",
        "refused": "refused",
        "held_out": "held out",
        "deferred": "deferred",
        "waiting": "waiting",
        "ended": "ended",
        "queued": "queued",
        "sent": "sent",
        "failed": "failed",
        "unknown": "unknown",
        "cancelled": "cancelled",
        "arm": "arm",
        "people": "people",
        "buyers": "buyers",
        "share": "share",
        "orders": "share of buyers:",
        "head": "a head",
        "written": "written to",
        "left": "held out",
        "difference": "difference (95%)",
        "split": "share held out, seen / asked for:",
        "within": "Orders within {} of the decision",
        "nothing": "Nobody has entered either arm yet.",
    },
}


def report(
    scenario: Annotated[str | None, typer.Argument(metavar="[SCENARIO]", help="Only this one; all otherwise.")] = None,
    since: Annotated[str | None, typer.Option("--from", metavar="DATE", help="From this local date on.")] = None,
    until: Annotated[str | None, typer.Option("--to", metavar="DATE", help="Until this local date, included.")] = None,
    language: Annotated[Language, typer.Option("--language", metavar="fr|en", help="French or English.")] = "en",
    as_of: AsOfOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Say what scenarios did and what they were worth, beside the people left alone on purpose."""
    from dataclasses import replace

    from relance.reports.accounts import overview
    from relance.reports.asking import Period
    from relance.scenarios.running import stored_version

    period = Period(date_of(since), date_of(until))
    with opened(home) as place:
        if scenario:
            stored_version(place.ledger, scenario)  # says that there is none
        found = overview(place, period, clock_at(as_of, place.zone).now())
        if scenario:
            found = replace(found, accounts=tuple(each for each in found.accounts if each.scenario == scenario))
        if json:
            from relance.reports.shape import shape_of

            say_json(shape_of(found))
            return
        _tell(place, found, language, whole=scenario is None)


def _tell(place: Installation, found: Overview, language: Language, whole: bool) -> None:
    from relance.reports.words import locale_for

    locale = locale_for(place.settings.brand.languages, language)
    if whole:
        _tell_house(found, language, locale)
    for account in found.accounts:
        _tell_account(account, language, locale)


def _tell_house(found: Overview, language: Language, locale: Locale) -> None:
    from relance.reports.words import verdict_words, written_money

    said = _SAID[language]
    _tell_figures(found.figures, said["house"], language, locale)
    if found.earned.low is None or found.earned.high is None:
        say(f"{said['earned']} {verdict_words(found.verdict, language)}", "")
        return
    low, best, high = (
        written_money(each, found.currency, locale, signed=True)
        for each in (found.earned.low, found.earned.estimate, found.earned.high)
    )
    say(f"{said['earned']} {best} ({low} … {high}). {verdict_words(found.verdict, language)}", "")


def _tell_account(account: Account, language: Language, locale: Locale) -> None:
    say(f"{account.title[language]} ({account.scenario})", f"  {_equation(account.equation, language, locale)}", "")
    _tell_figures(account.figures, None, language, locale)
    if account.result is None:
        say(_SAID[language]["nothing"], "")
    else:
        _tell_result(account.result, language, locale)


def _equation(found: Equation, language: Language, locale: Locale) -> str:
    """`412 candidates = 301 sent + 62 refused (ordered 40, cap 22) + 49 held out`."""
    from relance.base.locale import write_number

    said = _SAID[language]
    refused = sum(found.refused.values())
    parts = [(found.outbox["sent"], "sent"), (refused, "refused"), (found.held_out, "held_out")]
    parts += [(getattr(found, name), name) for name in ("deferred", "waiting", "ended")]
    parts += [(number, name) for name, number in found.outbox.items() if name != "sent"]
    shown = [f"{write_number(number, locale)} {said[name]}" for number, name in parts if number or name == "sent"]
    if refused:
        place = next(i for i, text in enumerate(shown) if text.endswith(said["refused"]))
        every = ", ".join(f"{reason} {write_number(number, locale)}" for reason, number in found.refused.items())
        shown[place] += f" ({every})"
    return f"{write_number(found.candidates, locale)} {said['equation']} = {' + '.join(shown)}"


def _tell_figures(figures: tuple[Figure, ...], title: str | None, language: Language, locale: Locale) -> None:
    from relance.reports.catalogue import CATALOGUE
    from relance.reports.words import written_figure

    said = _SAID[language]
    told = [each for each in figures if each.metric not in _IN_EQUATION]
    shown = [(CATALOGUE[each.metric].label[language], written_figure(each, locale)) for each in told]
    if shown:
        say_table((said["figure"], said["value"]), shown, title)


def _tell_result(result: Result, language: Language, locale: Locale) -> None:
    from relance.reports.words import (
        conclusion,
        fairness,
        horizon_words,
        verdict_words,
        written_interval,
        written_money,
        written_share,
    )

    said = _SAID[language]
    rows: list[tuple[Any, ...]] = []
    for name, arm, side in (("written", result.treated, "treated"), ("left", result.held_out, "held_out")):
        if not arm.people:
            continue
        share = written_share(getattr(result.conversion, side), locale)
        heads = ", ".join(
            written_money(getattr(each, side), each.currency or "", locale) for each in result.money.values()
        )
        rows.append((said[name], arm.people, arm.buyers, share, heads))
    if len(rows) == 2:
        differences = ", ".join(written_interval(each, each.difference, locale) for each in result.money.values())
        share = written_interval(result.conversion, result.conversion.difference, locale)
        rows.append((said["difference"], None, None, share, differences))
    columns = ("arm", "people", "buyers", "share", "head")
    say_table([said[name] for name in columns], rows, said["within"].format(horizon_words(result, language)))
    if drawn := fairness(result, language, locale):
        say(f"  {said['split']} {drawn}")
    if result.conversion.verdict in ("gain", "loss") and result.verdict == "too_early":
        say(f"  {said['orders']} {verdict_words(result.conversion.verdict, language)}")
    say(f"  {conclusion(result, language, locale)}", "")
