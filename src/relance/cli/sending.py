"""`send`: what is queued leaves by SMTP, or into the built-in mailbox where no server is set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from relance.cli.opened import clock_at, opened_ledger
from relance.cli.options import AsOfOption, HomeOption, JsonOption
from relance.cli.output import note, progress, reasons, say, say_json

if TYPE_CHECKING:
    from relance.channels.sender import SendReport
    from relance.channels.settings import MailSettings


def send(
    limit: Annotated[int | None, typer.Option("--limit", metavar="N", min=1, help="At most so many messages.")] = None,
    as_of: AsOfOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Deliver what is queued: to the SMTP server of the settings, else into the home's mail folder."""
    from relance.base.home import existing_home
    from relance.channels.sender import send_due
    from relance.channels.setup import email_channel, mail_settings

    found = existing_home(home)
    settings = within(found.path, mail_settings(found.settings(), found.secret()))
    channel = email_channel(settings, found.mail)
    with opened_ledger(found.path) as ledger, progress("sending"):
        report = send_due(ledger, channel, settings, clock_at(as_of, found.settings().brand.zone, found.clock()), limit)
    if json:
        say_json({**asdict(report), "live": channel.live})
    else:
        _show(report, None if channel.live else found.mail)


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
