"""Hits come in one by one from an event loop and are kept together: each waiter goes on once its batch is durable."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from queue import SimpleQueue

from relance.base.clock import Clock
from relance.base.errors import RelanceError
from relance.engines.hits import Hit, Hits
from relance.engines.ledger import Ledger
from relance.engines.sqlite import open_ledger
from relance.engines.sqlite_hits import open_hits
from relance.messages.following import FOLLOWING

MOST_TOGETHER = 1_000
BUSY_SECONDS = 2.0  # as long as a reader may be kept waiting
_Waiting = tuple[Hit, "asyncio.Future[bool] | None"]


class HitWriter:
    """One thread with one connection; what arrives while a batch is written becomes the next batch."""

    def __init__(self, path: Path, ledger: Path, clock: Clock) -> None:
        self._path, self._ledger, self._clock = path, ledger, clock
        self._waiting: SimpleQueue[_Waiting | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="hits", daemon=True)
        self.lost = 0
        self._thread.start()

    async def keep(self, hit: Hit) -> bool:
        """True once the hit is durable; False where it could not be kept, which is counted in `lost`."""
        kept: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.put((hit, kept))
        return await kept

    def keep_later(self, hit: Hit) -> None:
        """Kept soon, from any thread; nobody waits."""
        self._waiting.put((hit, None))

    def close(self) -> None:
        """Keeps what is waiting, and ends."""
        self._waiting.put(None)
        self._thread.join()

    def _work(self) -> None:
        hits: Hits | None = None
        ledger: Ledger | None = None
        while batch := self._batch():
            try:
                hits = hits or open_hits(self._path, BUSY_SECONDS)
                ledger = ledger or (open_ledger(self._ledger) if self._ledger.exists() else None)
                hits.append(_allowed([hit for hit, _ in batch], ledger), self._clock.now())
                self._answer(batch, True)
            except RelanceError:  # a full disk does not keep a reader from the page; the count says what is missing
                self.lost += len(batch)
                self._answer(batch, False)
        for opened in (hits, ledger):
            if opened is not None:
                opened.close()

    def _batch(self) -> list[_Waiting]:
        """What is waiting, at least one; empty when the writer is closed."""
        first = self._waiting.get()
        batch = [] if first is None else [first]
        while batch and len(batch) < MOST_TOGETHER and not self._waiting.empty():
            following = self._waiting.get()
            if following is None:
                self._waiting.put(None)
                break
            batch.append(following)
        return batch

    @staticmethod
    def _answer(batch: list[_Waiting], kept: bool) -> None:
        futures = [future for _, future in batch if future is not None]
        for loop in {future.get_loop() for future in futures}:
            if not loop.is_closed():
                here = [future for future in futures if future.get_loop() is loop]
                loop.call_soon_threadsafe(_resolve, here, kept)


def _allowed(hits: list[Hit], ledger: Ledger | None) -> list[Hit]:
    """Without the opens and clicks of those who do not want them noticed, also of mail sent before they said so."""
    refusing = ledger.refusing((hit.contact for hit in hits), FOLLOWING) if ledger else set()
    return [hit for hit in hits if hit.contact not in refusing or hit.kind == "unsubscribe"]


def _resolve(futures: list[asyncio.Future[bool]], kept: bool) -> None:
    for future in futures:
        if not future.done():  # a reader who hung up waits no more
            future.set_result(kept)
