"""The working of an SUV for readers who may not see dates: clock times stay, days go."""

from __future__ import annotations

import re
from typing import Any

DAY = re.compile(r"\b\d{4}-\d{2}-\d{2}[ T]")


def without_dates(steps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {**step, "value": DAY.sub("", step["value"])} if isinstance(step["value"], str) else step
        for step in steps
    ]
