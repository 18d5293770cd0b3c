"""Words of the question to the past and of its answer."""

from __future__ import annotations

from collections.abc import Mapping

PAST: Mapping[str, tuple[str | tuple[str, str], str | tuple[str, str]]] = {
    "past.title": ("Essai sur le passé", "Try on the past"),
    "past.go": ("Essayer sur le passé", "Try on the past"),
    "past.ask": ("Qu’aurait fait « {title} » ?", "What would “{title}” have done?"),
    "past.ask.about": (
        "Relance revit chaque journée avec ce qui était connu ce jour-là : paniers, commandes, consentements, autres "
        "messages. Rien ne part, rien n’est changé.",
        "Relance lives each day again with what was known on that day: carts, orders, consents, other messages. "
        "Nothing is sent, nothing is changed.",
    ),
    "past.version": ("La version", "The version"),
    "past.version.number": ("Version {number}", "Version {number}"),
    "past.version.in_force": ("Version {number}, en marche", "Version {number}, on"),
    "past.version.draft": ("Le brouillon, pas encore publié", "The draft, not published yet"),
    "past.version.library": ("Celle de la bibliothèque", "The library’s"),
    "past.from": ("Du", "From"),
    "past.to": ("Au", "To"),
    "past.with": ("Avec quels autres scénarios", "With which other scenarios"),
    "past.with.all_on": ("Ceux qui sont en marche", "Those that are on"),
    "past.with.none": ("Aucun : lui seul", "None: this one alone"),
    "past.with.about": (
        "Les autres prennent leur part de la limite de messages, comme dans la vie.",
        "The others take their share of the limit of messages, as in life.",
    ),
    "past.do": ("Revivre ces journées", "Live these days again"),
    "past.dates": (
        "Écrivez deux dates, la première avant la seconde.",
        "Write two dates, the first before the second.",
    ),
    "past.running": ("Relance revit ces journées.", "Relance is living these days again."),
    "past.running.at": ("{done} sur {total}", "{done} of {total}"),
    "past.running.first": ("Relance prépare la première.", "Relance is preparing the first one."),
    "past.look": ("Où en est-il ?", "How far is it?"),
    "past.kept": ("Essais gardés", "Tries that are kept"),
    "past.kept.one": (
        ("du {first} au {last} : {n} message", "du {first} au {last} : {n} messages"),
        ("{first} to {last}: {n} message", "{first} to {last}: {n} messages"),
    ),
    "past.kept.none": ("Aucun essai encore.", "No try yet."),
    "past.kept.none.about": (
        "Chaque essai reste ici avec ses chiffres, pour en comparer deux avant de publier.",
        "Each try stays here with its numbers, so that two can be compared before one is published.",
    ),
    "past.which": ("la version {number}", "version {number}"),
    "past.which.draft": ("cette version", "this version"),
    "past.lead": (
        (
            "En {days} jours, {version} aurait envoyé <b>{n} message</b>.",
            "En {days} jours, {version} aurait envoyé <b>{n} messages</b>, soit {rate} par jour.",
        ),
        (
            "In {days} days, {version} would have sent <b>{n} message</b>.",
            "In {days} days, {version} would have sent <b>{n} messages</b>, or {rate} a day.",
        ),
    ),
    "past.lead.none": (
        "En {days} jours, {version} n’aurait écrit à personne.",
        "In {days} days, {version} would have written to nobody.",
    ),
    "past.lead.about": (
        "Rien n’est parti. Relance a revécu chaque journée du {first} au {last} avec ce qui était connu ce jour-là.",
        "Nothing was sent. Relance lived each day from {first} to {last} again with what was known on that day.",
    ),
    "past.replay.same": (
        "Ces journées ont été vécues ainsi : chaque décision revécue est celle qui fut prise.",
        "These days were lived like this: every decision is the one that was made.",
    ),
    "past.replay.apart": (
        "Ces journées ont été vécues ainsi, à {missing} décisions près qui manquent ici et {added} de plus.",
        "These days were lived like this, but for {missing} decisions that are missing here and {added} more.",
    ),
    "past.again": ("Changer la question", "Change the question"),
    "past.days": ("Messages par jour", "Messages a day"),
    "past.weeks": ("Messages par semaine", "Messages a week"),
    "past.days.table": ("Les mêmes nombres en tableau", "The same numbers as a table"),
    "past.days.day": ("Jour", "Day"),
    "past.days.seen": ("Occasions", "Occasions"),
    "past.days.sent": ("Messages", "Messages"),
    "past.days.said": (
        "{n} messages du {first} au {last}, au plus {most} le {top}",
        "{n} messages from {first} to {last}, at most {most} on {top}",
    ),
    "past.days.most": ("{most} le {top}", "{most} on {top}"),
    "past.seen": (("occasion vue", "occasions vues"), ("occasion seen", "occasions seen")),
    "past.sent": (("aurait eu un message", "auraient eu un message"), "would have got a message"),
    "past.unsent": (
        ("sans message, avec sa raison", "sans message, chacune avec sa raison"),
        ("without, with its reason", "without, each with its reason"),
    ),
    "past.why": (
        ("Pourquoi {n} serait restée sans message", "Pourquoi {n} seraient restées sans message"),
        "Why {n} would have got none",
    ),
    "past.why.share": ("part des occasions vues", "share of the occasions seen"),
    "past.why.none": ("Toutes auraient eu leur message.", "All would have got their message."),
    "past.in_force": ("Face à la version {number}, en marche", "Beside version {number}, which is on"),
    "past.in_force.messages": (
        "de messages : {n} avec la version {number}, sur les mêmes journées",
        "messages: {n} with version {number}, over the same days",
    ),
    "past.in_force.same": ("Autant de messages", "As many messages"),
    "past.in_force.people": ("personnes à qui l’on écrit", "people written to"),
    "past.people": ("Combien de messages par personne", "How many messages a person"),
    "past.people.0": ("aucun", "none"),
    "past.people.1": ("un", "one"),
    "past.people.2": ("deux", "two"),
    "past.people.3": ("trois ou plus", "three or more"),
    "past.people.most": (
        ("Au plus {n} message pour une même personne.", "Au plus {n} messages pour une même personne."),
        ("At most {n} message for one person.", "At most {n} messages for one person."),
    ),
    "past.lost": (
        ("a laissé la place à « {title} »", "ont laissé la place à « {title} »"),
        "gave way to “{title}”",
    ),
    "past.before": (
        ("avait déjà passé ce moment au premier jour", "avaient déjà passé ce moment au premier jour"),
        ("was past this moment already on the first day", "were past this moment already on the first day"),
    ),
    "past.old": (
        ("était trop ancienne pour être vue", "étaient trop anciennes pour être vues"),
        ("was too old to be seen", "were too old to be seen"),
    ),
    "past.anyway": ("Commandes passées de toute façon", "Orders placed anyway"),
    "past.anyway.about": (
        (
            "{orders} commandes ({amount}) de {n} personne, dans les {within} qui suivent le message. "
            "Elles ont eu lieu sans lui : ce n’est pas ce qu’il rapporterait.",
            "{orders} commandes ({amount}) de {n} personnes, dans les {within} qui suivent le message. "
            "Elles ont eu lieu sans lui : ce n’est pas ce qu’il rapporterait.",
        ),
        (
            "{orders} orders ({amount}) of {n} person, within {within} of the day the message would have left. "
            "They were placed without it: this is not what it would bring.",
            "{orders} orders ({amount}) of {n} people, within {within} of the day the message would have left. "
            "They were placed without it: this is not what it would bring.",
        ),
    ),
    "past.anyway.none": (
        "Aucune commande de ces personnes dans les {within} suivants.",
        "No order of these people within {within}.",
    ),
    "past.samples": ("Quelques messages, pris au hasard", "A few messages, drawn at random"),
    "past.samples.go": ("Voir la décision", "See the decision"),
    "past.samples.none": ("Aucun message à montrer.", "No message to show."),
    "past.assumed": ("Ce que cet essai suppose", "What this try assumes"),
    "assumed.orders_as_they_came": (
        "Les commandes sont celles qui ont vraiment été passées.",
        "Orders are those that were really placed.",
    ),
    "assumed.no_reaction": (
        "Personne ne réagit à ce qui serait parti : « sans réaction » veut dire « sans commande ».",
        "Nobody reacts to what would have left: “did not react” means “did not order”.",
    ),
    "assumed.no_bounces": ("Chaque message arrive, aucun ne revient.", "Every message arrives, none comes back."),
    "assumed.consent_as_known": (
        "Les consentements sont ceux que l’on connaissait chaque jour.",
        "Consents are those that were known on each day.",
    ),
    "assumed.webhooks_done_clicks_none": (
        "Les appels à d’autres systèmes réussissent, et personne ne clique.",
        "Calls to other systems succeed, and nobody clicks.",
    ),
    "assumed.coupons_enough": (
        "Il y a assez de bons pour tous ceux à qui un message en promet un.",
        "There are enough coupons for everyone to whom a message promises one.",
    ),
    "past.lived": ("Ces journées ont été vécues", "These days were lived"),
    "past.lived.about": (
        "La même version était en marche, avec les mêmes autres : cet essai lit ce qui fut envoyé, ouvert et commandé, "
        "et se compare décision par décision.",
        "The same version was on, beside the same others: this try reads what was sent, opened and ordered, and "
        "compares itself decision by decision.",
    ),
    "past.measured": ("{seconds} s, {turns} passages revécus.", "{seconds} s, {turns} rounds lived again."),
}
