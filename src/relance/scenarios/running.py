"""What is on at an instant, in which version, and in which versions journeys still wait."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache

import ibis.expr.types as ir

from relance.base.clock import naive_utc
from relance.base.errors import NotFound
from relance.customers.relations import house_relation
from relance.engines.ledger import Ledger, Switch
from relance.engines.texts import compiled
from relance.engines.warehouse import Engine
from relance.scenarios.moment import Moment, Running
from relance.scenarios.versions import Version, version_of

KIND = "scenario"


def running_scenarios(ledger: Ledger, turn: datetime, only: Sequence[str] = ()) -> list[Running]:
    """Scenarios that are on at the turn, by name; `only` narrows them, and NotFound names one that is not on."""
    last: dict[str, Switch] = {}
    since: dict[str, datetime] = {}
    for switch in ledger.switches():
        if switch.at > turn:
            continue
        before = last.get(switch.scenario)
        if switch.on and not (before and before.on):
            since[switch.scenario] = switch.at
        last[switch.scenario] = switch
    on = {name: switch for name, switch in last.items() if switch.on}
    for name in only:
        if name not in on:
            raise NotFound(f"scenario “{name}” is not on; switch it on with: relance scenario on {name}")
    names = sorted(set(only) or on)
    return [Running(stored_version(ledger, name, on[name].version), since[name]) for name in names]


def pinned_versions(engine: Engine, ledger: Ledger, running: Sequence[Running], moment: Moment) -> list[Version]:
    """Versions, other than the running ones, in which journeys of running scenarios wait."""
    rows = engine.rows(compiled(engine, ("waiting-versions",), _waiting_versions))
    until = naive_utc(moment.decided_until)
    found = {(row["scenario"], row["version"]) for row in rows if row["since"] < until}
    names = {each.version.name for each in running}
    current = {(each.version.name, each.version.number) for each in running}
    wanted = sorted(pair for pair in found - current if pair[0] in names)
    return [stored_version(ledger, name, number) for name, number in wanted]


def stored_version(ledger: Ledger, name: str, number: int | None = None) -> Version:
    """A published version, the latest where no number is given; NotFound where there is none."""
    document = ledger.document(KIND, name, number)
    return _version(document.body, document.version)


@lru_cache(maxsize=256)
def _version(body: str, number: int) -> Version:
    """Versions never change, so each is read once."""
    return version_of(body, number)


def last_turn(engine: Engine, before: datetime | None) -> datetime | None:
    """The instant of the latest turn, or of the latest before an instant."""
    rows = engine.rows(compiled(engine, ("turns",), _turns))
    found = [row["at"] for row in rows if before is None or row["at"] < naive_utc(before)]
    return max(found).replace(tzinfo=UTC) if found else None


def last_turns(engine: Engine, running: Sequence[Running], before: datetime) -> dict[str, datetime]:
    """The last turn before an instant that asked for each scenario since it is on.

    A turn may be asked for some scenarios alone; the others must not lose their look-back by it.
    """
    rows = engine.rows(compiled(engine, ("turn-reports",), _turn_reports))
    earlier = sorted((row for row in rows if row["at"] < naive_utc(before)), key=lambda row: row["at"], reverse=True)
    wanted = {each.version.name: naive_utc(each.since) for each in running}
    found: dict[str, datetime] = {}
    for row in earlier:
        if not any(name not in found and row["at"] >= since for name, since in wanted.items()):
            break
        for scenario in json.loads(row["report"])["scenarios"]:
            found.setdefault(scenario["id"], row["at"].replace(tzinfo=UTC))
    return found


def _turn_reports() -> ir.Table:
    turns = house_relation("turns")
    return turns.filter(turns["kind"] == "run").select("at", "report")


def _turns() -> ir.Table:
    turns = house_relation("turns")
    return turns.filter(turns["kind"] == "run").select("at")


def _waiting_versions() -> ir.Table:
    rows = house_relation("journeys")
    rows = rows.filter(rows["state"] == "waiting")
    return rows.group_by("scenario", "version").agg(since=rows["at"].min())
