"""A published version is put in force over what is under way, which finishes, moves or stops; undo brings it back.

Journeys are rows that are only ever added: a move or a stop adds one to each, undo adds again the one before it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import ibis

from relance.audiences.segments import load_segments
from relance.base.errors import Refused
from relance.customers.installation import Installation
from relance.customers.relations import scratch
from relance.customers.schema import HOUSE_TABLES
from relance.engines.ledger import LEFT, Switch
from relance.engines.texts import compiled
from relance.scenarios.handing import check_hand_overs
from relance.scenarios.running import last_turn
from relance.scenarios.under_way import (
    FOREVER,
    MOVE,
    MOVED,
    MOVES,
    QUEUED,
    STOP,
    STOPPED,
    Choice,
    Choices,
    before,
    choices,
    latest,
    lay_out,
    moved,
    queued_rows,
    running_switch,
    stopped,
)
from relance.scenarios.versions import Version

KIND = "edit"
_TICK = timedelta(microseconds=1)


@dataclass(frozen=True)
class Undone:
    """What undo brought back, and how many new occurrences the version undone keeps."""

    scenario: str
    version: int
    undone: int
    journeys: int
    queued: int
    stay: int


def edit(place: Installation, new: Version, live: str, at: datetime) -> Choice:
    """Puts a published version in force and does with what is under way as said. Refused for an unknown way."""
    last = last_turn(place.engine, before=None)
    if last and at < last:
        raise Refused(f"a turn at {last:%Y-%m-%d %H:%M} UTC has been run; time does not go back to {at}")
    check_hand_overs(place.ledger, new, at, load_segments(place.home.definitions / "segments"))
    with place.turn_lock():
        known = choices(place, new, at)
        chosen = known.choice(live)
        instant = max(at, last + _TICK) if last else at
        with place.engine.transaction(), place.ledger.transaction():
            running = running_switch(place, new)
            if live == STOP:
                _stop(place, new, instant)
            elif live.startswith(MOVE):
                _move(place, new, live.partition(":")[2], instant, known)
            said = {"from": running.version, "to": new.number, "live": live, "at": instant.isoformat(), **vars(chosen)}
            place.ledger.publish(KIND, new.name, json.dumps(said), instant)
            place.ledger.switch(Switch(new.name, True, new.number, instant, already_past=running.already_past))
    return chosen


def undo(place: Installation, name: str, at: datetime) -> Undone:
    """Brings back pins, waits and queued messages as before the last edit.

    Refused once a message of the new version has been handed over, with that number, or where nothing is to be undone.
    """
    with place.turn_lock():
        said = _last_edit(place, name)
        _refuse_handed_over(place, name, said["to"])
        edited = datetime.fromisoformat(said["at"])
        last = last_turn(place.engine, before=None)
        instant = max([at, edited + _TICK, *([last + _TICK] if last else [])])
        with place.engine.transaction(), place.ledger.transaction():
            rows = _bring_back(place, name, edited, instant)
            keys = {(row["contact"], row["occurrence"]) for row in rows}
            taken = [row.outgoing.key for row in queued_rows(place, name, said["to"])]
            withdrawn = [key for key in taken if (key.contact, key.occurrence) in keys]
            place.ledger.withdraw_keys(withdrawn, said["to"], instant)
            queued = place.ledger.restore_cancelled(name, STOPPED, edited)
            stay = _entered_since(place, name, said["to"], keys)
            place.ledger.publish(KIND, name, json.dumps({"undone": said, "at": instant.isoformat()}), instant)
            place.ledger.switch(Switch(name, True, said["from"], instant))
    return Undone(name, said["from"], said["to"], len(rows), queued, stay)


def may_undo(place: Installation, name: str) -> bool:
    """Whether the last edit of a scenario can still be undone."""
    try:
        _refuse_handed_over(place, name, _last_edit(place, name)["to"])
    except Refused:
        return False
    return True


def _move(place: Installation, new: Version, step: str, at: datetime, known: Choices) -> None:
    target = next(node.number for node in new.nodes if node.name == step)
    moves = [
        {"version": each.version, "node": each.node, "to_version": new.number, "to_node": target}
        for each in known.standing
        if each.step == step
    ]
    lay_out(place, new.name, FOREVER, at, MOVED)
    place.engine.load("edit_moves", MOVES, moves)
    place.engine.insert("journeys", compiled(place.engine, ("edit-move",), moved))


def _stop(place: Installation, new: Version, at: datetime) -> None:
    lay_out(place, new.name, FOREVER, at, STOPPED)
    keys = [row.outgoing.key for row in queued_rows(place, new.name)]
    also = [{"contact": key.contact, "occurrence": key.occurrence} for key in keys]
    place.engine.load("edit_queued", QUEUED, also)
    place.engine.insert("journeys", compiled(place.engine, ("edit-stop",), stopped))
    place.ledger.cancel_keys(keys, STOPPED, at)


def _last_edit(place: Installation, name: str) -> dict[str, Any]:
    past = place.ledger.history(KIND, name)
    said: dict[str, Any] = json.loads(past[-1].body) if past else {}
    last = next((each for each in reversed(place.ledger.switches()) if each.scenario == name), None)
    if "to" not in said or last is None or not last.on or last.version != said["to"]:
        raise Refused(
            f"there is nothing to undo in {name}: its last version was not put in force over journeys under way"
        )
    return said


def _refuse_handed_over(place: Installation, name: str, version: int) -> None:
    rows = (row.outgoing for row in place.ledger.outbox(states=LEFT))
    gone = sum(1 for row in rows if row.key.scenario == name and row.version == version)
    if gone:
        messages = "message of version {} has" if gone == 1 else "messages of version {} have"
        raise Refused(f"{gone:,} {messages.format(version)} been handed over; it can no longer be undone")


def _bring_back(place: Installation, name: str, edited: datetime, at: datetime) -> list[dict[str, Any]]:
    """Adds to every journey that the edit touched the row that it had before; answers them."""
    lay_out(place, name, edited, at, "")
    place.engine.keep("edit_before", compiled(place.engine, ("edit-before",), before))
    rows = scratch("edit_before", HOUSE_TABLES["journeys"])
    place.engine.insert("journeys", compiled(place.engine, ("edit-back",), lambda: rows))
    return place.engine.rows(compiled(place.engine, ("edit-keys",), lambda: rows.select("contact", "occurrence")))


def _entered_since(place: Installation, name: str, version: int, back: set[tuple[int, str]]) -> int:
    """Occurrences that began in the version undone, and go on in it."""
    lay_out(place, name, FOREVER, datetime(2000, 1, 1, tzinfo=UTC), "")
    rows = place.engine.rows(
        compiled(place.engine, ("edit-latest",), lambda: latest().filter(ibis._["state"] == "waiting"))
    )
    return sum(1 for row in rows if row["version"] == version and (row["contact"], row["occurrence"]) not in back)
