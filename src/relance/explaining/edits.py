"""What differs between two versions of a scenario comes in; sentences in French and English go out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError

from relance.audiences.conditions import RowCriteria
from relance.audiences.criteria import leaves, parse_criteria
from relance.audiences.words import describe_node, describe_rows
from relance.base.errors import BadDocument
from relance.base.locale import NO_BREAK
from relance.base.spans import Span, parse_span
from relance.explaining.said import Said, listed, same
from relance.explaining.triggering import question
from relance.scenarios.changes import Change, short
from relance.scenarios.documents import parse_scenario
from relance.scenarios.fields import WEEKDAYS
from relance.scenarios.steps import Step, Wait

_JOURS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
_ROWS: TypeAdapter[RowCriteria] = TypeAdapter(RowCriteria)
_PARTS: Mapping[str, Said] = {
    "title": Said("Titre", "Title"),
    "about": Said("Description", "Description"),
    "schedule.daily": Said("Heure de départ", "Time of departure"),
    "schedule": Said("Heure de départ", "Time of departure"),
    "purpose": Said("Nature du message", "Kind of message"),
    "priority": Said("Priorité", "Priority"),
    "sender": Said("Expéditeur", "Sender"),
    "zone": Said("Horloge", "Clock"),
    "trigger": Said("Déclencheur", "Trigger"),
    "target": Said("Audience", "Audience"),
    "holdout": Said("Groupe témoin", "Control group"),
    "fresh_for": Said("Reste utile pendant", "Useful for"),
    "lookback": Said("Regarde en arrière", "Looks back"),
    "reentry": Said("Peut revenir", "May come again"),
    "reentry.after": Said("Peut revenir après", "May come again after"),
    "goal": Said("Objectif", "Goal"),
    "goal.within": Said("Objectif, délai", "Goal, within"),
    "items": Said("Produits montrés", "Products shown"),
    "needs": Said("Données attendues", "Data waited for"),
    "on_lose": Said("Si un autre message passe avant", "If another message goes first"),
    "subject": Said("Objet", "Subject"),
    "preheader": Said("Amorce", "Preheader"),
    "mjml": Said("Mise en page", "Layout"),
    "text": Said("Texte", "Text"),
    "fields": Said("Champs", "Fields"),
}
_LANGUAGES = {"fr": Said("en français", "in French"), "en": Said("en anglais", "in English")}
_STOP = Said("Arrêt « {name} »", "Stop “{name}”")
_STEP = Said("Étape {number}", "Step {number}")
_MESSAGE = Said("Message « {name} »", "Message “{name}”")
_SENTENCES: Mapping[str, Said] = {
    "new": Said("{part}, ajout : {after}", "{part}, added: {after}"),
    "gone": Said("{part}, retrait : {before}", "{part}, removed: {before}"),
    "becomes": Said("{part} : {before} → {after}", "{part}: {before} → {after}"),
    "long": Said("{part} : nouvelle rédaction", "{part}: rewritten"),
}
_WHOLE: Mapping[str, Said] = {
    "new": Said("{part} : ajout", "{part}: added"), "gone": Said("{part} : retrait", "{part}: removed"),
}  # fmt: skip


def edit_told(change: Change) -> Said:
    """One sentence: the part, what it was, what it is. What has no words of its own is said as its document says it."""
    part = _part(change)
    if not change.place:
        return _WHOLE[change.kind].put(part=part)
    before, after = _value(change, change.before), _value(change, change.after)
    if change.kind == "becomes" and before == after:  # our words do not tell them apart
        before, after = same(short(change.before)), same(short(change.after))
    return _SENTENCES[change.kind].put(part=part, before=before, after=after)


def _part(change: Change) -> Said:
    names = list(change.place)
    said = [_MESSAGE.put(name=same(change.message))] if change.message else []
    if names[:1] and names[0] in _LANGUAGES and change.message:
        language = _LANGUAGES[names.pop(0)]
        own = _named(names) if names else Said("Texte", "Text")
        said.append(Said(*(f"{own.in_(each)} {language.in_(each)}" for each in ("fr", "en"))))
    elif names:
        said.append(_named(names, change.step))
    return listed([Said(_lower(one.fr), _lower(one.en)) if number else one for number, one in enumerate(said)])


def _named(names: list[str], step: int | None = None) -> Said:
    path = ".".join(names)
    if step is not None:
        own = _STEP.put(number=same(step))
        return own if path == "steps" else listed([own, same(path)])
    if names[0] == "stop" and len(names) == 2:
        return _STOP.put(name=same(names[1]))
    if len(names) == 2 and names[1] in _LANGUAGES and names[0] in _PARTS:
        both = (f"{_PARTS[names[0]].in_(each)} {_LANGUAGES[names[1]].in_(each)}" for each in ("fr", "en"))
        return Said(*both)
    known = next((".".join(names[:end]) for end in range(len(names), 0, -1) if ".".join(names[:end]) in _PARTS), None)
    if known is None:
        return same(path)
    rest = path.removeprefix(known).removeprefix(".")
    return listed([_PARTS[known], *([same(rest)] if rest else [])])


def _value(change: Change, value: Any) -> Said:
    """A value in words where we have them: a step, a trigger, a condition, a length of time; else as it is written."""
    try:
        if change.step is not None and isinstance(value, Mapping):
            return step_told(Step.model_validate(value))
        if change.place == ("trigger",) and isinstance(value, Mapping):
            return question(parse_scenario(_AROUND | {"trigger": value}))
        if change.place[:1] in (("target",), ("stop",)) and isinstance(value, Mapping):
            return _condition(value)
        if isinstance(value, str):
            return span_told(parse_span(value))
    except (BadDocument, ValidationError):
        pass
    if isinstance(value, str):
        return Said(value.replace("%", f"{NO_BREAK}%"), value)
    return same(short(value))


_AROUND = {"scenario": "said", "fresh_for": "1d", "schedule": {"daily": "09:00"}, "steps": [{"exit": "said"}]}


def step_told(step: Step) -> Said:
    """A step as a person says it."""
    if step.send:
        code = Said(", avec un code de « {pool} »", ", with a code of “{pool}”") if step.send.coupon else Said("", "")
        mail = Said("Courriel « {name} »{code}", "E-mail “{name}”{code}")
        return mail.put(name=same(step.send.message), code=code.put(pool=same(step.send.coupon)))
    if step.wait:
        return _wait(step.wait)
    if step.branch is not None:
        return Said("Embranchement à {n} chemins", "A branch of {n} ways").put(n=same(len(step.branch)))
    if step.split is not None:
        shares = ", ".join(f"{way.name} {way.weight:g}" for way in step.split)
        return Said("Tirage au sort : {shares}", "A draw: {shares}").put(shares=same(shares))
    if step.set_:
        words = Said("Noter {name} : {value}", "Note {name}: {value}")
        return words.put(name=same(step.set_.attribute), value=same(step.set_.value))
    if step.webhook:
        return Said("Appeler {url}", "Call {url}").put(url=same(step.webhook.url))
    if step.hand_over:
        return Said("Passer la main à « {name} »", "Hand over to “{name}”").put(name=same(step.hand_over))
    if step.go_to:
        return Said("Aller à « {name} »", "Go to “{name}”").put(name=same(step.go_to))
    return Said("Sortie « {name} »", "Exit “{name}”").put(name=same(step.exit))


def span_told(span: Span) -> Said:
    """A length of time."""
    if span.same_day:
        return Said("le jour même", "the same day")
    if span.days or not span.elapsed:
        many = span.days
        return Said(f"{many} jour{'s' if many > 1 else ''}", f"{many} day{'' if many == 1 else 's'}")
    minutes = int(span.elapsed.total_seconds()) // 60
    if minutes % 60:
        return Said(f"{minutes} minutes", f"{minutes} minutes")
    hours = minutes // 60
    return Said(f"{hours} heure{'s' if hours > 1 else ''}", f"{hours} hour{'' if hours == 1 else 's'}")


def _wait(wait: Wait) -> Said:
    if wait.event:
        where = _ROWS.validate_python(wait.event.where) if wait.event.where is not None else None
        thing = Said(*(describe_rows(wait.event.row, where, each) for each in ("fr", "en")))
        words = Said("Attendre : {thing}, {span} au plus", "Wait for: {thing}, {span} at most")
        return words.put(thing=thing, span=span_told(wait.at_most or Span()))
    if wait.until is None:
        return Said("Attendre {span}", "Wait {span}").put(span=span_told(wait.span or Span()))
    time = Said(f"{wait.until:%H} h {wait.until:%M}".removeprefix("0"), f"{wait.until:%H:%M}")
    if wait.weekday:
        day = Said(_JOURS[WEEKDAYS.index(wait.weekday)], wait.weekday.capitalize())
        return Said("Attendre {day}, {time}", "Wait until {day}, {time}").put(day=day, time=time)
    return Said("Attendre jusqu’à {time}", "Wait until {time}").put(time=time)


def _condition(tree: Any) -> Said:
    asked = [node for _, node in leaves(parse_criteria(tree))]
    return Said(*(", ".join(describe_node(node, each) for node in asked) for each in ("fr", "en")))


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
