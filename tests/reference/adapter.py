"""Where the product is connected: a world goes in, what the product decided comes out in the model's words.

To be filled by a module that may import the product (the model may not). It lives the world in order of time:
each file, act, stock row and statement of completeness is imported `--as-of` its `known_at`, each scenario
switched on at its `on_at`, each turn run at its instant; at one instant they come in that order. Then:

    differing(world, model.run(world), engine_under_test(world))      # story.py: "" when they agree
"""

from __future__ import annotations

from .world import Run, World


def engine_under_test(world: World) -> Run:
    """What the product does in this world: the same decisions, reports and `already_past` as `model.run`.

    `Decision.items` is not compared. Contacts and orders carry the ids of the world.
    """
    raise NotImplementedError("no engine is connected yet; see the docstring of this module")
