"""What somebody asks of the past becomes versions, dates and the instants of its turns; or one refusal."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Literal

from relance.base.documents import Document, load_document
from relance.base.errors import BadDocument, NotFound, Refused
from relance.base.ids import digest
from relance.base.zones import local_day, to_instant
from relance.customers.installation import Installation
from relance.messages.publishing import check_scenario, library, library_document
from relance.scenarios.running import KIND, running_scenarios, stored_version
from relance.scenarios.versions import Version

Others = Literal["all-on", "none"]
LONGEST = 3660  # days
_MORNING = time(9, 0)


@dataclass(frozen=True)
class Asked:
    """Which versions over which local dates, both included; `others` run beside them, `in_force` is for comparison.

    continued: journeys and decisions recorded before the first date go on; else all begin at the first turn.
    """

    versions: tuple[Version, ...]
    others: tuple[Version, ...]
    first: date
    last: date
    beside: Others = "all-on"
    continued: bool = False
    in_force: tuple[Version, ...] = ()

    @property
    def every(self) -> tuple[Version, ...]:
        """All versions that walk, by name."""
        return tuple(sorted((*self.versions, *self.others), key=lambda each: each.name))

    def as_dict(self) -> dict[str, Any]:
        """The request as it is stored. A version that is not published has number 0."""
        return {
            "scenarios": [_named(each) for each in self.versions],
            "with": self.beside,
            "others": [_named(each) for each in self.others],
            "from": self.first.isoformat(),
            "to": self.last.isoformat(),
            "continue": self.continued,
            "in_force": [_named(each) for each in self.in_force],
        }


def _named(version: Version) -> dict[str, Any]:
    body = version.scenario.model_dump(mode="json", by_alias=True)
    return {"id": version.name, "version": version.number, "digest": digest(json.dumps(body, sort_keys=True))}


def asked_of(
    place: Installation,
    names: Sequence[str],
    first: date,
    last: date,
    beside: Others = "all-on",
    continued: bool = False,
    compare: bool = False,
) -> Asked:
    """The versions that are named: `name`, `name@3`, a file, or a scenario of the library; with none, all that are on.

    Raises NotFound, BadDocument, and Refused for dates that make no span or have not come yet.
    """
    _check_dates(place, first, last)
    on = {each.version.name: each.version for each in running_scenarios(place.ledger, place.clock.now())}
    if not names and not on:
        raise Refused("no scenario is on; name one: relance backtest NAME --from DATE --to DATE")
    chosen = [version_named(place, name) for name in names] or list(on.values())
    if twice := {each.name for each in chosen if sum(each.name == other.name for other in chosen) > 1}:
        raise Refused(f"“{min(twice)}” is named twice; a backtest walks one version of each scenario")
    taken = {each.name for each in chosen}
    others = [each for name, each in sorted(on.items()) if name not in taken] if beside == "all-on" else []
    differing = [on[each.name] for each in chosen if each.name in on and on[each.name] != each] if compare else []
    return Asked(tuple(chosen), tuple(others), first, last, beside, continued, tuple(differing))


def version_named(place: Installation, name: str) -> Version:
    """A version by `name`, `name@number`, file, or the library's where nothing of that name is published."""
    path = Path(name)
    if path.suffix in (".yaml", ".yml", ".json"):
        return _unpublished(place, load_document(path))
    known, _, number = name.partition("@")
    if number and not number.isdigit():
        raise BadDocument(f"“{name}”: write a version like {known}@3")
    if not number:
        on = [each for each in running_scenarios(place.ledger, place.clock.now()) if each.version.name == known]
        if on:
            return on[0].version
    try:
        return stored_version(place.ledger, known, int(number) if number else None)
    except NotFound:
        if number or known not in library():
            published = ", ".join(document.name for document in place.ledger.documents(KIND)) or "none"
            raise NotFound(f"there is no scenario “{name}”; published: {published}") from None
    own = place.home.definitions / "scenarios" / f"{known}.yaml"
    return _unpublished(place, load_document(own) if own.exists() else library_document(known))


def _unpublished(place: Installation, document: Document) -> Version:
    return check_scenario(place, document)


def _check_dates(place: Installation, first: date, last: date) -> None:
    if last < first:
        raise Refused(f"--to {last} lies before --from {first}")
    if (last - first).days > LONGEST:
        raise Refused("a backtest looks at ten years at most")
    today = local_day(place.clock.now(), place.zone)
    if last > today:
        raise Refused(f"{last} has not come yet; the last date that can be looked at is {today}")


def turns_of(versions: Iterable[Version], first: date, last: date, zone: str) -> list[datetime]:
    """One turn at every daily slot that the scenarios have (at 09:00 where none has one), on each local date."""
    slots = sorted({each.scenario.schedule.daily for each in versions if each.scenario.schedule}) or [_MORNING]
    dates = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return sorted({to_instant(day, slot, zone) for day in dates for slot in slots})
