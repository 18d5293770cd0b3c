"""Words of the overview."""

from __future__ import annotations

from collections.abc import Mapping

OVERVIEW: Mapping[str, tuple[str | tuple[str, str], str | tuple[str, str]]] = {
    "overview.title": ("Accueil", "Overview"),
    "overview.gain": (
        "Depuis le {since}, vos scénarios ont rapporté <b>{amount}</b> de plus que s’ils n’avaient rien envoyé.",
        "Since {since}, your scenarios have earned <b>{amount}</b> more than if they had sent nothing.",
    ),
    "overview.loss": (
        "Depuis le {since}, vos scénarios ont coûté <b>{amount}</b> : mieux aurait valu ne rien envoyer.",
        "Since {since}, your scenarios have cost <b>{amount}</b>: sending nothing would have done better.",
    ),
    "overview.early": (
        (
            "Depuis le {since}, <b>{n} message</b> est parti. Il est trop tôt pour dire ce qu’il rapporte.",
            "Depuis le {since}, <b>{n} messages</b> sont partis. Il est trop tôt pour dire ce qu’ils rapportent.",
        ),
        (
            "Since {since}, <b>{n} message</b> has left. It is too early to tell what it earns.",
            "Since {since}, <b>{n} messages</b> have left. It is too early to tell what they earn.",
        ),
    ),
    "overview.between": (
        "Entre {low} et {high}, à 95 %. Comparé aux {held} personnes du groupe témoin, à qui rien n’a été envoyé. "
        "{sent} messages sont partis.",
        "Between {low} and {high}, at 95%. Compared with the {held} people of the control group, to whom nothing was "
        "sent. {sent} messages have left.",
    ),
    "overview.interval": (
        "Effet estimé {estimate}, entre {low} et {high} à 95 %",
        "Estimated effect {estimate}, between {low} and {high} at 95%",
    ),
    "overview.earned": ("Ce que chaque scénario a rapporté", "What each scenario earned"),
    "overview.legend": (
        "Le point est l’estimation, la barre son intervalle à 95 %. Un point creux touche zéro : l’effet n’est pas "
        "encore établi.",
        "The dot is the estimate, the bar its 95% interval. A hollow dot touches zero: the effect is not established "
        "yet.",
    ),
    "overview.attributed": (
        "Par ailleurs, {amount} de ventes nettes ont suivi un clic de cinq jours au plus. Ce compte ne dit pas ce qui "
        "se serait vendu sans message : il ne s’ajoute pas au gain.",
        "Besides, {amount} of net sales followed a click by five days at most. This count does not say what would "
        "have been sold without a message: it does not add to the gain.",
    ),
    "overview.too_early": ("trop tôt", "too early"),
    "overview.no_holdout": ("pas de groupe témoin", "no control group"),
    "overview.sent": (
        (
            "Depuis le {since}, vos scénarios ont écrit <b>{n} message</b>, au bon moment.",
            "Depuis le {since}, vos scénarios ont écrit <b>{n} messages</b>, chacun au bon moment.",
        ),
        (
            "Since {since}, your scenarios have written <b>{n} message</b>, at the right moment.",
            "Since {since}, your scenarios have written <b>{n} messages</b>, each at the right moment.",
        ),
    ),
    "overview.sent.about": (
        "{seen} occasions vues ; {refused} n’ont pas donné de message, chacune avec sa raison ; {held} forment le "
        "groupe témoin, à qui rien n’est envoyé pour mesurer ce que les messages rapportent.",
        "{seen} occasions were seen; {refused} gave no message, each with its reason; {held} make up the control "
        "group, to whom nothing is sent so that we can measure what the messages earn.",
    ),
    "overview.none": ("Aucun scénario n’a encore écrit à personne.", "No scenario has written to anybody yet."),
    "overview.none.about": (
        "Donnez vos données à Relance, mettez un scénario en marche, et cette page dira ce qu’il rapporte.",
        "Give Relance your data, switch a scenario on, and this page will say what it earns.",
    ),
    "overview.none.go": ("Choisir un scénario", "Choose a scenario"),
    "overview.todo": ("À voir", "To look at"),
    "overview.todo.none": ("Rien ne vous attend.", "Nothing needs you."),
    "overview.now": ("En ce moment", "Right now"),
    "overview.now.none": ("Rien n’est en train de partir.", "Nothing is leaving right now."),
    "overview.now.done": ("terminé", "done"),
    "overview.now.waiting": (("{n} en attente", "{n} en attente"), ("{n} waiting", "{n} waiting")),
    "overview.now.sent": (
        ("{n} message décidé ; occasions vues : {seen}", "{n} messages décidés ; occasions vues : {seen}"),
        ("{n} message decided; occasions seen: {seen}", "{n} messages decided; occasions seen: {seen}"),
    ),
    "overview.beat": (
        "Relance veille : dernier passage le {at}.",
        "Relance is watching: its last round was on {at}.",
    ),
    "overview.beat.none": ("Relance n’a pas encore fait de passage.", "Relance has not made a round yet."),
    "overview.scenarios": ("Ce que chaque scénario a fait", "What each scenario did"),
    "overview.scenario.messages": (("{n} message", "{n} messages"), ("{n} message", "{n} messages")),
    "overview.scenario.seen": (
        ("pour {n} occasion vue", "pour {n} occasions vues"),
        ("for {n} occasion seen", "for {n} occasions seen"),
    ),
    "todo.unknown": (
        ("Un message est peut-être parti, peut-être pas", "{n} messages sont peut-être partis, peut-être pas"),
        ("One message may or may not have left", "{n} messages may or may not have left"),
    ),
    "todo.unknown.about": (
        "L’envoi a été interrompu au mauvais moment. Relance ne les renvoie pas : personne ne les aura deux fois.",
        "Sending was cut at the wrong moment. Relance does not send them again: nobody gets them twice.",
    ),
    "todo.unknown.go": ("Voir lesquels", "See which"),
    "todo.feed": ("« {feed} » est en retard", "“{feed}” is late"),
    "todo.feed.about": (
        "Complet jusqu’au {until}. Les scénarios qui en ont besoin attendent, plutôt que d’écrire à tort.",
        "Complete until {until}. The scenarios that need it wait, rather than write in error.",
    ),
    "todo.feed.never": (
        "On ne sait pas encore jusqu’à quand il est complet. Les scénarios qui en ont besoin attendent.",
        "It is not known yet until when it is complete. The scenarios that need it wait.",
    ),
    "todo.feed.go": ("Voir les arrivages", "See what came in"),
    "todo.rejects": (
        ("Une ligne n’a pas pu être lue", "{n} lignes n’ont pas pu être lues"),
        ("One line could not be read", "{n} lines could not be read"),
    ),
    "todo.rejects.about": (
        "Import du {at} : les {kept} autres sont en place.",
        "Import of {at}: the other {kept} are in place.",
    ),
    "todo.rejects.go": ("Ouvrir ces lignes", "Open these lines"),
    "todo.ready": ("« {title} » est prêt et n’est pas en marche", "“{title}” is ready and not switched on"),
    "todo.ready.go": ("Voir à qui il écrirait", "See whom it would write to"),
    "todo.beat": ("Aucun passage depuis le {at}", "No round since {at}"),
    "todo.beat.about": (
        "Des scénarios sont en marche et rien ne part. Prévenez la personne qui veille sur Relance.",
        "Scenarios are on and nothing leaves. Tell the person who looks after Relance.",
    ),
    "todo.beat.go": ("Voir les scénarios", "See the scenarios"),
}
