"""A webhook step whose answer can matter is followed by a wait for it: both are told as steps there are already."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from relance.scenarios.steps import Step, Wait

RESULTS = "webhook_results"
FAILED = "webhook_failed"  # the reason of a journey that ends where its call did not arrive
ANSWER = "-answer"  # ends the name of the wait behind a call
LONGEST = "2d"  # a call that keeps failing has failed for good after less


def waits_for_answer(wait: Wait | None) -> bool:
    """Whether a wait is the house's own, for the answer to a call."""
    return wait is not None and wait.event is not None and wait.event.row == RESULTS


def with_answers(steps: Sequence[Step]) -> Iterator[Step]:
    """The steps, each webhook that sets something or may end the journey with its wait behind it."""
    for step in steps:
        step = _inside(step)
        yield step
        if step.webhook and (step.webhook.sets or step.webhook.on_failure == "exit"):
            yield _wait(step)


def _inside(step: Step) -> Step:
    """The same for the sequences that a step holds."""
    if step.branch:
        arms = tuple(
            arm.model_copy(update={"then": _all(arm.then), "otherwise": arm.otherwise and _all(arm.otherwise)})
            for arm in step.branch
        )
        return step.model_copy(update={"branch": arms})
    if step.split:
        ways = tuple(way.model_copy(update={"then": _all(way.then)}) for way in step.split)
        return step.model_copy(update={"split": ways})
    if step.wait and (step.wait.happened or step.wait.otherwise):
        more = {"happened": _all(step.wait.happened), "otherwise": _all(step.wait.otherwise)}
        return step.model_copy(update={"wait": step.wait.model_copy(update=more)})
    return step


def _all(steps: Sequence[Step]) -> tuple[Step, ...]:
    return tuple(with_answers(steps))


def _wait(step: Step) -> Step:
    assert step.webhook is not None
    name = step.name
    ours = [{"column": "step", "is": name}]
    wait: dict[str, Any] = {"event": {"row": RESULTS, "where": {"all": ours}}, "at_most": LONGEST}
    if step.webhook.on_failure == "exit":
        failed = {"column": "state", "is": "failed"}
        ended = {"count": RESULTS, "where": {"all": [*ours, failed]}, "window": {"since": "fact"}, "at_least": 1}
        arms = [{"if": ended, "then": [{"name": f"{name}-failed", "exit": FAILED}]}, {"else": []}]
        wait["happened"] = [{"name": f"{name}-state", "branch": arms}]
    return Step.model_validate({"name": f"{name}{ANSWER}", "wait": wait})
