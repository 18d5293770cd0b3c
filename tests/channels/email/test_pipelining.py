"""Many letters over a few lines: who gets which answer when the server answers them all at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import pytest

from relance.channels.channel import Message, Receipt
from relance.channels.email.smtp import SmtpChannel
from relance.channels.settings import Smtp
from tests.channels.email.test_mail import LETTER
from tests.channels.hostile import Hostile, hostile_server


@dataclass
class Bag:
    """A batch of letters that remembers what became of each."""

    letters: Iterator[Message]
    late: bool = False
    receipts: dict[str, Receipt] = field(default_factory=dict)
    back: list[str] = field(default_factory=list)

    def next(self) -> Message | None:
        return next(self.letters, None)

    def may_send(self) -> bool:
        return not self.late

    def done(self, message: Message, receipt: Receipt) -> None:
        assert message.to not in self.receipts
        self.receipts[message.to] = receipt

    def give_back(self, message: Message) -> None:
        self.back.append(message.to)


def bag(count: int) -> Bag:
    letters = (
        replace(LETTER, to=f"c{number}@example.test", message_id=f"<{number}@x.example>") for number in range(count)
    )
    return Bag(letters)


def deliver(hostile: Hostile, count: int, **more: object) -> tuple[Bag, Counter[str]]:
    letters = bag(count)
    with hostile_server(hostile) as settings:
        settings = replace(settings, **more)  # type: ignore[arg-type]
        with SmtpChannel(settings).open() as delivery:
            delivery.deliver_all(letters)
    return letters, Counter(f"{one.state} {one.reason or ''}".strip() for one in letters.receipts.values())


@pytest.mark.parametrize("pipelining", [True, False])
def test_every_letter_arrives_once_and_whole(pipelining: bool) -> None:
    hostile = Hostile(pipelining=pipelining)
    _, said = deliver(hostile, 250, messages_per_connection=30)
    assert said == {"accepted": 250}
    assert Counter(hostile.taken) == Counter(f"c{number}@example.test" for number in range(250))
    assert all(text.endswith(b"--\r\n.\r\n") for text in hostile.texts)
    assert hostile.lines > 4


@pytest.mark.parametrize("pipelining", [True, False])
@pytest.mark.parametrize("data_anyway", [True, False])
def test_a_refused_recipient_gets_no_text_and_the_next_is_not_troubled(pipelining: bool, data_anyway: bool) -> None:
    hostile = Hostile(later=3, pipelining=pipelining, data_anyway=data_anyway)
    letters, said = deliver(hostile, 60)
    assert said == {"accepted": 40, "deferred smtp_451": 20}
    assert hostile.empty == (20 if pipelining and data_anyway else 0)
    assert set(hostile.taken) == {to for to, one in letters.receipts.items() if one.state == "accepted"}


def test_a_line_dropped_after_the_final_dot_leaves_its_letter_alone_in_doubt() -> None:
    hostile = Hostile(dropping=10)
    letters, said = deliver(hostile, 100)
    assert said == {"accepted": 90, "unknown connection_lost_after_data": 10}
    assert max(Counter(hostile.taken).values()) == 1
    assert set(letters.receipts) == set(hostile.taken)


def test_a_server_that_closes_in_mid_pipeline_is_asked_again_later() -> None:
    hostile = Hostile(closing=7)
    letters, said = deliver(hostile, 70)
    assert said["accepted"] + said["deferred smtp_421"] == 70
    assert said["deferred smtp_421"] >= 8
    assert sorted(hostile.taken) == sorted(to for to, one in letters.receipts.items() if one.state == "accepted")


def test_a_server_that_falls_silent_is_left_after_a_while() -> None:
    hostile = Hostile(silent=10, pause=30)
    _, said = deliver(hostile, 30, timeout_seconds=0.4)
    assert said == {"accepted": 27, "unknown connection_lost_after_data": 3}


def test_a_sender_that_overslept_sends_no_text() -> None:
    hostile, letters = Hostile(), bag(5)
    letters.late = True
    with hostile_server(hostile) as settings, SmtpChannel(settings).open() as delivery:
        delivery.deliver_all(letters)
    assert hostile.taken == []
    assert len(letters.back) == 5
    assert letters.receipts == {}


def test_lines_are_used_again_by_the_next_batch() -> None:
    hostile, letters = Hostile(), [bag(40), bag(40)]
    with hostile_server(hostile) as settings, SmtpChannel(settings).open() as delivery:
        for each in letters:
            delivery.deliver_all(each)
    assert [len(each.receipts) for each in letters] == [40, 40]
    assert hostile.lines == Smtp("x").connections
