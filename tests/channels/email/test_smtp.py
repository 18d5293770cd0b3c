"""What a server says, or does not say, and what we make of it; the server is a real one on this machine."""

from __future__ import annotations

import socket
from dataclasses import replace
from pathlib import Path

import pytest

from relance.base.errors import BadDocument, Refused, Unreachable
from relance.channels.email.replies import classify
from relance.channels.email.smtp import SmtpChannel
from relance.channels.settings import Smtp
from tests.channels.conftest import Postmaster, free_port, smtp_server
from tests.channels.email.test_mail import LETTER


def outcome(postmaster: Postmaster) -> tuple[str, str | None]:
    with smtp_server(postmaster) as settings, SmtpChannel(settings).open() as delivery:
        receipt = delivery.deliver(LETTER)
        return receipt.state, receipt.reason


@pytest.mark.parametrize(
    ("reply", "state", "reason"),
    [
        ("451 4.7.1 greylisted", "deferred", "smtp_451"),
        ("421 4.3.2 closing", "deferred", "smtp_421"),
        ("550 5.1.1 no such user", "refused", "bad_address"),
        ("550 5.2.1 disabled", "refused", "bad_address"),
        ("552 5.2.2 full", "refused", "mailbox_full"),
        ("550 5.7.515 access denied", "refused", "policy"),
        ("553 5.1.8 bad sender", "refused", "sender_refused"),
        ("550 no", "refused", "refused_by_server"),
        ("550 hang up", "deferred", "connection_lost"),
    ],
)
def test_a_reply_to_the_recipient_is_classified(reply: str, state: str, reason: str) -> None:
    assert outcome(Postmaster(rcpt=lambda address: reply)) == (state, reason)


@pytest.mark.parametrize(
    ("reply", "state", "reason"),
    [
        ("451 4.3.0 later", "deferred", "smtp_451"),
        ("554 5.7.1 spam", "refused", "policy"),
        ("552 5.3.4 too big", "refused", "too_large"),
        ("250 hang up", "unknown", "connection_lost_after_data"),
    ],
)
def test_a_reply_to_the_text_is_classified(reply: str, state: str, reason: str) -> None:
    assert outcome(Postmaster(data=lambda address: reply)) == (state, reason)


def test_a_code_nobody_knows_never_blames_the_address() -> None:
    for reply in (b"5.9.9 odd", b"", b"5.1.1x", b"\xff\xfe"):
        assert classify(599, reply, "rcpt").reason == "refused_by_server"
    assert classify(550, b"5.1.1 unknown", "mail").reason == "sender_refused"


def test_one_refusal_does_not_spoil_the_next_message() -> None:
    postmaster = Postmaster(rcpt=lambda address: "550 5.1.1 no" if address.startswith("marie") else "250 yes")
    with smtp_server(postmaster) as settings, SmtpChannel(settings).open() as delivery:
        states = [delivery.deliver(replace(LETTER, to=f"{name}@example.test")).state for name in ("marie", "jean")]
    assert states == ["refused", "accepted"]


def test_a_closed_line_is_opened_again() -> None:
    postmaster = Postmaster()
    with (
        smtp_server(postmaster) as settings,
        SmtpChannel(replace(settings, messages_per_connection=2, connections=1)).open() as to,
    ):
        assert [to.deliver(LETTER).state for _ in range(5)] == ["accepted"] * 5
        postmaster.hang_up()
        assert to.deliver(LETTER).state == "accepted"
    assert len(postmaster.taken) == 6


def test_a_dead_server_is_one_sentence() -> None:
    port = free_port()
    with (
        pytest.raises(Unreachable, match=f"the mail server 127.0.0.1:{port} does not answer"),
        SmtpChannel(Smtp("127.0.0.1", port, tls="none")).open(),
    ):
        pass


def test_a_server_that_never_greets_is_one_sentence() -> None:
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        settings = Smtp("127.0.0.1", mute.getsockname()[1], tls="none", timeout_seconds=0.2)
        with pytest.raises(Unreachable, match="does not answer"), SmtpChannel(settings).open():
            pass


def test_a_server_without_starttls_is_refused() -> None:
    with (
        smtp_server(Postmaster()) as settings,
        pytest.raises(Refused, match="offers no STARTTLS"),
        SmtpChannel(replace(settings, tls="starttls")).open(),
    ):
        pass


def test_a_password_others_can_read_is_refused(tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text("secret\n")
    password.chmod(0o644)
    settings = Smtp("127.0.0.1", 1, tls="none", user="shop", password_file=password)
    with pytest.raises(BadDocument, match="chmod 600"), SmtpChannel(settings).open():
        pass
    password.unlink()
    with pytest.raises(BadDocument, match="cannot be read"), SmtpChannel(settings).open():
        pass
