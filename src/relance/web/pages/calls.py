"""POST /api/scenarios/NAME/calls: another system starts a scenario for a contact; JSON in, JSON out, no session."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import JsonResponse
from django.views.decorators.csrf import csrf_exempt

from relance.base.errors import BadDocument, Busy, NotFound, RelanceError
from relance.scenarios.calls import call_scenario
from relance.scenarios.running import running_scenarios
from relance.scenarios.tokens import token_of
from relance.web.attempts import Attempts
from relance.web.here import here_of

LARGEST = 64_000  # bytes
_WORDS = ("contact", "key", "fields")
_calls, _failures = Attempts(most=600, minutes=1), Attempts(most=20, minutes=10)


class _Refusal(Exception):
    def __init__(self, status: int, sentence: str, **headers: str) -> None:
        super().__init__(sentence)
        self.status, self.headers = status, headers


@csrf_exempt
@login_not_required
def calls(request: Any, name: str) -> Any:
    """201 for a new call, 200 for one whose key is known; anything else says why in one sentence."""
    try:
        _allow(request)
        return _called(request, name, _said(request))
    except _Refusal as refusal:
        return JsonResponse({"error": str(refusal)}, status=refusal.status, headers=refusal.headers)
    except RelanceError as error:
        return JsonResponse({"error": str(error)}, status=_status(error))


def _called(request: Any, name: str, said: dict[str, Any]) -> Any:
    here = here_of(request)
    (running,) = running_scenarios(here.place.ledger, here.now, [name])
    scenario, fields = running.version.scenario, said.get("fields") or {}
    kept, new = call_scenario(here.place, scenario, said["contact"], said.get("key"), fields, here.now)
    told = {"scenario": name, "key": kept.key, "at": kept.at.isoformat(), "new": new}
    return JsonResponse(told, status=201 if new else 200)


def _status(error: RelanceError) -> int:
    kinds = ((NotFound, 404), (BadDocument, 400), (Busy, 503))
    return next((status for kind, status in kinds if isinstance(error, kind)), 409)


def _allow(request: Any) -> None:
    """A POST of somebody whose token is good, and who does not call too often."""
    here, whence = here_of(request), request.META.get("REMOTE_ADDR", "")
    if request.method != "POST":
        raise _Refusal(405, "a call is a POST", Allow="POST")
    if not _failures.allowed(whence, here.now):
        raise _Refusal(429, "too many wrong tokens from this address; wait ten minutes", **{"Retry-After": "600"})
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    token = token_of(here.place.ledger, given.strip()) if scheme.lower() == "bearer" else None
    if token is None:
        _failures.failed(whence, here.now)
        challenge = {"WWW-Authenticate": "Bearer"}
        raise _Refusal(401, "a good token is needed: Authorization: Bearer TOKEN (relance token create)", **challenge)
    if not _calls.allowed(token.name, here.now):
        raise _Refusal(429, "more than 600 calls in a minute; call again in a moment", **{"Retry-After": "60"})
    _calls.failed(token.name, here.now)  # counted, whatever becomes of it


def _said(request: Any) -> dict[str, Any]:
    if request.content_type != "application/json":
        raise _Refusal(415, "a call is JSON: Content-Type: application/json")
    if int(request.META.get("CONTENT_LENGTH") or 0) > LARGEST:
        raise _Refusal(413, f"a call has at most {LARGEST:,} bytes")
    try:
        said = json.loads(request.body, parse_float=Decimal)
    except (ValueError, RecursionError):
        raise _Refusal(400, 'this is not JSON; a call is {"contact": "…", "key": "…", "fields": {…}}') from None
    if not isinstance(said, dict) or not isinstance(said.get("contact"), str):
        raise _Refusal(400, 'a call is {"contact": "…", "key": "…", "fields": {…}}; contact is a text')
    if unknown := sorted(set(said) - set(_WORDS)):
        raise _Refusal(400, f"“{unknown[0]:.80}” is not a word of a call; it has {', '.join(_WORDS)}")
    if not isinstance(said.get("fields") or {}, dict):
        raise _Refusal(400, 'fields are values by name, like {"code": "1234"}')
    return said
