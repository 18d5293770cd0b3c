"""A tiny cooperative of the same documents lives a few days in a process beside; the queries it compiled come out."""

# Compiling the queries of a home takes seconds on one core, while the other does nothing. Whatever fails here costs
# nothing but that time: what has not been rehearsed is compiled where it is needed.

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from relance.base.home import Home
from relance.demo.plan import DemoPlan, SwitchOn
from relance.engines.texts import COMPILED_AHEAD, compiled_ahead, heard, keep_texts

CONTACTS, BOOKS, FIRST_DAYS, LAST_DAYS = 600, 2_000, 2, 4
_BETWEEN = 0.4  # seconds between two looks at what is new


@contextmanager
def rehearsed() -> Iterator[None]:
    """As long as this lasts, a process beside rehearses, and queries that it has compiled need not be compiled here."""
    if compiled_ahead() or (os.cpu_count() or 1) < 2:
        yield
        return
    with TemporaryDirectory(prefix="relance-rehearsal-", ignore_cleanup_errors=True) as folder:
        home = Home(Path(folder) / "home")
        beside = start(home)
        try:
            with heard(home.texts):
                yield
        finally:
            beside.kill()
            beside.communicate()


def start(home: Home) -> subprocess.Popen[bytes]:
    """The process beside. It leaves, and its home with it, when its standard input ends: with us, at the latest."""
    command = [sys.executable, "-m", "relance.demo.rehearsal", str(home.path)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def rehearse(home: Home) -> None:
    """Some days of a demo. The first scenarios come last first: whoever begins at the front is met half-way."""
    from relance import flow
    from relance.customers.installation import open_installation
    from relance.demo.month import live, make_files, make_home
    from relance.demo.plan import Turn
    from relance.demo.timetable import FIRST
    from relance.explaining.explain import explain
    from relance.policy.equation import equations

    make_home(home, again=False)
    plan = make_files(home, CONTACTS, seed=1, books=BOOKS)
    plan = _some_days(plan)
    place, moments = open_installation(home), plan.moments

    def backwards(what: str, done: int, total: int) -> None:
        """Before the first turn, what the first scenarios ask in it, the last of them first."""
        moment = moments[done] if done < total else None
        if isinstance(moment, Turn) and moment.at == plan.turns[0]:
            for name in reversed(FIRST):
                flow.plan(place, moment.at, [name])

    month = live(place, plan, backwards)
    for shown in plan.showcase[:1]:
        explain(place, shown.own_id, FIRST[0], month.turns[-1].at)
    equations(place)


def _some_days(plan: DemoPlan) -> DemoPlan:
    """The first turns and what comes before them, and the last; who comes later is switched on from the second on.

    What happens in between asks nothing that is not asked then.
    """
    turns = plan.turns[:FIRST_DAYS] + plan.turns[-LAST_DAYS:]
    begun, going_on = turns[FIRST_DAYS - 1], turns[FIRST_DAYS] - timedelta(days=1)
    deliveries = tuple(each for each in plan.deliveries if not begun < each.known_at < going_on)
    first, *later = plan.switch_ons
    others = tuple(name for each in later for name in each.names)
    switched = (SwitchOn(first.at, first.names[::-1]), SwitchOn(turns[1] - timedelta(minutes=1), others))
    return replace(plan, turns=turns, deliveries=deliveries, switch_ons=switched)


def main() -> None:
    """Rehearses at the home named, keeping what is compiled as it comes, and stays until let go.

    Where no home is named, what is compiled is kept beside the code, for every process to come.
    """
    if not sys.argv[1:]:
        _compile_ahead()
        return
    home = Home(Path(sys.argv[1]))
    threading.Thread(target=_until_let_go, args=(home.path,), daemon=True).start()
    done = threading.Event()
    keeping = threading.Thread(target=_keep_texts, args=(home.texts, done), daemon=True)
    keeping.start()
    rehearse(home)
    done.set()
    keeping.join()


def _compile_ahead() -> None:
    with TemporaryDirectory(prefix="relance-rehearsal-") as folder:
        rehearse(Home(Path(folder) / "home"))
    COMPILED_AHEAD.parent.mkdir(exist_ok=True)
    keep_texts(COMPILED_AHEAD)


def _until_let_go(folder: Path) -> None:
    sys.stdin.buffer.read()
    shutil.rmtree(folder.parent, ignore_errors=True)
    os._exit(0)


def _keep_texts(path: Path, done: threading.Event) -> None:
    while not done.wait(_BETWEEN):
        keep_texts(path)
    keep_texts(path)


if __name__ == "__main__":
    main()
