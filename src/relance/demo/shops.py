"""A hundred made-up shops in real towns of Québec, the Maritimes and Ontario."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from relance.demo import words
from relance.demo.calendar import Real, Whole

ZONES = {"NB": "America/Moncton", "NS": "America/Halifax", "PE": "America/Halifax"}
AREAS = ("418", "450", "514", "581", "819")
_HOURS = "lun-mer 9 h 30-17 h 30; jeu-ven 9 h 30-21 h; sam 9 h 30-17 h; dim 11 h-17 h"


@dataclass(frozen=True)
class Shops:
    """The shops' export, and for each shop its town's index and how many of the members it draws."""

    table: pa.Table
    codes: pa.Array
    town: Whole
    weight: Real


@dataclass(frozen=True)
class Towns:
    """Towns side by side: name, province, first half of the postal code."""

    names: list[str]
    provinces: list[str]
    areas: list[str]


def the_towns() -> Towns:
    rows = words.fields("towns")
    return Towns([row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows])


def open_shops(rng: np.random.Generator) -> Shops:
    """Every town has as many shops as its line says."""
    rows = words.fields("towns")
    town = np.repeat(np.arange(len(rows)), [int(row[5]) for row in rows])
    number = np.arange(len(town))
    codes = words.joined("L", words.written(number + 1, 3))
    weight = rng.gamma(4.0, 0.25, len(town)) * np.array([1.0 + 0.4 * (int(row[5]) > 1) for row in rows])[town]
    return Shops(_table(rng, rows, town, codes), codes, town, weight / weight.sum())


def _table(rng: np.random.Generator, rows: list[tuple[str, ...]], town: Whole, codes: pa.Array) -> pa.Table:
    towns = the_towns()
    number = np.arange(len(town))
    province = words.pick(towns.provinces, town)
    slug = words.joined("https://www.lireici.example.test/librairies/", codes)
    spread = rng.normal(0, 0.012, (2, len(town)))
    return pa.table(
        {
            "code": codes,
            "nom": _names(number, words.pick(towns.names, town), town),
            "telephone": words.joined(words.pick(AREAS, town % len(AREAS)), "-555-01", words.written(number, 2)),
            "courriel": words.joined("librairie-", words.written(number + 1, 3), "@lireici.example.test"),
            "adresse": words.joined(words.written(rng.integers(10, 990, len(town)), 1), ", rue Principale"),
            "ville": words.pick(towns.names, town),
            "province": province,
            "code_postal": postal_codes(rng, town),
            "heures": pa.array([_HOURS] * len(town)),
            "page": slug,
            "fuseau": pa.array([ZONES.get(each, "America/Toronto") for each in province.to_pylist()]),
            "latitude": np.round(np.array([float(row[3]) for row in rows])[town] + spread[0], 4),
            "longitude": np.round(np.array([float(row[4]) for row in rows])[town] + spread[1], 4),
        }
    )


def _names(number: Whole, towns: pa.Array, town: Whole) -> pa.Array:
    """Librairie du Signet (Rimouski): a town with one shop shares its name with no neighbour."""
    names = words.lines("shop_names")
    return words.joined("Librairie ", words.pick(names, (number * 7 + town) % len(names)), " (", towns, ")")


def postal_codes(rng: np.random.Generator, town: Whole) -> pa.Array:
    """A made-up postal code that begins like the town's."""
    letters = list("ABCEGHJKLMNPRSTVWXYZ")
    size = len(town)
    first, last = rng.integers(0, 10, size), rng.integers(0, 10, size)
    area = words.pick(the_towns().areas, town)
    letter = words.pick(letters, rng.integers(0, len(letters), size))
    return words.joined(area, " ", words.written(first, 1), letter, words.written(last, 1))
