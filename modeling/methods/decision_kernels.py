"""Compiled part of the survival decision curve: who has the event, above each threshold at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from modeling.methods.survival_table import Flags, Floats
from studies.methods.compiled import compiled_on_first_use

Numbers = NDArray[np.int64]


@compiled_on_first_use
def event_shares(
    block: Numbers, event: Flags, bucket: Numbers, weight: Floats, inside: int, reach: int,
    dead: Floats, share: Floats,
) -> None:  # fmt: skip
    """Fills 1 − S(horizon) by Kaplan-Meier and the share of rows, (weightings, thresholds).

    Rows stand by ascending time; ``block`` numbers their times, the first ``inside`` of which lie
    within the horizon, and rows from ``reach`` on are followed to it. ``bucket`` counts the
    thresholds that a row's risk reaches: at threshold k stand those of a higher bucket. NaN where
    nobody there is followed so far, or one row alone stands there.
    """
    n, thresholds = block.size, dead.shape[1]
    rows = np.zeros(thresholds + 1)
    for i in range(n):
        rows[bucket[i]] += 1.0
    for r in range(weight.shape[0]):
        at_risk, followed = np.zeros(thresholds + 1), np.zeros(thresholds + 1)
        for i in range(n):
            at_risk[bucket[i]] += weight[r, i]
            if i >= reach:
                followed[bucket[i]] += weight[r, i]
        total = at_risk.sum()
        above, far, stand = 0.0, 0.0, 0.0
        for k in range(thresholds - 1, -1, -1):
            above += at_risk[k + 1]
            far += followed[k + 1]
            stand += rows[k + 1]
            share[r, k] = above / total
            dead[r, k] = 1.0 if far > 0.0 and stand > 1.0 else np.nan
        i = 0
        while i < n and block[i] < inside:
            leaving, dying = np.zeros(thresholds + 1), np.zeros(thresholds + 1)
            here, died = block[i], 0.0
            while i < n and block[i] == here:
                leaving[bucket[i]] += weight[r, i]
                if event[i]:
                    dying[bucket[i]] += weight[r, i]
                    died += weight[r, i]
                i += 1
            if died > 0.0:
                many, deaths = 0.0, 0.0
                for k in range(thresholds - 1, -1, -1):
                    many += at_risk[k + 1]
                    deaths += dying[k + 1]
                    if deaths > 0.0:
                        dead[r, k] *= 1.0 - deaths / many
            at_risk -= leaving
        for k in range(thresholds):
            dead[r, k] = 1.0 - dead[r, k]
