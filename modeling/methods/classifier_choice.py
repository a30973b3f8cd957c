"""Which of the compared classifiers becomes the Rad-Score, by a rule written before the run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from numpy.typing import ArrayLike

from modeling.methods.auc import estimate_auc
from modeling.methods.binary_input import check_probability
from studies.methods.wording import say


@dataclass(frozen=True)
class Choice:
    """The chosen classifier and the sentence that says why."""

    classifier: str
    rule: str
    reason: str


def choose_classifier(
    outcome: ArrayLike, probabilities: Mapping[str, ArrayLike], rule: Mapping[str, str]
) -> Choice:
    """The classifier a rule picks from out-of-fold probabilities.

    Parameters
    ----------
    outcome : array of shape (n,)
        0 or 1.
    probabilities : mapping of str to array of shape (n,)
        Out-of-fold probability of 1 by classifier.
    rule : mapping
        ``{"rule": "fixed", "classifier": name}``, or ``{"rule": "one_standard_error"}``: the
        best Brier score among those within one standard error of the best AUC.

    Returns
    -------
    Choice

    Raises
    ------
    DataProblem
        One class only, a probability that is missing or outside 0..1.

    References
    ----------
    The one-standard-error rule: Breiman et al., Classification and Regression Trees, 1984;
    among those near, the Brier score is ours.
    """
    if rule["rule"] == "fixed":
        name = rule["classifier"]
        return Choice(
            name,
            "fixed",
            say("The {name} was fixed before the run.", name=say(name.replace("_", " "))),
        )
    aucs = {name: estimate_auc(outcome, p) for name, p in probabilities.items()}
    best = max(aucs.values(), key=lambda found: found.auc)
    floor = best.auc - best.standard_error
    near = [name for name, found in aucs.items() if found.auc >= floor]
    briers = {name: _brier(outcome, probabilities[name]) for name in near}
    chosen = min(near, key=lambda name: (briers[name], name))
    text = say(
        "Best out-of-fold Brier score ({brier:.4f}) of the {n} classifiers within one standard "
        "error ({error:.3f}) of the best AUC ({auc:.3f}).",
        brier=briers[chosen], n=len(near), error=best.standard_error, auc=best.auc,
    )  # fmt: skip
    return Choice(chosen, "one_standard_error", text)


def _brier(outcome: ArrayLike, probability: ArrayLike) -> float:
    y, p = check_probability(outcome, probability)
    return float(((p - y) ** 2).mean())
