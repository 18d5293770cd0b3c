"""Candidates of one turn that pass by themselves go in; who stands back for another comes out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from tests.reference.gate import Asked, at_cap, held_out
from tests.reference.world import Outcome

Verdict = tuple[Outcome, str]
SEND: Verdict = ("send", "")


def share_addresses(passing: Iterable[Asked]) -> dict[Asked, Verdict]:
    """Of contacts with one address in one scenario and step, all but the first by id are refused."""
    keepers: dict[tuple[str, str, str], str] = {}
    passing = list(passing)
    for asked in sorted(passing, key=_id):
        keepers.setdefault(_address(asked), _id(asked))
    return {one: ("refused", "same_address") for one in passing if keepers[_address(one)] != _id(one)}


def _id(asked: Asked) -> str:
    return asked.occurrence.contact or ""


def _address(asked: Asked) -> tuple[str, str, str]:
    contact = asked.contact
    return asked.scenario.id, asked.scenario.step, (contact.email or "").lower() if contact else ""


def arbitrate(passing: Iterable[Asked], sent: dict[str, set[datetime]]) -> dict[Asked, Verdict]:
    """At most one scenario writes to a contact; `sent` are the instants of messages of earlier turns."""
    by_contact: dict[str, list[Asked]] = defaultdict(list)
    for asked in passing:
        by_contact[_id(asked)].append(asked)
    verdicts: dict[Asked, Verdict] = {}
    for contact, candidates in by_contact.items():
        verdicts.update(_one_contact(contact, candidates, sent[contact]))
    return verdicts


def _one_contact(contact: str, candidates: list[Asked], sent: set[datetime]) -> dict[Asked, Verdict]:
    """Who is at the cap competes with nobody; held-out candidates are skipped; the first other one wins."""
    verdicts: dict[Asked, Verdict] = {}
    winner: str | None = None
    for asked in sorted(candidates, key=lambda one: (-one.scenario.priority, one.scenario.id)):
        if at_cap(asked.world, sent, asked.turn):
            verdicts[asked] = ("refused", "cap")
        elif winner not in (None, asked.scenario.id):
            verdicts[asked] = ("refused", "lost")
        elif held_out(asked.world, asked.scenario, contact):
            verdicts[asked] = ("held_out", "holdout")
        else:
            winner = asked.scenario.id
            verdicts[asked] = SEND
    return verdicts
