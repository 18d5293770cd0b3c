"""Candidates of one turn that pass by themselves go in; who stands back for another comes out."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable

from tests.reference.gate import Asked, Touches, at_cap, held_out
from tests.reference.world import Outcome

Verdict = tuple[Outcome, str]
SEND: Verdict = ("send", "")
HELD_OUT: Verdict = ("held_out", "holdout")
NEXT_WAVE: Verdict = ("deferred", "next_wave")


def share_addresses(passing: Iterable[Asked]) -> dict[Asked, Verdict]:
    """Of contacts with one address in one scenario and step, all but the first by id are refused.

    What is transactional speaks of something each has done, and is told to each.
    """
    keepers: dict[tuple[str, str, str], str] = {}
    passing = [one for one in passing if one.scenario.purpose != "transactional"]
    for asked in sorted(passing, key=_id):
        keepers.setdefault(_address(asked), _id(asked))
    return {one: ("refused", "same_address") for one in passing if keepers[_address(one)] != _id(one)}


def beyond(going: Iterable[Asked], places: Callable[[Asked], int]) -> list[Asked]:
    """Of those who would be told of something that came back, in order of their line, who has no place in the wave."""
    told: Counter[tuple[str, str]] = Counter()
    left = []
    for asked in going:
        line = asked.scenario.id, asked.occurrence.key
        told[line] += 1
        if asked.occurrence.restock is not None and told[line] > places(asked):
            left.append(asked)
    return left


def _id(asked: Asked) -> str:
    return asked.occurrence.contact or ""


def _address(asked: Asked) -> tuple[str, str, str]:
    contact = asked.contact
    return asked.scenario.id, asked.steps[0].name, (contact.email or "").lower() if contact else ""


def arbitrate(passing: Iterable[Asked], sent: dict[str, Touches]) -> dict[Asked, Verdict]:
    """At most one scenario writes marketing to a contact; `sent` are the messages of earlier turns."""
    by_contact: dict[str, list[Asked]] = defaultdict(list)
    verdicts: dict[Asked, Verdict] = {}
    for asked in passing:
        if asked.scenario.purpose == "marketing":
            by_contact[_id(asked)].append(asked)
        else:
            verdicts[asked] = HELD_OUT if held_out(asked.world, asked.scenario, _id(asked)) else SEND
    for contact, candidates in by_contact.items():
        verdicts.update(_one_contact(contact, candidates, sent[contact]))
    return verdicts


def _one_contact(contact: str, candidates: list[Asked], sent: Touches) -> dict[Asked, Verdict]:
    """Who is at the cap competes with nobody; held-out candidates are skipped; the first other one wins."""
    verdicts: dict[Asked, Verdict] = {}
    winner: tuple[str, str] | None = None
    for asked in sorted(candidates, key=lambda one: (-one.scenario.priority, *_message(one))):
        if at_cap(asked, sent):
            verdicts[asked] = ("refused", "cap")
        elif winner not in (None, _message(asked)):
            verdicts[asked] = ("deferred" if asked.scenario.waits_if_lost else "refused", "lost")
        elif held_out(asked.world, asked.scenario, contact):
            verdicts[asked] = HELD_OUT
        else:
            winner = _message(asked)
            verdicts[asked] = SEND
    return verdicts


def _message(asked: Asked) -> tuple[str, str]:
    return asked.scenario.id, asked.steps[0].name
