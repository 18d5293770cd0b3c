"""`message …`: what messages say, what must be put right in them, and a test of one in one's own mailbox."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from relance.base.errors import Refused
from relance.cli.opened import clock_at, opened
from relance.cli.options import AsOfOption, HomeOption, JsonOption, OutOption
from relance.cli.output import say, say_json, say_table

if TYPE_CHECKING:
    from relance.customers.installation import Installation
    from relance.messages.preview import Preview

group = typer.Typer(help="Messages: look, check, try.", no_args_is_help=True, rich_markup_mode=None)

Name = Annotated[str, typer.Argument(metavar="NAME", help="The name of a message.")]
LanguageOption = Annotated[
    Literal["fr", "en"] | None, typer.Option("--language", help="French or English; else that of the contact.")
]
ContactOption = Annotated[
    str | None, typer.Option("--contact", metavar="CONTACT", help="With the values of this contact.")
]


@group.command("list")
def list_(home: HomeOption = None, json: JsonOption = False) -> None:
    """The messages at hand, those of the library and your own, and whether each may leave."""
    from relance.messages.lint import lint
    from relance.messages.preview import message_document, message_names

    found: list[dict[str, Any]] = []
    with opened(home) as place:
        for name in message_names(place):
            document, _, source = message_document(place, name)
            refused = sum(finding.refuses for finding in lint(document))
            languages = [language for language in ("fr", "en") if document.block(language)]
            found.append(
                {"id": name, "purpose": document.purpose, "languages": languages, "refused": refused, "source": source}
            )
    if json:
        say_json({"messages": found})
        return
    rows = [[one["id"], one["purpose"], ", ".join(one["languages"]), one["refused"], one["source"]] for one in found]
    say_table(("message", "purpose", "written in", "to put right", "where"), rows)


@group.command("show")
def show(name: Name, home: HomeOption = None, json: JsonOption = False) -> None:
    """A message as its author wrote it, to be copied into definitions/messages and changed."""
    from relance.messages.preview import message_document

    with opened(home) as place:
        document, text, _ = message_document(place, name)
    say_json(document.model_dump(exclude_none=True)) if json else say(text.rstrip())


@group.command("lint")
def lint_(name: Name, home: HomeOption = None, json: JsonOption = False) -> None:
    """What must be put right before a message may leave, and advice."""
    from relance.messages.filling import advice_on_fields
    from relance.messages.lint import lint
    from relance.messages.preview import message_document

    with opened(home) as place:
        document, _, source = message_document(place, name)
        found = lint(document) + advice_on_fields(document, place.tables)
    if json:
        say_json({"message": name, "findings": [asdict(finding) for finding in found]})
    for finding in () if json else found:
        word = "must change" if finding.refuses else "advice"
        say(f"{word}{f' ({finding.language})' if finding.language else ''}: {finding.sentence} [{finding.code}]")
    if wrong := sum(finding.refuses for finding in found):
        raise Refused(f"{source}: {wrong} to put right before this message may leave")
    if not json:
        say(f"{name}: may leave")


@group.command("preview")
def preview_(
    name: Name,
    contact: ContactOption = None,
    language: LanguageOption = None,
    out: OutOption = None,
    as_of: AsOfOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """What a contact would read, or a made-up one; the text, or the HTML into a file. Nothing is sent."""
    from relance.messages.rendering import PARTS

    with opened(home) as place:
        found = _preview(place, name, contact, language, as_of)
    if out:
        Path(out).write_text(found.rendered.html, encoding="utf-8")
    told = {"message": found.message, "language": found.language, "of": found.of, "made_up": found.made_up}
    if json:
        say_json({**told, **{part: getattr(found.rendered, part) for part in PARTS}})
    else:
        say(f"Subject: {found.rendered.subject}", f"Preheader: {found.rendered.preheader}", "")
        say(found.rendered.text.rstrip())
        if found.made_up:
            say("", f"Made up, for want of a decision about this message: {', '.join(found.made_up)}")


@group.command("test")
def test(
    name: Name,
    to: Annotated[str, typer.Option("--to", metavar="ADDRESS", help="A test address of the settings.")],
    contact: ContactOption = None,
    language: LanguageOption = None,
    as_of: AsOfOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Send one marked sample to a test address. It counts nowhere and takes nobody's turn."""
    from relance.channels.setup import email_channel, mail_settings
    from relance.channels.trial import send_test
    from relance.cli.sending import within
    from relance.messages.preview import message_document
    from relance.messages.rendering import compile_text

    with opened(home) as place:
        found = _preview(place, name, contact, language, as_of)
        _, text, source = message_document(place, name)
        settings = within(place.home.path, mail_settings(place.settings, place.secret))
        receipt = send_test(
            email_channel(settings, place.home.mail),
            compile_text(text, source),
            settings,
            clock_at(as_of, place.zone),
            to=to,
            sender=next(iter(settings.senders), "default"),
            language=found.language,
            locale=found.locale,
            context=found.context,
        )
    if receipt.state != "accepted":
        raise Refused(f"the test was {receipt.state}: {receipt.detail or receipt.reason}")
    if json:
        say_json({"message": name, "to": to, "language": found.language, "of": found.of, "state": receipt.state})
    else:
        say(f"{name}, {found.language}, was sent to {to}: {found.rendered.subject}")


def _preview(place: Installation, name: str, contact: str | None, language: str | None, as_of: str | None) -> Preview:
    from relance.explaining.person import find_person
    from relance.messages.preview import preview

    person = find_person(place, contact).contact if contact else None
    return preview(place, name, clock_at(as_of, place.zone).now(), person, language)
