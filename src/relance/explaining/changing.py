"""What refused a contact comes in; what would have to be otherwise for the message to go comes out, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

from relance.explaining.case import Case
from relance.explaining.explanation import Condition
from relance.explaining.said import Said, same
from relance.explaining.sides import Side
from relance.explaining.timing import length
from relance.explaining.triggering import question
from relance.policy.reasons import readable

_NEEDED: Mapping[str, Said] = {
    "stale_data": Said("des données complètes avant l’heure limite", "the data complete before its deadline"),
    "waiting_feed": Said("des données complètes avant l’heure limite", "the data complete before its deadline"),
    "too_late": Said("un tour au plus tard le {fresh}", "a turn by {fresh}"),
    "not_logged_in": Said("qu’il soit connecté à son compte", "that they be logged in"),
    "no_address": Said("qu’on lui connaisse une adresse", "an address of theirs"),
    "not_targeted": Said(
        "qu’il entre dans l’audience (vu : {seen})", "that they come into the audience (seen: {seen})"
    ),
    "consent_refused": Said("un oui de sa part, plus récent que son refus", "a yes of theirs, later than their no"),
    "no_basis": Said("un accord de sa part, encore valable", "an agreement of theirs that still stands"),
    "suppressed": Said("une adresse qui reçoive de nouveau", "an address that takes mail again"),
    "reentry": Said("que le délai avant de revenir soit passé", "that the time before another entry be over"),
    "in_progress": Said("que le parcours en cours se termine", "that the journey under way come to its end"),
    "repurchased": Said("qu’il ne l’ait pas racheté", "that they had not bought it again"),
    "nothing_left": Said("un article non acheté et en stock", "an item that is in stock and not bought"),
    "no_coupon": Said("d’autres codes dans la réserve ({seen})", "more codes in the pool ({seen})"),
    "quiet_hours": Said("une heure hors de la plage de silence", "an hour outside the quiet hours"),
    "same_address": Said("une adresse à lui seul", "an address of their own"),
    "lost": Said(
        "une priorité au-dessus de {priority}, celle de « {who} »", "a priority above {priority}, that of “{who}”"
    ),
    "cap": Said("attendre le {day} : il y a alors de la place", "to wait for {day}: there is room then"),
    "holdout": Said(
        "une part témoin plus petite : le tirage de ce contact ne change jamais",
        "a smaller control group: the draw of this contact never changes",
    ),
}
_STANDING: Mapping[str, Said] = {
    "no_fact": Said("que cela arrive : {what}", "that this happen: {what}"),
    "not_due": Said("attendre le {due}", "to wait for {due}"),
    "not_on": Said("que le scénario soit mis en marche", "that the scenario be switched on"),
    "already_past": Said(
        "le faire entrer par un tour demandé exprès pour ceux dont le moment est passé",
        "to let them in by a turn asked for on purpose for those whose moment has passed",
    ),
    "too_old_to_see": Said("un regard en arrière de plus de {lookback}", "a look-back of more than {lookback}"),
}
_STOP = Said("que « {name} » ne soit pas vrai (vu : {seen})", "that “{name}” not hold (seen: {seen})")


def changes(
    case: Case, outcome: str, reasons: Sequence[str], conditions: Sequence[Condition], sides: Sequence[Side]
) -> tuple[Said, ...]:
    """One clause for each thing that would have to be otherwise, all of them together; none for a message that goes."""
    if outcome in ("send", "waiting", "ended"):
        return ()
    return tuple(_needed(case, outcome, reasons, {each.code: each for each in conditions}, sides))


def _needed(
    case: Case, outcome: str, reasons: Sequence[str], by_code: Mapping[str, Condition], sides: Sequence[Side]
) -> Iterator[Said]:
    words = _words(case, sides)
    if outcome in _STANDING:
        yield _STANDING[outcome].put(**words)
    for reason in reasons:
        condition = by_code.get(reason)
        seen = condition.seen.said if condition and condition.seen.said.fr else Said("?", "?")
        if reason == "cap" and condition:
            yield _room(case, condition)
        elif reason == "lost" and not any(not side.won for side in sides):
            yield Said("qu’aucun autre message ne passe avant", "that no other message go first")
        elif reason in _NEEDED:
            yield _NEEDED[reason].put(**words, seen=seen)
        else:
            name = Said(readable(reason, "fr").lower(), readable(reason, "en").lower())
            yield _STOP.put(name=name, seen=seen)


def _words(case: Case, sides: Sequence[Side]) -> dict[str, Said]:
    scenario, arrival, pen = case.version.scenario, case.arrival, case.pen
    what = question(scenario)
    winner = next((side for side in sides if not side.won), None)
    words = {
        "what": Said(what.fr[:1].lower() + what.fr[1:], what.en[:1].lower() + what.en[1:]),
        "lookback": length(scenario.lookback),
        "who": same(winner.scenario if winner else ""),
        "priority": same(winner.priority if winner else ""),
    }
    if arrival:
        fresh = scenario.fresh_for.after(arrival.due_at, case.place.zone)
        words |= {"due": pen.at(arrival.due_at), "fresh": pen.at(fresh)}
    return words


def _room(case: Case, condition: Condition) -> Said:
    """The first local date on which so many messages are old enough that one more may go."""
    pressure = case.place.settings.pressure
    days = sorted(row.value for row in condition.seen.evidence)
    if pressure.messages is None or len(days) < pressure.messages:
        return Said("moins de messages avant celui-ci", "fewer messages before this one")
    free = days[len(days) - pressure.messages] + timedelta(days=pressure.days)
    return _NEEDED["cap"].put(day=case.pen.day(free))
