"""French titles out of word lists: a number of books comes in, that many titles go out."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from relance.demo import words
from relance.demo.calendar import Whole

_GENDERS = ("ms", "fs", "mp", "fp")
_OF = {"le ": "du ", "la ": "de la ", "les ": "des ", "l’": "de l’"}
_VOWELS = "AEIOUYÉÈÊÂÎÔH"
_STUDIES = (
    "Petit traité",
    "Brève histoire",
    "Éloge",
    "Le goût",
    "Au bord",
    "Mémoires",
    "Le livre",
    "À propos",
)


def make_titles(rng: np.random.Generator, count: int) -> pa.Array:
    """As many titles as asked, few of them alike."""
    makers = (_possessed, _described, _paired, _verbal, _named, _study, _series)
    kind = rng.choice(len(makers), count, p=(0.30, 0.24, 0.14, 0.10, 0.10, 0.04, 0.08))
    order = np.argsort(np.argsort(kind, kind="stable"), kind="stable")
    sizes = np.bincount(kind, minlength=len(makers))
    made = [make(rng, int(size)) for make, size in zip(makers, sizes, strict=True)]
    return pa.concat_arrays(made).take(pa.array(order))


def _possessed(rng: np.random.Generator, size: int) -> pa.Array:
    return words.joined(_nouns(rng, size), " ", _of_nouns(rng, size))


def _described(rng: np.random.Generator, size: int) -> pa.Array:
    nouns = words.fields("nouns")
    which = rng.integers(0, len(nouns), size)
    gender = np.array([_GENDERS.index(row[1]) for row in nouns])[which]
    forms = [form for row in words.fields("adjectives") for form in row]
    adjective = words.pick(forms, rng.integers(0, len(forms) // 4, size) * 4 + gender)
    return words.joined(words.pick([_capital(row[0]) for row in nouns], which), " ", adjective)


def _paired(rng: np.random.Generator, size: int) -> pa.Array:
    return words.joined(_nouns(rng, size), " et ", _nouns(rng, size, capital=False))


def _verbal(rng: np.random.Generator, size: int) -> pa.Array:
    verbs = words.lines("verbs")
    singular = [row[0] for row in words.fields("nouns") if row[1].endswith("s")]
    verb = words.pick(verbs, _some(rng, len(verbs), size))
    return words.joined(verb, " ", words.pick(singular, _some(rng, len(singular), size)))


def _named(rng: np.random.Generator, size: int) -> pa.Array:
    names = [f"d’{name}" if name[0] in _VOWELS else f"de {name}" for name in words.lines("first_names")]
    return words.joined(_nouns(rng, size), " ", words.pick(names, rng.integers(0, len(names), size)))


def _study(rng: np.random.Generator, size: int) -> pa.Array:
    return words.joined(words.pick(_STUDIES, rng.integers(0, len(_STUDIES), size)), " ", _of_nouns(rng, size))


def _series(rng: np.random.Generator, size: int) -> pa.Array:
    tome = words.written(1 + rng.geometric(0.35, size) % 12, 1)
    return words.joined(_possessed(rng, size), ", tome ", tome)


def _nouns(rng: np.random.Generator, size: int, capital: bool = True) -> pa.Array:
    nouns = [row[0] for row in words.fields("nouns")]
    return words.pick([_capital(noun) for noun in nouns] if capital else nouns, _some(rng, len(nouns), size))


def _of_nouns(rng: np.random.Generator, size: int) -> pa.Array:
    nouns = [_of(row[0]) for row in words.fields("nouns")]
    return words.pick(nouns, _some(rng, len(nouns), size))


def _some(rng: np.random.Generator, below: int, size: int) -> Whole:
    return rng.integers(0, below, size)


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


def _of(noun: str) -> str:
    """la neige → de la neige; les ombres → des ombres."""
    article = next(article for article in _OF if noun.startswith(article))
    return _OF[article] + noun[len(article) :]
