"""What templates may say: words of the catalogue, numbers, dates, drawings."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from relance.explaining.said import Said
from relance.web.drawing.equation import hatch
from relance.web.drawing.icons import ICONS

register = template.Library()


@register.simple_tag(takes_context=True)
def say(context: Any, key: str, **values: Any) -> SafeString:
    """Words of the catalogue."""
    said: SafeString = context["voice"].say(key, **values)
    return said


@register.simple_tag(takes_context=True)
def in_(context: Any, said: Said) -> str:
    """One thing that is said in both languages."""
    written: str = context["voice"].of_both(said)
    return written


@register.simple_tag(takes_context=True)
def number(context: Any, value: Any, decimals: int | None = None) -> str:
    """A number."""
    written: str = context["voice"].number(value, decimals)
    return written


@register.simple_tag(takes_context=True)
def at(context: Any, instant: Any) -> str:
    """A day and its time."""
    written: str = context["voice"].at(instant)
    return written


@register.simple_tag(takes_context=True)
def day(context: Any, value: Any, style: str = "long") -> str:
    """A day."""
    written: str = context["voice"].day(value, style)
    return written


@register.simple_tag(takes_context=True)
def when(context: Any, instant: Any) -> str:
    """A day, with its year where that is not this one."""
    voice = context["voice"]
    this_year = voice.local(instant).year == voice.local(context["now"]).year
    written: str = voice.day(instant, "day" if this_year else "long")
    return written


@register.simple_tag(takes_context=True)
def clock(context: Any, instant: Any) -> str:
    """A time of day."""
    written: str = context["voice"].time(instant)
    return written


@register.simple_tag(takes_context=True)
def money(context: Any, amount: Any, currency: str) -> str:
    """An amount."""
    written: str = context["voice"].money(amount, currency)
    return written


@register.simple_tag(takes_context=True)
def known(context: Any, family: str, code: str) -> str:
    """Words for one code of a family."""
    written: str = context["voice"].known(family, code)
    return written


@register.simple_tag
def hatching(name: str) -> SafeString:
    """The pattern of the control group, for one drawing."""
    return hatch(name)


@register.simple_tag
def icon(name: str, kind: str = "") -> SafeString:
    """A small drawing beside a word; it is never read aloud."""
    return format_html(
        '<svg class="ic {}" viewBox="0 0 20 20" aria-hidden="true"><path d="{}"/></svg>', kind, ICONS[name]
    )
