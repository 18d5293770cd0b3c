"""A question to the past goes in; it is answered beside the pages, one at a time, and says how far it is."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass

from relance.backtests.asked import Asked
from relance.backtests.walk import backtest
from relance.base.errors import Busy, RelanceError
from relance.customers.installation import Installation

log = logging.getLogger("relance.web")


@dataclass
class Try:
    """A backtest under way. `found` is its id when it is done; `refused` the sentence where it could not be."""

    scenario: str
    done: int = 0
    total: int = 0
    found: str = ""
    refused: str = ""

    @property
    def over(self) -> bool:
        return bool(self.found or self.refused)

    def told(self, what: str, done: int, total: int) -> None:
        """How many of the turns have been walked."""
        self.done, self.total = done, total


_tries: dict[str, Try] = {}
_door = threading.Lock()


def begin(place: Installation, scenario: str, ask: Callable[[Installation], Asked]) -> Try:
    """Starts it; what is asked is read by the new thread's own connections. Busy while another one is under way."""
    path = str(place.home.path)
    with _door:
        before = _tries.get(path)
        if before and not before.over:
            raise Busy("another backtest is under way; wait until it has finished")
        one = _tries[path] = Try(scenario)
    threading.Thread(target=_answer, args=(place, one, ask), name="backtest", daemon=True).start()
    return one


def under_way(place: Installation, scenario: str) -> Try | None:
    """The last one of this scenario since the pages were started, as far as it is."""
    one = _tries.get(str(place.home.path))
    return one if one and one.scenario == scenario else None


def _answer(place: Installation, one: Try, ask: Callable[[Installation], Asked]) -> None:
    try:
        with place.reader() as beside:
            one.found = str(backtest(beside, ask(beside), one.told)["id"])
    except RelanceError as error:
        one.refused = str(error)
    except Exception:
        log.exception("backtest of %s", one.scenario)
        one.refused = "a defect of Relance stopped it; the log says where"
