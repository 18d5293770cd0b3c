"""What the house refuses, in French: its sentences are written in English wherever it refuses; their values are kept.

A sentence is found by its fixed words. One that is not here is shown as it is, and marked as English.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

REFUSALS: Mapping[str, str] = {
    "another turn or import is under way; wait until it has finished": (
        "Un autre passage ou un import est en cours ; attendez qu’il soit fini."
    ),
    "{path}: another process is writing to the ledger; try again in a moment": (
        "Un autre programme écrit dans le registre ; réessayez dans un instant."
    ),
    "{path}: the disk is full; free some space, nothing was changed": (
        "Le disque est plein ; libérez de la place. Rien n’a été changé."
    ),
    "{path}: the ledger cannot be used ({error})": "Le registre {path} ne peut pas servir ({error}).",
    "{path}: the ledger refused ({error}); nothing was changed": "Le registre a refusé ({error}). Rien n’a été changé.",
    "{scenario}: {candidates} candidates, {parts} accounted for; try: relance doctor": (
        "« {scenario} » : {candidates} occasions, dont {parts} retrouvées. Qui veille sur Relance peut lancer : "
        "relance doctor."
    ),
    "{scenario}: the parts do not make up the whole; try: relance doctor": (
        "« {scenario} » : les parties ne font pas le tout. Qui veille sur Relance peut lancer : relance doctor."
    ),
    "scenario {scenario}: {candidates} candidates do not add up; nothing was decided": (
        "« {scenario} » : {candidates} occasions ne font pas le compte. Rien n’a été décidé."
    ),
    "scenario “{name}” is not on; switch it on with: relance scenario on {again}": (
        "Le scénario « {name} » n’est pas en marche."
    ),
    "there is no scenario “{name}” in the library; there are {names}": (
        "Il n’y a pas de scénario « {name} » dans la bibliothèque ; elle contient {names}."
    ),
    "there is no message “{name}”; there are {names}": "Il n’y a pas de message « {name} » ; il y a {names}.",
    "“{name}” is the cart of an anonymous visitor; only contacts can be explained": (
        "« {name} » est le panier d’un visiteur anonyme ; seuls les contacts s’expliquent."
    ),
    "“{giver}” hands over to “{name}”{line}, which is not published; publish it first": (
        "« {giver} » passe la main à « {name} »{line}, qui n’est pas publié ; publiez-le d’abord."
    ),
    "“{giver}” hands over to “{name}”{line}, whose trigger is not handed_over; give it that trigger": (
        "« {giver} » passe la main à « {name} »{line}, dont le déclencheur n’est pas « handed_over » ; "
        "donnez-lui celui-là."
    ),
    "the scenarios go round in a circle: {circle} ({why}); take one of these steps out": (
        "Les scénarios tournent en rond : {circle} ({why}) ; retirez une de ces étapes."
    ),
    "“{live}” is no way to publish {name} now; there are: {ways}": (
        "On ne peut plus publier « {name} » ainsi : les parcours ont bougé entre-temps. Relisez les choix."
    ),
    "there is nothing to undo in {name}: its last version was not put in force over journeys under way": (
        "Il n’y a rien à défaire dans « {name} » : sa dernière version n’a pas pris la place d’une autre."
    ),
    "{number} message of version {version} has been handed over; it can no longer be undone": (
        "{number} message de la version {version} est parti : on ne peut plus la défaire."
    ),
    "{number} messages of version {version} have been handed over; it can no longer be undone": (
        "{number} messages de la version {version} sont partis : on ne peut plus la défaire."
    ),
    "the hand-overs {way} are more than {number} deep; shorten them": (
        "Les passages de main {way} dépassent {number} étages ; raccourcissez-les."
    ),
    "the message “{name}” is not written in “{language}”": "Le message « {name} » n’est pas écrit en « {language} ».",
    "two steps are called “{name}”; every step needs a name of its own": (
        "Deux étapes s’appellent « {name} » ; chaque étape a besoin d’un nom à elle."
    ),
    "step “{name}” goes to “{other}”, and there is no such step": (
        "L’étape « {name} » mène à « {other} », et il n’y a pas d’étape de ce nom."
    ),
    "the steps go round in a circle: {loop}": "Les étapes tournent en rond : {loop}.",
    "a turn at {turn} UTC has been run; time does not go back to {at}": (
        "Un passage a eu lieu le {turn} UTC ; le temps ne revient pas au {at}."
    ),
    "--to {last} lies before --from {first}": "Le {last} vient avant le {first}.",
    "a backtest looks at ten years at most": "Un essai regarde dix ans au plus.",
    "{last} has not come yet; the last date that can be looked at is {today}": (
        "Le {last} n’est pas encore venu ; la dernière date que l’on puisse regarder est le {today}."
    ),
    "“{table}” is known as it happened only from {honest} on, so begin there: --from {again}": (
        "« {table} » n’est connu au fil des jours que depuis le {honest}. Commencez à cette date."
    ),
    "another backtest is under way; wait until it has finished": (
        "Un autre essai est en cours ; attendez qu’il soit fini."
    ),
    "a defect of Relance stopped it; the log says where": "Un défaut de Relance l’a arrêté ; le journal dit où.",
    "there is an account “{name}” already": "Il y a déjà un compte « {name} ».",
}


def in_french(sentence: str) -> str | None:
    """The sentence in French; None where nobody has put it into French."""
    for pattern, french in _PATTERNS:
        if found := pattern.fullmatch(sentence):
            place = found["at_"] or ""
            said = {name: (value or "").replace(" (line ", " (ligne ") for name, value in found.groupdict().items()}
            return place + french.format(**said)
    return None


def _pattern(english: str) -> re.Pattern[str]:
    pieces = re.split(r"\{(\w+)\}", english)
    some = {"line": ".*?"}  # not always known
    text = "".join(
        f"(?P<{one}>{some.get(one, '.+?')})" if place % 2 else re.escape(one) for place, one in enumerate(pieces)
    )
    return re.compile(rf"(?P<at_>\S+\.ya?ml(?::\d+)?: )?{text}", re.DOTALL)


_PATTERNS = [(_pattern(english), french) for english, french in REFUSALS.items()]
