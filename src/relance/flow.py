"""The whole system on one screen: one turn, top to bottom, from facts to approved messages; read this first."""

# Files have become facts (`ingest`). A turn asks who is due, what holds for them, and whether we may; what is
# approved is copied to the outbox, from which senders take it (`channels`). `plan` is the same turn, rolled back.

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from relance.audiences.segments import load_segments, refresh, refreshed_since
from relance.base.errors import Refused
from relance.customers.absorb import absorb_ledger
from relance.customers.absorb_calls import absorb_calls
from relance.customers.installation import Installation
from relance.customers.relations import View
from relance.messages.coupons import lay_out_codes
from relance.messages.release import release
from relance.policy.decide import decide
from relance.policy.record import record
from relance.policy.report import TurnReport, report_of
from relance.scenarios.candidates import gather
from relance.scenarios.journeys import lay_follows
from relance.scenarios.moment import Moment, Running, lay_out
from relance.scenarios.running import last_turn, last_turns, pinned_versions, running_scenarios
from relance.scenarios.versions import Version
from relance.tracking.absorb import absorb_reactions, forget_hits

_A_DAY = timedelta(hours=25)  # so that a daily slot lies within it, also when the clocks change


def run(place: Installation, at: datetime, only: Sequence[str] = (), enter_since: date | None = None) -> TurnReport:
    """One turn: decides, records every decision in one transaction, and hands the approved to the outbox.

    Raises Refused for an instant before the last turn, Busy where another turn is under way.
    """
    previous = last_turn(place.engine, before=None)
    if previous and at < previous:
        raise Refused(f"a turn at {previous:%Y-%m-%d %H:%M} UTC has been run; time does not go back to {at}")
    moment = Moment(at, at + timedelta(microseconds=1), last_turn(place.engine, before=at), place.zone, enter_since)
    with place.turn_lock(), place.engine.transaction():
        report = _turn(place, moment, only, "run")
        record(place.engine, moment, report)
    release(place)
    forget_hits(place, at)
    return report


def plan(
    place: Installation,
    at: datetime,
    only: Sequence[str] = (),
    enter_since: date | None = None,
    supposed: Sequence[Version] = (),
) -> TurnReport:
    """What a turn at this instant decides (or decided: past days ignore what was decided later). Writes nothing.

    supposed: versions, published or not, that are planned as if they had been on since the day before.
    """
    moment = Moment(at, at, last_turn(place.engine, before=at), place.zone, enter_since)
    with place.turn_lock(), place.engine.rolled_back():
        return _turn(place, moment, only, "plan", supposed)


def refresh_segments(place: Installation, view: View, turn: datetime) -> None:
    """What turns see of segments is kept; a plan of a past day reads what was kept then."""
    segments = load_segments(place.home.definitions / "segments")
    if segments and not refreshed_since(place.engine, turn):
        refresh(place.engine, segments, view, place.zone, turn)


def _turn(
    place: Installation, moment: Moment, only: Sequence[str], kind: str, supposed: Sequence[Version] = ()
) -> TurnReport:
    absorb_ledger(place.engine, place.ledger, moment.turn)
    absorb_calls(place.engine, place.ledger, moment.turn)
    absorb_reactions(place, moment.turn)
    running = [] if supposed and not only else running_scenarios(place.ledger, moment.turn, only)
    running += [Running(version, moment.turn - _A_DAY) for version in supposed]
    moment = replace(moment, last_turns=last_turns(place.engine, running, moment.turn))
    return turn_of(place, moment, running, kind, counted=True)


def turn_of(
    place: Installation,
    moment: Moment,
    running: Sequence[Running],
    kind: str,
    look: bool = True,
    counted: bool = False,
) -> TurnReport:
    """The turn of these scenarios: fills the scratch tables `outcomes` and `follows`, which `record` keeps.

    look: segments are asked of everyone first, as every turn does whose looks are kept.
    counted: as many people get a coupon as there are codes left today; else there are enough.
    """
    pinned = pinned_versions(place.engine, place.ledger, running, moment)
    versions = [*(each.version for each in running), *pinned]
    view = place.view(moment.turn)
    if look:
        refresh_segments(place, view, moment.turn)
    lay_out(place.engine, moment, running)
    found = gather(place.engine, view, place.settings, moment, running, pinned)
    lay_out_codes(place, moment, versions, counted)
    decide(place.engine, found.view, place.settings, moment)
    lay_follows(place.engine, moment, versions)
    return report_of(place.engine, kind, moment, running, found)
