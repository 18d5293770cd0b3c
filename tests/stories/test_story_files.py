"""Story files: what goes otherwise is told so that one can read it, and what is written wrongly has its line."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from relance.base.errors import BadDocument, NotFound
from relance.scenarios.starts import Trigger
from relance.stories.bench import Bench
from relance.stories.documents import read_stories
from relance.stories.finding import definitions_of, story_files
from relance.stories.living import Lived, live
from relance.stories.world import Workshop
from tests.conftest import PROJECT

MARIE = """\
story: Marie is reminded
zone: America/Toronto
scenario: forgotten-cart
given:
  contacts: [{id: marie, CONSENT}]
  carts:
    - {id: c1, contact: marie, at: 2026-03-09 20:00, items: [one, two]}
then:
  - turn: 2026-03-10 09:00
    queues: [{to: marie, message: forgotten-cart, holds: [one, two]}]
"""
Tell = Callable[[str], Lived]


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    return Workshop(tmp_path_factory.mktemp("homes"))


@pytest.fixture
def tell(workshop: Workshop, tmp_path: Path) -> Tell:
    def told(text: str) -> Lived:
        (tmp_path / "marie.yaml").write_text(text)
        (tale,) = read_stories(tmp_path / "marie.yaml")
        return live(tale, workshop)

    return told


def test_who_misses_a_message_is_told_with_the_reason(tell: Tell) -> None:
    lived = tell(MARIE.replace("CONSENT", "consent: none"))
    assert not lived.passed
    first, *rest = lived.text().splitlines()
    assert first.endswith("marie.yaml:10: turn 2026-03-10 09:00: queues")
    assert rest == [
        "    - to: marie, message: forgotten-cart, holds: [one, two]",
        "      marie: forgotten-cart, refused, no_basis",
    ]


def test_a_message_that_holds_something_else_is_told_beside_what_was_said(tell: Tell) -> None:
    lived = tell(MARIE.replace("CONSENT", "language: fr").replace("holds: [one, two]}", "holds: [one]}"))
    assert lived.text().splitlines()[1:] == ["    - marie: holds: [one]", "    + marie: holds: [one, two]"]


def test_a_message_nobody_expected_is_told(tell: Tell) -> None:
    text = MARIE.replace("CONSENT", "language: fr")
    lived = tell(re.sub(r"queues: .*", "queues: []", text))
    assert lived.text().splitlines()[1:] == ["    + to: marie, message: forgotten-cart, holds: [one, two]"]


def test_a_turn_that_cannot_be_is_a_difference_with_its_sentence(tell: Tell) -> None:
    lived = tell(MARIE.replace("CONSENT", "language: fr") + "  - turn: 2026-03-09 09:00\n")
    assert "time does not go back" in lived.text()


def test_what_should_have_been_refused_and_was_done_is_a_difference(tell: Tell) -> None:
    text = re.sub(r"queues: .*", "error: it is too early", MARIE.replace("CONSENT", "language: fr"))
    assert tell(text).text().splitlines()[1:] == ["    - it is too early", "    + (it was done)"]


@pytest.mark.parametrize(
    ("said", "instead", "sentence"),
    [
        ("carts:", "baskets:", "marie.yaml:6: there is no table “baskets”; there are aliases,"),
        ("id: c1,", "id: c1, colour: red,", "marie.yaml:7: table “carts” has no column “colour”; it has cart,"),
        ("at: 2026-03-09 20:00", "at: 2026-03-09", "marie.yaml:7: “2026-03-09” is a date; a time is wanted"),
        ("turn: 2026-03-10 09:00", "turn: tomorrow", "marie.yaml:9: “tomorrow” is not a time"),
        ("  - turn:", "  - at:", "marie.yaml:9: “then.0”: “queues” is something that only a turn can be asked"),
        ("scenario: forgotten-cart", "scenario: cort", "marie.yaml:3: there is no scenario “cort”"),
        ("CONSENT", "birth_date: yesterday", "marie.yaml:5: the import refuses this row: “birth_date” is not a date"),
        ("id: marie,", "id: marie, many: 0,", "marie.yaml:5: many is a number from 1 to 1000"),
        ("queues:", "queue:", "marie.yaml:10: “then.0.queue” is not known here"),
    ],
)
def test_what_is_written_wrongly_is_one_sentence_with_its_line(
    tell: Tell, said: str, instead: str, sentence: str
) -> None:
    text = MARIE.replace(said, instead).replace("CONSENT", "language: fr")
    with pytest.raises(BadDocument) as told:
        tell(text)
    assert sentence in str(told.value)


def test_only_files_that_tell_a_story_are_found(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "one.yaml").write_text("story: one")
    (tmp_path / "feed.yaml").write_text("feed: orders")
    assert [path.name for path in story_files([tmp_path])] == ["one.yaml"]
    with pytest.raises(NotFound, match="there is no file or folder"):
        list(story_files([tmp_path / "nowhere"]))


def test_the_story_of_the_page_is_the_one_that_is_lived() -> None:
    page = (PROJECT / "docs" / "how-to" / "test-a-scenario.md").read_text(encoding="utf-8")
    assert page.split("```yaml\n")[1].split("```")[0] == (PROJECT / "examples" / "stories" / "cart.yaml").read_text()


def test_every_way_to_start_has_an_example() -> None:
    told = [tale for path in story_files([PROJECT / "examples" / "stories"]) for tale in read_stories(path)]
    starts = {kind for tale in told for said in Bench(tale, None).scenarios for kind in said.data["trigger"]}
    assert starts == set(Trigger.model_fields)


def test_definitions_are_the_nearest_above_within_the_project(tmp_path: Path) -> None:
    (tmp_path / "definitions").mkdir()
    project = tmp_path / "shop"
    (project / ".git").mkdir(parents=True)
    (project / "stories").mkdir()
    assert definitions_of(project / "stories" / "one.yaml") is None
    (project / "definitions").mkdir()
    assert definitions_of(project / "stories" / "one.yaml") == project / "definitions"
