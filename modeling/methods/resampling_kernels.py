"""Compiled Cox fits of weighted rows and what a resample's model is worth.

Rows stand by descending time, so that a risk set is a prefix; ``last`` marks the last row of each
block of equal times. A weight is how often a patient was drawn: a resample is never copied, and
rows that were not drawn are skipped. Nothing here checks: :mod:`cox_validation` does. They stand
in one file because each is called by another (:mod:`studies.methods.compiled` says why).
"""

from __future__ import annotations

import numpy as np

from studies.methods.compiled import compiled_on_first_use

FIT_FAILED, FIT_DONE, FIT_LONG = 0, 1, 2  # FIT_LONG: the last step still moved (separation)


@compiled_on_first_use
def compress(x, event, last, weight, kept_x, kept_event, kept_weight, ends):
    """Rows that were drawn, packed; gives their number and that of their blocks."""
    rows, blocks, before = 0, 0, 0
    for i in range(weight.size):
        if weight[i] > 0:
            for j in range(x.shape[1]):
                kept_x[rows, j] = x[i, j]
            kept_event[rows] = event[i]
            kept_weight[rows] = weight[i]
            rows += 1
        if last[i] and rows > before:
            ends[blocks] = rows
            blocks += 1
            before = rows
    return rows, blocks


@compiled_on_first_use
def evaluate(x, event, weight, ends, blocks, beta, scaled, means, score, information):
    """Log partial likelihood (Efron); fills score and information (both triangles).

    Each event (drawn twice: two) leaves the mean of x over its risk set as a row of ``means``;
    the information is Σ (hazard collected)·xx' less Σ mean·mean', two products of matrices.
    """
    p, rows = beta.size, ends[blocks - 1]
    s1, d1 = np.zeros(p), np.zeros(p)
    step, back = np.empty(blocks), np.empty(blocks)
    score[:] = 0.0
    value, s0, i, events = 0.0, 0.0, 0, 0
    lp = np.dot(x[:rows], beta)
    risk = weight[:rows] * np.exp(lp)
    for b in range(blocks):
        d0, deaths = 0.0, 0.0
        while i < ends[b]:
            r = risk[i]
            s0 += r
            for j in range(p):
                s1[j] += r * x[i, j]
            if event[i]:
                if deaths == 0.0:
                    d1[:] = 0.0
                w = weight[i]
                deaths += w
                d0 += r
                value += w * lp[i]
                for j in range(p):
                    d1[j] += r * x[i, j]
                    score[j] += w * x[i, j]
            i += 1
        step[b], back[b] = 0.0, 0.0
        for k in range(int(deaths)):
            f = k / deaths
            z = s0 - f * d0
            value -= np.log(z)
            step[b] += 1.0 / z
            back[b] += f / z
            for j in range(p):
                mean = (s1[j] - f * d1[j]) / z
                means[events, j] = mean
                score[j] -= mean
            events += 1
    gathered, i = 0.0, rows - 1
    for b in range(blocks - 1, -1, -1):
        gathered += step[b]
        first = ends[b - 1] if b > 0 else 0
        while i >= first:
            hazard = gathered - back[b] if event[i] else gathered
            root = np.sqrt(max(risk[i] * hazard, 0.0))
            for j in range(p):
                scaled[i, j] = root * x[i, j]
            i -= 1
    whole, part = scaled[:rows], means[:events]
    information[:, :] = np.dot(whole.T, whole) - np.dot(part.T, part)
    return value


@compiled_on_first_use
def solve_positive(matrix, right, out):
    """Cholesky in place on the lower triangle; False where a column adds nothing."""
    p = right.size
    largest = 0.0
    for j in range(p):
        largest = max(largest, matrix[j, j])
    for j in range(p):
        total = matrix[j, j]
        for k in range(j):
            total -= matrix[j, k] * matrix[j, k]
        if not total > 1e-11 * largest:
            return False
        pivot = np.sqrt(total)
        matrix[j, j] = pivot
        for i in range(j + 1, p):
            total = matrix[i, j]
            for k in range(j):
                total -= matrix[i, k] * matrix[j, k]
            matrix[i, j] = total / pivot
    for j in range(p):
        total = right[j]
        for k in range(j):
            total -= matrix[j, k] * out[k]
        out[j] = total / matrix[j, j]
    for j in range(p - 1, -1, -1):
        total = out[j]
        for k in range(j + 1, p):
            total -= matrix[k, j] * out[k]
        out[j] = total / matrix[j, j]
    return True


@compiled_on_first_use
def maximise(x, event, weight, ends, blocks, beta, stop, limit, early, scaled, means):
    """Newton from ``beta`` (changed in place) until the log likelihood rests.

    ``early``: end with a step after which less than ``stop`` of the likelihood is left, as told
    by the last gains (a Newton step squares what is missing; where gains only halve, as in
    separation, it goes on). Otherwise as coxph does: with the first evaluation that moved the
    likelihood by less than ``stop`` of itself by a whole step.
    """
    p = beta.size
    score, information = np.empty(p), np.empty((p, p))
    move, old = np.empty(p), beta.copy()
    before, last_gain, value, halved = -np.inf, np.inf, 0.0, False
    for turn in range(limit + 1):
        value = evaluate(x, event, weight, ends, blocks, beta, scaled, means, score, information)
        if turn > 0:
            if np.isfinite(value) and abs(1.0 - before / value) <= stop and not halved:
                return FIT_DONE, value
            halved = not value >= before
            if halved:
                for j in range(p):
                    beta[j] = (beta[j] + old[j]) / 2.0
                continue
        if turn == limit:
            break
        if not np.isfinite(value):
            return FIT_FAILED, value
        if not solve_positive(information, score, move):
            return (FIT_LONG, value) if turn > 3 else (FIT_FAILED, value)
        before = value
        gain = 0.0
        for j in range(p):
            old[j] = beta[j]
            beta[j] += move[j]
            gain += move[j] * score[j]
        rest = stop * abs(value)
        if early and (gain <= rest or (gain * gain <= rest and gain <= 0.02 * last_gain)):
            return FIT_DONE, value + gain / 2.0
        last_gain = gain
    return FIT_LONG, value


@compiled_on_first_use
def count_pairs(rank, event, last, first, second, ranks):
    """Somers' Dxy of two weightings of the same rows in one pass; rank 0 = lowest risk."""
    tree = np.zeros((ranks + 1, 2))
    here = np.zeros((ranks, 2))
    inside = np.zeros(2)
    gap, pairs = np.zeros(2), np.zeros(2)
    i, n = 0, rank.size
    while i < n:
        start = i
        while not last[i]:
            i += 1
        i += 1
        for j in range(start, i):  # censored at this time outlive its events
            if not event[j]:
                _insert(tree, here, inside, rank[j], first[j], second[j])
        for j in range(start, i):
            if event[j]:
                below0, below1, k = 0.0, 0.0, rank[j]
                while k > 0:
                    below0 += tree[k, 0]
                    below1 += tree[k, 1]
                    k -= k & -k
                same0, same1 = here[rank[j], 0], here[rank[j], 1]
                gap[0] += first[j] * (2.0 * below0 + same0 - inside[0])
                gap[1] += second[j] * (2.0 * below1 + same1 - inside[1])
                pairs[0] += first[j] * inside[0]
                pairs[1] += second[j] * inside[1]
        for j in range(start, i):
            if event[j]:
                _insert(tree, here, inside, rank[j], first[j], second[j])
    return gap[0] / pairs[0], gap[1] / pairs[1]


@compiled_on_first_use
def _insert(tree, here, inside, rank, first, second):
    here[rank, 0] += first
    here[rank, 1] += second
    inside[0] += first
    inside[1] += second
    k = rank + 1
    while k < tree.shape[0]:
        tree[k, 0] += first
        tree[k, 1] += second
        k += k & -k


@compiled_on_first_use
def rank_rows(lp, rank):
    """Dense ranks of ``lp`` (ties share one) and the order that sorts it.

    Counted into narrow bins first, so that the sort by insertion finds little to do.
    """
    n = lp.size
    mean = lp.mean()
    spread = lp.std()
    bins = 4 * n
    low, scale = mean - 4.0 * spread, bins / (8.0 * spread)
    place, count = np.empty(n, np.int64), np.zeros(bins + 1, np.int64)
    for i in range(n):
        k = min(max(int((lp[i] - low) * scale), 0), bins - 1)
        place[i] = k
        count[k + 1] += 1
    for k in range(bins):
        count[k + 1] += count[k]
    order, value = np.empty(n, np.int64), np.empty(n)
    for i in range(n):
        at = count[place[i]]
        count[place[i]] += 1
        order[at] = i
        value[at] = lp[i]
    for k in range(1, n):
        own, row, at = value[k], order[k], k - 1
        while at >= 0 and value[at] > own:
            value[at + 1], order[at + 1] = value[at], order[at]
            at -= 1
        value[at + 1], order[at + 1] = own, row
    ranks = 0
    for k in range(n):
        if k > 0 and value[k] > value[k - 1]:
            ranks += 1
        rank[order[k]] = ranks
    return ranks + 1, order


@compiled_on_first_use
def mean_difference(lp, order, weight):
    """Gini's mean absolute difference between two patients of a weighting."""
    total, summed, found = 0.0, 0.0, 0.0
    for k in range(order.size):
        w = weight[order[k]]
        found += w * (lp[order[k]] * total - summed)
        total += w
        summed += w * lp[order[k]]
    return 2.0 * found / (total * (total - 1.0))


@compiled_on_first_use
def likelihood_of(lp, event, last, weight, slope):
    """Log partial likelihood (Efron) of ``slope * lp`` with its two derivatives."""
    value, score, curve = 0.0, 0.0, 0.0
    s0, s1, s2 = 0.0, 0.0, 0.0
    d0, d1, d2, deaths = 0.0, 0.0, 0.0, 0.0
    for i in range(lp.size):
        w = weight[i]
        if w > 0.0:
            z = lp[i]
            r = w * np.exp(slope * z)
            s0 += r
            s1 += r * z
            s2 += r * z * z
            if event[i]:
                deaths += w
                d0 += r
                d1 += r * z
                d2 += r * z * z
                value += w * slope * z
                score += w * z
        if last[i] and deaths > 0.0:
            for k in range(int(deaths)):
                f = k / deaths
                z0 = s0 - f * d0
                mean = (s1 - f * d1) / z0
                value -= np.log(z0)
                score -= mean
                curve += (s2 - f * d2) / z0 - mean * mean
            d0, d1, d2, deaths = 0.0, 0.0, 0.0, 0.0
    return value, score, curve


@compiled_on_first_use
def null_likelihood(event, last, weight):
    """Log partial likelihood (Efron) without any covariate."""
    value, s0, deaths = 0.0, 0.0, 0.0
    for i in range(weight.size):
        s0 += weight[i]
        if event[i]:
            deaths += weight[i]
        if last[i] and deaths > 0.0:
            for k in range(int(deaths)):
                value -= np.log(s0 - k)
            deaths = 0.0
    return value


@compiled_on_first_use
def refit_slope(lp, event, last, weight, stop, limit):
    """Coefficient of ``lp`` in a Cox model of these rows, with log likelihoods at 0, 1, itself."""
    null = null_likelihood(event, last, weight)
    frozen, score, curve = likelihood_of(lp, event, last, weight, 1.0)
    slope, value = 1.0, frozen
    for _ in range(limit):
        if not curve > 0.0:
            return np.nan, null, frozen, np.nan
        move = score / curve
        new, score_new, curve_new = likelihood_of(lp, event, last, weight, slope + move)
        while not new >= value - 1e-9 * abs(value) and abs(move) > 1e-12:
            move /= 2.0
            new, score_new, curve_new = likelihood_of(lp, event, last, weight, slope + move)
        slope += move
        done = abs(1.0 - value / new) <= stop
        value, score, curve = new, score_new, curve_new
        if done:
            break
    return slope, null, frozen, value


@compiled_on_first_use
def group_gaps(predicted, time, event, last, weight, cuts, horizon, out):
    """Per group of like prediction: Kaplan-Meier survival at ``horizon`` less mean prediction.

    NaN for a group of under two patients, or none followed so far while someone still lives.
    """
    groups = cuts.size - 1
    group = np.minimum(np.searchsorted(cuts, predicted, side="right") - 1, groups - 1)
    at_risk, mean = np.zeros(groups), np.zeros(groups)
    longest, survival = np.full(groups, -1.0), np.ones(groups)
    dead, gone = np.zeros(groups), np.zeros(groups)
    for i in range(time.size):
        if weight[i] > 0:
            g = max(group[i], 0)
            group[i] = g
            at_risk[g] += weight[i]
            mean[g] += weight[i] * predicted[i]
            longest[g] = max(longest[g], time[i])
    number = at_risk.copy()
    for i in range(time.size - 1, -1, -1):  # ascending time
        if time[i] > horizon + 1e-6:
            break
        if weight[i] > 0:
            g = group[i]
            gone[g] += weight[i]
            if event[i]:
                dead[g] += weight[i]
        if i == 0 or last[i - 1]:
            for g in range(groups):
                if gone[g] > 0:
                    survival[g] *= 1.0 - dead[g] / at_risk[g]
                    at_risk[g] -= gone[g]
                    dead[g], gone[g] = 0.0, 0.0
    for g in range(groups):
        lost = horizon > longest[g] + 1e-6 and survival[g] > 0
        out[g] = np.nan if number[g] < 2 or lost else survival[g] - mean[g] / number[g]


@compiled_on_first_use
def judge(lp, event, last, train, test, fitted, null, stop, limit, told, rank):
    """Seven indexes where a model was fitted and where it is tried.

    ``told`` is (2, 7): Dxy, R2, slope, D, U, Q, g; row 0 where it was fitted (``fitted`` and
    ``null`` are its log likelihoods there), row 1 on the rows of ``test``.
    """
    ranks, order = rank_rows(lp, rank)
    told[0, 0], told[1, 0] = count_pairs(rank, event, last, train, test, ranks)
    slope, other_null, frozen, refitted = refit_slope(lp, event, last, test, stop, limit)
    _shares(fitted, null, train.sum(), told[0])
    _shares(refitted, other_null, test.sum(), told[1])
    told[0, 2], told[1, 2] = 1.0, slope
    told[0, 4] = 1.0 / null
    told[1, 4] = (frozen - refitted) / other_null
    for k in range(2):
        told[k, 5] = told[k, 3] - told[k, 4]
    told[0, 6] = mean_difference(lp, order, train)
    told[1, 6] = abs(slope) * mean_difference(lp, order, test)


@compiled_on_first_use
def judge_shrunken(lp, event, last, train, test, stop, limit, told, rank):
    """The indexes of :func:`judge` for a model that does not maximise the likelihood.

    Its slope is not 1 where it was fitted: both rows are told alike, by refitting the slope.
    """
    ranks, order = rank_rows(lp, rank)
    told[0, 0], told[1, 0] = count_pairs(rank, event, last, train, test, ranks)
    for k in range(2):
        weight = test if k else train
        slope, null, frozen, refitted = refit_slope(lp, event, last, weight, stop, limit)
        _shares(refitted, null, weight.sum(), told[k])
        told[k, 2] = slope
        told[k, 4] = (frozen - refitted) / null
        if k == 0:
            told[k, 4] += 1.0 / null
        told[k, 5] = told[k, 3] - told[k, 4]
        told[k, 6] = abs(slope) * mean_difference(lp, order, weight)


@compiled_on_first_use
def _shares(value, null, n, out):
    ratio = 2.0 * (value - null)
    out[1] = (1.0 - np.exp(-ratio / n)) / (1.0 - np.exp(2.0 * null / n))
    out[3] = (ratio - 1.0) / (-2.0 * null)


@compiled_on_first_use
def resample_cox(
    x, time, event, last, train, test, start, pull, stop, limit, early, cuts, horizon,
    told, gaps, survival, state,
):  # fmt: skip
    """Fit, judge and calibrate once per row of ``train``.

    A fit starts at ``start`` and what each patient pulls it by (``pull``, dfbeta or zeros).
    ``told`` (b, 2, 7), ``gaps`` (b, 2, groups) and ``survival`` (some of b, n) are filled;
    ``state`` (b) tells how each fit ended. Without ``cuts`` nothing is calibrated.
    """
    n, p = x.shape
    kept_x, kept_event = np.empty((n, p)), np.empty(n, np.bool_)
    kept_weight, ends = np.empty(n), np.empty(n, np.int64)
    most = 0
    for b in range(train.shape[0]):
        drawn = 0.0
        for i in range(n):
            drawn += train[b, i] * event[i]
        most = max(most, int(drawn))
    scaled, means = np.empty((n, p)), np.empty((most, p))
    lp, rank, predicted = np.empty(n), np.empty(n, np.int64), np.empty(n)
    for b in range(train.shape[0]):
        weight = train[b]
        other = test[b] if test.shape[0] > 1 else test[0]
        _, blocks = compress(x, event, last, weight, kept_x, kept_event, kept_weight, ends)
        beta = start + np.dot(weight - 1.0, pull)
        ended, value = maximise(
            kept_x, kept_event, kept_weight, ends, blocks, beta, stop, limit, early,
            scaled, means,
        )  # fmt: skip
        if ended == FIT_LONG and not early:  # rms drops what its steps did not bring to rest
            ended = FIT_FAILED
        state[b] = ended
        if ended == FIT_FAILED:
            told[b] = np.nan
            gaps[b] = np.nan
            if b < survival.shape[0]:
                survival[b] = np.nan
            continue
        for i in range(n):
            total = 0.0
            for j in range(p):
                total += x[i, j] * beta[j]
            lp[i] = total
        null = null_likelihood(event, last, weight)
        judge(lp, event, last, weight, other, value, null, stop, limit, told[b], rank)
        if cuts.size:
            predict_at(lp, time, event, last, weight, horizon, predicted)
            group_gaps(predicted, time, event, last, weight, cuts, horizon, gaps[b, 0])
            group_gaps(predicted, time, event, last, other, cuts, horizon, gaps[b, 1])
            if b < survival.shape[0]:
                survival[b] = predicted


@compiled_on_first_use
def predict_at(lp, time, event, last, weight, horizon, out):
    """S(horizon) of every row by the Efron baseline of the weighted rows."""
    hazard, s0, d0, deaths = 0.0, 0.0, 0.0, 0.0
    for i in range(lp.size):
        if weight[i] > 0:
            r = weight[i] * np.exp(lp[i])
            s0 += r
            if event[i]:
                d0 += r
                deaths += weight[i]
        if last[i]:
            if deaths > 0.0 and time[i] <= horizon:
                for k in range(int(deaths)):
                    hazard += 1.0 / (s0 - k / deaths * d0)
            d0, deaths = 0.0, 0.0
    for i in range(lp.size):
        out[i] = np.exp(-hazard * np.exp(lp[i]))
        if out[i] < 1e-10:
            out[i] = 0.0
