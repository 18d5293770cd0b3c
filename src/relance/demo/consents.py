"""What members said to being written to: consent acts of every kind, in order of time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from relance.demo import words
from relance.demo.calendar import DAY, DAYS, Flags, Real, Whole, local, midnight, utc
from relance.demo.people import People
from relance.demo.shelves import instants

EXPRESS, BOUGHT, ASKED, DENIED, OPTED_OUT, NOTHING = range(6)
_BUYERS = (0.55, 0.24, 0.01, 0.06, 0.07, 0.07)
_OTHERS = (0.47, 0.0, 0.26, 0.08, 0.05, 0.14)
_PRE_TICKED = 0.06  # of those of whom nothing else is known: an old form with the box already ticked

_SOURCES = (
    "formulaire d’inscription",
    "caisse",
    "site, commande",
    "question au libraire",
    "comptoir",
    "papier 2019",
)
_WORDINGS = (
    "Oui, écrivez-moi au sujet des livres et de ma librairie.",
    "Yes, write to me about books and my bookshop.",
    "Vous avez acheté chez nous ; nous pouvons vous écrire pendant deux ans.",
    "Vous nous avez posé une question ; nous pouvons vous écrire pendant six mois.",
    "Non, ne m’écrivez pas.",
    "Je ne veux plus recevoir de courriels.",
    "J’accepte de recevoir l’infolettre (case cochée d’avance).",
    "Oui aux textos de ma librairie.",
    "Oui, vous pouvez savoir si j’ouvre vos courriels, pour m’écrire moins et mieux.",
    "Yes, you may know whether I open your emails, to write less and better.",
    "Non, ne suivez pas ce que j’ouvre.",
)
_MAY_FOLLOW, _MAY_NOT_FOLLOW = 40, 4  # of a hundred who said yes to being written to


@dataclass(frozen=True)
class Acts:
    """Consent acts; `at` is the instant, `who` the member's index."""

    table: pa.Table
    at: Whole


@dataclass(frozen=True)
class _Part:
    """Acts of one kind: who, when (local seconds), and what is the same for all of them."""

    who: Whole
    when: Whole
    act: str
    basis: str | None
    source: int
    wording: Whole
    channel: str = "email"
    affirmative: str = "oui"
    purpose: str = "nouvelles"


def ask_consents(rng: np.random.Generator, people: People, first_order: Whole) -> tuple[Acts, Whole]:
    """The acts, and each member's stance; `first_order` is an instant, 0 for who never bought."""
    stance = _stances(rng, people, first_order > 0)
    parts = _parts(rng, people, stance, first_order)
    who = np.concatenate([part.who for part in parts])
    at = np.concatenate([utc(part.when) for part in parts])
    order = np.lexsort((np.arange(len(at)), at))
    return Acts(_table(people, parts, who, at).take(order).append_column("acte", _numbers(len(at))), at[order]), stance


def _stances(rng: np.random.Generator, people: People, buyer: Flags) -> Whole:
    """People who share an address both said yes, so that one message for two can be seen."""
    size = len(people)
    bought, other = rng.choice(6, size, p=_BUYERS), rng.choice(6, size, p=_OTHERS)
    stance = np.where(buyer, bought, other)
    stance[people.mate[people.mate >= 0]] = EXPRESS
    stance[people.mate >= 0] = EXPRESS
    return np.asarray(np.where(people.institution & (stance != EXPRESS), NOTHING, stance))


def _parts(rng: np.random.Generator, people: People, stance: Whole, first_order: Whole) -> list[_Part]:
    size = len(people)
    joined = midnight(people.joined) + rng.integers(9 * 3600, 21 * 3600, size)
    later = _later(rng, people, joined)
    last = midnight(DAYS - 1) + 8 * 3600
    says_yes = (stance == EXPRESS) | (stance == OPTED_OUT)
    renews = (rng.random(size) < 0.3) & (stance == ASKED)
    yes = people.english.astype(np.int64)
    pre_ticked = (stance == NOTHING) & (rng.random(size) < _PRE_TICKED)
    texts = (stance == EXPRESS) & (rng.random(size) < 0.12)
    parts = [
        _part(says_yes, joined, "granted", "express", 0, yes),
        _part(
            (stance == BOUGHT) & (first_order > 0),
            _bought_at(first_order, joined),
            "granted",
            "implied_purchase",
            2,
            2,
        ),
        _part(stance == ASKED, joined, "granted", "implied_inquiry", 3, 3),
        _part(renews & (later < last), later, "granted", "implied_inquiry", 3, 3),
        _part(stance == DENIED, joined, "denied", None, 1, 4),
        _part((stance == OPTED_OUT) & (later < last), later, "denied", None, 4, 5),
        _part(pre_ticked, joined, "granted", "express", 5, 6, affirmative="non"),
        _part(texts, joined + 60, "granted", "express", 0, 7, channel="sms"),
        *_followed(stance == EXPRESS, joined + 120, yes),
    ]
    return [part for part in parts if len(part.who)]


def _followed(asked: Flags, when: Whole, english: Whole) -> Iterator[_Part]:
    """On the same form: may the shop know what is opened? By the member's index, so that all else stays as drawn."""
    place = np.arange(len(asked)) * 37 % 100
    may, may_not = place < _MAY_FOLLOW, place >= 100 - _MAY_NOT_FOLLOW
    yield _part(asked & may, when, "granted", "express", 0, 8 + english, purpose="suivi")
    yield _part(asked & may_not, when, "denied", None, 0, 10, purpose="suivi")


def _part(
    flags: Flags, when: Whole, act: str, basis: str | None, source: int, wording: Whole | int,
    channel: str = "email", affirmative: str = "oui", purpose: str = "nouvelles",
) -> _Part:  # fmt: skip
    who = np.flatnonzero(flags)
    shown = np.broadcast_to(np.asarray(wording), len(flags))[who]
    return _Part(who, when[who], act, basis, source, shown, channel, affirmative, purpose)


def _later(rng: np.random.Generator, people: People, joined: Whole) -> Whole:
    """A moment between joining and the end, not on the first day."""
    since = np.maximum(people.joined, -200)
    span: Real = rng.random(len(people)) * np.maximum(1, DAYS - 1 - since)
    clock = rng.integers(9 * 3600, 21 * 3600, len(people))
    return np.asarray(np.maximum(midnight(since + span.astype(np.int64)) + clock, joined + DAY))


def _bought_at(first_order: Whole, joined: Whole) -> Whole:
    return np.asarray(np.where(first_order > 0, local(first_order), joined))


def _numbers(size: int) -> pa.Array:
    return words.joined("A", words.written(np.arange(size) + 1, 6))


def _table(people: People, parts: list[_Part], who: Whole, at: Whole) -> pa.Table:
    def each(values: list[str | None]) -> pa.Array:
        sizes = [len(part.who) for part in parts]
        return pa.array(values, pa.string()).take(pa.array(np.repeat(np.arange(len(parts)), sizes)))

    shown = np.concatenate([part.wording for part in parts])
    express = np.concatenate([np.full(len(part.who), part.basis == "express") for part in parts])
    return pa.table(
        {
            "no_membre": people.codes.take(pa.array(who)),
            "date": instants(at),
            "canal": each([part.channel for part in parts]),
            "finalite": each([part.purpose for part in parts]),
            "geste": each([part.act for part in parts]),
            "base": each([part.basis for part in parts]),
            "confirme": words.chosen(express & (who % 3 > 0), "oui", None),
            "affirmatif": each([part.affirmative for part in parts]),
            "provenance": each([_SOURCES[part.source] for part in parts]),
            "langue": words.pick(["fr", "en"], people.english[who].astype(np.int64)),
            "texte": words.pick(_WORDINGS, shown),
            "preuve": words.joined("PREUVE-", words.written(1 + np.arange(len(who)), 6)),
        }
    )
