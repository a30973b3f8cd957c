"""Compiled slope of Firth's penalty over weighted rows, packed by :mod:`resampling_kernels`."""

from __future__ import annotations

import numpy as np

from studies.methods.compiled import compiled_on_first_use


@compiled_on_first_use
def determinant_slope(x, event, weight, ends, blocks, beta, means, inverse, slope):
    """Fills ``slope`` with tr(``inverse``·∂information/∂β) per column (Efron ties).

    ``means`` (terms, columns) are those that ``evaluate`` left at the same ``beta``. By third
    moments over each risk set, in one scan forward and one back: linear in the rows.
    """
    p, rows = beta.size, ends[blocks - 1]
    own = x[:rows]
    risk = weight[:rows] * np.exp(np.dot(own, beta))
    turned_rows, turned = np.dot(own, inverse), np.dot(means, inverse)
    size = np.empty(rows)
    for i in range(rows):
        total = 0.0
        for j in range(p):
            total += turned_rows[i, j] * own[i, j]
        size[i] = total
    step, back = np.zeros(blocks), np.zeros(blocks)
    pulled, given_back = np.zeros((blocks, p)), np.zeros((blocks, p))
    slope[:] = 0.0
    s0, sized, i, term = 0.0, 0.0, 0, 0
    for b in range(blocks):
        d0, sized_dying, deaths = 0.0, 0.0, 0.0
        while i < ends[b]:
            s0 += risk[i]
            sized += risk[i] * size[i]
            if event[i]:
                deaths += weight[i]
                d0 += risk[i]
                sized_dying += risk[i] * size[i]
            i += 1
        for k in range(int(deaths)):
            f = k / deaths
            z = s0 - f * d0
            length = 0.0
            for j in range(p):
                length += turned[term, j] * means[term, j]
            pull = 2.0 * length - (sized - f * sized_dying) / z
            step[b] += 1.0 / z
            back[b] += f / z
            for j in range(p):
                slope[j] += means[term, j] * pull
                pulled[b, j] += turned[term, j] / z
                given_back[b, j] += f * turned[term, j] / z
            term += 1
    hazard, crossed, i = 0.0, np.zeros(p), rows - 1
    for b in range(blocks - 1, -1, -1):
        hazard += step[b]
        for j in range(p):
            crossed[j] += pulled[b, j]
        first = ends[b - 1] if b > 0 else 0
        while i >= first:
            total = size[i] * (hazard - back[b] if event[i] else hazard)
            for j in range(p):
                gathered = crossed[j] - given_back[b, j] if event[i] else crossed[j]
                total -= 2.0 * own[i, j] * gathered
            total *= risk[i]
            for j in range(p):
                slope[j] += total * own[i, j]
            i -= 1
