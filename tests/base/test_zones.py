"""The spans of a zone: those that touch a stretch of time are all of them, and no others."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from relance.base.zones import local_spans, offset_spans, touching

ZONES = st.sampled_from(["UTC", "America/Toronto", "Europe/Paris", "Pacific/Apia", "Australia/Lord_Howe"])
INSTANTS = st.datetimes(datetime(1990, 1, 1), datetime(2050, 1, 1))
LENGTHS = st.timedeltas(timedelta(microseconds=1), timedelta(days=500))


@given(ZONES, INSTANTS, LENGTHS)
def test_spans_that_touch_are_found_as_by_looking_at_every_one(zone: str, since: datetime, length: timedelta) -> None:
    until = since + length
    for spans in (offset_spans(zone), local_spans(zone)):
        looked_at = tuple(span for span in spans if max(since, span.since) < min(until, span.until))
        assert touching(spans, since, until) == looked_at
