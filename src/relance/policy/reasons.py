"""The published order of reasons: all are computed, the first that holds is the primary one."""

from __future__ import annotations

# Before the stop conditions, then the stop conditions by their own names, then after them.
BEFORE_STOPS = (
    "stale_data",
    "too_late",
    "anonymous",
    "not_logged_in",
    "no_address",
    "not_targeted",
    "consent_refused",
    "no_basis",
    "suppressed",
)
FIRST_STOPS = ("reentry", "in_progress")
AFTER_STOPS = (
    "nothing_left",
    "no_coupon",
    "out_again",
    "no_price_history",
    "quiet_hours",
    "next_wave",
    "same_address",
    "lost",
    "other_parent",
    "cap",
    "holdout",
)
DEFERRALS = ("waiting_feed", "quiet_hours", "next_wave")
# Conditions that the house asks by itself; no stop condition may take one of these names.
OWN = frozenset({*BEFORE_STOPS, *FIRST_STOPS, "repurchased", "not_sent", *AFTER_STOPS, *DEFERRALS})

FRENCH: dict[str, str] = {
    "stale_data": "Les données attendues ne sont pas arrivées à temps",
    "too_late": "Le bon moment était passé",
    "anonymous": "Visiteur anonyme : personne à qui écrire",
    "not_logged_in": "N’était pas connecté à son compte",
    "no_address": "Aucune adresse",
    "not_targeted": "Hors de l’audience du scénario",
    "consent_refused": "A refusé ces messages",
    "no_basis": "N’a jamais accepté ces messages, ou son accord a expiré",
    "suppressed": "Adresse mise de côté (retours ou plainte)",
    "reentry": "A déjà reçu ce message il y a peu",
    "in_progress": "Est déjà dans ce scénario",
    "repurchased": "L’a racheté depuis",
    "not_sent": "Le message d’avant n’est pas parti",
    "ordered": "A commandé depuis",
    "more_than_one_order": "A déjà plus d’une commande",
    "emptied": "Le panier a été vidé",
    "abandons_in_a_row": "A laissé plusieurs paniers de suite",
    "abandons_for_discount": "Laisse ses paniers pour un bon",
    "points_spent": "Ces points sont dépensés",
    "points_extended": "Ces points expirent plus tard",
    "moved_back": "Est revenu dans le segment d’avant",
    "left_club": "A quitté le club",
    "deceased": "Est décédé",
    "cancelled": "La commande a été annulée",
    "confirmed_by_shop": "La boutique a déjà confirmé la commande",
    "returned": "La commande a été rendue",
    "reviewed": "A déjà donné son avis",
    "open_complaint": "A une réclamation en cours",
    "basis_renewed": "L’accord tacite a été renouvelé",
    "express_given": "A donné son accord exprès",
    "bought": "A acheté ce produit depuis",
    "unwished": "N’en veut plus : retiré de ses envies",
    "price_back": "Le prix est remonté",
    "no_price_history": "Prix connu depuis moins de trente jours : baisse invérifiable",
    "nothing_left": "Plus rien à montrer : acheté ou épuisé",
    "no_coupon": "Plus de bon à donner",
    "out_again": "De nouveau épuisé",
    "waiting_feed": "On attend des données",
    "next_wave": "Attend la vague suivante",
    "quiet_hours": "Plage de silence",
    "same_address": "La même adresse a reçu ce message par un autre contact",
    "lost": "Un autre message, plus important, est parti",
    "other_parent": "L’autre parent a reçu ce message",
    "cap": "A déjà reçu assez de messages",
    "holdout": "Groupe témoin",
    "stopped_by_edit": "Parcours arrêté : le scénario a été modifié",
    "webhook_failed": "L’appel à l’autre système n’a pas abouti",
    "withdrawn": "Retiré : la modification du scénario a été annulée",
}
ENGLISH: dict[str, str] = {
    "stale_data": "The data it needs did not arrive in time",
    "too_late": "The right moment had passed",
    "anonymous": "Anonymous visitor: nobody to write to",
    "not_logged_in": "Was not logged in",
    "no_address": "No address",
    "not_targeted": "Outside the scenario’s audience",
    "consent_refused": "Refused these messages",
    "no_basis": "Never agreed to these messages, or the agreement has lapsed",
    "suppressed": "Address set aside (bounces or complaint)",
    "reentry": "Had this message a short while ago",
    "in_progress": "Is already on the way in this scenario",
    "repurchased": "Has bought it again since",
    "not_sent": "The message before it did not leave",
    "ordered": "Has ordered since",
    "more_than_one_order": "Already has more than one order",
    "emptied": "The cart was emptied",
    "abandons_in_a_row": "Left several carts in a row",
    "abandons_for_discount": "Leaves carts for the sake of a coupon",
    "points_spent": "These points are spent",
    "points_extended": "These points expire later now",
    "moved_back": "Has moved back to the segment before",
    "left_club": "Has left the club",
    "deceased": "Has died",
    "cancelled": "The order was cancelled",
    "confirmed_by_shop": "The shop has already confirmed the order",
    "returned": "The order was returned",
    "reviewed": "Has already given an opinion",
    "open_complaint": "Has a complaint under way",
    "basis_renewed": "The implied consent was renewed",
    "express_given": "Has given express consent",
    "bought": "Has bought this product since",
    "unwished": "No longer wants it: taken off the wishlist",
    "price_back": "The price has gone up again",
    "no_price_history": "Price known for less than thirty days: the drop cannot be vouched for",
    "nothing_left": "Nothing left to show: bought or sold out",
    "no_coupon": "No coupon left to give",
    "out_again": "Sold out again",
    "waiting_feed": "Waiting for data",
    "next_wave": "Waits for the next wave",
    "quiet_hours": "Quiet hours",
    "same_address": "Another contact with the same address got this message",
    "lost": "Another, more important message went instead",
    "other_parent": "The other parent got this message",
    "cap": "Already had enough messages",
    "holdout": "Control group",
    "stopped_by_edit": "Journey stopped: the scenario was changed",
    "webhook_failed": "The call to the other system did not go through",
    "withdrawn": "Taken back: the change of the scenario was undone",
}


def readable(code: str, language: str) -> str:
    """The reason as the reader says it; a retailer's own stop condition reads as its name."""
    words = FRENCH if language.startswith("fr") else ENGLISH
    return words.get(code, code.replace("_", " "))


def rank(code: str) -> int:
    """Its place in the published order; stop conditions by name stand between the two lists."""
    if code in BEFORE_STOPS:
        return BEFORE_STOPS.index(code)
    before = len(BEFORE_STOPS)
    if code in FIRST_STOPS:
        return before + FIRST_STOPS.index(code)
    if code in AFTER_STOPS:
        return before + len(FIRST_STOPS) + 1 + AFTER_STOPS.index(code)
    return before + len(FIRST_STOPS)
