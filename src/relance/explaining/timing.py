"""A reading goes in; what feeds, freshness, re-entry and the items of a cart say comes out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Any

import ibis
import ibis.expr.types as ir

from relance.base.clock import aware_utc, naive_utc
from relance.base.spans import Span
from relance.base.zones import local_day, to_instant
from relance.customers.relations import house_relation
from relance.explaining.case import Case
from relance.explaining.explanation import Evidence, Seen
from relance.explaining.found import Found
from relance.explaining.reading import Reading, evidence_row
from relance.explaining.said import Said, same
from relance.scenarios.documents import Items
from relance.scenarios.items import lay_out_lines, left_in_carts
from relance.scenarios.triggers import clock_of

_NOTHING_DUE = Found(None, Seen(Said("rien n’est dû", "nothing is due")), fixed=True)
_SENT = ("send", "held_out")
_NEVER = datetime(1, 1, 1, tzinfo=UTC)


def switched_on(case: Case) -> Found:
    """Whether the scenario was on, and since when; what was due before that is past."""
    arrival, pen = case.arrival, case.pen
    if case.running is None:
        refuses = case.decision is None
        words = Said("pas à cet instant", "not at that instant") if refuses else Said("l’était alors", "was then")
        return Found(refuses, Seen(words), fixed=True)
    since = case.running.since
    words = Said("en marche depuis le {since}", "on since {since}").put(since=pen.at(since))
    late = case.standing == "already_past" and arrival is not None
    if late and arrival:
        more = Said("{on} ; déjà dû le {due}", "{on}; already due {due}")
        words = more.put(on=words, due=pen.at(arrival.due_at))
    return Found(late, Seen(words, since), fixed=True)


def feeds(reading: Reading) -> Found:
    """Up to when each needed feed was complete."""
    case = reading.case
    if case.arrival is None or case.arrival.due_at > case.turn:
        return _NOTHING_DUE
    rows = [_feed(case, need.feed, reading.known) for need in case.version.scenario.needs]
    missing = bool(reading.flags["stale"] or reading.flags["feed_waiting"])
    words = Said("complètes jusqu’au début du {day}", "complete up to the start of {day}")
    if missing:
        words = Said("incomplètes avant le début du {day}", "not complete up to the start of {day}")
    day = case.pen.day(awaited_day(case, reading.known))
    return Found(missing, Seen(words.put(day=day), None, tuple(rows)))


def awaited_day(case: Case, known: datetime) -> date:
    """The first local day, of the one it was due and the turn's own, up to which a needed feed is missing; the
    turn's own where none is."""
    assert case.arrival is not None
    found = (_feed(case, need.feed, known).value for need in case.version.scenario.needs)
    until = min((each or _NEVER for each in found), default=_NEVER)
    days = [local_day(instant, case.place.zone) for instant in (case.arrival.due_at, case.turn)]
    return next((day for day in days if until < to_instant(day, time(0, 0), case.place.zone)), days[-1])


def too_late(reading: Reading) -> Found:
    """The age of what was due beside what is still fresh."""
    case, fresh = reading.case, length(reading.case.version.scenario.fresh_for)
    if case.arrival is None or case.arrival.due_at > case.turn:
        return _NOTHING_DUE
    due, turn = case.pen.at(case.arrival.due_at), case.pen.at(case.turn)
    words = Said("dû le {due}, demandé le {turn}, bon pendant {fresh}", "due {due}, asked {turn}, fresh for {fresh}")
    value = {"due_at": case.arrival.due_at, "fresh_for": str(case.version.scenario.fresh_for)}
    return Found(bool(reading.flags["too_late"]), Seen(words.put(due=due, turn=turn, fresh=fresh), value), fixed=True)


def logged_in(reading: Reading) -> Found:
    """Whether the cart was left by somebody logged in."""
    case = reading.case
    if case.arrival is None:
        return _NOTHING_DUE
    value = case.arrival.logged_in
    return Found(bool(reading.flags["not_logged_in"]), Seen(case.pen.value(value is not False), value))


def reentry(reading: Reading) -> Found:
    """The last entry of the scenario, and whether it still forbids another."""
    case, refuses = reading.case, _stops(reading, "reentry")
    first: dict[str, datetime] = {}
    for row in case.decisions:
        if row["outcome"] in _SENT and row["at"] < case.turn:
            first[row["occurrence"]] = min(row["at"], first.get(row["occurrence"], row["at"]))
    if not first:
        another = Said("un autre message de ce tour est parti", "another message of this turn went")
        return Found(refuses, Seen(another if refuses else Said("jamais eu", "never had it")), fixed=True)
    last = max(first.values())
    shown = evidence_row(case, "decisions", case.version.name, last, None)
    words = Said("la dernière fois le {at}", "last {at}").put(at=case.pen.at(last))
    return Found(refuses, Seen(words, last, (shown,)), fixed=True)


def in_progress(reading: Reading) -> Found:
    """The journey of another occurrence that had not ended by the turn."""
    case, own = reading.case, reading.case.arrival.occurrence if reading.case.arrival else None
    others = [row for row in case.journeys if row["at"] < case.turn and row["occurrence"] != own]
    latest = {row["occurrence"]: row for row in others}
    waiting = [row for row in latest.values() if row["state"] == "waiting"]
    if not waiting:
        return Found(_stops(reading, "in_progress"), Seen(Said("aucun parcours ouvert", "no journey open")), fixed=True)
    other = max(waiting, key=lambda row: row["at"])
    words = Said("en attente jusqu’au {due}", "waiting until {due}").put(due=case.pen.at(other["due_at"]))
    shown = evidence_row(case, "journeys", other["occurrence"], other["at"], None)
    return Found(_stops(reading, "in_progress"), Seen(words, other["due_at"], (shown,)), fixed=True)


def _stops(reading: Reading, reason: str) -> bool:
    return reason in str(reading.flags.get("stopped") or "").split(",")


def items_left(reading: Reading, items: Items) -> Found:
    """Each line of the cart: kept, bought since, or out of stock."""
    case = reading.case
    every = _lines(case, Items(of=items.of, drop=(), carry=items.carry))
    kept = {row["line"] for row in _lines(case, items)}
    gone = {name: _dropped(case, items, name) for name in items.drop}
    found = case.rows("lines-known", lambda: _lines_known(case, items.of), items.of)
    known = {row["line"]: row["known_at"] for row in found}
    rows = tuple(_line(case, items.of, {**row, "known_at": known.get(row["line"])}, kept, gone) for row in every)
    words = Said("{left} sur {all}", "{left} of {all}")
    said = words.put(left=case.pen.number(len(kept)), all=case.pen.number(len(every)))
    none = _stops(reading, items.none_left) if items.none_left else bool(reading.flags["nothing_left"])
    return Found(none, Seen(said, len(kept), rows))


def length(span: Span) -> Said:
    """`3 jours`, `48 h`."""
    if span.same_day:
        return Said("le jour même", "that day alone")
    if span.days or not span.elapsed:
        return Said(f"{span.days} {'jours' if span.days > 1 else 'jour'}", f"{span.days} {_plural('day', span.days)}")
    minutes = int(span.elapsed.total_seconds()) // 60
    hours, rest = divmod(minutes, 60)
    return same(f"{minutes} min") if rest else same(f"{hours} h")


def _plural(word: str, number: int) -> str:
    return word if number == 1 else f"{word}s"


def _feed(case: Case, feed: str, known: datetime) -> Evidence:
    said_so = case.rows("feeds", lambda: house_relation("feed_completeness").order_by(ibis.desc("until"), "known_at"))
    found = [row for row in said_so if row["feed"] == feed and row["known_at"] <= naive_utc(known)]
    if not found:
        never = Said(f"{feed} : jamais dit complet", f"{feed}: never said to be complete")
        return Evidence("feed_completeness", feed, None, None, None, never)
    until = found[0]["until"].replace(tzinfo=UTC)
    said = Said("complet jusqu’au {until}", "complete up to {until}").put(until=case.pen.at(until))
    return evidence_row(case, "feed_completeness", feed, None, found[0]["known_at"], said, until)


def _lines(case: Case, items: Items) -> list[dict[str, Any]]:
    def build() -> ir.Table:
        return left_in_carts(items, case.view, case.version.name).order_by("place")

    lay_out_lines(case.place.engine, case.view, case.version.name, items)
    return case.rows("lines", build, items.model_dump_json())


def _lines_known(case: Case, table: str) -> ir.Table:
    """When each line of the contact's carts or orders became known, as the reading knows it."""
    lines, clock = case.view.facts(table), clock_of(case.version.name).select(clock_known="known")
    return lines.join(clock, case.view.known(lines, clock["clock_known"])).select("line", "known_at")


def _dropped(case: Case, items: Items, reason: str) -> set[str]:
    """Lines that one reason alone would drop."""
    every = _lines(case, Items(of=items.of, drop=(), carry=items.carry))
    left = _lines(case, Items.model_validate({"of": items.of, "drop": [reason], "carry": items.carry}))
    return {row["line"] for row in every} - {row["line"] for row in left}


_WHY = {
    "bought": Said("acheté depuis", "bought since"),
    "out_of_stock": Said("épuisé", "sold out"),
    "reviewed": Said("avis déjà donné", "already reviewed"),
}


def _line(case: Case, table: str, row: dict[str, Any], kept: set[str], gone: Mapping[Any, set[str]]) -> Evidence:
    why = next((name for name, lines in gone.items() if row["line"] in lines), None)
    state = Said("gardé", "kept") if row["line"] in kept else _WHY.get(why or "", Said("de trop", "too many"))
    said = Said(f"{row['product']} : {state.fr}", f"{row['product']}: {state.en}")
    return evidence_row(case, table, row["line"], aware_utc(row["added_at"]), row["known_at"], said, why or "kept")
