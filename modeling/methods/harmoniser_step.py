"""The first step of a pipeline that harmonises: ComBat over scanners, learned where it is fit."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from imaging.methods.harmonise import HarmoniseFit, apply_harmoniser, fit_harmoniser
from modeling.methods.scanner_plan import (
    SCANNERS,
    UNKNOWN,
    ScannerPlan,
    feature_positions,
    read_scanner_plan,
)
from studies.methods.combat import FEWEST
from studies.methods.problems import refuse
from studies.methods.wording import say

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline
    from sklearn.utils import Tags

STEP = "harmonise"
Array = NDArray[np.float64]


class Harmoniser:
    """Features without the shift and scale of their scanner; takes codes of scanners, drops them.

    Parameters
    ----------
    plan : ScannerPlan as a dict
        Plain values only, so that it is stored with the model as data.
    names : list of str
        Columns of the table it will be fitted to, in their order, codes of scanners among them.

    Notes
    -----
    A scanner with under three patients where it is fitted (a small fold) counts as unseen there;
    its patients follow the plan's rule, except that refusing is for scanners that training as a
    whole does not know, and that features stay as they are where the reference itself is so small.
    No outcome is looked at.
    """

    def __init__(self, plan: dict[str, Any], names: list[str]):
        self.plan = plan
        self.names = names

    # what scikit-learn asks of a step

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        return {"plan": self.plan, "names": self.names}

    def set_params(self, **params: Any) -> Harmoniser:
        for name, value in params.items():
            setattr(self, name, value)
        return self

    def __sklearn_tags__(self) -> Tags:
        from sklearn.base import BaseEstimator

        return BaseEstimator().__sklearn_tags__()

    def fit(self, X: ArrayLike, y: Any = None) -> Harmoniser:
        """Learn from these rows alone; ``y`` is not looked at."""
        table = np.asarray(X, dtype=np.float64)
        self.fits_ = {column: self._fit(column, table) for column in self._columns()}
        self.rows_sha256_ = rows_digest(table)
        return self

    def transform(self, X: ArrayLike) -> Array:
        """Features (n, p) on the common scale; the codes of scanners are gone.

        Raises
        ------
        DataProblem
            A scanner unknown to training where the plan refuses it.
        """
        table = np.array(X, dtype=np.float64)
        for column in self._columns():
            self._check(column, table)
            fit = self.fits_[column]
            if fit is not None:
                at = feature_positions(column, self.names)
                labels = self._labels(column, table)
                table[:, at], _ = apply_harmoniser(fit, table[:, at], labels)
        return table[:, self.get_support()]

    def fit_transform(self, X: ArrayLike, y: Any = None) -> Array:
        return self.fit(X).transform(X)

    def get_support(self) -> NDArray[np.bool_]:
        """Which columns go on."""
        return np.array([name not in SCANNERS for name in self.names])

    # the work

    def _columns(self) -> list[str]:
        return [name for name in self.names if name in SCANNERS]

    def _codes(self, column: str, table: Array) -> Array:
        return table[:, self.names.index(column)]

    def _labels(self, column: str, table: Array) -> list[str]:
        known = self.plan["known"][column]
        return ["" if c == UNKNOWN else known[int(c)] for c in self._codes(column, table)]

    def _fit(self, column: str, table: Array) -> HarmoniseFit | None:
        """None where fewer than two scanners can be told from each other."""
        labels = np.array(self._labels(column, table), dtype=str)
        names, counts = np.unique(labels[labels != ""], return_counts=True)
        enough = names[counts >= FEWEST]
        at = feature_positions(column, self.names)
        if len(enough) < 2 or not len(at):
            return None
        rows = np.isin(labels, enough)
        reference = self.plan["reference"][column]
        follows = self.plan["unseen"] == "reference" and reference in enough
        return fit_harmoniser(
            table[np.ix_(rows, at)], labels[rows].tolist(),
            "reference" if follows else "pooled", reference if follows else "",
        )  # fmt: skip

    def _check(self, column: str, table: Array) -> None:
        n = int((self._codes(column, table) == UNKNOWN).sum())
        if n and self.plan["unseen"] == "refuse":
            raise refuse(
                say("scanner of {modality}", modality=SCANNERS[column]),
                say("{n} patients of scanners that training did not have", n=n),
                say("one of {known}", known=", ".join(self.plan["known"][column])),
                "Leave the patients out, or choose another rule for unseen scanners.",
            )


def harmoniser_for(plan: ScannerPlan | None, names: Sequence[str]) -> Harmoniser | None:
    """The step that a table of these columns needs; None where no column is of a scanner.

    Parameters
    ----------
    plan : ScannerPlan or None
    names : sequence of str
        In the order of the table.
    """
    if plan is None or not any(name in SCANNERS for name in names):
        return None
    return Harmoniser(plan.as_dict(), list(names))


def harmoniser_of(pipeline: Pipeline) -> Harmoniser | None:
    """The step of a pipeline that harmonises, if it has one.

    Parameters
    ----------
    pipeline : Pipeline
    """
    return pipeline.named_steps.get(STEP)


def plan_in(pipeline: Pipeline) -> ScannerPlan | None:
    """The frozen plan of a pipeline that harmonises.

    Parameters
    ----------
    pipeline : Pipeline
    """
    step = harmoniser_of(pipeline)
    return None if step is None else read_scanner_plan(step.plan)


def rows_digest(table: ArrayLike) -> str:
    """sha256 of a table's numbers: which rows a harmoniser learned from.

    Parameters
    ----------
    table : array (n, p)
    """
    return hashlib.sha256(np.ascontiguousarray(table, dtype=np.float64).tobytes()).hexdigest()


def check_fitted_inside(pipeline: Pipeline, table: ArrayLike) -> None:
    """The harmoniser of a fit has seen the rows of that fit, no more and no fewer.

    Parameters
    ----------
    pipeline : Pipeline
        Fitted.
    table : array (n, p)
        What it was to be fitted to: the training part of a fold.

    Raises
    ------
    DataProblem
        It learned from other rows.
    """
    step = harmoniser_of(pipeline)
    if step is not None and step.rows_sha256_ != rows_digest(table):
        raise refuse(
            "harmoniser",
            say("fitted to other rows than the training part of its fold"),
            "fitted inside the fold",
            "It has seen who is held out: nothing it says of them counts.",
        )
