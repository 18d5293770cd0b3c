"""`send`: what is queued leaves by SMTP, or into the built-in mailbox where no server is set."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from relance.base.errors import Refused
from relance.cli.opened import clock_at, opened_ledger
from relance.cli.options import AsOfOption, HomeOption, JsonOption
from relance.cli.output import note, progress, reasons, say, say_json

if TYPE_CHECKING:
    from relance.channels.sender import SendReport
    from relance.channels.settings import MailSettings
    from relance.channels.workers import Post


def send(
    limit: Annotated[int | None, typer.Option("--limit", metavar="N", min=1, help="At most so many messages.")] = None,
    senders: Annotated[int, typer.Option("--senders", metavar="N", min=1, max=64, help="So many processes.")] = 1,
    until_stopped: Annotated[
        bool, typer.Option("--until-stopped", help="Go on with whatever falls due, until told to stop.")
    ] = False,
    as_of: AsOfOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Deliver what is queued: to the SMTP server of the settings, else into the home's mail folder."""
    from relance.base.home import existing_home
    from relance.channels.setup import mail_settings, webhook_settings
    from relance.channels.workers import Post, until_told

    found = existing_home(home)
    said, secret = found.settings(), found.secret()
    settings = within(found.path, mail_settings(said, secret))
    clock = clock_at(as_of, said.brand.zone, found.clock())
    with opened_ledger(found.path), _shown(until_stopped), until_told() as stopping:
        post = Post(found.ledger, settings, found.mail, clock, webhook_settings(said, secret))
        report = _sent(post, senders, until_stopped, limit, stopping)
    if json:
        say_json({**asdict(report), "live": settings.smtp is not None})
    else:
        _show(report, None if settings.smtp else found.mail)


def _shown(until_stopped: bool) -> AbstractContextManager[object]:
    """A bar, unless there is no end to it."""
    return nullcontext() if until_stopped else progress("sending")


def _sent(post: Post, senders: int, for_ever: bool, limit: int | None, stopping: Callable[[], bool]) -> SendReport:
    from relance.channels.workers import keep_sending, send_by, send_once

    if limit is not None and (senders > 1 or for_ever):
        raise Refused("--limit counts the messages of one sender that ends; leave out --senders and --until-stopped")
    if senders > 1:
        return send_by(post, senders, for_ever=for_ever, stopping=stopping, say=note)
    return keep_sending(post, stopping, note) if for_ever else send_once(post, limit, stopping)


def within(home: Path, settings: MailSettings) -> MailSettings:
    """A password file is named from the home, wherever the command is given."""
    if settings.smtp is None or settings.smtp.password_file is None:
        return settings
    return replace(settings, smtp=replace(settings.smtp, password_file=home / settings.smtp.password_file))


def _show(report: SendReport, mailbox: Path | None) -> None:
    say(
        f"{report.accepted:,} accepted"
        + (f", kept in {mailbox} (a Maildir; nothing reached anybody)" if mailbox else "")
    )
    parts: tuple[tuple[str, Mapping[str, int]], ...] = (
        ("deferred", report.deferred),
        ("refused", report.refused),
        ("cancelled", report.cancelled),
    )
    for word, counts in parts:
        if counts:
            say(f"{sum(counts.values()):,} {word}: {reasons(counts)}")
    if report.unknown or report.left_by_a_dead_sender:
        note(f"{report.unknown + report.left_by_a_dead_sender:,} have an unknown outcome and are not sent again")
    for reason, words in report.said.items():
        note(f"{reason}: {words}")
