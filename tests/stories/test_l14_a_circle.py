"""L14 beyond its story (files/l14-circle.yaml): what is no circle, and a scenario that goes round by itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from relance.base.documents import load_document
from relance.base.errors import Refused
from relance.messages.publishing import publish_scenario
from relance.scenarios.switching import switch_on
from tests.stories.bookshop import Bookshop, bookshop, local

A = """
scenario: a
trigger:
  row: {table: contact_values, where: {column: attribute, is: v}}
fresh_for: 3d
steps:
  - wait: 1d
  - hand_over: b
"""
B = """
scenario: b
trigger: {handed_over: {}}
fresh_for: 3d
steps:
  - split:
      - {weight: 1, name: one, then: [{exit: none}]}
      - weight: 1
        name: two
        then:
          - set: {attribute: v, value: "yes"}
"""


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Bookshop]:
    made = bookshop(tmp_path / "home")
    yield made
    made.close()


def on(shop: Bookshop, text: str, name: str) -> None:
    version = publish_scenario(
        shop.place, load_document(text.lstrip(), source=f"{name}.yaml"), local("2026-03-01 08:00")
    )
    switch_on(shop.place, version, local("2026-03-01 08:00"))


def test_a_value_on_which_nobody_starts_is_no_circle(shop: Bookshop) -> None:
    publish_scenario(shop.place, load_document(B.lstrip(), source="b.yaml"), local("2026-03-01 07:00"))
    on(shop, A.replace("is: v", "is: w"), "a")
    on(shop, B, "b")


def test_a_scenario_that_starts_on_what_it_sets_goes_round_by_itself(shop: Bookshop) -> None:
    alone = A.replace("hand_over: b", "set: {attribute: v, value: again}")
    with pytest.raises(Refused, match="a → a"):
        on(shop, alone, "a")
