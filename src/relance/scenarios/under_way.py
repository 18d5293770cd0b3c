"""What is under way in a scenario comes in; how many may finish, move or stop under a new version goes out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

import ibis
import ibis.expr.types as ir

from relance.base.clock import naive_utc
from relance.base.errors import Refused
from relance.base.zones import local_day, to_instant
from relance.customers.installation import Installation
from relance.customers.relations import house_relation, scratch
from relance.customers.schema import HOUSE_TABLES
from relance.engines.ledger import WAITING, OutboxRow, Switch
from relance.engines.texts import compiled
from relance.scenarios.arrivals import JOURNEY
from relance.scenarios.changes import Changes
from relance.scenarios.running import stored_version
from relance.scenarios.versions import Version

FINISH, MOVE, STOP = "finish", "move", "stop"
STOPPED = "stopped_by_edit"
MOVED = "moved_by_edit"
FOREVER = datetime(9999, 1, 1, tzinfo=UTC)
EDITED: Mapping[str, str] = {"scenario": "text", "since": "instant", "at": "instant", "reason": "text"}
QUEUED: Mapping[str, str] = {"contact": "integer", "occurrence": "text"}
MOVES: Mapping[str, str] = {"version": "integer", "node": "integer", "to_version": "integer", "to_node": "integer"}


@dataclass(frozen=True)
class Standing:
    """Journeys that wait before one step of one version, those with a message in the outbox left out."""

    version: int
    node: int
    step: str
    journeys: int
    held_out: int  # of them those of the control group, to whom nothing is sent
    due_today: int
    past: bool  # nothing that lies ahead of them differs in the new version
    named_in_new: bool  # the new version has a step of this name, so they may move


@dataclass(frozen=True)
class Choice:
    """What one way of publishing does: `live` is `finish`, `move:STEP` or `stop`."""

    live: str
    moved: int
    finish: int
    stopped: int
    cancelled: int
    today: int  # messages that are queued or fall due today, before the gate


@dataclass(frozen=True)
class Choices:
    """What is under way when a new version is published, and what may become of it."""

    scenario: str
    running: int
    new: int
    waiting: int
    held_out: int  # of those who wait
    past_change: int
    queued: int
    today: int
    standing: tuple[Standing, ...]
    choices: tuple[Choice, ...]

    def choice(self, live: str) -> Choice:
        """One of them. Refused, naming those there are, for a step that is not in the new version."""
        found = next((each for each in self.choices if each.live == live), None)
        if found is None:
            ways = ", ".join(each.live for each in self.choices)
            raise Refused(f"“{live}” is no way to publish {self.scenario} now; there are: {ways}")
        return found

    def as_dict(self) -> dict[str, Any]:
        """The published shape."""
        parts = {
            name: vars(self)[name]
            for name in ("running", "new", "waiting", "held_out", "past_change", "queued", "today")
        }
        listed = {"standing": [vars(each) for each in self.standing], "choices": [vars(each) for each in self.choices]}
        return {"id": self.scenario, **parts, **listed}


def choices(place: Installation, new: Version, at: datetime) -> Choices:
    """What is under way in the versions before this one. Refused where the scenario is not on. Writes nothing."""
    running = running_switch(place, new)
    queued = queued_rows(place, new.name)
    waiting = _waiting(place, new, queued, at)
    total = sum(each.journeys for each in waiting)
    behind = len(_journeys_of(queued))
    due = len(queued) + sum(each.due_today for each in waiting)
    # a hold of the queue is a journey too: it finishes, or is stopped
    ways = [Choice(FINISH, 0, total + behind, 0, 0, due)]
    for step in dict.fromkeys(each.step for each in waiting if each.named_in_new):
        moved = sum(each.journeys for each in waiting if each.step == step)
        ways.append(Choice(f"{MOVE}:{step}", moved, total + behind - moved, 0, 0, due))
    ways.append(Choice(STOP, 0, 0, total + behind, len(queued), 0))
    past = sum(each.journeys for each in waiting if each.past)
    held = sum(each.held_out for each in waiting)
    counted = (total, held, past, len(queued), due)
    return Choices(new.name, running.version, new.number, *counted, tuple(waiting), tuple(ways))


def running_switch(place: Installation, new: Version) -> Switch:
    last = next((each for each in reversed(place.ledger.switches()) if each.scenario == new.name), None)
    if last is None or not last.on:
        raise Refused(f"{new.name} is not on: nothing is under way; to start it: relance scenario on {new.name}")
    if last.version == new.number:
        raise Refused(f"{new.name} is on in version {new.number} already; nothing has changed")
    return last


def queued_rows(place: Installation, name: str, version: int | None = None) -> list[OutboxRow]:
    rows = (row for row in place.ledger.outbox(states=WAITING) if row.outgoing.key.scenario == name)
    return [row for row in rows if version is None or row.outgoing.version == version]


def _journeys_of(rows: Sequence[OutboxRow]) -> set[tuple[int, str]]:
    """(contact, occurrence) of every journey that has a message in the outbox."""
    return {
        (row.outgoing.key.contact, one) for row in rows for one in (row.outgoing.keys or (row.outgoing.key.occurrence,))
    }


def _waiting(place: Installation, new: Version, queued: Sequence[OutboxRow], at: datetime) -> list[Standing]:
    tomorrow = to_instant(local_day(at, place.zone) + timedelta(days=1), time(0), place.zone)
    lay_out(place, new.name, FOREVER, tomorrow, "")
    keys = [{"contact": contact, "occurrence": one} for contact, one in sorted(_journeys_of(queued))]
    place.engine.load("edit_queued", QUEUED, keys)
    found = place.engine.rows(compiled(place.engine, ("edit-waiting",), _counted))
    made = []
    for row in sorted(found, key=lambda row: (row["version"], row["node"])):
        if row["version"] == new.number:
            continue
        old = stored_version(place.ledger, new.name, row["version"])
        node, changes = old.nodes[row["node"]], Changes(old, new)
        there, past = node.name in changes.named, changes.past(node.number)
        counted = (row["journeys"], row["held_out"], row["due_today"])
        made.append(Standing(old.number, node.number, node.name, *counted, past, there))
    return made


def lay_out(place: Installation, name: str, since: datetime, at: datetime, reason: str) -> None:
    row = {"scenario": name, "since": naive_utc(since), "at": naive_utc(at), "reason": reason}
    place.engine.load("edited", EDITED, [row])


def latest() -> ir.Table:
    """The last row of every journey of the scenario before an instant."""
    edited = scratch("edited", EDITED).select(asked="scenario", since="since")
    rows = house_relation("journeys")
    rows = rows.join(edited, [rows["scenario"] == edited["asked"], rows["at"] < edited["since"]])
    order = [rows["at"].desc(), rows["node"].desc()]
    rows = rows.mutate(place=ibis.row_number().over(group_by=[rows[name] for name in JOURNEY], order_by=order))
    return rows.filter(rows["place"] == 0).select(*HOUSE_TABLES["journeys"])


def _unqueued() -> ir.Table:
    rows = latest().filter(ibis._["state"] == "waiting")
    return rows.anti_join(scratch("edit_queued", QUEUED), ["contact", "occurrence"])


def _counted() -> ir.Table:
    rows = _unqueued().cross_join(scratch("edited", EDITED).select(tomorrow="at"))
    alone = house_relation("decisions").filter(ibis._["outcome"] == "held_out")
    alone = alone.select("scenario", "contact", "occurrence").distinct().mutate(alone=ibis.literal(True))
    rows = rows.left_join(alone, ["scenario", "contact", "occurrence"], rname="a_{name}")
    today, held_out = (rows["due_at"] < rows["tomorrow"]).sum(), rows["alone"].fill_null(False).sum()
    return rows.group_by("version", "node").agg(
        journeys=rows.count(), held_out=held_out.cast("int64"), due_today=today.cast("int64")
    )


def moved() -> ir.Table:
    rows = _unqueued().inner_join(scratch("edit_moves", MOVES), ["version", "node"])
    rows = rows.cross_join(scratch("edited", EDITED).select(edited_at="at", why="reason"))
    rows = rows.mutate(version=rows["to_version"], node=rows["to_node"], at=rows["edited_at"], reason=rows["why"])
    return rows.select(*HOUSE_TABLES["journeys"])


def stopped() -> ir.Table:
    """Everything that waits ends; so does what only waits in the outbox."""
    rows = latest()
    queued = scratch("edit_queued", QUEUED).distinct().mutate(held=ibis.literal(True))
    rows = rows.left_join(queued, ["contact", "occurrence"], rname="q_{name}")
    rows = rows.filter((rows["state"] == "waiting") | rows["held"].fill_null(False))
    rows = rows.cross_join(scratch("edited", EDITED).select(edited_at="at", why="reason"))
    rows = rows.mutate(state=ibis.literal("ended"), at=rows["edited_at"], reason=rows["why"])
    return rows.select(*HOUSE_TABLES["journeys"])


def before() -> ir.Table:
    """The last row before an edit of every journey that the edit touched, as of the instant of the undo."""
    edited = scratch("edited", EDITED)
    span = edited.select(asked="scenario", since="since")
    touched = house_relation("journeys")
    touched = touched.join(span, [touched["scenario"] == span["asked"], touched["at"] == span["since"]])
    touched = touched.filter(touched["reason"].isin([MOVED, STOPPED])).select(*JOURNEY[1:])
    rows = latest()
    nothing = {"contact": 0, "visitor": "", "occurrence": ""}
    same = [rows[name].fill_null(nothing[name]) == touched[name].fill_null(nothing[name]) for name in JOURNEY[1:]]
    kept = rows.semi_join(touched, same).cross_join(edited.select(undone_at="at"))
    return kept.mutate(at=kept["undone_at"]).select(*HOUSE_TABLES["journeys"])
