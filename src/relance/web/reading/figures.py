"""A scenario's account becomes the figures of the catalogue that stand beside the comparison, never in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from relance.reports.accounts import Account
from relance.reports.catalogue import CATALOGUE
from relance.reports.metrics import Figure
from relance.reports.words import written_figure
from relance.web.voice import Voice

SHOWN = (
    "delivered",
    "opened",
    "opened_raw",
    "clicked",
    "clicked_raw",
    "unsubscribed",
    "attributed_orders",
    "attributed_revenue",
)


@dataclass(frozen=True)
class Line:
    """One figure as it is read: its name, what it means, the value, and what it is a part of where it is a share."""

    label: str
    meaning: str
    value: str
    of: str


def figures_of(account: Account, voice: Voice) -> list[Line]:
    """In the order of a message's life; money once for each currency. Empty where nothing was delivered."""
    found = [line for name in SHOWN for line in _lines(account, name, voice)]
    return found if any(each.metric == "delivered" and each.value for each in account.figures) else []


def attributed(accounts: Sequence[Account], voice: Voice) -> str:
    """Net sales attributed to clicks over all scenarios, an amount for each currency; empty where there are none."""
    sums: dict[str, Decimal] = {}
    for each in (figure for account in accounts for figure in account.figures):
        if each.metric == "attributed_revenue" and each.currency:
            sums[each.currency] = sums.get(each.currency, Decimal(0)) + Decimal(each.value or 0)
    return ", ".join(voice.money(amount, currency, 0) for currency, amount in sorted(sums.items()))


def _lines(account: Account, name: str, voice: Voice) -> Iterator[Line]:
    metric, language = CATALOGUE[name], voice.language
    own = [each for each in account.figures if each.metric == name]
    if not own and metric.unit == "share":
        own = [Figure(name, None)]  # of nothing: nobody allowed it to be seen
    for each in own:
        yield Line(metric.label[language], metric.meaning[language], _value(each, voice), _of(each, voice))


def _value(figure: Figure, voice: Voice) -> str:
    return voice.typeset(written_figure(figure, voice.locale))


def _of(figure: Figure, voice: Voice) -> str:
    if CATALOGUE[figure.metric].unit != "share" or not figure.whole:
        return ""
    return voice.say("figures.of", part=int(figure.part or 0), whole=int(figure.whole))
