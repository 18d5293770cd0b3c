"""What became of a case, said in one sentence with its « parce que »."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from relance.explaining.case import Case
from relance.explaining.explanation import Condition, Sending
from relance.explaining.said import NOTHING, Said, same
from relance.explaining.timing import length
from relance.explaining.triggering import question
from relance.policy.reasons import ENGLISH, FRENCH
from relance.scenarios.answers import FAILED
from relance.scenarios.program import HANDED_TO

_BECAUSE: Mapping[str, Said] = {
    "stale_data": Said(
        "les données attendues n’étaient pas complètes à temps", "the data it needs was not complete in time"
    ),
    "waiting_feed": Said("les données attendues ne sont pas encore complètes", "the data it needs is not complete yet"),
    "too_late": Said("le bon moment était passé ({seen})", "the right moment had passed ({seen})"),
    "not_logged_in": Said("ce contact n’était pas connecté à son compte", "this contact was not logged in"),
    "no_address": Said("on ne lui connaît aucune adresse", "no address of theirs is known"),
    "not_targeted": Said(
        "ce contact n’est pas dans l’audience (vu : {seen})", "this contact is not in the audience (seen: {seen})"
    ),
    "consent_refused": Said("ce contact a refusé ces messages", "this contact refused these messages"),
    "no_basis": Said(
        "ce contact n’a jamais accepté ces messages, ou son accord a expiré",
        "this contact never agreed to these messages, or the agreement has lapsed",
    ),
    "suppressed": Said("son adresse est mise de côté ({seen})", "the address is set aside ({seen})"),
    "reentry": Said(
        "ce contact a eu ce message il y a peu ({seen})", "this contact had this message a short while ago ({seen})"
    ),
    "in_progress": Said(
        "ce contact est déjà dans ce scénario ({seen})", "this contact is on the way in this scenario already ({seen})"
    ),
    "repurchased": Said("ce contact l’a racheté depuis ({seen})", "this contact has bought it again since ({seen})"),
    "not_sent": Said("le message d’avant n’est pas parti", "the message before it did not leave"),
    "ordered": Said("ce contact a commandé depuis", "this contact has ordered since"),
    "more_than_one_order": Said(
        "ce contact a déjà plus d’une commande ({seen})", "this contact already has more than one order ({seen})"
    ),
    "nothing_left": Said(
        "il ne reste rien à montrer, tout est acheté ou épuisé", "nothing is left to show: all is bought or sold out"
    ),
    "bought": Said("ce contact a acheté ce produit depuis ({seen})", "this contact has bought it since ({seen})"),
    "unwished": Said("ce contact n’en veut plus ({seen})", "this contact no longer wants it ({seen})"),
    "price_back": Said("le prix est remonté ({seen})", "the price has gone up again ({seen})"),
    "no_price_history": Said("la baisse est invérifiable ({seen})", "the price drop cannot be vouched for ({seen})"),
    "out_again": Said("le produit est de nouveau épuisé ({seen})", "the product is sold out again ({seen})"),
    "next_wave": Said("d’autres attendaient avant ({seen})", "others had been waiting for longer ({seen})"),
    "no_coupon": Said("il ne restait plus de code à donner ({seen})", "no code was left to give ({seen})"),
    "quiet_hours": Said(
        "c’est la plage de silence de ce contact ({seen})", "these are the quiet hours of this contact ({seen})"
    ),
    "same_address": Said(
        "la même adresse a ce message par un autre contact ({seen})",
        "the same address has this message through another contact ({seen})",
    ),
    "lost": Said("un message plus important est parti ({seen})", "a message that matters more went ({seen})"),
    "cap": Said(
        "ce contact avait déjà {seen} message(s) en {days} jours ; votre limite est de {most}",
        "this contact already had {seen} message(s) in {days} days; your limit is {most}",
    ),
    FAILED: Said("l’appel à l’autre système n’a pas abouti", "the call to the other system did not go through"),
    "holdout": Said("ce contact est du groupe témoin ({seen})", "this contact is in the control group ({seen})"),
}
_OTHER_STOP = Said("« {name} » l’arrête (vu : {seen})", "“{name}” stops it (seen: {seen})")

_OUTCOMES: Mapping[str, Said] = {
    "refused": Said("Pas de message le {at}, parce que {why}.", "No message on {at}, because {why}."),
    "deferred": Said(
        "Pas de message le {at} mais plus tard peut-être, parce que {why}.",
        "No message on {at} but perhaps later, because {why}.",
    ),
    "held_out": Said("Pas de message le {at}, parce que {why}.", "No message on {at}, because {why}."),
    "send": Said(
        "Le message a été décidé le {at}, parce que c’était « {what} » (dû le {due}) et que rien ne l’arrêtait.",
        "The message was decided on {at}, because it was “{what}” (due {due}) and nothing stopped it.",
    ),
    "waiting": Said(
        "Le parcours attend depuis le {at}, parce que le scénario le demande à l’étape « {step} ».",
        "The journey has been waiting since {at}, because the scenario says so at step “{step}”.",
    ),
    "ended": Said(
        "Le parcours s’est terminé le {at} sans message, parce que {why}.",
        "The journey ended on {at} without a message, because {why}.",
    ),
    "no_fact": Said(
        "Pas de message, parce que rien ne le déclenche : {what}, et rien de tel n’est connu.",
        "No message, because nothing triggers it: {what}, and nothing of the kind is known.",
    ),
    "not_due": Said(
        "Pas de message pour l’instant, parce que ce n’est dû que le {due}.",
        "No message for now, because it is not due before {due}.",
    ),
    "not_on": Said(
        "Pas de message, parce que le scénario n’était pas en marche.", "No message, because the scenario was not on."
    ),
    "already_past": Said(
        "Pas de message, parce que c’était déjà passé à la mise en marche : dû le {due}, en marche depuis le {on}.",
        "No message, because it was already past when the scenario was switched on: due {due}, on since {on}.",
    ),
    "too_old_to_see": Said(
        "Pas de message, parce que c’est su trop tard : dû le {due}, plus de {lookback} avant le dernier tour.",
        "No message, because the fact became known too late: due {due}, more than {lookback} before the last turn.",
    ),
    "undecided": Said(
        "Rien n’est décidé, parce qu’aucun tour n’a eu lieu depuis le {due}.",
        "Nothing is decided, because no turn has been run since {due}.",
    ),
    "would_refuse": Said(
        "Rien n’est décidé depuis le {due} ; tel quel, ce serait non, parce que {why}.",
        "Nothing is decided since {due}; as things stand it would be no, because {why}.",
    ),
}
_SENT: Mapping[str, Said] = {
    "accepted": Said(
        "Le message est parti le {at}, parce que c’était « {what} » (dû le {due}) et que rien ne l’arrêtait.",
        "The message left on {at}, because it was “{what}” (due {due}) and nothing stopped it.",
    ),
    "cancelled": Said(
        "Le message décidé le {decided} n’est pas parti, parce que {why}.",
        "The message decided on {decided} did not leave, because {why}.",
    ),
    "refused": Said(
        "Le message décidé le {decided} n’est pas arrivé, parce que {why}.",
        "The message decided on {decided} did not arrive, because {why}.",
    ),
    "unknown": Said(
        "On ignore si le message est parti, parce que l’envoi s’est interrompu le {at}.",
        "Whether the message left is unknown, because sending broke off on {at}.",
    ),
}


def headline(
    case: Case, outcome: str, reason: str | None, conditions: Sequence[Condition], sending: Sending | None
) -> Said:
    """The answer, in one sentence."""
    words = _words(case, reason, conditions)
    if sending and sending.state in _SENT and outcome == "send":
        why = _said_by_sender(case, sending.reason or "?")
        decided = words.pop("at")
        return _SENT[sending.state].put(**words | {"why": why, "decided": decided, "at": case.pen.at(sending.at)})
    if outcome in ("undecided", "not_due") and reason:
        outcome = "would_refuse" if outcome == "undecided" else outcome
    return _OUTCOMES[outcome].put(**words)


def because(case: Case, reason: str | None, conditions: Sequence[Condition]) -> Said:
    """The clause after « parce que » for one reason."""
    seen = next((each.seen for each in conditions if each.code == reason), None)
    said = seen.said if seen else NOTHING
    pressure = case.place.settings.pressure
    words = _BECAUSE.get(reason or "")
    if words is None:
        return _stop(reason or "", said)
    if not said.fr:
        words = Said(words.fr.replace(" ({seen})", ""), words.en.replace(" ({seen})", ""))
    return words.put(seen=said, days=same(pressure.days), most=same(pressure.messages))


def _words(case: Case, reason: str | None, conditions: Sequence[Condition]) -> dict[str, Said]:
    pen, arrival = case.pen, case.arrival
    what = question(case.version.scenario)
    what = Said(what.fr[:1].lower() + what.fr[1:], what.en[:1].lower() + what.en[1:])
    exited = (case.decision or {}).get("outcome") == "ended"
    return {
        "at": pen.at(case.turn),
        "due": pen.at(arrival.due_at) if arrival else NOTHING,
        "on": pen.at(case.running.since) if case.running else NOTHING,
        "what": what,
        "step": same((case.decision or {}).get("step")),
        "lookback": length(case.version.scenario.lookback),
        "why": _exit(reason or "") if exited else because(case, reason, conditions),
    }


def _exit(reason: str) -> Said:
    """Where a journey ended that the scenario itself ends."""
    if reason == FAILED:
        return _BECAUSE[FAILED]
    if reason.startswith(HANDED_TO):
        name = reason.removeprefix(HANDED_TO)
        return Said(f"« {name} » prend le relais", f"“{name}” takes over")
    return Said(f"le chemin mène à la sortie « {reason} »", f"the path leads to the exit “{reason}”")


def _said_by_sender(case: Case, reason: str) -> Said:
    """Why a message stopped on its way; what the conditions saw at the decision is no part of it."""
    if reason in _BECAUSE or reason in FRENCH or reason in case.version.scenario.stop:
        return because(case, reason, ())
    return Said(f"la remise a répondu « {reason} »", f"the hand-over answered “{reason}”")


def _stop(reason: str, seen: Said) -> Said:
    """A stop condition that the retailer has named, or a reason that only a sender gives."""
    name = Said(FRENCH.get(reason, reason.replace("_", " ")), ENGLISH.get(reason, reason.replace("_", " ")))
    return _OTHER_STOP.put(name=name, seen=seen) if seen.fr else name
