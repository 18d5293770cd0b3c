"""What the settings file says, as the sender of e-mail reads it."""

from __future__ import annotations

from pathlib import Path

import pytest

from relance.base.errors import Refused
from relance.base.settings import settings_from
from relance.channels.email.mailbox import mails
from relance.channels.sender import send_due
from relance.channels.setup import email_channel, mail_settings, signing_key
from relance.engines.ledger import Ledger
from tests.channels.conftest import CLOCK, outgoing

SECRET = b"0123456789abcdef0123456789abcdef"


def test_without_any_setting_mail_stays_in_the_mailbox(ledger: Ledger, maildir: Path) -> None:
    settings = mail_settings(settings_from({"brand": {"name": "Lire ici"}}), SECRET)
    ledger.enqueue([outgoing(1)])
    assert send_due(ledger, email_channel(settings, maildir), settings, CLOCK).accepted == 1
    assert b"From: Lire ici <relance@relance.invalid>" in mails(maildir)[0].read_bytes()


def test_a_server_asks_for_all_that_the_reader_needs(ledger: Ledger, maildir: Path) -> None:
    settings = mail_settings(settings_from({"smtp": {"host": "127.0.0.1", "port": 1, "tls": "none"}}), SECRET)
    with pytest.raises(Refused, match=r"the settings need public_url \(https\), the brand's postal address, a sender"):
        send_due(ledger, email_channel(settings, maildir), settings, CLOCK)


def test_senders_and_server_are_taken_over(tmp_path: Path) -> None:
    sender = {"from_name": "Les Deux Rives", "from_address": "a@b.example", "postal_address": "120, rue des Forges"}
    smtp = {"host": "mail.example", "port": 587, "user": "shop", "password_file": str(tmp_path / "password")}
    settings = mail_settings(settings_from({"senders": {"shop": sender}, "smtp": smtp}), SECRET)
    assert settings.sender("shop").postal_address == "120, rue des Forges"
    assert settings.smtp is not None
    assert (settings.smtp.port, settings.smtp.tls, settings.smtp.password_file) == (
        587,
        "starttls",
        tmp_path / "password",
    )
    assert email_channel(settings, tmp_path).live


def test_the_key_of_links_is_not_the_secret_of_the_home() -> None:
    assert signing_key(SECRET).secret != SECRET
    assert signing_key(SECRET) == signing_key(SECRET)
