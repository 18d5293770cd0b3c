"""A backtest in a folder of its own: request, versions, decisions by month, summary; written whole, read again."""

from __future__ import annotations

import json
import resource
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from relance.backtests.asked import Asked
from relance.base.errors import NotFound
from relance.base.home import Home
from relance.base.ids import digest
from relance.base.zones import local_day
from relance.customers.installation import Installation
from relance.customers.relations import house_relation, scratch
from relance.customers.schema import HOUSE_TABLES
from relance.engines.texts import compiled
from relance.engines.warehouse import Engine
from relance.scenarios.journeys import OUTCOMES

_ORDER = ("scenario", "step", "contact", "visitor", "occurrence")
_REQUEST, _VERSIONS, _SUMMARY = "request.json", "versions.json", "summary.json"
_COMPARED, _MEASURED = "in-force.json", "measured.json"


@dataclass
class Shelf:
    """Where one backtest is put. Written beside, and in its place at once when all of it is there."""

    folder: Path
    zone: str
    request: dict[str, Any]
    versions: dict[str, Any]
    _writers: dict[str, pq.ParquetWriter] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return self.folder.name

    @property
    def draft(self) -> Path:
        return self.folder.with_name(f".{self.folder.name}")

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Nothing remains of a backtest that was not finished."""
        shutil.rmtree(self.draft, ignore_errors=True)
        self.draft.mkdir(parents=True)
        try:
            self._put(_REQUEST, self.request)
            self._put(_VERSIONS, self.versions)
            yield
            self._close()
            shutil.rmtree(self.folder, ignore_errors=True)
            self.draft.rename(self.folder)
        finally:
            self._close()
            shutil.rmtree(self.draft, ignore_errors=True)

    def keep_decisions(self, engine: Engine, turn: datetime) -> None:
        """What the turn has just decided, as one part of its month's file."""
        rows = engine.arrow(compiled(engine, ("backtest-decisions",), _decisions))
        if not rows.num_rows:
            return
        month = f"{local_day(turn, self.zone):%Y-%m}"
        if month not in self._writers:
            self._close()  # months come one after the other
            self._writers[month] = pq.ParquetWriter(self.draft / f"decisions-{month}.parquet", rows.schema)
        self._writers[month].write_table(rows)

    def keep_summary(self, summary: dict[str, Any]) -> None:
        self._put(_SUMMARY, summary)

    def keep_comparison(self, summary: dict[str, Any]) -> None:
        self._put(_COMPARED, summary)

    def keep_measured(self, measured: dict[str, Any]) -> None:
        """Apart from the summary, whose bytes depend on the request and the data alone."""
        self._put(_MEASURED, measured)

    def read(self) -> dict[str, Any]:
        return read_folder(self.folder)

    def _put(self, name: str, data: dict[str, Any]) -> None:
        text = json.dumps(data, ensure_ascii=False, indent=1, default=str)
        (self.draft / name).write_text(text + "\n", encoding="utf-8")

    def _close(self) -> None:
        while self._writers:
            self._writers.popitem()[1].close()


def _decisions() -> Any:
    rows = scratch("outcomes", OUTCOMES).select(*HOUSE_TABLES["decisions"])
    return rows.order_by(*_ORDER)


def shelf_of(place: Installation, asked: Asked, lived: bool) -> Shelf:
    """The place of this request on this data: the same request on the same data has the same id."""
    request = asked.as_dict()
    settings = place.settings.model_dump(mode="json", include={"seed", "brand", "pressure", "quiet_hours"})
    settings["global_holdout"] = place.settings.global_holdout
    known = [request, settings, lived, _knowledge(place.engine)]
    every = (*asked.every, *asked.in_force)
    versions = {f"{each.name}@{each.number}": each.scenario.model_dump(mode="json", by_alias=True) for each in every}
    name = digest(json.dumps([known, versions], sort_keys=True, default=str))[:12]
    return Shelf(backtests_folder(place.home) / name, place.zone, request | {"settings": settings}, versions)


def _knowledge(engine: Engine) -> list[Any]:
    """What tells one state of the data from another: the last import, turn, and taken facts."""
    imports, taken = house_relation("imports"), house_relation("absorptions")
    turns = house_relation("turns")
    return [
        engine.value(imports.aggregate(n=imports["import_id"].max())),
        engine.value(taken.aggregate(n=taken["at"].max())),
        engine.value(turns.aggregate(n=turns["at"].max())),
    ]


def backtests_folder(home: Home) -> Path:
    return home.path / "backtests"


def read_backtest(home: Home, name: str) -> dict[str, Any]:
    """The stored summary with its request and what it cost; NotFound for an unknown id."""
    folder = backtests_folder(home) / name
    if not name.isalnum() or not (folder / _SUMMARY).exists():
        raise NotFound(f"there is no backtest “{name}”; those that are kept: relance backtest --list")
    return read_folder(folder)


def read_folder(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = _json(folder / _SUMMARY) | {"request": _json(folder / _REQUEST)}
    if (folder / _COMPARED).exists():
        found["in_force"] = _json(folder / _COMPARED)
    return found | {"measured": _json(folder / _MEASURED)}


def stored_backtests(home: Home) -> list[dict[str, Any]]:
    """All that are kept, the newest first: id, kind, request."""
    folders = [path.parent for path in backtests_folder(home).glob(f"*/{_SUMMARY}") if path.parent.name.isalnum()]
    newest = sorted(folders, key=lambda path: (-(path / _SUMMARY).stat().st_mtime_ns, path.name))
    return [read_folder(path) for path in newest]


def _json(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def peak_megabytes() -> int:
    """The most memory this process has held so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def months_of(folder: Path) -> list[Path]:
    """The files of decisions, oldest first."""
    return sorted(folder.glob("decisions-*.parquet"))


def decisions_of(folder: Path) -> pa.Table:
    """All decisions of a small backtest: the columns of `decisions`, in the order of turns."""
    return pa.concat_tables([pq.read_table(path) for path in months_of(folder)])
