"""Words of the list of scenarios, of one scenario, of its people, and of switching it on and off."""

from __future__ import annotations

from collections.abc import Mapping

SCENARIOS: Mapping[str, tuple[str | tuple[str, str], str | tuple[str, str]]] = {
    "scenarios.title": ("Scénarios", "Scenarios"),
    "scenarios.lead": (
        ("{n} scénario, dont {on} en marche.", "{n} scénarios, dont {on} en marche."),
        ("{n} scenario, {on} switched on.", "{n} scenarios, {on} of them on."),
    ),
    "scenarios.about": (
        "Chacun attend un moment précis, écrit à qui le veut bien, et se tait dès qu’il n’a plus lieu d’être.",
        "Each waits for its own moment, writes to those who agree, and falls silent when there is no more reason to.",
    ),
    "scenarios.kind.running": ("En marche", "On"),
    "scenarios.kind.running.about": (
        "Ils regardent vos données à chaque passage.",
        "They look at your data at every round.",
    ),
    "scenarios.kind.ready": ("Prêts à partir", "Ready to start"),
    "scenarios.kind.ready.about": (
        "Rien ne part avant que vous ne l’ayez vu et décidé.",
        "Nothing leaves before you have seen it and decided.",
    ),
    "scenarios.sent": (("message envoyé", "messages envoyés"), ("message sent", "messages sent")),
    "scenarios.never": ("Rien encore", "Nothing yet"),
    "scenarios.none": ("Aucun scénario ici pour l’instant.", "No scenario here for now."),
    "scenarios.none.about": (
        "Un scénario décrit un moment (un panier laissé, un premier achat), à qui écrire et quand se taire.",
        "A scenario describes a moment (a cart left, a first order), whom to write to and when to stay silent.",
    ),
    "scenario.since": ("Version {version}, en marche depuis le {since}.", "Version {version}, on since {since}."),
    "scenario.stopped": ("Version {version}, arrêté depuis le {since}.", "Version {version}, off since {since}."),
    "scenario.never": ("Jamais mis en marche.", "Never switched on."),
    "scenario.next": ("Prochain départ : {at}.", "Next departure: {at}."),
    "scenario.switch.on": ("Mettre en marche", "Switch on"),
    "scenario.switch.off": ("Arrêter", "Switch off"),
    "scenario.equation": ("Depuis le {since}", "Since {since}"),
    "scenario.equation.none": ("Rien n’a encore été vu.", "Nothing has been seen yet."),
    "scenario.equation.none.about": (
        "Dès le premier passage, cette barre dira combien d’occasions ont été vues, combien de messages sont partis, "
        "et pourquoi pas les autres.",
        "From the first round on, this bar will say how many occasions were seen, how many messages left, and why "
        "not the others.",
    ),
    "scenario.seen": (("occasion vue", "occasions vues"), ("occasion seen", "occasions seen")),
    "scenario.sent": (("message envoyé", "messages envoyés"), ("message sent", "messages sent")),
    "scenario.unsent": (
        ("non envoyé, avec sa raison", "non envoyés, chacun avec sa raison"),
        ("not sent, with its reason", "not sent, each with its reason"),
    ),
    "scenario.bar": ("{sent} envoyés sur {seen}", "{sent} sent of {seen}"),
    "scenario.path": ("Le chemin", "The path"),
    "scenario.message": ("Le message", "The message"),
    "scenario.message.to": ("avec les valeurs de {name}", "with the values of {name}"),
    "scenario.message.pictures": ("Montrer les images", "Show the pictures"),
    "scenario.message.bare": ("Sans les images", "Without the pictures"),
    "scenario.message.languages": ("Langue du message", "Language of the message"),
    "scenario.message.sample": ("avec des valeurs d’exemple", "with sample values"),
    "scenario.message.frame": ("Aperçu du message : {subject}", "Preview of the message: {subject}"),
    "result.title": ("Avec et sans le message", "With and without the message"),
    "result.compared": (
        "La part de ceux qui commandent dans les {span} : {treated} avec le message, {held_out} sans. L’écart est de "
        "{difference}, entre {low} et {high} à 95 %.",
        "The share of those who order within {span}: {treated} with the message, {held_out} without. The difference "
        "is {difference}, between {low} and {high} at 95%.",
    ),
    "result.points": (("{number} point", "{number} points"), ("{number} point", "{number} points")),
    "result.treated": ("Message envoyé", "Message sent"),
    "result.held_out": ("Groupe témoin", "Control group"),
    "result.of": (
        ("{n} a commandé, sur {people}", "{n} ont commandé, sur {people}"),
        ("{n} ordered, of {people}", "{n} ordered, of {people}"),
    ),
    "result.more": (
        "<b>{amount}</b> de plus, entre {low} et {high} à 95 %",
        "<b>{amount}</b> more, between {low} and {high} at 95%",
    ),
    "result.less": (
        "<b>{amount}</b> de moins, entre {low} et {high} à 95 %",
        "<b>{amount}</b> less, between {low} and {high} at 95%",
    ),
    "result.counting": (
        "Relance compte ce que cela a rapporté. La page se complète d’elle-même.",
        "Relance is counting what it earned. The page completes itself.",
    ),
    "result.none": ("Rien à comparer pour l’instant.", "Nothing to compare yet."),
    "result.none.about": (
        "Dès que quelques personnes auront reçu le message, et d’autres, tirées au hasard, rien, leurs commandes se "
        "compareront ici.",
        "As soon as some people have got the message, and others, drawn at random, nothing, their orders will be "
        "compared here.",
    ),
    "figures.title": ("Lectures, clics et ventes attribuées", "Opens, clicks and attributed sales"),
    "figures.of": ("{part} sur {whole}", "{part} of {whole}"),
    "scenario.versions": ("Versions", "Versions"),
    "scenario.version.running": ("En cours", "Running"),
    "scenario.version.published": ("Publiée le {at}", "Published on {at}"),
    "scenario.end.sent": (("envoyé", "envoyés"), ("sent", "sent")),
    "scenario.end.queued": (("attend son départ", "attendent leur départ"), ("waits to leave", "wait to leave")),
    "scenario.end.failed": (("refusé au départ", "refusés au départ"), ("refused on leaving", "refused on leaving")),
    "scenario.end.unknown": (
        ("au sort inconnu, jamais renvoyé", "au sort inconnu, jamais renvoyés"),
        ("of unknown fate, never sent again", "of unknown fate, never sent again"),
    ),
    "scenario.end.cancelled": (("annulé à temps", "annulés à temps"), ("called off in time", "called off in time")),
    "outcome.held_out": ("Groupe témoin, tiré au hasard", "Control group, drawn at random"),
    "outcome.deferred": ("Remis à plus tard", "Put off"),
    "outcome.waiting": ("En attente dans leur parcours", "Waiting in their journey"),
    "outcome.ended": ("Sortis sans message", "Left without a message"),
    "outcome.queued": ("Attendent leur départ", "Waiting to leave"),
    "outcome.would": ("Recevraient le message", "Would get the message"),
    "outcome.sent": ("Envoyés", "Sent"),
    "outcome.failed": ("Refusés au départ", "Refused on leaving"),
    "outcome.unknown": ("Sort inconnu", "Unknown fate"),
    "outcome.cancelled": ("Annulés avant de partir", "Called off before leaving"),
    "node.who": ("On peut leur écrire", "We may write to them"),
    "node.who.about": (
        "Identifiés, dans l’audience, et d’accord",
        "Known to us, in the audience, and agreeing",
    ),
    "node.still": ("Le message a encore lieu d’être", "There is still reason to write"),
    "node.still.about": ("Rien, depuis, ne l’a rendu inutile", "Nothing since has made it pointless"),
    "node.moment": ("C’est encore le bon moment", "It is still the right moment"),
    "node.moment.about": ("Les données sont là, à temps", "The data is there, in time"),
    "node.send.email": ("Courriel « {subject} »", "E-mail “{subject}”"),
    "node.send.other": ("Message « {subject} »", "Message “{subject}”"),
    "node.send.about": ("Vérifié une dernière fois au moment de partir", "Checked one last time on leaving"),
    "node.wait": ("Attendre {span}", "Wait {span}"),
    "node.wait.until": ("Attendre jusqu’à {time}", "Wait until {time}"),
    "node.wait.about": ("Un achat met fin au parcours", "A purchase ends the journey"),
    "node.branch": (("{n} chemin", "{n} chemins"), ("{n} way", "{n} ways")),
    "node.branch.about": ("Selon ce que l’on sait de chacun", "By what is known of each"),
    "node.exit": ("Sortie : {reason}", "Exit: {reason}"),
    "node.exit.about": ("Le parcours s’arrête là", "The journey stops there"),
    "trigger.quiet": (
        ("Un panier reste tranquille depuis {n} jour", "Un panier reste tranquille depuis {n} jours"),
        ("A cart has been quiet for {n} day", "A cart has been quiet for {n} days"),
    ),
    "trigger.row": (
        ("« {table} » : {n} jour après une nouvelle ligne", "« {table} » : {n} jours après une nouvelle ligne"),
        ("“{table}”: {n} day after a new row", "“{table}”: {n} days after a new row"),
    ),
    "trigger.row.now": ("« {table} » : dès qu’une ligne arrive", "“{table}”: as soon as a row comes in"),
    "trigger.row.orders": (
        ("{n} jour après une commande", "{n} jours après une commande"),
        ("{n} day after an order", "{n} days after an order"),
    ),
    "trigger.date": (
        ("{n} jour après « {date} »", "{n} jours après « {date} »"),
        ("{n} day after “{date}”", "{n} days after “{date}”"),
    ),
    "trigger.date.before": (
        ("{n} jour avant « {date} »", "{n} jours avant « {date} »"),
        ("{n} day before “{date}”", "{n} days before “{date}”"),
    ),
    "trigger.date.on": ("Le jour de « {date} »", "On the day of “{date}”"),
    "date.first_order": ("première commande", "first order"),
    "date.last_order": ("dernière commande", "last order"),
    "trigger.daily": ("Tous les jours à {time}", "Every day at {time}"),
    "trigger.each": ("À chaque passage", "At every round"),
    "span.days": (("{n} jour", "{n} jours"), ("{n} day", "{n} days")),
    "span.hours": (("{n} heure", "{n} heures"), ("{n} hour", "{n} hours")),
    "span.minutes": (("{n} minute", "{n} minutes"), ("{n} minute", "{n} minutes")),
    "people.lead": (
        ("{reason} : <b>{n}</b> occasion.", "{reason} : <b>{n}</b> occasions."),
        ("{reason}: <b>{n}</b> occasion.", "{reason}: <b>{n}</b> occasions."),
    ),
    "people.about": (
        "Ouvrez une personne pour lire, condition par condition, ce que Relance a vu.",
        "Open a person to read, condition by condition, what Relance saw.",
    ),
    "people.who": ("Contact", "Contact"),
    "people.when": ("Décidé le", "Decided on"),
    "people.anonymous": ("Visiteur anonyme", "Anonymous visitor"),
    "people.why": ("Pourquoi ?", "Why?"),
    "people.none": ("Personne ici.", "Nobody here."),
    "people.none.about": (
        "Quand ce sera le cas de quelqu’un, son nom et la raison seront sur cette page.",
        "When somebody is in this case, their name and the reason will be on this page.",
    ),
    "on.title": ("Mettre en marche « {title} » ?", "Switch on “{title}”?"),
    "on.lead": (
        (
            "En marche depuis la veille, il aurait écrit <b>{n} message</b> au départ du {at}.",
            "En marche depuis la veille, il aurait écrit <b>{n} messages</b> au départ du {at}.",
        ),
        (
            "On since the day before, it would have written <b>{n} message</b> at the departure of {at}.",
            "On since the day before, it would have written <b>{n} messages</b> at the departure of {at}.",
        ),
    ),
    "on.lead.none": (
        "En marche depuis la veille, il n’aurait écrit à personne au départ du {at}.",
        "On since the day before, it would have written to nobody at the departure of {at}.",
    ),
    "on.lead.no_turn": (
        "Il écrira dès le prochain départ, à mesure que les occasions se présentent.",
        "It will write from the next departure on, as the occasions come.",
    ),
    "on.past": (
        (
            "{n} personne a déjà passé ce moment : elle ne recevra rien.",
            "{n} personnes ont déjà passé ce moment : elles ne recevront rien.",
        ),
        (
            "{n} person is past this moment already: they get nothing.",
            "{n} people are past this moment already: they get nothing.",
        ),
    ),
    "on.mailbox": (
        "Aucun serveur de courriel n’est réglé : les messages resteront dans la boîte de Relance, sans atteindre "
        "personne.",
        "No mail server is set: messages will stay in Relance’s own mailbox and reach nobody.",
    ),
    "on.do": ("Mettre en marche", "Switch on"),
    "on.back": ("Pas maintenant", "Not now"),
    "off.title": ("Arrêter « {title} » ?", "Switch off “{title}”?"),
    "off.about": (
        "Plus rien ne sera décidé. Les parcours gardent leur place et reprennent si vous le remettez en marche.",
        "Nothing more will be decided. Journeys keep their place, and go on if you switch it on again.",
    ),
    "off.do": ("Arrêter", "Switch off"),
}
