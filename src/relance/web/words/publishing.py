"""Words of publishing a draft over what is under way, and of undoing it."""

from __future__ import annotations

from collections.abc import Mapping

PUBLISHING: Mapping[str, tuple[str | tuple[str, str], str | tuple[str, str]]] = {
    "publish.go": ("Publier le brouillon", "Publish the draft"),
    "publish.title": ("Publier la version {number} de « {title} » ?", "Publish version {number} of “{title}”?"),
    "publish.about": (
        (
            "{n} personne est en route dans la version {old}. Dites ce qu’il advient d’elle : ceux qui arriveront "
            "ensuite suivront la nouvelle, et personne ne reçoit deux fois la même étape.",
            "{n} personnes sont en route dans la version {old}. Dites ce qu’il advient d’elles : ceux qui arriveront "
            "ensuite suivront la nouvelle, et personne ne reçoit deux fois la même étape.",
        ),
        (
            "{n} person is on the way in version {old}. Say what becomes of them: whoever comes later follows the new "
            "one, and nobody gets a step twice.",
            "{n} people are on the way in version {old}. Say what becomes of them: whoever comes later follows the new "
            "one, and nobody gets a step twice.",
        ),
    ),
    "publish.about.nobody": (
        "Personne n’est en route dans la version {old} : la nouvelle prend simplement sa place.",
        "Nobody is on the way in version {old}: the new one simply takes its place.",
    ),
    "publish.changes": ("Ce qui change", "What changes"),
    "publish.under_way": ("Qui est en route", "Who is on the way"),
    "publish.waiting": ("attendent dans une étape", "wait at a step"),
    "publish.held_out": ("dont le groupe témoin, sans message", "of them in the control group, without a message"),
    "publish.past": ("ont déjà passé ce qui change", "are past what changes"),
    "publish.queued": ("messages attendent leur départ", "messages wait to leave"),
    "publish.at_most": ("messages au plus aujourd’hui", "messages at most today"),
    "publish.choose": ("Ce qu’il advient d’eux", "What becomes of them"),
    "publish.finish": ("Ils finissent dans l’ancienne", "They finish in the old one"),
    "publish.finish.about": ("Rien ne change pour eux.", "Nothing changes for them."),
    "publish.move": ("Ils passent dans la nouvelle à « {step} »", "They move to the new one at “{step}”"),
    "publish.move.about": (
        (
            "{n} passe et garde son attente, {finish} finissent dans l’ancienne.",
            "{n} passent et gardent leur attente, {finish} finissent dans l’ancienne.",
        ),
        (
            "{n} moves and keeps the wait, {finish} finish in the old one.",
            "{n} move and keep their wait, {finish} finish in the old one.",
        ),
    ),
    "publish.stop": ("Ils s’arrêtent", "They stop"),
    "publish.stop.about": (
        (
            "{n} parcours prend fin, {cancelled} messages sont annulés.",
            "{n} parcours prennent fin, {cancelled} messages sont annulés.",
        ),
        (
            "{n} journey ends, {cancelled} messages are called off.",
            "{n} journeys end, {cancelled} messages are called off.",
        ),
    ),
    "publish.today": (
        ("Au plus {n} message aujourd’hui.", "Au plus {n} messages aujourd’hui."),
        ("At most {n} message today.", "At most {n} messages today."),
    ),
    "publish.left": (
        "Sans étape de ce nom dans la nouvelle, ils finissent dans l’ancienne :",
        "No step of that name in the new one, so they finish in the old:",
    ),
    "publish.do": ("Publier la version {number}", "Publish version {number}"),
    "publish.after": (
        "Vous pourrez la défaire tant qu’aucun de ses messages n’est parti.",
        "You can undo it as long as none of its messages has left.",
    ),
    "undo.go": ("Défaire cette publication", "Undo this publication"),
    "undo.title": ("Revenir à la version d’avant ?", "Go back to the version before?"),
    "undo.about": (
        "Les parcours, leurs attentes et les messages en file retrouvent leur place d’avant la version {number}. C’est "
        "possible parce qu’aucun de ses messages n’est encore parti.",
        "Journeys, their waits and queued messages are as they were before version {number}. It can be done because "
        "none of its messages has left yet.",
    ),
    "undo.do": ("Revenir en arrière", "Go back"),
}
