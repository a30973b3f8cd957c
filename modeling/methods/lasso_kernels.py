"""Compiled parts of the LASSO: the loss of Cox, and the minimum of a penalised parabola."""

from __future__ import annotations

import numpy as np

from modeling.methods.survival_table import Flags, Floats
from studies.methods.compiled import compiled_on_first_use

REST = 1e-20  # curvature × change²: what a sweep may still gain when it has come to rest
APART = 5  # sweeps between two attempts to solve for all columns at once


@compiled_on_first_use
def breslow(
    x: Floats, event: Flags, last: Flags, beta: Floats, gradient: Floats, hessian: Floats
) -> float:
    """Minus the log partial likelihood; rows by descending time, ``last`` ends a block of ties."""
    n, p = x.shape
    lp = x @ beta
    shift = lp[0]  # the largest at risk so far: no sum over a risk set vanishes
    s0, died, value = 0.0, 0, 0.0
    s1, s2 = np.zeros(p), np.zeros((p, p))
    for i in range(n):
        if lp[i] > shift:
            less = np.exp(shift - lp[i])
            shift = lp[i]
            s0 *= less
            s1 *= less
            s2 *= less
        risk = np.exp(lp[i] - shift)
        s0 += risk
        for j in range(p):
            pull = risk * x[i, j]
            s1[j] += pull
            for k in range(j + 1):
                s2[j, k] += pull * x[i, k]
        if event[i]:
            died += 1
            value -= lp[i]
            for j in range(p):
                gradient[j] -= x[i, j]
        if last[i] and died:
            value += died * (np.log(s0) + shift)
            for j in range(p):
                mean = s1[j] / s0
                gradient[j] += died * mean
                for k in range(j + 1):
                    hessian[j, k] += died * (s2[j, k] / s0 - mean * s1[k] / s0)
            died = 0
    for j in range(p):
        for k in range(j):
            hessian[k, j] = hessian[j, k]
    return value


@compiled_on_first_use
def descend(
    hessian: Floats, gradient: Floats, weight: Floats, start: Floats, most: int
) -> tuple[Floats, int]:
    """Minimise g'(b − s) + ½(b − s)'H(b − s) + Σ w|b|.

    Cyclic coordinate descent finds which columns stay and with which signs; then all of them are
    solved for at once, so that columns that are all but collinear take no sweeps without end. The
    minimum and how many sweeps it took; ``most`` where it had not come to rest.
    """
    point = start.copy()
    slope = gradient.copy()
    for sweep in range(1, most):
        largest = 0.0
        for j in range(point.size):
            curve = hessian[j, j]
            if curve <= 0.0:
                continue
            raw = curve * point[j] - slope[j]
            size = max(abs(raw) - weight[j], 0.0) / curve
            new = size if raw > 0 else -size
            change = new - point[j]
            if change != 0.0:
                point[j] = new
                for k in range(point.size):
                    slope[k] += hessian[k, j] * change
                largest = max(largest, curve * change * change)
        if largest < REST:
            return point, sweep
        if sweep % APART == 0:
            jump(hessian, weight, point, slope)
    return point, most


@compiled_on_first_use
def jump(hessian: Floats, weight: Floats, point: Floats, slope: Floats) -> None:
    """Go to the minimum over the columns that are in, signs kept, or to the first that leaves."""
    p, m = point.size, 0
    place = np.empty(p, np.int64)
    for j in range(p):
        if hessian[j, j] > 0.0 and (point[j] != 0.0 or weight[j] == 0.0):
            place[m] = j
            m += 1
    matrix, move = np.empty((m, m)), np.empty(m)
    for a in range(m):
        j = place[a]
        move[a] = -slope[j] - weight[j] * np.sign(point[j])
        for b in range(a + 1):
            matrix[a, b] = hessian[j, place[b]]
    if m == 0 or not solve(matrix, move):
        return
    length, leaving = 1.0, -1
    for a in range(m):
        j = place[a]
        if weight[j] > 0.0 and point[j] * (point[j] + move[a]) < 0.0:
            until = -point[j] / move[a]
            if until < length:
                length, leaving = until, j
    for a in range(m):
        j = place[a]
        change = length * move[a]
        if j == leaving:
            change = -point[j]
        point[j] += change
        for k in range(p):
            slope[k] += hessian[k, j] * change


@compiled_on_first_use
def solve(matrix: Floats, right: Floats) -> bool:
    """Cholesky in place on the lower triangle; False, nothing solved, where it is not positive."""
    m = right.size
    for j in range(m):
        total = matrix[j, j]
        for k in range(j):
            total -= matrix[j, k] * matrix[j, k]
        if not total > 1e-13 * matrix[j, j]:
            return False
        pivot = np.sqrt(total)
        matrix[j, j] = pivot
        for i in range(j + 1, m):
            total = matrix[i, j]
            for k in range(j):
                total -= matrix[i, k] * matrix[j, k]
            matrix[i, j] = total / pivot
    for j in range(m):
        for k in range(j):
            right[j] -= matrix[j, k] * right[k]
        right[j] /= matrix[j, j]
    for j in range(m - 1, -1, -1):
        for k in range(j + 1, m):
            right[j] -= matrix[k, j] * right[k]
        right[j] /= matrix[j, j]
    return True
