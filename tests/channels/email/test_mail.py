"""The mail as a server gets it and a mailbox keeps it, read back from its bytes."""

from __future__ import annotations

import email
import email.policy
import re
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from html import unescape
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from relance.channels.channel import BAD_ADDRESS, Message, message_id
from relance.channels.email.mailbox import (
    MailboxChannel,
    erase_from_mailbox,
    mailbox_server,
    mails,
)
from relance.channels.email.mime import BadAddress, ascii_address, to_bytes
from relance.channels.email.smtp import SmtpChannel
from relance.channels.settings import Sender, Smtp
from relance.engines.ledger import OutboxKey
from relance.messages.rendering import Rendered
from tests.channels.conftest import NINE, SHOP, Postmaster, smtp_server

ID = message_id(OutboxKey("cart", "remind", 7, "cart-1", "email"), "deuxrives.example")
LETTER = Message(
    to="marie@example.test",
    sender=SHOP,
    rendered=Rendered(
        "Vos livres sont toujours là",
        "Les voici",
        "<p>Élégant\n.\n..\nfin" + "x" * 3000 + "</p>",
        "Bonjour Hélène,\n\n.\nFrom here\n« Été »  \n" + "y" * 2000 + "\n",
    ),
    message_id=ID,
    feedback=("cart", "remind", "marketing", "shop"),
    unsubscribe_url="https://courriels.lireici.example/u/k1.abc.def",
    language="fr",
    at=NINE,
)


def parsed(raw: bytes) -> EmailMessage:
    return email.message_from_bytes(raw, policy=email.policy.default)


def part(mail: EmailMessage, kind: str) -> str:
    body = mail.get_body((kind,))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


def assert_whole(mail: EmailMessage) -> None:
    assert mail["From"] == "Librairie des Deux Rives <bonjour@deuxrives.example>"
    assert mail["Reply-To"] == "Librairie des Deux Rives <sophie@deuxrives.example>"
    assert mail["To"] == "marie@example.test"
    assert mail["Subject"] == "Vos livres sont toujours là"
    assert mail["Date"].datetime == NINE
    assert mail["Message-ID"] == ID
    assert mail["Feedback-ID"] == "cart:remind:marketing:shop"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    web, by_mail = re.findall(r"<([^>]+)>", mail["List-Unsubscribe"])
    assert web == "https://courriels.lireici.example/u/k1.abc.def"
    assert by_mail == "mailto:sophie@deuxrives.example?subject=unsubscribe%20k1.abc.def"
    assert mail["Precedence"] is None
    assert part(mail, "plain").strip() == LETTER.rendered.text.strip()
    assert unescape(part(mail, "html")).strip() == LETTER.rendered.html.strip()
    assert mail.get_content_type() == "multipart/alternative"
    assert [one.get_content_type() for one in mail.iter_parts()] == ["text/plain", "text/html"]


def test_a_real_server_gets_the_mail_whole() -> None:
    postmaster = Postmaster()
    with smtp_server(postmaster) as settings, SmtpChannel(settings).open() as delivery:
        assert delivery.deliver(LETTER).state == "accepted"
    ((to, raw),) = postmaster.taken
    assert to == "marie@example.test"
    assert raw == to_bytes(LETTER)
    assert_whole(parsed(raw))


def test_the_maildir_keeps_the_mail_whole(maildir: Path, mailbox: MailboxChannel) -> None:
    with mailbox.open() as delivery:
        assert delivery.deliver(LETTER).state == "accepted"
    (file,) = mails(maildir)
    mail = parsed(file.read_bytes())
    assert_whole(mail)
    assert mail["Delivered-To"] == "marie@example.test"
    assert list((maildir / "tmp").iterdir()) == []


def test_the_built_in_server_keeps_what_it_gets(maildir: Path) -> None:
    with (
        mailbox_server(maildir) as (host, port),
        SmtpChannel(Smtp(host, port, tls="none", timeout_seconds=5)).open() as delivery,
    ):
        assert delivery.deliver(LETTER).state == "accepted"
        assert delivery.deliver(replace(LETTER, to="jean@example.test")).state == "accepted"
    assert_whole(parsed(mails(maildir)[0].read_bytes()))
    assert len(mails(maildir)) == 2
    assert erase_from_mailbox(maildir, "Marie@Example.test") == 1
    assert [parsed(file.read_bytes())["Delivered-To"] for file in mails(maildir)] == ["jean@example.test"]


def test_every_byte_is_ascii_and_no_line_too_long() -> None:
    raw = to_bytes(LETTER)
    assert raw.isascii()
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert b"\r" not in raw.replace(b"\r\n", b"")


def test_html_travels_as_it_is_with_entities_for_what_is_not_ascii() -> None:
    html = "<p title='été'>« Hélène » €\n.\n📚</p>"
    mail = parsed(to_bytes(replace(LETTER, rendered=replace(LETTER.rendered, short_html=html))))
    body = mail.get_body(("html",))
    assert body is not None
    assert body["Content-Transfer-Encoding"] == "7bit"
    assert "t&#233;'>" in part(mail, "html")
    assert unescape(part(mail, "html")).strip() == html


def test_the_message_id_belongs_to_the_key_alone() -> None:
    key = OutboxKey("cart", "remind", 7, "cart-1", "email")
    assert message_id(key, "shop.example") == message_id(replace(key), "shop.example")
    others = [replace(key, scenario="x"), replace(key, step="x"), replace(key, contact=8),
              replace(key, occurrence="x"), replace(key, channel="x")]  # fmt: skip
    assert len({message_id(one, "shop.example") for one in (key, *others)}) == 6
    assert message_id(key, "librairie-été.example").isascii()


@pytest.mark.parametrize("hostile", ["a\r\nBcc: all@example.test", "a\nX: 1", "a\rX: 1", "a\x00b", "a\u2028X: 1"])
def test_no_value_becomes_a_header(hostile: str) -> None:
    letter = replace(
        LETTER,
        rendered=replace(LETTER.rendered, subject=hostile),
        sender=Sender(hostile, "bonjour@deuxrives.example"),
        feedback=(hostile, hostile, "marketing", hostile),
    )
    mail = parsed(to_bytes(letter))
    assert mail["Bcc"] is None
    assert mail["X"] is None
    assert set(mail.keys()) == set(parsed(to_bytes(LETTER)).keys()) - {"Reply-To"}


@pytest.mark.parametrize(
    "address",
    ["", "marie", "@example.test", "marie@", "a b@example.test", "a@b@example.test", "a@x.test\r\nBcc: x@y.z",
     "<a@example.test>", "é@example.test", "a@exa mple.test", "a@" + "x" * 64 + ".test", "a,b@example.test"],
)  # fmt: skip
def test_an_address_that_cannot_be_written_to_is_refused(address: str, mailbox: MailboxChannel) -> None:
    with pytest.raises(BadAddress):
        ascii_address(address)
    with mailbox.open() as delivery:
        receipt = delivery.deliver(replace(LETTER, to=address))
    assert (receipt.state, receipt.reason) == ("refused", BAD_ADDRESS)


def test_a_domain_with_accents_is_written_in_ascii() -> None:
    assert ascii_address("marie@été.example") == "marie@xn--t-9fab.example"


def test_long_subjects_and_odd_ones_come_back_as_they_were() -> None:
    for subject in ("é" * 300, "word " * 60, "a" * 950, "=?utf-8?q?not_ours?=", "📚 " + "livres " * 40):
        raw = to_bytes(replace(LETTER, rendered=replace(LETTER.rendered, subject=subject)))
        assert parsed(raw)["Subject"].strip() == subject.strip()
        assert max(len(line) for line in raw.split(b"\r\n")) <= 998


def test_the_date_is_the_clocks() -> None:
    summer = datetime(2026, 7, 1, 13, 30, tzinfo=UTC)
    assert b"Date: Wed, 01 Jul 2026 13:30:00 +0000\r\n" in to_bytes(replace(LETTER, at=summer))


def test_the_unsubscribe_link_is_https() -> None:
    web = re.findall(r"<([^>]+)>", parsed(to_bytes(LETTER))["List-Unsubscribe"])[0]
    assert urlsplit(web).scheme == "https"
