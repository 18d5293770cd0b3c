"""A case goes in; every condition of the gate comes out in the published order, as asked then and as known now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from relance.audiences.probes import describe
from relance.explaining import behind, gates, products, rounds, timing
from relance.explaining.case import Case
from relance.explaining.explanation import Condition, Evidence, Seen, Verdict
from relance.explaining.found import Found
from relance.explaining.reading import Reading, TreeSeen, read
from relance.explaining.said import Said, listed, same
from relance.explaining.triggering import question as trigger_question
from relance.explaining.triggering import trigger_found
from relance.policy.reasons import rank, readable
from relance.scenarios.own_stops import own_reasons

_QUESTIONS: Mapping[str, Said] = {
    "stale_data": Said("Les données attendues sont complètes", "The data it needs is complete"),
    "too_late": Said("Le bon moment n’est pas passé", "The right moment has not passed"),
    "not_logged_in": Said("Était connecté à son compte", "Was logged in"),
    "no_address": Said("A une adresse courriel", "Has an e-mail address"),
    "not_targeted": Said("Fait partie de l’audience", "Is in the audience"),
    "consent_refused": Said("N’a pas refusé ces messages", "Has not refused these messages"),
    "no_basis": Said("A accepté ces messages", "Has agreed to these messages"),
    "suppressed": Said("Son adresse n’est pas mise de côté", "The address is not set aside"),
    "reentry": Said("N’a pas eu ce message il y a peu", "Has not had this message a short while ago"),
    "in_progress": Said("N’est pas déjà dans ce scénario", "Is not on the way in this scenario already"),
    "not_sent": Said("Le message d’avant est parti", "The message before it left"),
    "repurchased": Said("Ne l’a pas racheté depuis", "Has not bought it again since"),
    "nothing_left": Said("Il reste quelque chose à montrer", "There is something left to show"),
    "no_coupon": Said("Il reste un code pour ce message", "A code is left for this message"),
    "quiet_hours": Said("Hors de la plage de silence", "Outside quiet hours"),
    "next_wave": Said("A une place dans la vague", "Has a place in the wave"),
    "same_address": Said("Personne d’autre à cette adresse", "Nobody else at this address"),
    "lost": Said("Aucun message plus important", "No message that matters more"),
    "holdout": Said("Hors du groupe témoin", "Not in the control group"),
}
_CAP = Said("Moins de {most} messages en {days} jours", "Fewer than {most} messages in {days} days")
_NO_CAP = Said("Pression commerciale", "Commercial pressure")
_ON = Said("Le scénario est en marche", "The scenario is on")
_STOP = Said("Rien n’arrête ({name})", "Nothing stops it ({name})")
_BRANCH = Said("Embranchement {name}", "Branch {name}")
_NOT_SENT = Said("annulé ou refusé avant de partir", "cancelled or refused before it left")
_REFUSED_BEFORE = Said("écarté avant cela", "refused before that")
_PASSED_ALL = Said("seuls ceux que rien d’autre ne refuse sont tirés", "only those whom nothing else refuses are drawn")


@dataclass(frozen=True)
class Asked:
    """One condition before its verdict: its code, its words, and what it found."""

    code: str
    question: Said
    found: Found
    label: str | None = None  # of the tree that it asked, under which a decision noted what it saw
    leads: bool = False  # it decides the way, not whether


def conditions_of(case: Case) -> tuple[Condition, ...]:
    """All conditions; with two readings where more has become known since."""
    then = read(case, case.turn)
    asked = list(_asked(then))
    judged = [_judged(case, then, each, asked) for each in asked]
    if case.now <= case.turn:
        return tuple(judged)
    now = {(each.code, each.question): each.found for each in _asked(read(case, case.now))}
    pairs = zip(asked, judged, strict=True)
    return tuple(_with_now(each, condition, now.get((each.code, each.question))) for each, condition in pairs)


def refusals(conditions: tuple[Condition, ...]) -> tuple[str, ...]:
    """Codes of the conditions that refuse, in order."""
    return tuple(each.code for each in conditions if each.verdict == "refused")


def _asked(reading: Reading) -> Iterator[Asked]:
    """Every condition that the scenario asks, in the published order of reasons."""
    case, scenario = reading.case, reading.case.version.scenario
    yield Asked("trigger", trigger_question(scenario), trigger_found(case, reading.known))
    yield Asked("on", _ON, timing.switched_on(case))
    if scenario.needs:
        code = "waiting_feed" if reading.flags["feed_waiting"] else "stale_data"
        yield Asked(code, _QUESTIONS["stale_data"], timing.feeds(reading))
    yield Asked("too_late", _QUESTIONS["too_late"], timing.too_late(reading))
    if scenario.trigger.quiet:
        yield Asked("not_logged_in", _QUESTIONS["not_logged_in"], timing.logged_in(reading))
    yield Asked("no_address", _QUESTIONS["no_address"], gates.address(reading))
    if "target" in reading.trees:
        yield _tree(reading, "not_targeted", "target", _QUESTIONS["not_targeted"], refuses_when=False)
    for flag in ("consent_refused", "no_basis"):
        yield Asked(flag, _QUESTIONS[flag], gates.consent(reading, flag))
    yield Asked("suppressed", _QUESTIONS["suppressed"], gates.suppression(reading))
    yield from _stops(reading)
    yield from _branches(reading)
    yield from _last(reading)


def _stops(reading: Reading) -> Iterator[Asked]:
    scenario = reading.case.version.scenario
    if scenario.limits_reentry:
        yield Asked("reentry", _QUESTIONS["reentry"], timing.reentry(reading))
    if scenario.one_at_a_time:
        yield Asked("in_progress", _QUESTIONS["in_progress"], timing.in_progress(reading))
    if scenario.trigger.comes_round:
        yield Asked("repurchased", _QUESTIONS["repurchased"], rounds.repurchased(reading))
    for place, name in enumerate(scenario.stop):
        words = _STOP.put(name=Said(readable(name, "fr").lower(), readable(name, "en").lower()))
        yield _tree(reading, name, f"stop_{place}", words, refuses_when=True)
    for name in own_reasons(scenario):
        yield Asked(name, behind.question(name), behind.found(reading, name))
    if "not_sent" in reading.case.decided_reasons:
        yield Asked("not_sent", _QUESTIONS["not_sent"], Found(True, Seen(_NOT_SENT), fixed=True))
    if scenario.items:
        found = timing.items_left(reading, scenario.items)
        yield Asked(scenario.items.none_left or "nothing_left", _QUESTIONS["nothing_left"], found)


def _branches(reading: Reading) -> Iterator[Asked]:
    """Which way each branch leads; asked of everybody, also before they come to it."""
    for node in reading.case.version.nodes:
        for place, (condition, _) in enumerate(node.arms):
            if condition is not None:
                words = _BRANCH.put(name=same(node.name))
                label = f"arm_{node.name}_{place}"
                asked = _tree(reading, f"branch:{node.name}", label, words, refuses_when=False)
                yield Asked(asked.code, asked.question, asked.found, label, leads=True)


def _last(reading: Reading) -> Iterator[Asked]:
    if coupon := gates.coupon(reading):
        yield Asked("no_coupon", _QUESTIONS["no_coupon"], coupon)
    silence = gates.quiet_hours(reading)
    if silence:
        yield Asked("quiet_hours", _QUESTIONS["quiet_hours"], silence)
    if reading.case.version.scenario.trigger.restock:
        yield Asked("next_wave", _QUESTIONS["next_wave"], products.wave(reading))
    pressure, pen = reading.case.place.settings.pressure, reading.case.pen
    cap = (
        _NO_CAP if pressure.messages is None else _CAP.put(most=pen.number(pressure.messages), days=same(pressure.days))
    )
    yield Asked("same_address", _QUESTIONS["same_address"], gates.same_address(reading))
    yield Asked("lost", _QUESTIONS["lost"], gates.lost(reading))
    yield Asked("cap", cap, gates.cap(reading))
    yield Asked("holdout", _QUESTIONS["holdout"], gates.holdout(reading))


def _tree(reading: Reading, code: str, label: str, words: Said, refuses_when: bool) -> Asked:
    tree = reading.trees[label]
    questions = listed([Said(*(describe(each.leaf, one) for one in ("fr", "en"))) for each in tree.leaves], " ; ")
    question = Said(f"{words.fr} — {questions.fr}", f"{words.en} — {questions.en}")
    return Asked(code, question, Found(tree.holds is refuses_when, _seen(tree)), label)


def _seen(tree: TreeSeen) -> Seen:
    """What the questions of a tree saw, in their order."""
    rows: list[Evidence] = []
    for each in tree.leaves:
        rows += [row for row in each.seen.evidence if row not in rows]
    said = listed([each.seen.said for each in tree.leaves], " ; ")
    values: Any = [each.seen.value for each in tree.leaves]
    return Seen(said, values[0] if len(values) == 1 else values, tuple(rows))


def _judged(case: Case, then: Reading, each: Asked, asked: list[Asked]) -> Condition:
    noted = _noted(case, then, each.label)
    seen = each.found.seen
    verdict = _decided(case, each) if case.decision else _probed(each, asked)
    if verdict == "not_asked" and each.found.refuses is not None and not each.leads:
        seen = Seen(_PASSED_ALL if each.code == "holdout" else _REFUSED_BEFORE)
    return Condition(each.code, verdict, each.question, seen, noted=noted)


def _decided(case: Case, each: Asked) -> Verdict:
    """What was stored is what was decided, whatever the same question sees today."""
    reasons = case.decided_reasons
    if each.code in reasons and not each.leads:
        return "refused"
    if each.leads:
        return _way(each)
    if each.found.refuses is None or (
        each.code in ("same_address", "lost", "holdout") and _stopped_before(each.code, reasons)
    ):
        return "not_asked"
    return "held"


def _probed(each: Asked, asked: list[Asked]) -> Verdict:
    """Nothing was decided: every condition answers for itself, and the control group comes last."""
    if each.leads:
        return _way(each)
    others = any(one.found.refuses for one in asked if one.code != "holdout" and not one.leads)
    if each.found.refuses is None or (each.code == "holdout" and others):
        return "not_asked"
    return "refused" if each.found.refuses else "held"


def _way(each: Asked) -> Verdict:
    return "not_asked" if each.found.refuses else "held"


def _stopped_before(code: str, reasons: tuple[str, ...]) -> bool:
    """Whether the question did not arise any more: somebody who is refused competes with nobody."""
    early = {
        "same_address": ("nothing_left",),
        "lost": ("same_address", "cap"),
        "holdout": ("same_address", "lost", "cap"),
    }
    return any(rank(reason) < rank("quiet_hours") or reason in (*early[code], "quiet_hours") for reason in reasons)


def _noted(case: Case, then: Reading, label: str | None) -> Said | None:
    """What the decision wrote down, where the same question sees something else now."""
    stored = (case.decision or {}).get("read")
    if not stored or label is None or label not in then.trees:
        return None
    labels = [f"{label}.{each.leaf.path}" for each in then.trees[label].leaves]
    pairs = [(_written(stored, one), _written(str(then.flags["read"]), one)) for one in labels]
    differs = [text for text, again in pairs if text is not None and text != again]
    return same(" ; ".join(text or "—" for text in differs)) if differs else None


def _written(read_text: str, label: str) -> str | None:
    """What stands after `label=` in the text of a decision."""
    _, mark, rest = f";{read_text}".partition(f";{label}=")
    return rest.partition(";")[0] if mark else None


def _with_now(each: Asked, condition: Condition, now: Found | None) -> Condition:
    if now is None or now.fixed or (now.seen.said == each.found.seen.said and now.refuses == each.found.refuses):
        return condition
    parts = vars(condition) | {"known_now": now.seen, "holds_now": None if now.refuses is None else not now.refuses}
    return Condition(**parts)
