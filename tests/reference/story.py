"""A world goes in; a story to be followed line by line comes out, and how two runs of it differ."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from tests.reference.local_time import shown
from tests.reference.steps import Send, said
from tests.reference.world import Cart, CartLine, Contact, Decision, Edit, Order, Run, Scenario, Turn, TurnReport, World

Line = tuple[datetime, int, str]
IMPORT, SWITCH, TURN = 0, 1, 2


def tell(world: World, lived: Run | None = None) -> str:
    """The cast, then everything in order of when it became known; with a run, what each turn decided."""
    events = sorted(_events(world, lived), key=lambda event: event[:2])
    lines = [f"{_clock(world, moment)}  {text}" for moment, _, text in events]
    return "\n".join([*_cast(world), "", *lines])


def differing(world: World, expected: Run, actual: Run) -> str:
    """Empty where the runs agree; else what only one of them says, and the story."""
    wrong = [
        *_only("decided", world, expected.decisions, actual.decisions),
        *_only("counted", world, expected.reports, actual.reports),
    ]
    if sorted(expected.already_past) != sorted(actual.already_past):
        wrong.append(f"already past: the model says {expected.already_past}, the engine {actual.already_past}")
    for side, mine, other in (("model", expected, actual), ("engine", actual, expected)):
        for one in sorted(set(mine.held_back) - set(other.held_back)):
            told = f"{one.scenario} to {one.contact} ({one.reason})"
            wrong.append(f"only the {side} held back at hand-over: {_clock(world, one.turn)} {told}")
    return "\n".join([*wrong, "", tell(world, expected)]) if wrong else ""


def _only(
    verb: str,
    world: World,
    expected: tuple[Decision, ...] | tuple[TurnReport, ...],
    actual: tuple[Decision, ...] | tuple[TurnReport, ...],
) -> Iterator[str]:
    for side, mine, other in (("model", expected, actual), ("engine", actual, expected)):
        for one in mine:
            if one not in other:
                yield f"only the {side} {verb}: {_clock(world, one.turn)} {_said(one)}"
    if len(expected) != len(actual) and set(expected) == set(actual):
        yield f"{verb} more than once: {len(expected)} in the model, {len(actual)} in the engine"


def _said(one: Decision | TurnReport) -> str:
    return _decided(one) if isinstance(one, Decision) else _counted(one)


def _clock(world: World, moment: datetime) -> str:
    return f"{shown(world.zone, moment):%a %Y-%m-%d %H:%M}"


def _cast(world: World) -> Iterator[str]:
    cap = f"at most {world.cap.messages} in {world.cap.days} days" if world.cap else "no cap"
    yield f"In {world.zone}, seed “{world.seed}”, {cap}, global holdout {world.global_holdout:.0%}."
    if world.quiet:
        yield f"Quiet from {world.quiet.start:%H:%M} to {world.quiet.end:%H:%M} of each contact's clock."
    yield from (_person(one) for one in world.contacts)
    for product in world.products:
        yield f"Product {product.id}: stock {product.stock_policy}."
    yield from (_scenario(world, one) for one in world.scenarios)


def _person(one: Contact) -> str:
    if one.kind == "unknown":
        return f"Contact {one.id}: no row yet."
    known = [one.kind, one.email or "no address"]
    known += [f"born {one.born}"] if one.born else []
    known += [f"member since {one.joined}"] if one.joined else []
    known += [f"in {one.zone}"] if one.zone else []
    return f"Contact {one.id}: {', '.join(known)}."


def _scenario(world: World, one: Scenario) -> str:
    fresh = f"{one.fresh_days} local days" if one.fresh_days is not None else f"{one.fresh_hours} hours"
    needs = f", needs {', '.join(one.needs)} by {one.deadline:%H:%M}" if one.needs else ""
    slot = f" at {one.slot:%H:%M}" if one.slot else ""
    more = f"; {', '.join(_more(one))}" if any(_more(one)) else ""
    return (
        f"Scenario {one.id}: {one.trigger} + {one.days} days{slot}, priority {one.priority}, "
        f"fresh for {fresh}, lookback {one.lookback_days} days, holdout {one.holdout:.0%}{needs}{more}."
    )


def _more(one: Scenario) -> Iterator[str]:
    """What is not as in the plainest scenario."""
    if one.steps != (Send("send"),):
        yield f"steps {said(one.steps)}"
    if one.purpose != "marketing":
        yield one.purpose
    if one.reentry != "each":
        yield f"enters again {one.reentry}" if one.reentry == "never" else f"enters again after {one.reentry} days"
    if one.wants:
        yield f"wants {one.wants[0]} {one.wants[1]}"
    if one.waits_if_lost:
        yield "waits where it loses"
    if one.own_zone:
        yield "by each contact's clocks"
    if one.trigger == "restock":
        yield f"{one.a_unit} told for each piece"
    if one.trigger == "received":
        yield f"or {one.instead} days more after it was placed"


def _events(world: World, lived: Run | None) -> Iterator[Line]:
    yield from _imports(world)
    past = dict(lived.already_past) if lived else {}
    for scenario in world.scenarios:
        already = f"; already past: {past[scenario.id]}" if scenario.id in past else ""
        yield scenario.on_at, SWITCH, f"switch on {scenario.id}{already}"
        if scenario.off is not None:
            yield scenario.off[0], SWITCH, f"switch off {scenario.id}"
            yield scenario.off[1], SWITCH, f"switch on {scenario.id} again"
        for change in scenario.edits:
            yield change.at, SWITCH, f"edit {scenario.id} ({change.live}): {', '.join(_edited(change))}"
            if change.undone_at is not None:
                yield change.undone_at, SWITCH, f"undo the edit of {scenario.id}"
    for turn in world.turns:
        yield turn.at, TURN, _turn(turn, lived)


def _edited(change: Edit) -> Iterator[str]:
    yield f"steps {said(change.steps)}"
    if change.fresh_days is not None:
        yield f"fresh for {change.fresh_days} local days"
    if change.needs is not None:
        yield f"needs {', '.join(change.needs) or 'no feed'}"
    if change.own_zone is not None:
        yield "by each contact's clocks" if change.own_zone else "by the brand's clocks"


def _imports(world: World) -> Iterator[Line]:
    for price in world.prices:
        said = f"{price.product} costs {price.amount} from {_clock(world, price.valid_from)}"
        yield price.known_at, IMPORT, said
    for wish in world.wishes:
        gone = f", until {_clock(world, wish.removed[0])}" if wish.removed else ""
        yield wish.known_at, IMPORT, f"{wish.contact} wishes for {wish.product} since {_clock(world, wish.at)}{gone}"
    for lot in world.lots:
        yield lot.known_at, IMPORT, f"{lot.points} points of {lot.contact} ({lot.id}) expire on {lot.expires_on}"
    for balance in world.balances:
        yield balance.known_at, IMPORT, f"{balance.contact} has {balance.points} points in all"
    if world.again is not None:
        yield world.again, IMPORT, "every file there was is imported again"
    for call in world.calls:
        yield call.at, SWITCH, f"call {call.scenario} for {call.contact}, key {call.key}"
    for again in world.retold:
        for one in again.contacts:
            yield again.known_at, IMPORT, f"told again: {_person(one)}"
    for act in world.consents:
        what = "everything" if act.purpose == "*" else f"{act.purpose} e-mail"
        yield act.known_at, IMPORT, f"{act.contact} has {act.act} {what} on {_clock(world, act.happened_at)}"
    for product in world.products:
        for row in product.stock:
            counted = f"stock of {product.id} is {row.quantity} as of {_clock(world, row.happened_at)}"
            yield row.known_at, IMPORT, counted
    for orders in world.order_files:
        rows = "; ".join(_order(world, one) for one in orders.orders)
        yield orders.known_at, IMPORT, f"orders file to {orders.period:%m-%d %H:%M}: {rows}"
    for carts in world.cart_files:
        rows = "; ".join(_cart(world, one) for one in carts.carts)
        yield carts.known_at, IMPORT, f"carts file to {carts.period:%m-%d %H:%M}: {rows}"
    for said_complete in world.complete:
        until = _clock(world, said_complete.until)
        yield said_complete.known_at, IMPORT, f"{said_complete.feed} complete until {until}"


def _order(world: World, one: Order) -> str:
    lines = ", ".join(f"{line.quantity} {line.product} at {line.price}" for line in one.lines)
    kind = "cancellation" if one.cancellation else "order"
    came = f", received {_clock(world, one.received)}" if one.received else ""
    came += f", with coupon {one.coupon}" if one.coupon else ""
    return f"{kind} {one.id} of {one.contact or 'nobody known'} on {_clock(world, one.placed_at)} ({lines}){came}"


def _cart(world: World, one: Cart) -> str:
    who = one.contact or "a visitor"
    state = "" if one.logged_in else ", not logged in"
    state += f", stage {one.stage}" if one.stage else ""
    lines = ", ".join(_cart_line(world, line) for line in one.lines) or "empty"
    return f"cart {one.id} of {who}{state}, touched {_clock(world, one.touched_at)} ({lines})"


def _cart_line(world: World, line: CartLine) -> str:
    gone = f" until {_clock(world, line.removed)}" if line.removed else ""
    return f"{line.product} since {_clock(world, line.added_at)}{gone}"


def _turn(turn: Turn, lived: Run | None) -> str:
    phase = "".join(f", {name} entering since {since}" for name, since in turn.enter_since)
    mine = [one for one in lived.decisions if one.turn == turn.at] if lived else []
    old = [one for one in lived.reports if one.turn == turn.at and one.too_old_to_see] if lived else []
    decided = [f"\n{'':24}{_decided(one)}" for one in mine]
    decided += [f"\n{'':24}{one.scenario}: {one.too_old_to_see} too old to see" for one in old]
    return f"TURN{phase}{''.join(decided)}"


def _decided(one: Decision) -> str:
    reason = f" ({one.reason})" if one.reason else ""
    shows = f" showing {', '.join(one.items)}" if one.items else ""
    who = one.contact or "a visitor"
    step = "" if one.step == "send" else f" at {one.step}"
    return f"{one.scenario} {one.occurrence} of {who}, due {one.due_date}{step}: {one.outcome}{reason}{shows}"


def _counted(one: TurnReport) -> str:
    refused = ", ".join(f"{count} {reason}" for reason, count in one.refused) or "0 refused"
    return (
        f"{one.scenario}: {one.candidates} candidates = {one.send} send + {one.held_out} held out + "
        f"{one.deferred} deferred + {one.waiting} waiting + {one.ended} ended + {refused}; "
        f"{one.too_old_to_see} too old to see"
    )
