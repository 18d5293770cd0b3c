"""Scenarios of worlds go in; the documents in which a shop would write them, and their messages, come out."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from relance.messages.publishing import library_document
from tests.reference.facts import LOYAL_DAYS, LOYAL_ORDERS
from tests.reference.gate import stops_of
from tests.reference.steps import Await, Branch, Exit, Send, SetValue, Split, Step, Wait
from tests.reference.world import Scenario

LIBRARY = {
    "second_purchase": "second-purchase",
    "win_back": "win-back",
    "forgotten_cart": "forgotten-cart",
}
BY_STAGE = {"cart": "2d", "checkout": "1d", "payment_failed": "at_once"}
ITEMS = {"of": "cart_lines", "drop": ["bought", "out_of_stock"]}
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
STOPS: dict[str, Any] = {
    "more_than_one_order": {"count": "orders", "where": "valid", "at_least": 2},
    "cancelled": {"fact": "orders", "where": {"column": "valid", "is": False}},
    "returned": {"fact": "orders", "where": {"column": "valid", "is": False}},
}


def of_library(scenario: Scenario) -> bool:
    """One of the first three as the library has it: its first message alone."""
    return scenario.steps == (Send("send"),) and scenario.trigger in LIBRARY


def document_of(scenario: Scenario) -> dict[str, Any]:
    """The library's document with the numbers of the world's scenario, or one of its own."""
    data = _of_library(scenario) if of_library(scenario) else _of_its_own(scenario)
    if scenario.slot is not None:
        data["schedule"] = {"daily": f"{scenario.slot:%H:%M}"}
    return data | {
        "scenario": scenario.id,
        "priority": scenario.priority,
        "lookback": f"{scenario.lookback_days}d",
        "fresh_for": _fresh(scenario),
        "holdout": scenario.holdout,
        "needs": [{"feed": feed, "deadline": f"{scenario.deadline:%H:%M}"} for feed in scenario.needs],
    }


def _fresh(scenario: Scenario) -> str:
    if scenario.fresh_days == 0:
        return "same_day"
    return f"{scenario.fresh_days}d" if scenario.fresh_days is not None else f"{scenario.fresh_hours}h"


def _of_library(scenario: Scenario) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(json.dumps(library_document(LIBRARY[scenario.trigger]).data, default=str))
    data["trigger"]["quiet" if scenario.trigger == "forgotten_cart" else "date"]["days"] = scenario.days
    return data | {"steps": data["steps"][:1]}  # the plainest worlds know first messages


def _of_its_own(scenario: Scenario) -> dict[str, Any]:
    data: dict[str, Any] = {
        "trigger": _trigger(scenario),
        "purpose": scenario.purpose,
        "target": {"all": [{"attribute": "contacts.kind", "is": "individual"}, *_wanted(scenario)]},
        "stop": {name: _stop(scenario, name) for name in stops_of(scenario)},
        "reentry": {"after": f"{scenario.reentry}d"} if isinstance(scenario.reentry, int) else scenario.reentry,
        "on_lose": "wait" if scenario.waits_if_lost else "drop",
        "steps": _steps(scenario.steps, scenario.purpose),
    }
    data |= {"items": ITEMS} if scenario.trigger == "stages" else {}
    data |= {"occurrence": "once"} if scenario.trigger == "sign_up" else {}
    return data | ({"zone": "contact"} if scenario.own_zone else {})


def _wanted(scenario: Scenario) -> list[dict[str, Any]]:
    return [_valued(*scenario.wants)] if scenario.wants else []


def _valued(attribute: str, value: str) -> dict[str, Any]:
    return {"attribute": f"contact_values.{attribute}", "is": value}


def _trigger(scenario: Scenario) -> dict[str, Any]:
    days = scenario.days
    instead = {"of": "orders.placed_at", "days": scenario.instead}
    triggers: dict[str, dict[str, Any]] = {
        "second_purchase": {"date": {"of": "first_order", "days": days}},
        "win_back": {"date": {"of": "last_order", "days": days}},
        "birthday": {"date": {"of": "contacts.birth_date", "yearly": True, "days": days}},
        "sign_up": {"date": {"of": "contacts.joined_on", "days": days}},
        "order": {"row": {"table": "orders", "where": "valid", "days": days}},
        "received": {"date": {"of": "orders.delivered_at", "where": "valid", "days": days, "else": instead}},
        "handed_over": {"handed_over": {}},
        "entered": {"segment": {"entered": "loyal"}},
        "left": {"segment": {"left": "loyal"}},
        "call": {"call": {}},
        "expiry": {"expiry": {"of": "loyalty_lots.expires_on", "amount": "points", "days": days}},
        "stages": {"quiet": {"table": "carts", "by_stage": BY_STAGE}},
        "restock": {"restock": {"wanted": {"table": "wishlists"}, "people_a_unit": scenario.a_unit}},
        "price_drop": {"price_drop": {"by": "5%", "wanted": {"table": "wishlists"}}},
    }
    return triggers[scenario.trigger]


def _stop(scenario: Scenario, name: str) -> dict[str, Any]:
    if name == "ordered":
        since = "start_of_fact_day" if scenario.trigger == "stages" else "fact"
        window = {} if scenario.trigger == "sign_up" else {"window": {"since": since}}
        return {"count": "orders", "where": "valid", **window, "at_least": 1}
    if name == "moved_back":
        return {"segment": "loyal"} if scenario.trigger == "left" else {"none": [{"segment": "loyal"}]}
    return dict(STOPS[name])


def _steps(steps: Iterable[Step], purpose: str) -> list[dict[str, Any]]:
    return [{"name": one.name, **_step(one, purpose)} for one in steps]


def _step(one: Step, purpose: str) -> dict[str, Any]:
    if isinstance(one, Send):
        return {"send": {"message": f"a-{purpose}-word"}}
    if isinstance(one, Wait):
        return {"wait": _wait(one)}
    if isinstance(one, Await):
        ways = {"happened": _steps(one.happened, purpose), "otherwise": _steps(one.otherwise, purpose)}
        return {"wait": {"event": {"row": "orders", "where": "valid"}, "at_most": f"{one.days}d", **ways}}
    if isinstance(one, Branch):
        known = {"count": "orders", "where": "valid", "at_least": one.orders}
        asks = {"if": _valued(*one.value) if one.value else known, "then": _steps(one.then, purpose)}
        return {"branch": [asks, {"else": _steps(one.otherwise, purpose)}]}
    if isinstance(one, Split):
        ways_out = [{"weight": w, "name": name, "then": _steps(steps, purpose)} for w, name, steps in one.ways]
        return {"split": ways_out}
    if isinstance(one, SetValue):
        return {"set": {"attribute": one.attribute, "value": one.value}}
    return {"exit": one.reason} if isinstance(one, Exit) else {"hand_over": one.to}


def _wait(one: Wait) -> dict[str, Any]:
    if one.until is None:
        return {"for": f"{one.hours}h" if one.hours else f"{one.days}d"}
    weekday = {} if one.weekday is None else {"weekday": WEEKDAYS[one.weekday]}
    return {"until": f"{one.until:%H:%M}", **weekday}


def write_segments(definitions: Path) -> None:
    """The one segment there is."""
    window = {"last": f"{LOYAL_DAYS}d"}
    criteria = {"count": "orders", "where": "valid", "window": window, "at_least": LOYAL_ORDERS}
    (definitions / "segments").mkdir(parents=True)
    (definitions / "segments" / "loyal.yaml").write_text(json.dumps({"segment": "loyal", "criteria": criteria}))


def write_messages(definitions: Path) -> None:
    """A plain word for each purpose."""
    (definitions / "messages").mkdir(parents=True)
    for purpose in ("marketing", "service", "transactional"):
        name = f"a-{purpose}-word"
        mjml = "<mj-section><mj-column><mj-text>Good day</mj-text></mj-column></mj-section>"
        said = {"subject": "A word", "mjml": mjml, "text": "Good day"}
        told = {"message": name, "purpose": purpose, "fields": {}, "fr": said, "en": said}
        (definitions / "messages" / f"{name}.yaml").write_text(json.dumps(told))
