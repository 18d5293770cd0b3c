"""What a contact did with our messages may be asked like any other fact: robots are rows, and are not people."""

from __future__ import annotations

from tests.audiences.shop import Shop, at

MARIE, PAUL, ROBOT = 1, 2, 3
NO_HUMAN_CLICK = {
    "count": "reactions",
    "where": {"all": [{"column": "kind", "is": "click"}, {"column": "verdict", "is": "human"}]},
    "window": {"last": "7d"},
    "is": 0,
}


def click(key: str, contact: int, verdict: str, happened: str) -> dict[str, object]:
    return {
        "reaction": key,
        "contact": contact,
        "scenario": "forgotten-cart",
        "step": "reminder",
        "kind": "click",
        "verdict": verdict,
        "happened_at": at(happened),
    }


def test_those_who_did_not_react_are_those_without_a_human_click() -> None:
    shop = Shop()
    shop.put(
        "reactions",
        click("a", MARIE, "human", "2026-03-10 12:00"),
        click("b", ROBOT, "machine", "2026-03-10 12:00"),
        {**click("c", PAUL, "human", "2026-03-10 12:00"), "kind": "open"},
    )
    seen = shop.ask(
        NO_HUMAN_CLICK,
        *({"contact": contact, "as_of": at("2026-03-12")} for contact in (MARIE, PAUL, ROBOT)),
        {"contact": MARIE, "as_of": at("2026-03-10 11:59")},
    )
    assert [seen[n]["verdict"] for n in (1, 2, 3, 4)] == [False, True, True, True]
