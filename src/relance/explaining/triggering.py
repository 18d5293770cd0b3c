"""The fact behind an occurrence, in words and with its row: what the trigger saw, and what it would see now."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import ibis
import ibis.expr.types as ir
from pydantic import TypeAdapter

from relance.audiences.column_words import column_inside
from relance.audiences.conditions import RowCriteria
from relance.audiences.words import describe_rows
from relance.base.clock import naive_utc
from relance.customers.relations import scratch
from relance.explaining import moves, products, rounds
from relance.explaining.arrivals import Arrival, arrivals, trigger_table
from relance.explaining.case import Case
from relance.explaining.explanation import Evidence, Seen
from relance.explaining.found import Found
from relance.explaining.reading import evidence_row
from relance.explaining.said import NOTHING, Said
from relance.scenarios.documents import Scenario
from relance.scenarios.fields import WEEKDAYS
from relance.scenarios.starts import Calendar, DateTrigger
from relance.scenarios.triggers import MOMENTS

_FACT: Mapping[str, str] = {"subject": "text", "fact_known": "instant"}
_ROWS: TypeAdapter[RowCriteria] = TypeAdapter(RowCriteria)
_SEEN = Said("fait du {fact}, dû le {due}", "fact of {fact}, due {due}")
_JOURS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
_STAGES = Said("Un panier laissé : {stages}", "A cart left: {stages}")
_STAGE = Said("{stage}, {wait}", "{stage}, {wait}")
_STAGE_WORDS: Mapping[str, Said] = {
    "cart": Said("au panier", "in the cart"),
    "checkout": Said("au paiement", "at the checkout"),
    "payment_failed": Said("après un paiement refusé", "after a payment that failed"),
}
_NONE = Said("rien de tel n’est connu", "nothing of the kind is known")


def question(scenario: Scenario) -> Said:
    """What the scenario waits for, as a person would say it."""
    trigger = scenario.trigger
    if trigger.quiet and trigger.quiet.waits:
        each = [
            _STAGE.put(stage=_STAGE_WORDS.get(stage, Said(f"à « {stage} »", f"at “{stage}”")), wait=_wait(days))
            for stage, days in trigger.quiet.waits
        ]
        return _STAGES.put(stages=Said(" ; ".join(one.fr for one in each), "; ".join(one.en for one in each)))
    if trigger.quiet:
        days = trigger.quiet.days
        return Said(f"Un panier laissé depuis {days} {_jours(days)}", f"A cart left for {days} {_days(days)}")
    if trigger.row:
        thing = _thing(trigger.row.table, trigger.row.where)
        return _after(trigger.row.days, Said(f"un fait nouveau : {thing.fr}", f"a new {thing.en}"))
    if trigger.comes_round:
        return Said("Un achat régulier bientôt épuisé", "A regular purchase that is nearly used up")
    if trigger.handed_over:
        return Said("Un autre scénario passe le relais", "Another scenario hands over")
    if trigger.segment:
        return moves.question(trigger.segment)
    if trigger.call:
        return Said("Un appel d’un autre système", "A call by another system")
    if trigger.calendar:
        return _broadcast(trigger.calendar)
    if trigger.expiry:
        words = Said("la première échéance de ce qui reste", "the first expiry of what is left")
        return _after(trigger.expiry.days, words)
    if trigger.wanted:
        return products.question(trigger)
    assert trigger.date is not None
    return _after(trigger.date.days, _date(trigger.date))


def trigger_found(case: Case, known: datetime) -> Found:
    """What the trigger sees with what was known by an instant; it refuses nobody, it only sees nobody."""
    arrival = case.arrival if known == case.turn else _seen_with(case, known)
    if arrival is None:
        return Found(True, Seen(_NONE))
    said = _SEEN.put(fact=case.pen.at(arrival.fact_at), due=case.pen.at(arrival.due_at))
    if case.version.scenario.trigger.comes_round:
        said = rounds.told(case, arrival)
    if case.version.scenario.trigger.wanted:
        said = products.told(case, arrival)
    value = {"occurrence": arrival.occurrence, "fact_at": arrival.fact_at, "due_at": arrival.due_at}
    return Found(False, Seen(said, value, tuple(fact_rows(case, arrival.subject, known))))


def fact_rows(case: Case, subject: str, known: datetime) -> list[Evidence]:
    """The row of the trigger’s table that an occurrence is about, in the version known then."""
    scenario = case.version.scenario
    if scenario.trigger.comes_round:
        return rounds.purchase_rows(case, subject)
    if scenario.trigger.handed_over or scenario.trigger.calendar or scenario.trigger.wanted:
        return []  # of a product, words tell what happened, and its wishes stand beside the stop condition
    if scenario.trigger.segment:
        return moves.stay_rows(case, known)
    table = case.view.table(trigger_table(scenario))
    column = _column(scenario.trigger.date)
    case.place.engine.load("explained_fact", _FACT, [{"subject": subject, "fact_known": naive_utc(known)}])

    def build() -> ir.Table:
        rows = case.view.part_of(table.name, column) if column else case.view.facts(table.name)
        asked = scratch("explained_fact", _FACT)
        named = ibis.literal("/").join([rows[key].cast("string") for key in table.key])
        return rows.join(asked, [named == asked["subject"], *case.view.known(rows, asked["fact_known"])])

    return [_evidence(case, table.name, subject, row) for row in case.rows("fact", build)]


def _seen_with(case: Case, known: datetime) -> Arrival | None:
    """The same occurrence seen with other knowledge; where it is not there, the last one by then."""
    seen = arrivals(case.place, case.version, case.view, case.moment(known), case.person.contact)
    own = case.arrival
    same = next((each for each in seen if own and each.occurrence == own.occurrence), None)
    if same and own and same.fact_at == own.fact_at:
        return own  # behind a wait it is the step that is due, and not the trigger once more
    past = [each for each in seen if each.fact_at <= case.turn] or seen
    return same or (past[-1] if past else None)


def _evidence(case: Case, table: str, subject: str, row: dict[str, Any]) -> Evidence:
    happened = case.view.table(table).happened
    said = case.pen.money(row["amount"], row.get("currency")) if row.get("amount") is not None else NOTHING
    return evidence_row(case, table, subject, row[happened] if happened else None, row["known_at"], said)


def _wait(days: int | None) -> Said:
    """How long a stage waits."""
    if days is None:
        return Said("aussitôt", "at once")
    return Said(f"{days} {_jours(days)}", f"{days} {_days(days)}")


def _broadcast(said: Calendar) -> Said:
    if said.once:
        at = f"{said.once:%Y-%m-%d %H:%M}"
        return Said(f"Un envoi à toute l’audience, le {at}", f"A broadcast to the whole audience, on {at}")
    day = WEEKDAYS.index(said.weekly) if said.weekly else 0
    return Said(
        f"Un envoi à toute l’audience, chaque {_JOURS[day]}",
        f"A broadcast to the whole audience, every {str(said.weekly).capitalize()}",
    )


def _column(trigger: DateTrigger | None) -> str | None:
    return trigger.of.partition(".")[2] if trigger and trigger.of not in MOMENTS else None


def _date(trigger: DateTrigger) -> Said:
    if trigger.of not in MOMENTS:
        every = Said(", chaque année", ", every year") if trigger.yearly else NOTHING
        french, english = (column_inside(trigger.of, language) for language in ("fr", "en"))
        return Said(f"{french}{every.fr}", f"{english}{every.en}")
    table, which = MOMENTS[trigger.of]
    thing = _thing(table, trigger.where or "valid")
    return Said(
        f"{'la première' if which == 'first' else 'la dernière'} {thing.fr}",
        f"the {which} {thing.en}",
    )


def _thing(table: str, where: Any) -> Said:
    condition = _ROWS.validate_python(where) if where else None
    return Said(describe_rows(table, condition, "fr"), describe_rows(table, condition, "en"))


def _after(days: int, what: Said) -> Said:
    number = abs(days)
    if not days:
        return Said(what.fr[:1].upper() + what.fr[1:], what.en[:1].upper() + what.en[1:])
    if days < 0:
        return Said(f"{number} {_jours(number)} avant {what.fr}", f"{number} {_days(number)} before {what.en}")
    return Said(f"{number} {_jours(number)} après {what.fr}", f"{number} {_days(number)} after {what.en}")


def _jours(days: int) -> str:
    return "jours" if days > 1 else "jour"


def _days(days: int) -> str:
    return "days" if days > 1 else "day"
