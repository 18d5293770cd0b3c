"""The one catalogue of metrics: every number that a command, the API or a page shows has its line here."""

from __future__ import annotations

from relance.reports import attribution, buyers, counting
from relance.reports.metrics import Metric

_SCENARIO, _STEP, _REASON = "scenario", "step", "reason"

DECLARED = (
    Metric(
        "candidates",
        {"fr": "Candidats", "en": "Candidates"},
        {
            "fr": "Chaque personne et occasion que le déclencheur a vue, une fois par étape.",
            "en": "Every person and occasion that the trigger saw, once a step.",
        },
        "count",
        counting.candidates,
        (_SCENARIO, _STEP),
    ),
    Metric(
        "refused",
        {"fr": "Refusés", "en": "Refused"},
        {
            "fr": "Candidats à qui l’on n’a pas écrit, par premier motif.",
            "en": "Candidates who were not written to, by their first reason.",
        },
        "count",
        counting.refused,
        (_SCENARIO, _STEP, _REASON),
    ),
    Metric(
        "held_out",
        {"fr": "Groupe témoin", "en": "Held out"},
        {
            "fr": "Candidats qui passaient tout, et à qui l’on n’écrit pas exprès, pour mesurer.",
            "en": "Candidates who passed everything and are left alone on purpose, to measure.",
        },
        "count",
        counting.held_out,
        (_SCENARIO, _STEP),
    ),
    Metric(
        "sent",
        {"fr": "Messages envoyés", "en": "Messages sent"},
        {
            "fr": "Messages acceptés par le serveur, sans les transactionnels ni les essais.",
            "en": "Messages that the server accepted; neither transactional ones nor tests.",
        },
        "count",
        counting.sent,
        (_SCENARIO, _STEP),
    ),
    Metric(
        "transactional",
        {"fr": "Transactionnels envoyés", "en": "Transactional, sent"},
        {
            "fr": "Messages transactionnels acceptés, comptés à part.",
            "en": "Transactional messages accepted, counted apart.",
        },
        "count",
        counting.transactional,
        (_SCENARIO, _STEP),
    ),
    Metric(
        "bounced",
        {"fr": "Retours", "en": "Bounced"},
        {
            "fr": "Messages acceptés, puis revenus, pour autant qu’on le sache.",
            "en": "Messages accepted and then sent back, as far as known.",
        },
        "count",
        counting.bounced,
        (_SCENARIO, _STEP),
    ),
    Metric(
        "delivered",
        {"fr": "Remis", "en": "Delivered"},
        {"fr": "Envoyés, moins les retours connus.", "en": "Sent, less the bounces known."},
        "count",
        counting.delivered,
        (_SCENARIO, _STEP),
    ),
    Metric(
        "opened",
        {"fr": "Ouverts par une personne", "en": "Opened by a person"},
        {
            "fr": "Des messages remis à qui le permet, la part dont une personne a chargé les images.",
            "en": "Of the messages delivered to people who allow it, the share whose pictures a person loaded.",
        },
        "share",
        counting.opened,
        (_SCENARIO, _STEP),
        how="ratio",
    ),
    Metric(
        "opened_raw",
        {"fr": "Ouverts, relais et robots compris", "en": "Opened, proxies and robots included"},
        {
            "fr": "Des mêmes messages, la part aux images chargées, par qui que ce soit.",
            "en": "Of the same messages, the share whose pictures were loaded, by anybody or anything.",
        },
        "share",
        counting.opened_raw,
        (_SCENARIO, _STEP),
        how="ratio",
    ),
    Metric(
        "clicked",
        {"fr": "Cliqués par une personne", "en": "Clicked by a person"},
        {
            "fr": "Des messages remis, la part où une personne a suivi un lien.",
            "en": "Of the messages delivered, the share in which a person followed a link.",
        },
        "share",
        counting.clicked,
        (_SCENARIO, _STEP),
        how="ratio",
    ),
    Metric(
        "clicked_raw",
        {"fr": "Cliqués, robots compris", "en": "Clicked, robots included"},
        {
            "fr": "Des messages remis, la part où un lien a été suivi, par qui que ce soit.",
            "en": "Of the messages delivered, the share in which a link was followed, by anybody or anything.",
        },
        "share",
        counting.clicked_raw,
        (_SCENARIO, _STEP),
        how="ratio",
    ),
    Metric(
        "unsubscribed",
        {"fr": "Désabonnés", "en": "Unsubscribed"},
        {
            "fr": "Des messages remis, la part dont le lien a servi à se désabonner.",
            "en": "Of the messages delivered, the share from which somebody unsubscribed.",
        },
        "share",
        counting.unsubscribed,
        (_SCENARIO, _STEP),
        how="ratio",
    ),
    Metric(
        "attributed_orders",
        {"fr": "Commandes attribuées", "en": "Attributed orders"},
        {
            "fr": "Commandes dont le dernier clic d’une personne, cinq jours avant au plus, vient de ce message.",
            "en": "Orders whose last click by a person, at most five days before, was in this message.",
        },
        "count",
        attribution.orders,
        (_SCENARIO, _STEP),
    ),
    Metric(
        "attributed_revenue",
        {"fr": "Ventes attribuées, nettes", "en": "Attributed sales, net"},
        {
            "fr": "Montant net des commandes attribuées. À côté du gain, jamais ajouté à lui.",
            "en": "Net amount of the attributed orders. Beside the gain, never added to it.",
        },
        "money",
        attribution.revenue,
        (_SCENARIO, _STEP),
    ),
    Metric(
        "attributed_share",
        {"fr": "Part des ventes attribuées", "en": "Share of attributed sales"},
        {
            "fr": "Ventes attribuées à ce scénario, de toutes les ventes attribuées dans la même monnaie.",
            "en": "Sales attributed to this scenario, of all attributed sales in the same currency.",
        },
        "share",
        attribution.revenue,
        (_SCENARIO, _STEP),
        how="of_all",
    ),
    Metric(
        "orders",
        {"fr": "Commandes", "en": "Orders"},
        {
            "fr": "Commandes valides passées dans la période, en ligne et en magasin.",
            "en": "Valid orders placed in the period, online and in the stores.",
        },
        "count",
        buyers.orders,
    ),
    Metric(
        "revenue",
        {"fr": "Ventes nettes", "en": "Net sales"},
        {
            "fr": "Montant des commandes de la période, moins annulations et remboursements connus.",
            "en": "What the orders of the period brought, less the cancellations and refunds known.",
        },
        "money",
        buyers.revenue,
    ),
    Metric(
        "average_order",
        {"fr": "Panier moyen", "en": "Average order value"},
        {
            "fr": "Ventes nettes de la période divisées par ses commandes valides.",
            "en": "Net sales of the period divided by its valid orders.",
        },
        "money",
        buyers.average_order,
        how="ratio",
    ),
    Metric(
        "repeat_rate",
        {"fr": "Taux de réachat", "en": "Repeat rate"},
        {
            "fr": "Des acheteurs de la période, la part qui compte au moins deux commandes à la fin de celle-ci.",
            "en": "Of the buyers of the period, the share with at least two orders by its end.",
        },
        "share",
        buyers.repeat,
        how="ratio",
    ),
    Metric(
        "days_to_first",
        {"fr": "Jours de l’inscription au premier achat", "en": "Days from sign-up to first order"},
        {
            "fr": "Médiane, pour les premières commandes de la période dont la date d’inscription est connue.",
            "en": "Median, of the first orders of the period whose sign-up date is known.",
        },
        "days",
        buyers.days_to_first,
        how="median",
    ),
    Metric(
        "days_to_second",
        {"fr": "Jours du premier au deuxième achat", "en": "Days from first to second order"},
        {"fr": "Médiane, pour les deuxièmes commandes de la période.", "en": "Median, of the period’s second orders."},
        "days",
        buyers.days_to_second,
        how="median",
    ),
)  # fmt: skip

CATALOGUE: dict[str, Metric] = {metric.name: metric for metric in DECLARED}
