"""A question comes in, a short sentence in French or English goes out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from relance.audiences.column_words import column_inside, column_words, value_words
from relance.audiences.conditions import ColumnTest, RowCriteria, Window, parts_of
from relance.audiences.criteria import (
    Amount,
    Attribute,
    Behind,
    Count,
    Criteria,
    Extreme,
    Holds,
    InRfm,
    InSegment,
)
from relance.base.spans import parse_span
from relance.customers.star import STAR


@dataclass(frozen=True)
class Noun:
    """A thing in both languages; `feminine` is the French gender."""

    en: str
    ens: str
    fr: str
    frs: str
    feminine: bool = False


# What a row of a table is called; a table that is not listed goes by its own name.
NOUNS: Mapping[str, Noun] = {
    "orders": Noun("order", "orders", "commande", "commandes", True),
    "order_lines": Noun("order line", "order lines", "ligne de commande", "lignes de commande", True),
    "refunds": Noun("refund", "refunds", "remboursement", "remboursements"),
    "carts": Noun("cart", "carts", "panier", "paniers"),
    "cart_lines": Noun("cart item", "cart items", "article au panier", "articles au panier"),
    "complaints": Noun("complaint", "complaints", "réclamation", "réclamations", True),
    "consent_acts": Noun("act of consent", "acts of consent", "accord", "accords"),
    "reviews": Noun("review", "reviews", "avis", "avis"),
    "subscriptions": Noun("subscription", "subscriptions", "abonnement", "abonnements"),
    "site_visits": Noun("page seen", "pages seen", "page vue", "pages vues", True),
    "touches": Noun("message", "messages", "message", "messages"),
    "reactions": Noun("reaction", "reactions", "réaction", "réactions", True),
    "service_events": Noun("service request", "service requests", "demande au service", "demandes au service", True),
    "webhook_results": Noun("answer to a call", "answers to a call", "réponse à un appel", "réponses à un appel", True),
    "coupons": Noun("coupon", "coupons", "bon", "bons"),
    "children": Noun("child", "children", "enfant", "enfants"),
    "wishlists": Noun("wish", "wishes", "envie", "envies", True),
    "products": Noun("product", "products", "produit", "produits"),
    "product_stock": Noun("stock count", "stock counts", "relevé de stock", "relevés de stock"),
    "product_prices": Noun("price", "prices", "prix", "prix"),
    "recurring_products": Noun("regular product", "regular products", "produit régulier", "produits réguliers"),
    "loyalty_lots": Noun("lot of points", "lots of points", "lot de points", "lots de points"),
    "loyalty_accounts": Noun("loyalty account", "loyalty accounts", "compte de fidélité", "comptes de fidélité"),
    "calls": Noun("call", "calls", "appel", "appels"),
    "referrals": Noun("referral", "referrals", "parrainage", "parrainages"),
}
_COUNTS = {
    "is": ("Exactly {}", "Exactement {}"),
    "above": ("More than {}", "Plus de {}"),
    "below": ("Fewer than {}", "Moins de {}"),
    "at_least": ("At least {}", "Au moins {}"),
    "at_most": ("At most {}", "Au plus {}"),
}
_COMPARED = {
    "is": ("is {}", "est {}"),
    "is_not": ("is not {}", "n’est pas {}"),
    "in": ("is one of {}", "est parmi {}"),
    "not_in": ("is none of {}", "n’est pas parmi {}"),
    "above": ("is above {}", "est supérieur à {}"),
    "below": ("is below {}", "est inférieur à {}"),
    "at_least": ("is at least {}", "est d’au moins {}"),
    "at_most": ("is at most {}", "est d’au plus {}"),
    "starts_with": ("starts with {}", "commence par {}"),
    "older_than": ("is at least {} ago", "date d’au moins {}"),
    "within": ("is in the last {}", "date de moins de {}"),
}
# Said without an adjective, which would have to agree with the column in French.
_KNOWN = (("We do not know {}", "On ne connaît pas {}"), ("We know {}", "On connaît {}"))
_MEASURES = {
    "sum": ("The total of", "Le total de"),
    "min": ("The smallest", "Le plus petit"),
    "max": ("The largest", "Le plus grand"),
    "average": ("The average of", "La moyenne de"),
}
_CONDITIONS = {
    "valid": ("valid", "valable"),
    "whole": ("whole", "entier"),
    "logged_in": ("logged in", "connecté"),
}
_ALSO = (" and ", " et ")
_COMBINED = {"all": _ALSO, "any": (" or ", " ou "), "none": (" nor ", " ni ")}


def describe_node(node: Criteria, language: str) -> str:
    """The question as a person would ask it, in `fr` or `en`."""
    pick = 1 if language.startswith("fr") else 0
    for kind, says in _SENTENCES.items():
        if isinstance(node, kind):
            return says(node, pick)
    raise TypeError(f"{type(node).__name__} is not a question")


def describe_rows(table: str, where: RowCriteria | None, language: str) -> str:
    """One row of a table under a condition, without an article: `valid order`, `commande valable`."""
    return _noun(table, where, False, 1 if language.startswith("fr") else 0)[0]


def _count(node: Count, pick: int) -> str:
    parts = []
    for operator, number in node.comparisons:
        many = number > 1 if pick else number != 1
        if (operator, number) in (("is", 0), ("at_most", 0), ("below", 1)):
            thing, feminine = _noun(node.count, node.where, False, pick)
            parts.append(f"{('Aucune' if feminine else 'Aucun') if pick else 'No'} {thing}")
        else:
            thing, _ = _noun(node.count, node.where, many, pick)
            parts.append(f"{_COUNTS[operator][pick].format(number)} {thing}")
    said = _ALSO[pick].join([parts[0], *(part[0].lower() + part[1:] for part in parts[1:])])
    return said + _window(node.window, pick)


def _amount(node: Amount, pick: int) -> str:
    money = f" {('in', 'en')[pick]} {node.currency}" if node.currency else ""
    what = f"{_MEASURES[node.MEASURE][pick]} {node.target}{money}{_where(node.where, pick)}"
    return f"{what}{_window(node.window, pick)} {_comparisons(node.comparisons, pick)}"


def _extreme(node: Extreme, pick: int) -> str:
    table, column = node.target.split(".")
    known = STAR.get(table)
    thing, feminine = _noun(table, node.where, False, pick)
    words = {
        "first": ("First", "Première" if feminine else "Premier"),
        "last": ("Last", "Dernière" if feminine else "Dernier"),
    }
    named = "" if known is not None and known.happened == column else f" ({column})"
    tests = []
    for operator, written in node.comparisons:
        if operator == "after":
            tests.append(("is after that one", "vient après celle-là" if feminine else "vient après celui-là")[pick])
        elif operator in ("older_than", "within"):
            ago = (("at least {} ago", "il y a au moins {}"), ("in the last {}", "il y a moins de {}"))
            tests.append(ago[operator == "within"][pick].format(_length(written, pick)))
        else:
            tests.append(_compared(operator, written, pick))
    return f"{words[node.MEASURE][pick]} {thing}{named} {_ALSO[pick].join(tests)}"


def _attribute(node: Attribute, pick: int) -> str:
    language = ("en", "fr")[pick]
    if len(node.comparisons) == 1 and node.comparisons[0][0] == "known":
        return _KNOWN[bool(node.comparisons[0][1])][pick].format(column_inside(node.attribute, language))
    said = tuple((operator, _named(node.attribute, written, language)) for operator, written in node.comparisons)
    return f"{column_words(node.attribute, language)} {_comparisons(said, pick)}"


def _named(column: str, written: Any, language: str) -> Any:
    if isinstance(written, tuple):
        return tuple(value_words(column, each, language) for each in written)
    return value_words(column, written, language)


def _holds(node: Holds, pick: int) -> str:
    wanted = ", ".join(f"{name} {_written(value, pick)}" for name, value in node.holds.items())
    said = f"{('Ordered a product:', 'A commandé un produit :')[pick]} {wanted}"
    return said + _where(node.where, pick) + _window(node.window, pick)


def _behind(node: Behind, pick: int) -> str:
    noun = NOUNS.get(node.fact) or _unnamed(node.fact)
    this = ("This {}", "Cette {}" if noun.feminine else "Ce {}")[pick]
    return this.format((noun.en, noun.fr)[pick]) + _where(node.where, pick)


def _segment(node: InSegment, pick: int) -> str:
    return f"{('In the segment', 'Dans le segment')[pick]} {_written(node.segment, pick)}"


def _rfm(node: InRfm, pick: int) -> str:
    either = (" or ", " ou ")[pick]
    classes = {"R": node.rfm.r, "F": node.rfm.f, "M": node.rfm.m}
    named = ", ".join(f"{name} {either.join(map(str, found))}" for name, found in classes.items() if found)
    return f"{('RFM class', 'Classe RFM')[pick]} {named}"


def _noun(table: str, where: RowCriteria | None, many: bool, pick: int) -> tuple[str, bool]:
    """The thing with its condition, and its French gender."""
    noun = NOUNS.get(table) or _unnamed(table)
    named = ((noun.en, noun.ens), (noun.fr, noun.frs))[pick][many]
    if not isinstance(where, str):
        return named + _where(where, pick), noun.feminine
    if where not in _CONDITIONS:
        return f"{named} ({where})", noun.feminine
    adjective = _CONDITIONS[where][pick]
    if not pick:
        return f"{adjective} {named}", noun.feminine
    gendered = adjective if adjective.endswith("e") or not noun.feminine else f"{adjective}e"
    return f"{named} {gendered}{'s' if many else ''}", noun.feminine


def _unnamed(table: str) -> Noun:
    return Noun(f"row of {table}", f"rows of {table}", f"ligne de {table}", f"lignes de {table}", True)


def _where(where: RowCriteria | None, pick: int) -> str:
    return "" if where is None else f" ({_row(where, pick)})"


def _row(where: RowCriteria, pick: int) -> str:
    if isinstance(where, str):
        return _CONDITIONS.get(where, (where, where))[pick]
    if isinstance(where, ColumnTest):
        return f"{where.column} {_comparisons(where.comparisons, pick)}"
    word = next(iter(type(where).model_fields))
    listed = _COMBINED[word][pick].join(_row(part, pick) for part in parts_of(where))
    return f"{('not ', 'ni ')[pick]}{listed}" if word == "none" else listed


def _comparisons(comparisons: tuple[tuple[str, Any], ...], pick: int) -> str:
    return _ALSO[pick].join(_compared(operator, written, pick) for operator, written in comparisons)


def _compared(operator: str, written: Any, pick: int) -> str:
    if operator == "known":
        return (("is not known", "n’est pas connu"), ("is known", "est connu"))[bool(written)][pick]
    return _COMPARED[operator][pick].format(_written(written, pick))


def _written(value: Any, pick: int) -> str:
    if isinstance(value, tuple):
        listed = ", ".join(_written(each, pick) for each in value[:5])
        return listed + (", …" if len(value) > 5 else "")
    if isinstance(value, bool):
        return (("no", "non"), ("yes", "oui"))[value][pick]
    if isinstance(value, str):
        return f"«\u00a0{value}\u00a0»" if pick else f"“{value}”"
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _window(window: Window | None, pick: int) -> str:
    if window is None:
        return ""
    if window.last is not None:
        return (" in the last {}", " depuis {}")[pick].format(_length(window.last, pick))
    if window.since == "fact":
        return (" since then", " depuis ce moment")[pick]
    return (" since the start of that day", " depuis le début de ce jour")[pick]


def _length(text: str, pick: int) -> str:
    span = parse_span(text)
    minutes = int(span.elapsed.total_seconds()) // 60
    if not minutes:
        number, words = span.days, (("day", "days"), ("jour", "jours"))[pick]
    elif minutes % 60:
        number, words = minutes, (("minute", "minutes"), ("minute", "minutes"))[pick]
    else:
        number, words = minutes // 60, (("hour", "hours"), ("heure", "heures"))[pick]
    return f"{number} {words[number > 1]}"


# One line per kind of question.
_SENTENCES: dict[type, Callable[[Any, int], str]] = {
    Attribute: _attribute,
    Count: _count,
    Amount: _amount,
    Extreme: _extreme,
    Holds: _holds,
    Behind: _behind,
    InSegment: _segment,
    InRfm: _rfm,
}
