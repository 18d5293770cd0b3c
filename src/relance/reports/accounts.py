"""A period and an instant come in; what each scenario did and was worth goes out, for commands, API and pages.

Start here: `scenario_report(place, "win-back", Period(), as_of)` answers an `Account`, `overview(place, Period(),
as_of)` all of them and their sum, `per_day(place, ("sent",), Period(), as_of)` the counts of a small chart. All are
reads: nothing is written but scratch tables of this connection.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import ibis.expr.types as ir

from relance.base.errors import NotFound
from relance.customers.installation import Installation
from relance.customers.relations import View, view_mark
from relance.engines.texts import compiled
from relance.policy.equation import Equation
from relance.policy.reasons import rank
from relance.reports.arms import Arms, arms_of
from relance.reports.asking import Asked, Period, ask, within
from relance.reports.catalogue import CATALOGUE
from relance.reports.facts import decided_keys
from relance.reports.intervals import Interval, together
from relance.reports.metrics import Figure, measure
from relance.reports.results import Result, Verdict, result_of
from relance.scenarios.running import KIND, stored_version

OUTBOX = ("queued", "sent", "failed", "unknown", "cancelled")


@dataclass(frozen=True)
class Account:
    """One scenario over a period. result is None where nobody has entered either arm."""

    scenario: str
    title: Mapping[str, str]
    equation: Equation
    figures: tuple[Figure, ...]
    result: Result | None


@dataclass(frozen=True)
class Overview:
    """The house over a period. earned: what all messages brought beyond doing nothing, in the brand's currency.

    It is the sum over scenarios that have a control group; each is an estimate by itself, so their errors add like
    independent ones. figures: those of the catalogue that belong to no scenario.
    """

    period: Period
    as_of: datetime
    currency: str
    figures: tuple[Figure, ...]
    accounts: tuple[Account, ...]
    earned: Interval
    verdict: Verdict


def overview(place: Installation, period: Period, as_of: datetime) -> Overview:
    """Everything, scenario by scenario in order of their names."""
    asked = ask(place, period, as_of)
    accounts = _accounts(asked)
    whole = [name for name, metric in CATALOGUE.items() if "scenario" not in metric.dimensions]
    figures = tuple(figure for name in whole for figure in measure(asked, CATALOGUE[name]))
    measured = [each.result for each in accounts if each.result and each.result.main.difference.low is not None]
    earned = together([result.main.earned for result in measured])
    return Overview(period, as_of, place.settings.brand.currency, figures, accounts, earned, _verdict(accounts, earned))


def scenario_report(place: Installation, scenario: str, period: Period, as_of: datetime) -> Account:
    """One scenario. Raises NotFound where it was never published and never decided anything."""
    asked = ask(place, period, as_of)
    found = {each.scenario: each for each in _accounts(asked)}
    if scenario not in found:
        stored_version(place.ledger, scenario)  # says that there is none
        return Account(scenario, _title(place, scenario), _equation(scenario, []), (), None)
    return found[scenario]


def per_day(place: Installation, names: Sequence[str], period: Period, as_of: datetime) -> list[Figure]:
    """Metrics by scenario (where they have one) and local day, in order; days without any are left out."""
    asked = ask(place, period, as_of)
    metrics = [CATALOGUE[name] for name in names]
    return [
        figure
        for metric in metrics
        for figure in measure(asked, metric, ("scenario", "day") if "scenario" in metric.dimensions else ("day",))
    ]


def _accounts(asked: Asked) -> tuple[Account, ...]:
    engine, mark = asked.place.engine, view_mark(asked.view)
    places = engine.rows(compiled(engine, ("report-places", mark), lambda: _places(asked.view)))
    own = [metric for metric in CATALOGUE.values() if "scenario" in metric.dimensions]
    figures = [figure for metric in own for figure in measure(asked, metric, ("scenario",))]
    results = {arms.scenario: _result(asked, arms) for arms in arms_of(asked)}
    names = sorted({row["scenario"] for row in places} | set(results) | _published(asked))
    return tuple(
        Account(
            name,
            _title(asked.place, name),
            _equation(name, [row for row in places if row["scenario"] == name]),
            tuple(figure for figure in figures if figure.scenario == name),
            results.get(name),
        )
        for name in names
    )


def _published(asked: Asked) -> set[str]:
    return {each.name for each in asked.place.ledger.documents(KIND)}


def _result(asked: Asked, arms: Arms) -> Result:
    place = asked.place
    everywhere = place.settings.global_holdout
    shares = {
        number: 1 - (1 - _held_out_share(place, arms.scenario, number)) * (1 - everywhere) for number in arms.by_version
    }
    return result_of(arms, shares, place.settings.brand.currency, asked.as_of)


def _held_out_share(place: Installation, scenario: str, number: int) -> float:
    return stored_version(place.ledger, scenario, number).scenario.holdout


def _title(place: Installation, scenario: str) -> Mapping[str, str]:
    try:
        title = stored_version(place.ledger, scenario).scenario.title
    except NotFound:
        title = {}
    return {language: title.get(language, scenario) for language in ("fr", "en")}


def _places(view: View) -> ir.Table:
    """How many keys of each scenario stand where, and why, and how many messages they make."""
    rows = within(decided_keys(view))
    return rows.group_by("scenario", "place", "why").agg(number=rows.count(), messages=rows["message_key"].nunique())


def _equation(name: str, places: Sequence[Mapping[str, Any]]) -> Equation:
    def total(place: str, what: str = "number") -> int:
        return sum(row[what] for row in places if row["place"] == place)

    refused = {row["why"]: row["number"] for row in places if row["place"] == "refused"}
    lost: dict[str, int] = {}
    for row in places:
        if row["place"] in ("failed", "cancelled"):
            lost[row["why"]] = lost.get(row["why"], 0) + row["number"]
    found = Equation(
        scenario=name,
        candidates=sum(row["number"] for row in places),
        refused=dict(sorted(refused.items(), key=lambda pair: (rank(pair[0]), pair[0]))),
        held_out=total("held_out"),
        deferred=total("deferred"),
        waiting=total("waiting"),
        ended=total("ended"),
        outbox={place: total(place) for place in OUTBOX},
        lost=dict(sorted(lost.items())),
        messages={place: total(place, "messages") for place in OUTBOX},
    )
    found.check()
    return found


def _verdict(accounts: Sequence[Account], earned: Interval) -> Verdict:
    """Of the sum: what its interval says, unless there is nothing to compare."""
    verdicts: list[Verdict] = [each.result.verdict for each in accounts if each.result]
    if not verdicts:
        return "nobody"
    if "unfair_split" in verdicts:
        return "unfair_split"
    if all(verdict == "no_holdout" for verdict in verdicts):
        return "no_holdout"
    signs: dict[int, Verdict] = {1: "gain", -1: "loss", 0: "too_early"}
    few = all(verdict in ("too_early", "no_holdout") for verdict in verdicts) and earned.low is None
    return "too_early" if few else signs[earned.sign]
