"""Documents keep their lines, read plainly, and refuse what is dangerous or ambiguous."""

from __future__ import annotations

import pytest
from pydantic import BaseModel, ConfigDict

from relance.base.documents import load_document, validated
from relance.base.errors import BadDocument


class Shop(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str
    opens: str = "09:00"


def test_times_dates_and_yes_are_texts() -> None:
    data = load_document("a: 09:00\nb: 2026-03-08\nc: yes\nd: true\ne: 12\nf: 1.5\ng:\nh: on").data
    assert data == {
        "a": "09:00", "b": "2026-03-08", "c": "yes", "d": True, "e": 12, "f": 1.5, "g": None, "h": "on"
    }  # fmt: skip


def test_json_is_read_too() -> None:
    assert load_document('{"a": [1, {"b": null}]}').data == {"a": [1, {"b": None}]}


def test_every_part_knows_its_line() -> None:
    document = load_document("a: 1\nsteps:\n  - send: x\n  - wait:\n      days: 3\n")
    assert document.line(("steps", 1, "wait", "days")) == 5
    assert document.line(("steps", 1, "wait", "nowhere")) == 4


@pytest.mark.parametrize(
    "text, said",
    [
        ("a: 1\na: 2", "x.yaml:2: “a” is said twice"),
        ("a: &b 1\nc: *b", "x.yaml:1: anchors are not allowed"),
        ("a: !!python/object:os.system 1", "x.yaml:1: the mark"),
        ("a: [1", "x.yaml:1: "),
        ("[" * 5000, "x.yaml:1: is nested too deeply"),
        ("- " * 90_000 + "x", "x.yaml:1: is nested too deeply"),
        ("a: \ud800", "x.yaml: is not UTF-8 text"),
        ("? [a]\n: 1", "x.yaml:1: a name must be plain text"),
    ],
)
def test_what_is_refused_names_file_and_line(text: str, said: str) -> None:
    with pytest.raises(BadDocument) as caught:
        load_document(text, source="x.yaml")
    assert str(caught.value).startswith(said)


@pytest.mark.parametrize(
    "text, said",
    [
        ("name: a\nopen: 1", "shop.yaml:2: “open” is not known here"),
        ("opens: 10:00", "shop.yaml:1: “name” is missing"),
        ("name: [1]", "shop.yaml:1: “name”: “[1]” is not a text"),
    ],
)
def test_a_model_is_checked_with_lines(text: str, said: str) -> None:
    with pytest.raises(BadDocument) as caught:
        validated(Shop, load_document(text, source="shop.yaml"))
    assert str(caught.value) == said
