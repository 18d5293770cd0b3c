"""Segment documents come in; who is in which, since when, and who moved, goes out: history by default."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import ibis
import ibis.expr.types as ir

from relance.audiences.criteria import (
    AllOf,
    AnyOf,
    Criteria,
    InSegment,
    NoneOf,
    children,
    leaves,
    parse_criteria,
)
from relance.audiences.everyone import audience
from relance.audiences.rfm import compute_cuts, measures_asked, store_cuts
from relance.base.clock import aware_utc, naive_utc
from relance.base.documents import load_document
from relance.base.errors import BadDocument, Refused
from relance.base.zones import local_day
from relance.customers.relations import View, house_relation, scratch
from relance.customers.schema import HOUSE_TABLES
from relance.engines.texts import compiled
from relance.engines.warehouse import Engine

FIELDS = ("segment", "title", "criteria", "about")
RUN = {"segment": "text", "at": "instant", "members": "integer"}
STAY = {"contact": "integer", "moved_by": "text"}


@dataclass(frozen=True)
class Segment:
    """A named audience whose history is kept. about: what it means, by language; a title is for pages only."""

    name: str
    criteria: Criteria
    about: Mapping[str, str]
    source: str | None = None


@dataclass(frozen=True)
class Refreshed:
    """What one refresh found: members now, and how many came and went since the last."""

    segment: str
    members: int
    entered: int
    left: int


@dataclass(frozen=True)
class Transition:
    """So many contacts were in `before` and are in `after`; None is in none of the segments asked."""

    before: str | None
    after: str | None
    contacts: int


def parse_segment(data: object, source: str | None = None) -> Segment:
    """`{segment: name, criteria: …, about: {fr: …, en: …}}`; BadDocument for anything else."""
    if not isinstance(data, Mapping):
        raise BadDocument("a segment is a document with segment, criteria and about", source=source)
    for field in data:
        if field not in FIELDS:
            raise BadDocument(f"there is no field “{field}”; allowed are {', '.join(FIELDS)}", source=source)
    name, about = data.get("segment"), data.get("about") or {}
    if not isinstance(name, str) or not name.strip() or len(name) > 120:
        raise BadDocument("“segment” should be the name of the segment", source=source)
    if not isinstance(about, Mapping) or not all(isinstance(text, str) for text in about.values()):
        raise BadDocument("“about” should be texts by language, like {fr: …, en: …}", source=source)
    if "criteria" not in data:
        raise BadDocument(f"segment “{name}” has no criteria", source=source)
    return Segment(name, parse_criteria(data["criteria"], source), dict(about), source)


def load_segments(folder: Path) -> dict[str, Segment]:
    """The segments of a folder by name, each after those it asks for.

    Raises BadDocument for an unreadable file, a name given twice, an unknown segment or a cycle.
    """
    found: dict[str, Segment] = {}
    for path in sorted(folder.glob("*.yaml")) if folder.is_dir() else []:
        segment = parse_segment(load_document(path).data, path.name)
        if segment.name in found:
            raise BadDocument(f"segment “{segment.name}” is also in {found[segment.name].source}", source=path.name)
        found[segment.name] = segment
    return in_order(found)


def in_order(segments: Mapping[str, Segment]) -> dict[str, Segment]:
    """The same segments, each after those it asks for; BadDocument names a cycle or what does not exist."""
    placed: dict[str, Segment] = {}
    for name in sorted(segments):
        _place(name, segments, placed, ())
    return placed


def inline(criteria: Criteria, segments: Mapping[str, Segment]) -> Criteria:
    """The criteria with every segment replaced by what it means, so that any past instant can be asked."""
    if isinstance(criteria, InSegment):
        if criteria.segment not in segments:
            raise BadDocument(f"there is no segment “{criteria.segment}”")
        return inline(segments[criteria.segment].criteria, segments)
    combined = children(criteria)
    if combined is None:
        return criteria
    parts = tuple(inline(part, segments) for part in combined[1])
    if isinstance(criteria, AllOf):
        return AllOf(all=parts)
    return AnyOf(any=parts) if isinstance(criteria, AnyOf) else NoneOf(none=parts)


def refresh(engine: Engine, segments: Mapping[str, Segment], view: View, zone: str, at: datetime) -> list[Refreshed]:
    """Asks every segment of everyone at the instant of a turn and keeps who came and who went.

    A stay is (segment, contact, entered_at, left_at); `moved_by` says whether `facts` or only new RFM `cuts`
    moved them last, or that it was the `first` look. Raises Refused for an instant before the last refresh.
    """
    ordered = in_order(segments)
    _refuse_the_past(engine, at)
    with engine.transaction():
        before = _renew_cuts(engine, ordered, view, zone, at)
        return [_refresh_one(engine, each, view, zone, at, before.get(each.name)) for each in ordered.values()]


def refreshed_since(engine: Engine, at: datetime) -> bool:
    """Whether segments have been asked at or after an instant."""
    last = engine.value(compiled(engine, ("last-refresh",), _last_refresh))
    return last is not None and last >= naive_utc(at)


def _last_refresh() -> ir.Table:
    runs = house_relation("segment_runs")
    return runs.aggregate(last=runs["at"].max())


def members_at(
    engine: Engine,
    name: str,
    segments: Mapping[str, Segment],
    view: View,
    zone: str,
    instant: datetime,
    known: datetime,
    *,
    keep_as: str = "members",
) -> ir.Table:
    """(contact) of the members at an instant as known at another: `known` = now is right after late files."""
    meant = inline(InSegment(segment=name), segments)
    return audience(engine, meant, view, zone, instant, known, keep_as=keep_as)


def members_seen(name: str, instant: datetime) -> ir.Table:
    """(contact) of the members at an instant as the turns saw them."""
    stays = house_relation("segment_members")
    moment = ibis.literal(naive_utc(instant), type="timestamp(6)")
    there = (stays["entered_at"] <= moment) & (stays["left_at"].isnull() | (stays["left_at"] > moment))
    return stays.filter(stays["segment"] == name, there).select("contact")


def transition_matrix(
    engine: Engine,
    names: Sequence[str],
    segments: Mapping[str, Segment],
    view: View,
    zone: str,
    instants: tuple[datetime, datetime],
    known: datetime,
) -> list[Transition]:
    """How many went from which segment to which between two instants, as known at a third. Who is in several
    is counted in the first that is named; who is in none at both instants is not counted."""
    places = []
    for side, instant in enumerate(instants):
        kept = [
            members_at(engine, name, segments, view, zone, instant, known, keep_as=f"members_{side}_{number}")
            for number, name in enumerate(names)
        ]
        places.append(_first_of(kept, side))
    before, after = places
    joined = before.outer_join(after, before["contact_0"] == after["contact_1"])
    counted = joined.group_by(joined["place_0"], joined["place_1"]).agg(contacts=joined.count())
    rows = engine.rows(counted)
    found = [Transition(_name(names, row["place_0"]), _name(names, row["place_1"]), row["contacts"]) for row in rows]
    return sorted(found, key=lambda each: (each.before or "", each.after or ""))


def _first_of(members: Sequence[ir.Table], side: int) -> ir.Table:
    placed = [each.mutate(place=ibis.literal(number)) for number, each in enumerate(members)]
    every = ibis.union(*placed) if len(placed) > 1 else placed[0]
    return every.group_by(**{f"contact_{side}": every["contact"]}).agg(**{f"place_{side}": every["place"].min()})


def _name(names: Sequence[str], place: int | None) -> str | None:
    return None if place is None else names[place]


def _place(name: str, segments: Mapping[str, Segment], placed: dict[str, Segment], above: tuple[str, ...]) -> None:
    if name in above:
        circle = " → ".join((*above[above.index(name) :], name))
        raise BadDocument(f"segments ask for one another in a circle: {circle}", source=segments[name].source)
    if name in placed:
        return
    if name not in segments:
        asker = segments[above[-1]]
        raise BadDocument(f"segment “{asker.name}” asks for “{name}”, which does not exist", source=asker.source)
    for _, node in leaves(segments[name].criteria):
        if isinstance(node, InSegment):
            _place(node.segment, segments, placed, (*above, name))
    placed[name] = segments[name]


def _refuse_the_past(engine: Engine, at: datetime) -> None:
    last = engine.value(compiled(engine, ("last-refresh",), _last_refresh))
    if last is not None and naive_utc(at) < last:
        raise Refused(f"segments were refreshed at {last}Z; {naive_utc(at)}Z is before that")


def _renew_cuts(
    engine: Engine, segments: Mapping[str, Segment], view: View, zone: str, at: datetime
) -> dict[str, ir.Table]:
    """New RFM cuts once per local day, where a segment asks for a class. Answers, for the segments that do,
    who would be a member by the cuts that held until now."""
    meant = {name: inline(segment.criteria, segments) for name, segment in segments.items()}
    classed = {name: criteria for name, criteria in meant.items() if measures_asked(criteria)}
    measures: set[str] = set().union(*map(measures_asked, classed.values()))
    if not measures:
        return {}
    kept = house_relation("rfm_cuts")
    last = engine.value(kept.filter(kept["measure"].isin(sorted(measures))).agg(last=kept["at"].max()))
    if last is not None and local_day(aware_utc(last), zone) >= local_day(at, zone):
        return {}
    before = {
        name: audience(engine, criteria, view, zone, at, at, exact_cuts=False, keep_as=f"by_old_cuts_{number}")
        for number, (name, criteria) in enumerate(classed.items() if last is not None else ())
    }
    store_cuts(engine, at, compute_cuts(engine, view, at, at, measures))
    return before


def _refresh_one(
    engine: Engine, segment: Segment, view: View, zone: str, at: datetime, before: ir.Table | None
) -> Refreshed:
    members = audience(engine, segment.criteria, view, zone, at, at, exact_cuts=False, keep_as="members_now")
    number = int(engine.value(compiled(engine, ("members-now",), lambda: members.count().as_table())))
    engine.load("run", RUN, [{"segment": segment.name, "at": naive_utc(at), "members": number}])
    first = not engine.value(compiled(engine, ("segment-runs",), _runs_before))
    old = "" if before is None else before.get_name()
    marks = (old, str(first))
    leave = engine.keep("leaving", compiled(engine, ("leaving", *marks), lambda: _leaving(members, before)))
    enter = engine.keep("entering", compiled(engine, ("entering", *marks), lambda: _entering(members, before, first)))
    left = _close(engine) if leave else 0
    entered = engine.insert("segment_members", compiled(engine, ("open-stays",), _opened)) if enter else 0
    engine.insert("segment_runs", compiled(engine, ("segment-run",), lambda: scratch("run", RUN)))
    return Refreshed(segment.name, number, entered, left)


def _runs_before() -> ir.Table:
    runs = house_relation("segment_runs")
    return runs.semi_join(scratch("run", RUN), "segment").count().as_table()


def _there() -> ir.Table:
    """Open stays in the segment that is being asked."""
    stays = house_relation("segment_members")
    return stays.filter(stays["left_at"].isnull()).semi_join(scratch("run", RUN), "segment")


def _leaving(members: ir.Table, before: ir.Table | None) -> ir.Table:
    return _said(_there().anti_join(members, "contact"), before, members_before=True)


def _entering(members: ir.Table, before: ir.Table | None, first: bool) -> ir.Table:
    return _said(members.anti_join(_there(), "contact"), before, members_before=False, first=first)


def _said(moving: ir.Table, before: ir.Table | None, *, members_before: bool, first: bool = False) -> ir.Table:
    """The movers with what moved them: `cuts` where the old cuts would have left them where they were."""
    moving = moving.drop("moved_by") if "moved_by" in moving.columns else moving
    if first or before is None:
        return moving.mutate(moved_by=ibis.literal("first" if first else "facts"))
    held = before.select(contact_before=before["contact"])
    joined = moving.left_join(held, moving["contact"] == held["contact_before"])
    by_old = joined["contact_before"].notnull()
    stayed = by_old if members_before else ~by_old
    said = ibis.ifelse(stayed, "cuts", "facts")
    return joined.mutate(moved_by=said).drop("contact_before")


def _close(engine: Engine) -> int:
    leaving = compiled(engine, ("leaving-stays",), lambda: scratch("leaving", HOUSE_TABLES["segment_members"]))
    engine.delete("segment_members", leaving, ("segment", "contact", "entered_at", "left_at"))
    return engine.insert("segment_members", compiled(engine, ("close-stays",), _closed))


def _closed() -> ir.Table:
    leaving = scratch("leaving", HOUSE_TABLES["segment_members"]).drop("left_at")
    return leaving.cross_join(scratch("run", RUN).select(left_at="at"))


def _opened() -> ir.Table:
    run = scratch("run", RUN).select("segment", entered_at="at")
    opened = scratch("entering", STAY).cross_join(run)
    return opened.mutate(left_at=ibis.null("timestamp(6)"), came_by=opened["moved_by"])
