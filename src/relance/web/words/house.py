"""Words of the shell: the five places, coming in, and what a page says when it cannot be shown."""

from __future__ import annotations

from collections.abc import Mapping

HOUSE: Mapping[str, tuple[str | tuple[str, str], str | tuple[str, str]]] = {
    "nav.main": ("Principale", "Main"),
    "nav.places": ("Les cinq pages", "The five places"),
    "nav.skip": ("Aller au contenu", "Skip to content"),
    "nav.overview": ("Accueil", "Overview"),
    "nav.scenarios": ("Scénarios", "Scenarios"),
    "nav.contacts": ("Contacts", "Contacts"),
    "nav.mail": ("Courrier", "Mail"),
    "nav.data": ("Données", "Data"),
    "nav.account": ("Votre compte", "Your account"),
    "nav.out": ("Se déconnecter", "Log out"),
    "nav.language": ("Langue", "Language"),
    "page.title": ("{title} · Relance", "{title} · Relance"),
    "page.pages": ("Pages de la liste", "Pages of the list"),
    "page.more": ("Suite", "Next"),
    "page.before": ("Précédent", "Previous"),
    "login.title": ("Entrez.", "Come in."),
    "login.about": (
        "Relance écrit à vos clients au bon moment, et vous dit ce que cela a rapporté.",
        "Relance writes to your customers at the right moment, and tells you what it earned.",
    ),
    "login.name": ("Nom", "Name"),
    "login.password": ("Mot de passe", "Password"),
    "login.enter": ("Se connecter", "Log in"),
    "login.refused": (
        "Ce nom et ce mot de passe ne vont pas ensemble. Vérifiez-les, puis réessayez.",
        "This name and this password do not go together. Check them, then try again.",
    ),
    "login.wait": (
        "Trop d’essais d’affilée. Attendez quelques minutes, puis réessayez.",
        "Too many tries in a row. Wait a few minutes, then try again.",
    ),
    "login.help": (
        "Mot de passe perdu ? La personne qui veille sur Relance peut vous donner un lien qui ouvre une fois.",
        "Lost your password? Whoever looks after Relance can give you a link that opens once.",
    ),
    "key.title": ("Bonjour. Ce lien vous ouvre la porte, une seule fois.", "Hello. This link lets you in, once."),
    "key.about": (
        "Il est à vous seul. Ensuite, choisissez un mot de passe sous « Votre compte ».",
        "It is yours alone. Once inside, choose a password under “Your account”.",
    ),
    "key.enter": ("Entrer", "Come in"),
    "key.gone": ("Ce lien a déjà servi, ou son heure est passée.", "This link has been used, or its time has passed."),
    "key.gone.about": (
        "Un lien vaut un quart d’heure et ouvre une seule fois. Demandez-en un autre.",
        "A link lasts a quarter of an hour and opens once. Ask for another.",
    ),
    "account.title": ("Votre compte, {name}", "Your account, {name}"),
    "account.about": (
        "Changer de mot de passe ferme toutes vos autres sessions.",
        "Changing your password closes all your other sessions.",
    ),
    "account.old": ("Mot de passe actuel", "Current password"),
    "account.new": ("Nouveau mot de passe", "New password"),
    "account.rule": (
        "Au moins 12 caractères ; une phrase courte convient très bien.",
        "At least 12 characters; a short sentence does very well.",
    ),
    "account.change": ("Changer le mot de passe", "Change the password"),
    "account.changed": (
        "C’est fait. Vos autres sessions sont fermées.",
        "Done. Your other sessions are closed.",
    ),
    "account.wrong": ("Le mot de passe actuel n’est pas celui-là.", "That is not the current password."),
    "account.weak": (
        "Ce mot de passe se devine trop facilement. Prenez-en un plus long ou moins courant.",
        "This password is too easy to guess. Take a longer or less common one.",
    ),
    "stop.404": ("Il n’y a rien à cette adresse.", "There is nothing at this address."),
    "stop.404.about": (
        "La page a changé de place, ou l’adresse est incomplète.",
        "The page has moved, or the address is incomplete.",
    ),
    "stop.403": ("Cette page ne vous est pas ouverte.", "This page is not open to you."),
    "stop.403.about": ("Rien n’a été fait.", "Nothing was done."),
    "stop.stale": ("Cette page était ouverte depuis trop longtemps.", "This page had been open for too long."),
    "stop.stale.about": (
        "Rien n’a été fait. Revenez en arrière, rechargez la page et recommencez.",
        "Nothing was done. Go back, load the page again, and do it once more.",
    ),
    "stop.500": ("Relance n’a pas su faire cette page.", "Relance could not make this page."),
    "stop.500.about": (
        "Vos données et vos envois n’en souffrent pas. Si cela dure, prévenez la personne qui veille sur Relance.",
        "Your data and what you send are not touched by it. If it lasts, tell the person who looks after Relance.",
    ),
    "stop.refused": ("Ce n’est pas possible maintenant.", "This is not possible now."),
    "stop.refused.about": ("Rien n’a été changé. La raison :", "Nothing was changed. The reason:"),
    "stop.busy": ("Relance est occupé à autre chose.", "Relance is busy with something else."),
    "stop.home": ("Retour à l’accueil", "Back to the overview"),
    "word.on": ("En marche", "On"),
    "word.off": ("Arrêté", "Off"),
    "word.lacking": ("Incomplet", "Incomplete"),
    "word.ready": ("Prêt", "Ready"),
}
