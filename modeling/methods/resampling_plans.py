"""Who is fitted and who is tried in each resample, as weights per patient."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Literal

import numpy as np

from modeling.methods.survival_table import Floats

Method = Literal["bootstrap", ".632+", "cross-validation"]
Plan = Callable[[], tuple[Floats, Floats]]  # weights of fitting and of trying, (b or 1, n)
CHUNK = 50  # resamples drawn and fitted together; the same whatever the number of threads


def plan_resamples(
    method: Method, n: int, resamples: int, seed: int, folds: int = 10
) -> list[Plan]:
    """Chunks of weights, drawn when they are called; equal for equal seeds.

    Parameters
    ----------
    method : {"bootstrap", ".632+", "cross-validation"}
        Tried on everybody, on those left out, on the fold left out.
    n : int
        Patients.
    resamples : int
        Models to fit; in cross-validation rounded up to whole repeats of ``folds``.
    seed : int
    folds : int
        At most ``n``.
    """
    if method == "cross-validation":
        repeats = -(-resamples // folds)
        children = np.random.SeedSequence(seed).spawn(repeats)
        return [partial(_folds, child, n, min(folds, n)) for child in children]
    if method not in ("bootstrap", ".632+"):
        raise ValueError(f"method is bootstrap, .632+ or cross-validation, not {method!r}")
    sizes = [min(CHUNK, resamples - start) for start in range(0, resamples, CHUNK)]
    children = np.random.SeedSequence(seed).spawn(len(sizes))
    outside = method == ".632+"
    return [partial(_draw, c, n, size, outside) for c, size in zip(children, sizes, strict=True)]


def _draw(seed: np.random.SeedSequence, n: int, size: int, outside: bool) -> tuple[Floats, Floats]:
    drawn = np.random.default_rng(seed).integers(n, size=(size, n))
    drawn += n * np.arange(size)[:, None]
    train = np.bincount(drawn.ravel(), minlength=size * n).reshape(size, n).astype(float)
    return train, (train == 0).astype(float) if outside else np.ones((1, n))


def _folds(seed: np.random.SeedSequence, n: int, folds: int) -> tuple[Floats, Floats]:
    number = np.random.default_rng(seed).permutation(n) % folds
    test = (number == np.arange(folds)[:, None]).astype(float)
    return 1 - test, test
