"""Where the product is connected: a world goes in, what the product decided comes out in the model's words.

To be filled by a module that may import the product (the model may not). It lives the world in order of time:
contacts and products first, long before; then each file, act, stock row and statement of completeness is
imported `--as-of` its `known_at`, each scenario switched on at its `on_at`, each turn run at its instant; at
one instant in that order. The messages of a turn are handed over and accepted at once, before anything is
imported: one still queued could be cancelled by the next file, and would then not count for the cap. Then:

    @given(worlds())
    @settings(phases=(Phase.generate,), deadline=None)
    def test_the_engine_decides_as_the_model_does(world: World) -> None:
        assert_alike(world, engine_under_test)      # smaller.py; fails with the smallest story
"""

from __future__ import annotations

from .world import Run, World


def engine_under_test(world: World) -> Run:
    """What the product does in this world: the same decisions, reports and `already_past` as `model.run`.

    Decisions in any order; `Decision.items` is not compared; `refused` of a report sorted by reason.
    """
    raise NotImplementedError("no engine is connected yet; see the docstring of this module")
