"""Rows committed as `handing` are given out as messages, one by one, and come back as outcomes, every one of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from relance.base.errors import BadDocument, NotFound, Unreachable
from relance.channels.channel import Delivery, ManyDelivery, Message, Receipt
from relance.channels.writing import Writer
from relance.engines.ledger import OutboxRow, Outcome
from relance.messages.fields import BadContext

MAX_ATTEMPTS = 8
RETRY_MINUTES = (5, 15, 30, 60, 120, 240, 240)


@dataclass(frozen=True, slots=True)
class Leaving:
    """A row that may leave, healed, under the name it keeps at every attempt."""

    row: OutboxRow
    context: Mapping[str, Any]
    message_id: str


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of a row; `detail` is what the channel said, for people."""

    row: OutboxRow
    outcome: Outcome
    detail: str | None = None


class HandingBatch:
    """At most a hundred rows on their way out; what was begun and never answered is `unknown`."""

    def __init__(
        self,
        rows: Sequence[Leaving],
        writer: Writer,
        at: datetime,
        may_begin: Callable[[], bool],
        may_send: Callable[[], bool],
    ) -> None:
        self.writer, self.at = writer, at
        self.may_begin, self.may_send = may_begin, may_send
        self.settled: list[Settled] = []
        self._waiting = iter(rows)
        self._rows = {one.message_id: one for one in rows}
        self._begun: set[str] = set()

    def next(self) -> Message | None:
        """The next message to hand over; None when there is none, or when it is too late to begin one."""
        while self.may_begin() and (one := next(self._waiting, None)):
            try:
                message = self.writer.write(one.row.outgoing, one.context, one.message_id, self.at)
            except (BadContext, BadDocument, NotFound) as error:
                self._settle(one, Receipt("refused", "not_rendered", str(error)))
            except Exception as error:
                # A defect of ours in one row may neither stop the others nor come back at every try.
                self._settle(one, Receipt("refused", "not_rendered", f"{type(error).__name__}: {error}"))
            else:
                # From here until its receipt, the honest word for this row is unknown.
                self._begun.add(message.message_id)
                return message
        return None

    def done(self, message: Message, receipt: Receipt) -> None:
        """The channel has said what became of the message."""
        self._begun.discard(message.message_id)
        self._settle(self._rows[message.message_id], receipt)

    def give_back(self, message: Message) -> None:
        """The message surely did not begin to leave."""
        self._begun.discard(message.message_id)

    def hand_over(self, delivery: Delivery) -> None:
        """Give every message to the channel. Whatever is raised, `outcomes` tells the truth afterwards."""
        try:
            if isinstance(delivery, ManyDelivery):
                delivery.deliver_all(self)
            else:
                while message := self.next():
                    self.done(message, delivery.deliver(message))
        except Unreachable:
            self._begun.clear()
            raise

    def outcomes(self) -> Iterator[Settled]:
        """One for every row: as the channel said, unknown, or back in the queue as if never attempted."""
        yield from self.settled
        for one in self._rows.values():
            if one.message_id in self._begun:
                yield Settled(one.row, Outcome(one.row.id, "unknown", "interrupted"))
            else:
                yield Settled(one.row, Outcome(one.row.id, "queued", one.row.reason))

    def _settle(self, one: Leaving, receipt: Receipt) -> None:
        del self._rows[one.message_id]
        self.settled.append(Settled(one.row, outcome(one.row, receipt, self.at), receipt.detail))


def outcome(row: OutboxRow, receipt: Receipt, now: datetime) -> Outcome:
    """What a receipt means for its row: a server that says “later” too often is taken for a refusal."""
    if receipt.state != "deferred":
        return Outcome(row.id, receipt.state, receipt.reason)
    if row.attempts + 1 >= MAX_ATTEMPTS:
        return Outcome(row.id, "refused", "gave_up")
    wait = timedelta(minutes=RETRY_MINUTES[min(row.attempts, len(RETRY_MINUTES) - 1)])
    return Outcome(row.id, "deferred", receipt.reason, retry_at=now + wait)
