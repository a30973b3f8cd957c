"""The rule of a phenotype from the Immunoscore, stored as English, in the language of the page."""

from __future__ import annotations

import re

from studies.methods.wording import say

_STORED = re.compile(r"Immunoscore (\d)-4 = hot; Immunoscore rule (\d+) \((\w+)\)")


def rule_said(text: str) -> str:
    """``Immunoscore 3-4 = hot; Immunoscore rule 1 (e12d2d7ab772)``; anything else as it is."""
    found = _STORED.fullmatch(text)
    if not found:
        return say(text)
    hot_from, number, digest = found.groups()
    return say(
        "{meaning}; {rule} ({digest})",
        meaning=say("Immunoscore {hot_from}-4 = hot", hot_from=hot_from),
        rule=say("Immunoscore rule {number}", number=number),
        digest=digest,
    )
