"""A scenario with every kind of step is drawn from its trigger to its ends, with who took which way."""

from __future__ import annotations

from collections import Counter

from relance.base.documents import load_document
from relance.scenarios.documents import parse_scenario
from relance.scenarios.program import compile_steps
from relance.scenarios.versions import Version
from relance.web.drawing.ribbon import Stop, rows
from relance.web.reading.path import stops_of
from relance.web.reading.steps import Taken
from relance.web.voice import Voice

FRENCH = Voice("fr", "America/Toronto", ("fr-CA", "en-CA"))
ENGLISH = Voice("en", "America/Toronto", ("fr-CA", "en-CA"))
DOCUMENT = """
scenario: everything
schedule: {daily: "09:00"}
purpose: marketing
occurrence: row
fresh_for: 3d
trigger: {row: {table: orders, where: valid}}
steps:
  - wait: {until: "10:00", weekday: tuesday}
  - name: again
    wait:
      event: {row: orders, where: valid}
      at_most: 10d
      happened: [{set: {attribute: tone, value: warm}}]
      otherwise: [{send: {message: second-purchase}}]
  - name: tone
    split:
      - weight: 75
        name: warm
        then:
          - name: known
            branch:
              - {if: {attribute: contacts.language, is: fr}, then: [{exit: done}]}
              - {else: [{hand_over: win-back}]}
      - {weight: 25, name: plain, then: [{wait: 7d}]}
"""


CALLS = """
scenario: calls
fresh_for: 3d
stop: {ordered: {count: orders, where: valid, at_least: 2}}
trigger: {row: {table: orders, where: valid}}
steps:
  - name: till
    webhook: {url: "https://till.example/orders", fields: [first_name], sets: [tier], on_failure: exit}
  - wait: 2d
  - send: {message: thanks, coupon: spring}
"""


def everything() -> Version:
    scenario = parse_scenario(load_document(DOCUMENT, "everything.yaml").data)
    return Version(scenario, 1, compile_steps(scenario))


def drawn(voice: Voice) -> list[Stop]:
    ways = {
        "wait": Counter({"on": 100}),
        "again": Counter({"happened": 30, "otherwise": 60}),
        "tone": Counter({"warm": 60, "plain": 20}),
        "known": Counter({"1": 40, "else": 20}),
    }
    counts = [{"step": "again", "outcome": "refused", "reason": "cancelled", "number": 4}]
    return stops_of(everything(), counts, Taken(ways, Counter({"again": 6})), {}, voice)


def test_every_kind_of_step_is_drawn_with_who_came_to_it() -> None:
    numbers = {stop.title: stop.number for stop in drawn(FRENCH)}
    assert numbers["Attendre mardi à 10\u00a0h\u00a000"] == 100
    assert numbers["Attendre\u00a0: commande valable"] == 100  # 90 went on, 6 wait, 4 left
    assert numbers["Tirage au sort entre 2 chemins"] == 80
    assert numbers["Passer la main à «\u00a0win back\u00a0»"] == 0
    assert "Noter tone\u00a0: warm" in numbers


def test_ways_out_say_when_they_are_taken_and_by_how_many() -> None:
    ways = [(stop.title, stop.number) for stop in drawn(ENGLISH) if stop.kind == "way"]
    assert ways == [
        ("If it happens: valid order", 30),
        ("Otherwise", 60),
        ("The ways meet again", None),
        ("“warm”, 75%", 60),
        ("If: The language is “French”", 40),
        ("Otherwise", 20),
        ("“plain”, 25%", 20),
    ]


def test_a_way_begins_with_a_width_of_its_own() -> None:
    stops = [Stop("branch", "two ways", number=10), Stop("way", "one", number=4), Stop("way", "other", number=6)]
    widths = [str(row.ribbon) for row in rows(stops)]
    assert len(set(widths)) == 3


def test_a_call_says_whom_it_tells_and_a_message_of_which_pool_its_code_is() -> None:
    scenario = parse_scenario(load_document(CALLS, "calls.yaml").data)
    version = Version(scenario, 1, compile_steps(scenario))
    taken = Taken({"till": Counter({"on": 9, "held_out": 1})}, Counter({"till-answer": 10}))
    counts = [{"step": "thanks", "outcome": "refused", "reason": "no_coupon", "number": 2}]
    for voice, said in (
        (FRENCH, {
            "Prévenir till.example": "Un appel signé, compté une seule fois, réessayé s’il le faut. Il emporte\u00a0: "
            "le prénom. La réponse peut noter\u00a0: tier. S’il échoue, le parcours s’arrête.",
            "Attendre sa réponse": "Au plus 2 jours, puis sans elle",
            "Attendre 2 jours": "Prend fin avant si\u00a0: a commandé depuis",
            "Plus de bon à donner": "",
            "Courriel\u00a0: thanks": "Avec un code de la réserve «\u00a0spring\u00a0». "
            "Vérifié une dernière fois au moment de partir",
        }),
        (ENGLISH, {
            "Tell till.example": "A signed call, counted once, tried again where needed. "
            "It takes along: the first name. The answer may note: tier. If it fails, the journey stops.",
            "Wait for its answer": "For 2 days at most, then without it",
            "Wait 2 days": "Ends before if: has ordered since",
            "No coupon left to give": "",
            "E-mail: thanks": "With a code of the pool “spring”. Checked one last time on leaving",
        }),
    ):  # fmt: skip
        stops = {stop.title: stop for stop in stops_of(version, counts, taken, {}, voice)}
        assert {title: stops[title].about for title in said} == said
    titles = [stop.title for stop in stops_of(version, counts, taken, {}, ENGLISH)]
    assert titles.index("Wait for its answer") == titles.index("Tell till.example") + 1, "a call is no fork"
    ways = [stop.title for stop in stops_of(version, counts, taken, {}, ENGLISH) if stop.kind == "way"]
    assert {"Answered", "No answer in time", "The call failed", "The call went through"} <= set(ways)


DATED = """
scenario: dated
fresh_for: 3d
trigger: {date: {of: contacts.joined_on, days: 3}}
steps: [{send: {message: thanks}}]
"""


def test_a_date_and_a_subject_are_said_as_a_person_would() -> None:
    """The column goes by its name in words, and a subject keeps its own quotation marks."""
    scenario = parse_scenario(load_document(DATED, "dated.yaml").data)
    version = Version(scenario, 1, compile_steps(scenario))
    subjects = {"thanks": "« L’étoile de Bernard » est de retour"}
    for voice, first, last in (
        (FRENCH, "3 jours après la date d’inscription", "Courriel\u00a0: « L’étoile de Bernard » est de retour"),
        (ENGLISH, "3 days after the day of joining", "E-mail: « L’étoile de Bernard » est de retour"),
    ):
        stops = stops_of(version, [], Taken(), subjects, voice)
        assert (stops[0].title, stops[-1].title) == (first, last)


def test_one_who_gave_way_is_said_of_one() -> None:
    title = "Retour en stock"
    assert FRENCH.say("past.lost", n=1, title=title).startswith("a laissé")
    assert FRENCH.say("past.lost", n=2, title=title).startswith("ont laissé")
