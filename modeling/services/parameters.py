"""What a step is given by a form or the API, as the type it must be."""

from __future__ import annotations

from typing import Any

from studies.methods.problems import refuse
from studies.methods.wording import say

LARGEST_SEED = 2**31 - 1
MOST_RESAMPLES = 10_000


def read_seed(value: Any) -> int:
    """A whole number from 0 on; forms send text.

    Raises
    ------
    DataProblem
        Anything else.
    """
    text = str(value).strip()
    if not text.isdecimal() or int(text) > LARGEST_SEED:
        raise refuse(
            "seed",
            text,
            say("a whole number from 0 to {largest_seed}", largest_seed=LARGEST_SEED),
            "Give such a number.",
        )
    return int(text)


def read_resamples(value: Any) -> int:
    """How often a model is fitted again; forms send text.

    Raises
    ------
    DataProblem
        Anything but 0 (not at all) or a whole number from 2 on.
    """
    text = str(value).strip()
    if not text.isdecimal() or int(text) == 1 or int(text) > MOST_RESAMPLES:
        raise refuse(
            "resamples",
            text,
            say("0, or a whole number from 2 to {most_resamples}", most_resamples=MOST_RESAMPLES),
            "Give such a number.",
        )
    return int(text)
