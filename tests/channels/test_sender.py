"""What leaves, what does not, and why; with the real mailbox and real servers."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from relance.base.clock import FixedClock
from relance.base.errors import Refused, Unreachable
from relance.channels.channel import Delivery, Message, Receipt
from relance.channels.email.mailbox import MailboxChannel, mails
from relance.channels.email.smtp import SmtpChannel
from relance.channels.sender import MAX_ATTEMPTS, SendReport, send_due
from relance.channels.settings import Brand, MailSettings, Smtp
from relance.channels.trial import send_test
from relance.engines.ledger import Denial, Ledger, StopFact, Suppression
from relance.messages.documents import shipped
from relance.messages.links import verify
from relance.messages.rendering import compile_message
from tests.channels.conftest import CLOCK, KEY, NINE, SETTINGS, Postmaster, free_port, outgoing, smtp_server

LATER = NINE + timedelta(minutes=1)


def send(ledger: Ledger, mailbox: MailboxChannel, minutes: float = 5) -> SendReport:
    return send_due(ledger, mailbox, SETTINGS, FixedClock(NINE + timedelta(minutes=minutes)))


def fates(ledger: Ledger) -> dict[int, tuple[str, str | None]]:
    return {row.outgoing.key.contact: (row.state, row.reason) for row in ledger.outbox()}


def texts(maildir: Path) -> list[str]:
    parsed = [email.message_from_bytes(file.read_bytes(), policy=email.policy.default) for file in mails(maildir)]
    bodies = [mail.get_body(("plain",)) for mail in parsed]
    return [str(body.get_content()) for body in bodies if body]


def cart(contact: int, *products: str, **more: Any) -> Any:
    items = [{"product": one, "title": f"Livre {one}", "url": f"https://lire.example/{one}"} for one in products]
    context = {"contact": {}, "items": items, "cart_url": "https://lire.example/panier"}
    return outgoing(contact, scenario="cart", message="forgotten-cart", context=context, **more)


def test_what_is_due_reaches_the_mailbox_once(ledger: Ledger, mailbox: MailboxChannel, maildir: Path) -> None:
    ledger.enqueue([outgoing(1), outgoing(2, language="en", locale="en-CA"), outgoing(3, due_at=NINE + timedelta(1))])
    assert send(ledger, mailbox).accepted == 2
    assert send(ledger, mailbox).accepted == 0
    assert fates(ledger) == {1: ("accepted", None), 2: ("accepted", None), 3: ("queued", None)}
    french, english = texts(maildir)
    assert french.startswith("Bonjour Hélène,")
    assert english.startswith("Hello Hélène,")
    assert "Librairie des Deux Rives" in french
    assert [event.state for event in ledger.events_since(3)] == ["handing", "handing", "accepted", "accepted"]


def test_the_unsubscribe_link_says_who_and_from_what(ledger: Ledger, mailbox: MailboxChannel, maildir: Path) -> None:
    ledger.enqueue([outgoing(7)])
    send(ledger, mailbox)
    word = next(word for word in texts(maildir)[0].split() if "/u/" in word)
    claim = verify({KEY.id: KEY}, word.rpartition("/")[2], "unsubscribe")
    assert (claim.contact, claim.scope[:3]) == (7, ("email", "marketing", "shop"))
    assert claim.scope[3:] == ("fr", "second-purchase", "send", "once")
    assert "contact7" not in word


def test_a_limit_is_kept(ledger: Ledger, mailbox: MailboxChannel) -> None:
    ledger.enqueue(outgoing(contact) for contact in range(250))
    report = send_due(ledger, mailbox, SETTINGS, CLOCK, limit=130)
    assert report.accepted == 130
    assert len(ledger.outbox(states=["queued"])) == 120


@pytest.mark.parametrize(
    ("denial", "kind", "leaves"),
    [
        (Denial("left", LATER, contact=1), "marketing", False),
        (Denial("left", LATER, contact=1), "service", False),
        (Denial("left", LATER, contact=1), "transactional", True),
        (Denial("left", LATER, contact=1, purpose="marketing"), "service", True),
        (Denial("left", LATER, contact=1, purpose="service"), "service", False),
        (Denial("left", LATER, address_hash="hash-1"), "marketing", False),
        (Denial("left", LATER, contact=9, address_hash="hash-1"), "marketing", False),
        (Denial("left", LATER, contact=1, channel="sms"), "marketing", True),
        (Denial("left", LATER, contact=1, channel="email"), "marketing", False),
        (Denial("left", LATER, contact=1, sender="other"), "marketing", True),
        (Denial("left", LATER, contact=2), "marketing", True),
    ],
)
def test_who_left_between_queueing_and_sending_gets_nothing(
    ledger: Ledger, mailbox: MailboxChannel, denial: Denial, kind: str, leaves: bool
) -> None:
    ledger.enqueue([outgoing(1, kind=kind)])
    ledger.deny([denial])
    send(ledger, mailbox)
    assert fates(ledger)[1] == (("accepted", None) if leaves else ("refused", "consent_refused"))


def test_a_suppressed_address_gets_nothing_not_even_a_receipt(ledger: Ledger, mailbox: MailboxChannel) -> None:
    ledger.enqueue([outgoing(1, kind="transactional"), outgoing(2)])
    ledger.suppress([Suppression("hash-1", "email", "bounced", NINE), Suppression("hash-2", "sms", "bounced", NINE)])
    send(ledger, mailbox)
    assert fates(ledger) == {1: ("refused", "suppressed"), 2: ("accepted", None)}


def test_an_order_stops_what_heeds_it(ledger: Ledger, mailbox: MailboxChannel) -> None:
    ledger.enqueue([
        outgoing(1),
        outgoing(2, stops={"ordered": "more_than_one_order"}),
        outgoing(3, stops={}),
        outgoing(4, kind="transactional"),
        outgoing(5),
    ])  # fmt: skip
    ledger.add_stop_facts([StopFact("ordered", NINE, LATER, contact=contact) for contact in (1, 2, 3, 4)])
    ledger.add_stop_facts([StopFact("ordered", NINE, NINE, contact=5)])
    send(ledger, mailbox)
    assert fates(ledger) == {
        1: ("cancelled", "ordered"),
        2: ("cancelled", "more_than_one_order"),
        3: ("accepted", None),
        4: ("accepted", None),
        5: ("accepted", None),
    }


def test_dead_stock_is_dropped_and_the_text_follows(ledger: Ledger, mailbox: MailboxChannel, maildir: Path) -> None:
    ledger.enqueue([cart(1, "a", "b"), cart(2, "a"), cart(3, "b", "c"), cart(4, *"abcdef")])
    ledger.add_stop_facts([
        StopFact("out_of_stock", NINE, LATER, product="a"),
        StopFact("out_of_stock", NINE, LATER, product="c"),
        StopFact("in_stock", NINE, LATER + timedelta(seconds=1), product="c"),
        StopFact("bought", NINE, LATER, contact=3, product="b"),
    ])  # fmt: skip
    send(ledger, mailbox)
    assert fates(ledger)[2] == ("refused", "nothing_left")
    one, three, four = texts(maildir)
    assert "Livre b" in one
    assert "Livre a" not in one
    assert "Il est resté quelque chose" in one
    assert "Livre c" in three
    assert "Livre b" not in three
    assert [f"Livre {name}" in four for name in "abcdef"] == [False, True, True, True, True, False]
    assert "1 autre article vous attend" in four


def test_what_is_no_longer_fresh_is_refused_and_exactly_fresh_still_leaves(
    ledger: Ledger, mailbox: MailboxChannel
) -> None:
    limit = NINE + timedelta(minutes=5)
    ledger.enqueue([outgoing(1, fresh_until=limit), outgoing(2, fresh_until=limit - timedelta(microseconds=1))])
    send(ledger, mailbox, minutes=5)
    assert fates(ledger) == {1: ("accepted", None), 2: ("refused", "too_late")}


def test_one_address_gets_one_message_a_day(ledger: Ledger, mailbox: MailboxChannel) -> None:
    shared = {"address_hash": "shared"}
    ledger.enqueue([outgoing(1, **shared), outgoing(2, **shared), outgoing(3, **shared, step="other"),
                    outgoing(4, **shared, local_day=date(2026, 3, 11))])  # fmt: skip
    send(ledger, mailbox)
    ledger.enqueue([outgoing(5, **shared), outgoing(6, **shared, kind="transactional")])
    send(ledger, mailbox)
    refused = ("refused", "same_address")
    sent = ("accepted", None)
    assert fates(ledger) == {1: sent, 2: refused, 3: sent, 4: sent, 5: refused, 6: sent}


def test_the_one_refused_does_not_take_the_place_of_the_other(ledger: Ledger, mailbox: MailboxChannel) -> None:
    ledger.enqueue([outgoing(1, address_hash="shared"), outgoing(2, address_hash="shared")])
    ledger.deny([Denial("left", NINE, contact=1)])
    send(ledger, mailbox)
    assert fates(ledger) == {1: ("refused", "consent_refused"), 2: ("accepted", None)}


def test_a_message_that_cannot_be_written_does_not_hold_up_the_others(ledger: Ledger, mailbox: MailboxChannel) -> None:
    ledger.enqueue([outgoing(1, message="win-back", context={}), outgoing(2, language="de"),
                    outgoing(3, message_version=9), outgoing(4, address="nobody"), outgoing(5)])  # fmt: skip
    report = send(ledger, mailbox)
    assert report.refused == {"bad_address": 1, "not_rendered": 3}
    assert "win-back, fr: field “last_order_on” is missing" in report.said["not_rendered"]
    assert fates(ledger)[5] == ("accepted", None)
    assert [one.address_hash for one in ledger.suppressions()] == ["hash-4"]


def test_a_dead_server_loses_nothing(ledger: Ledger) -> None:
    ledger.enqueue([outgoing(1), outgoing(2)])
    before = ledger.contents_hash()
    with pytest.raises(Unreachable, match="does not answer"):
        send_due(ledger, SmtpChannel(Smtp("127.0.0.1", free_port(), tls="none")), SETTINGS, CLOCK)
    assert ledger.contents_hash() == before


def test_a_server_is_not_called_when_nothing_is_due(ledger: Ledger) -> None:
    dead = SmtpChannel(Smtp("127.0.0.1", free_port(), tls="none"))
    assert send_due(ledger, dead, SETTINGS, CLOCK).accepted == 0


class Dying:
    """A way out whose server dies after some messages."""

    name, live = "email", False

    def __init__(self, mailbox: MailboxChannel, after: int) -> None:
        self.mailbox, self.after = mailbox, after

    @contextmanager
    def open(self) -> Iterator[Delivery]:
        with self.mailbox.open() as delivery:
            self.delivery = delivery
            yield self

    def deliver(self, message: Message) -> Receipt:
        self.after -= 1
        if self.after < 0:
            raise Unreachable("the mail server does not answer")
        return self.delivery.deliver(message)


def test_a_server_that_dies_on_the_way_gives_back_what_had_not_left(ledger: Ledger, mailbox: MailboxChannel) -> None:
    ledger.enqueue([outgoing(contact) for contact in (1, 2, 3)])
    with pytest.raises(Unreachable):
        send_due(ledger, Dying(mailbox, after=1), SETTINGS, CLOCK)
    assert fates(ledger) == {1: ("accepted", None), 2: ("queued", None), 3: ("queued", None)}
    assert [row.attempts for row in ledger.outbox()] == [1, 0, 0]
    assert send(ledger, mailbox).accepted == 2


def test_later_means_later_and_not_for_ever(ledger: Ledger) -> None:
    ledger.enqueue([outgoing(1), outgoing(2, fresh_until=NINE + timedelta(hours=1))])
    postmaster = Postmaster(rcpt=lambda address: "451 4.7.1 greylisted")
    hours = 0.0
    with smtp_server(postmaster) as settings:
        for _ in range(MAX_ATTEMPTS):
            report = send_due(ledger, SmtpChannel(settings), SETTINGS, FixedClock(NINE + timedelta(hours=hours)))
            again = send_due(ledger, SmtpChannel(settings), SETTINGS, FixedClock(NINE + timedelta(hours=hours)))
            assert again.deferred == {}
            hours += 4.0
    assert report.refused == {"gave_up": 1}
    assert fates(ledger) == {1: ("refused", "gave_up"), 2: ("refused", "too_late")}


def test_a_dead_address_is_not_written_to_again(ledger: Ledger) -> None:
    ledger.enqueue([outgoing(1), outgoing(1, occurrence="next", local_day=date(2026, 3, 11))])
    postmaster = Postmaster(rcpt=lambda address: "550 5.1.1 no such user")
    with smtp_server(postmaster) as settings:
        send_due(ledger, SmtpChannel(settings), SETTINGS, CLOCK, limit=1)
        report = send_due(ledger, SmtpChannel(settings), SETTINGS, CLOCK)
    assert report.refused == {"suppressed": 1}


def test_a_refusal_of_policy_never_blames_the_address(ledger: Ledger) -> None:
    ledger.enqueue([outgoing(1)])
    with smtp_server(Postmaster(rcpt=lambda address: "550 5.7.515 not allowed")) as settings:
        report = send_due(ledger, SmtpChannel(settings), SETTINGS, CLOCK)
    assert report.refused == {"policy": 1}
    assert report.said == {"policy": "550 5.7.515 not allowed"}
    assert ledger.suppressions() == []


def test_an_answer_that_never_came_is_unknown_and_only_transactional_tries_again(ledger: Ledger) -> None:
    ledger.enqueue([outgoing(1), outgoing(2, kind="transactional")])
    postmaster = Postmaster(data=lambda address: "250 hang up")
    with smtp_server(postmaster) as settings:
        assert send_due(ledger, SmtpChannel(settings), SETTINGS, CLOCK).unknown == 2
        postmaster.data = lambda address: "250 taken"
        later = FixedClock(NINE + timedelta(minutes=6))
        assert send_due(ledger, SmtpChannel(settings), SETTINGS, CLOCK).accepted == 0
        assert send_due(ledger, SmtpChannel(settings), SETTINGS, later).accepted == 1
    assert fates(ledger) == {1: ("unknown", "connection_lost_after_data"), 2: ("accepted", None)}
    sent = [email.message_from_bytes(raw)["Message-ID"] for to, raw in postmaster.taken if to.startswith("contact2")]
    assert len(sent) == 2
    assert len(set(sent)) == 1


@pytest.mark.parametrize(
    ("settings", "missing"),
    [
        (replace(SETTINGS, public_url=None), "public_url"),
        (replace(SETTINGS, public_url="http://shop.example"), "public_url"),
        (replace(SETTINGS, brand=Brand("Lire ici", " ")), "the brand's postal address"),
        (replace(SETTINGS, brand=Brand("", "12, rue Saint-Jean")), "the brand's name"),
        (replace(SETTINGS, senders={}), "a sender"),
    ],
)
def test_a_live_send_that_nobody_could_answer_or_leave_is_refused(
    ledger: Ledger, settings: MailSettings, missing: str
) -> None:
    ledger.enqueue([outgoing(1)])
    before = ledger.contents_hash()
    postmaster = Postmaster()
    with smtp_server(postmaster) as server, pytest.raises(Refused, match=f"nothing was sent: .*{missing}"):
        send_due(ledger, SmtpChannel(server), settings, CLOCK)
    assert ledger.contents_hash() == before
    assert postmaster.taken == []


def test_the_mailbox_asks_for_no_public_url(ledger: Ledger, mailbox: MailboxChannel) -> None:
    ledger.enqueue([outgoing(1)])
    assert send_due(ledger, mailbox, replace(SETTINGS, public_url=None), CLOCK).accepted == 1


def test_an_unknown_sender_stops_before_anything_leaves(ledger: Ledger, mailbox: MailboxChannel) -> None:
    ledger.enqueue([outgoing(1), outgoing(2, sender="elsewhere")])
    before = ledger.outbox()
    two = replace(SETTINGS, senders={**SETTINGS.senders, "branch": SETTINGS.senders["shop"]})
    with pytest.raises(Refused, match=r"no sender “elsewhere” \(they have shop, branch\); add it, nothing was sent"):
        send_due(ledger, mailbox, two, FixedClock(NINE + timedelta(minutes=5)))
    assert ledger.outbox() == before


def test_a_test_message_is_marked_and_leaves_no_trace(ledger: Ledger, mailbox: MailboxChannel, maildir: Path) -> None:
    before = ledger.contents_hash()
    compiled = compile_message(shipped("second-purchase"))
    given: dict[str, Any] = {
        "sender": "shop",
        "language": "fr",
        "locale": "fr-CA",
        "context": {"product": "Été"},
    }
    receipt = send_test(mailbox, compiled, SETTINGS, CLOCK, to="Essai@lireici.example", **given)
    assert receipt.state == "accepted"
    mail = email.message_from_bytes(mails(maildir)[0].read_bytes(), policy=email.policy.default)
    assert mail["Subject"].startswith("[Essai] Avez-vous aimé")
    assert mail["Feedback-ID"] == "test:second-purchase:test:shop"
    assert ledger.contents_hash() == before
    with pytest.raises(Refused, match="not one of the test addresses"):
        send_test(mailbox, compiled, SETTINGS, CLOCK, to="marie@example.test", **given)
