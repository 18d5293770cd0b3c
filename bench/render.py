"""The forgotten-cart mail: what one costs to render and to make into MIME."""

from __future__ import annotations

from time import process_time

from relance.messages.documents import load_message, shipped_text
from relance.messages.rendering import compile_message, render

_RUNS = 2_000
_ITEM = {
    "title": "Kukum",
    "author": "Michel Jean",
    "publisher": "Libre Expression",
    "url": "https://shop.example/p1",
    "image_url": "https://shop.example/p1.jpg",
}


def measure() -> dict[str, str]:
    """CPU microseconds a message, French, four items, and the size of its HTML."""
    compiled = compile_message(load_message(shipped_text("forgotten-cart")))
    context = {
        "contact": {"first_name": "Marie"},
        "brand": {"name": "Librairie", "address": "1, rue du Port, Rimouski"},
        "items": [_ITEM] * 4,
        "cart_url": "https://shop.example/cart",
        "unsubscribe_url": "https://shop.example/u/token",
    }
    before = process_time()
    for _ in range(_RUNS):
        rendered = render(compiled, "fr", "fr-CA", context)
    each = (process_time() - before) / _RUNS
    return {"render": f"{each * 1e6:.0f} µs CPU", "html": f"{len(rendered.html) / 1000:.1f} KB"}
