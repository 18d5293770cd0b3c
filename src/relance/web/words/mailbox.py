"""Words of the mailbox."""

from __future__ import annotations

from collections.abc import Mapping

MAILBOX: Mapping[str, tuple[str | tuple[str, str], str | tuple[str, str]]] = {
    "mailbox.title": ("Courrier", "Mail"),
    "mailbox.lead": (
        (
            "{n} courriel gardé ici. Il n’a atteint personne.",
            "{n} courriels gardés ici. Aucun n’a atteint personne.",
        ),
        ("{n} e-mail kept here. It reached nobody.", "{n} e-mails kept here. None of them reached anybody."),
    ),
    "mailbox.live": (
        ("{n} courriel gardé ici, du temps des essais.", "{n} courriels gardés ici, du temps des essais."),
        ("{n} e-mail kept here, from when you were trying.", "{n} e-mails kept here, from when you were trying."),
    ),
    "mailbox.live.about": (
        "Vos messages partent maintenant par un vrai serveur et ne sont plus gardés ici.",
        "Your messages now leave by a real server and are no longer kept here.",
    ),
    "mailbox.about": (
        "Tant qu’aucun serveur de courriel n’est réglé, chaque message se lit ici tel que son destinataire le verrait.",
        "As long as no mail server is set, each message can be read here as its reader would see it.",
    ),
    "mailbox.none": ("Aucun courriel ici.", "No e-mail here."),
    "mailbox.none.about": (
        "Les messages de vos scénarios viendront ici après le prochain départ, avant tout vrai envoi.",
        "The messages of your scenarios will come here after the next departure, before any real sending.",
    ),
    "mailbox.list": ("Les plus récents d’abord", "Latest first"),
    "mail.from": ("De", "From"),
    "mail.to": ("À", "To"),
    "mail.date": ("Le", "On"),
    "mail.frame": ("Le courriel : {subject}", "The e-mail: {subject}"),
    "mail.form": ("Forme", "Form"),
    "mail.html": ("Mis en page", "Laid out"),
    "mail.text": ("Texte seul", "Text only"),
    "mail.pictures": ("Montrer les images", "Show the pictures"),
    "mail.bare": ("Sans les images", "Without the pictures"),
    "mail.unsubject": ("(sans objet)", "(no subject)"),
}
