"""What a step is given by a form or the API, as the type it must be."""

from __future__ import annotations

from typing import Any

from studies.methods.problems import refuse

LARGEST_SEED = 2**31 - 1


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
            "seed", text, f"a whole number from 0 to {LARGEST_SEED}", "Give such a number."
        )
    return int(text)
