"""Words of the page of imports, and why a line could not be read."""

from __future__ import annotations

from collections.abc import Mapping

IMPORTS: Mapping[str, tuple[str | tuple[str, str], str | tuple[str, str]]] = {
    "imports.title": ("Données", "Data"),
    "imports.lead": ("Tout ce qui est arrivé est en place.", "All that came in is in place."),
    "imports.lead.rejects": (
        (
            "{n} ligne n’a pas pu être lue. Les {kept} autres sont en place.",
            "{n} lignes n’ont pas pu être lues. Les {kept} autres sont en place.",
        ),
        (
            "{n} line could not be read. The other {kept} are in place.",
            "{n} lines could not be read. The other {kept} are in place.",
        ),
    ),
    "imports.lead.none": ("Aucun fichier n’est encore arrivé.", "No file has come in yet."),
    "imports.none.about": (
        "Vos fichiers de contacts, commandes et paniers nourrissent les scénarios. Déposez-les dans le dossier "
        "« inbox » de Relance, et cette page dira ce qu’il en est advenu, ligne par ligne.",
        "Your files of contacts, orders and carts feed the scenarios. Drop them into the “inbox” folder of Relance, "
        "and this page will say what became of them, line by line.",
    ),
    "imports.about": ("Dernier arrivage le {at}.", "Last delivery on {at}."),
    "imports.feeds": ("Jusqu’où chaque flux est complet", "Until when each feed is complete"),
    "imports.feed": ("Flux", "Feed"),
    "imports.until": ("Complet jusqu’au", "Complete until"),
    "imports.until.none": ("jamais dit", "never said"),
    "imports.files": ("Fichiers", "Files"),
    "imports.last": ("Dernier fichier", "Last file"),
    "imports.deliveries": ("Arrivages", "Deliveries"),
    "imports.delivery": ("Arrivage {number}", "Delivery {number}"),
    "imports.when": ("Reçu le", "Received on"),
    "imports.read": ("Lues", "Read"),
    "imports.new": ("Nouvelles", "New"),
    "imports.changed": ("Changées", "Changed"),
    "imports.same": ("Inchangées", "Unchanged"),
    "imports.rejected": ("Non lues", "Not read"),
    "imports.all_in": ("tout est en place", "all in place"),
    "delivery.lead": (
        (
            "Arrivage {number} : {n} ligne n’a pas pu être lue, {kept} sont en place.",
            "Arrivage {number} : {n} lignes n’ont pas pu être lues, {kept} sont en place.",
        ),
        (
            "Delivery {number}: {n} line could not be read, {kept} are in place.",
            "Delivery {number}: {n} lines could not be read, {kept} are in place.",
        ),
    ),
    "delivery.lead.fine": (
        "Arrivage {number} : les {kept} lignes sont en place.",
        "Delivery {number}: all {kept} lines are in place.",
    ),
    "delivery.download": ("Télécharger ces lignes", "Download these lines"),
    "delivery.files": ("Ses fichiers", "Its files"),
    "delivery.why": ("Pourquoi", "Why"),
    "delivery.lines": ("Les lignes", "The lines"),
    "delivery.first": (
        ("La première.", "Les {n} premières ; toutes sont dans le fichier à télécharger."),
        ("The first one.", "The first {n}; all of them are in the file to download."),
    ),
    "delivery.line": ("{file}, ligne {line}", "{file}, line {line}"),
    "delivery.column": ("{column} : « {value} »", "{column}: “{value}”"),
    "reject.missing_key": ("la clé est vide", "the key is empty"),
    "reject.missing_value": ("une valeur obligatoire est vide", "a required value is empty"),
    "reject.not_a_number": ("n’est pas un nombre", "is not a number"),
    "reject.not_an_integer": ("n’est pas un nombre entier", "is not a whole number"),
    "reject.not_a_date": ("n’est pas une date", "is not a date"),
    "reject.not_an_instant": ("n’est pas une date avec son heure", "is not a date with a time"),
    "reject.no_zone": (
        "est une heure sans fuseau, et la description du fichier n’en donne pas",
        "is a time without a zone, and the mapping names none",
    ),
    "reject.absurd_date": ("est avant 1900 ou après 2100", "is before 1900 or after 2100"),
    "reject.not_a_boolean": ("n’est ni oui ni non", "is neither yes nor no"),
    "reject.duplicate_key": (
        "une autre ligne, plus bas dans le même fichier, a la même clé",
        "another record further down in the same file has the same key",
    ),
    "reject.not_affirmative": (
        "un consentement ne se donne que par un geste positif",
        "consent is granted only by an affirmative act",
    ),
    "reject.unknown_act": ("n’est pas un acte de consentement connu", "is no act of consent that is known"),
    "reject.erased": (
        "cette personne a été effacée et ne peut pas revenir",
        "the person was erased and may not come back",
    ),
    "reject.missing_columns": ("il manque des colonnes", "the record has too few columns"),
    "reject.too_many_columns": ("il y a trop de colonnes", "the record has too many columns"),
    "reject.broken_encoding": (
        "le texte n’est pas dans l’encodage annoncé",
        "the text is not in the declared encoding",
    ),
    "reject.broken_quotes": (
        "des guillemets ne se ferment pas, ou le texte continue après eux",
        "a quoted value does not end, or goes on after its end",
    ),
    "reject.line_too_long": ("la ligne est trop longue", "the record is too long"),
    "reject.not_json": ("la ligne n’est pas un objet JSON", "the line is no JSON object"),
    "reject.unreadable": ("la ligne ne peut pas être lue", "the record cannot be read"),
}
