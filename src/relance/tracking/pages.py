"""What a person reads at the end of a link: small whole pages in French and English, without script."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from html import escape
from importlib.resources import files

_STYLE = (files("relance.tracking") / "pages.css").read_text("utf-8")
POLICY = (
    f"default-src 'none'; style-src 'sha256-{b64encode(sha256(_STYLE.encode()).digest()).decode()}'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""The content security policy of every page: its own style, its own form, nothing else."""

Words = Mapping[str, str]
_FR: Words = {
    "title": "Ne plus recevoir nos messages",
    "lead": "Que souhaitez-vous ne plus recevoir ?",
    "marketing": "Les nouvelles et suggestions de {brand} {channel}",
    "service": "Les messages de service de {brand} {channel}",
    "transactional": "Les messages de {brand} sur mes commandes, {channel}",
    "all": "Tout ce que {brand} m’envoie, sauf ce qui concerne une commande en cours",
    "following": "Rien, mais ne remarquez plus mes ouvertures ni mes clics",
    "button": "Confirmer",
    "done": "C’est fait.",
    "done_kind": "Vous ne recevrez plus ces messages. Ce qui allait partir a été arrêté.",
    "done_all": "Vous ne recevrez plus de messages de {brand}, sauf ce qui concerne une commande en cours.",
    "done_following": "Vos ouvertures et vos clics ne sont plus remarqués.",
    "later": "Pour changer d’avis, répondez à l’un de nos messages ou passez par votre compte.",
    "email": "par courriel",
    "busy": "Votre demande n’a pas pu être enregistrée",
    "busy_more": "Rechargez cette page dans un instant, s’il vous plaît.",
}
_EN: Words = {
    "title": "Stop receiving our messages",
    "lead": "What would you like to stop receiving?",
    "marketing": "News and suggestions from {brand} {channel}",
    "service": "Service messages from {brand} {channel}",
    "transactional": "Messages from {brand} about my orders, {channel}",
    "all": "Everything from {brand}, except what concerns an order under way",
    "following": "Nothing, but do not notice what I open and click",
    "button": "Confirm",
    "done": "Done.",
    "done_kind": "You will not receive these messages any more. What was about to leave has been stopped.",
    "done_all": "You will not receive messages from {brand} any more, except about an order under way.",
    "done_following": "What you open and click is not noticed any more.",
    "later": "Should you change your mind, answer one of our messages or use your account.",
    "email": "by email",
    "busy": "Your wish could not be recorded",
    "busy_more": "Please load this page again in a moment.",
}
_BROKEN = (
    ("fr", "Ce lien n’est pas complet", "Copiez-le en entier depuis le message, ou écrivez-nous."),
    ("en", "This link is not complete", "Copy it whole from the message, or write to us."),
)


def ask_page(language: str, brand: str, channel: str, purpose: str) -> bytes:
    """The page that asks what to stop; its button posts to the address it came from."""
    say = _words(language)
    choices = {"kind": say.get(purpose, say["marketing"]), "all": say["all"], "following": say["following"]}
    rows = "".join(
        f'<label><input type="radio" name="choice" value="{choice}"{" checked" if choice == "kind" else ""}>'
        f"<span>{_filled(text, brand, say.get(channel, ''))}</span></label>"
        for choice, text in choices.items()
    )
    form = f'<form method="post"><fieldset><legend>{escape(say["lead"])}</legend>{rows}</fieldset>'
    return _page(language, brand, say["title"], f"{form}<button>{escape(say['button'])}</button></form>")


def done_page(language: str, brand: str, choice: str) -> bytes:
    """What has been stopped, and how to change one's mind."""
    say = _words(language)
    text = _filled(say[f"done_{choice}"], brand, "")
    return _page(language, brand, say["done"], f'<p role="status">{text}</p><p class="mut">{escape(say["later"])}</p>')


def busy_page(language: str, brand: str) -> bytes:
    """The ledger could not be written: nothing was recorded, and the page says so."""
    say = _words(language)
    return _page(language, brand, say["busy"], f'<p role="alert">{escape(say["busy_more"])}</p>')


def broken_page(brand: str) -> bytes:
    """A link that is not one of ours, in both languages: nobody knows who reads it."""
    parts = "".join(f'<section lang="{code}"><h1>{title}</h1><p>{text}</p></section>' for code, title, text in _BROKEN)
    return _whole("fr", brand, _BROKEN[0][1], parts)


def _words(language: str) -> Words:
    return _FR if language.startswith("fr") else _EN


def _filled(text: str, brand: str, channel: str) -> str:
    return escape(" ".join(text.format(brand=brand, channel=channel).split()).replace(" ,", ","))


def _page(language: str, brand: str, title: str, body: str) -> bytes:
    return _whole("fr" if language.startswith("fr") else "en", brand, title, f"<h1>{escape(title)}</h1>{body}")


def _whole(language: str, brand: str, title: str, body: str) -> bytes:
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" '
        f'content="light dark"><title>{escape(title)} · {escape(brand)}</title><style>{_STYLE}</style></head>'
        f'<body><main><p class="brand">{escape(brand)}</p>{body}</main></body></html>'
    ).encode()
