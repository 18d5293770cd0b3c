"""Everything the pages say, in French and in English: one key, both languages, or it cannot be said.

A pair of texts for one language is (one, several); the number `n` chooses. `{places}` take values, which are escaped.
"""

from __future__ import annotations

from collections.abc import Mapping

from relance.web.words.contact import CONTACT
from relance.web.words.house import HOUSE
from relance.web.words.imports import IMPORTS
from relance.web.words.mailbox import MAILBOX
from relance.web.words.overview import OVERVIEW
from relance.web.words.past import PAST
from relance.web.words.publishing import PUBLISHING
from relance.web.words.scenarios import SCENARIOS

Form = str | tuple[str, str]

WORDS: Mapping[str, tuple[Form, Form]] = {
    **HOUSE,
    **OVERVIEW,
    **SCENARIOS,
    **CONTACT,
    **IMPORTS,
    **MAILBOX,
    **PAST,
    **PUBLISHING,
}
