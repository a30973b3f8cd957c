"""Figures of an examined Rad-Score, drawn from its stored numbers: for its page and the report."""

from __future__ import annotations

from typing import Any

from modeling.figures.estimates import (
    CurvePoint,
    Estimate,
    draw_estimates,
    draw_learning_curve,
)
from modeling.services.report_content import TARGETS
from studies.figures.figure import Figure
from studies.methods.wording import marked, say


def figures_of(results: dict[str, Any]) -> dict[str, Figure]:
    """Figures that have something to show."""
    drawn = {
        "groups": _groups(results["groups"]),
        "subgroups": _subgroups(results["subgroups"]),
        "importance": _importance(results["importance"]),
        "learning": _learning(results["learning_curve"]),
    }
    return {name: figure for name, figure in drawn.items() if figure is not None}


def _cohort(name: str) -> str:
    return say(name.replace("_", " "))


def _groups(rows: list[dict[str, Any]]) -> Figure | None:
    if not rows:
        return None
    estimates = [
        Estimate(
            say(
                "{title}: {higher} over {lower}",
                title=say(row["title"]),
                higher=say(row["higher"]),
                lower=say(row["lower"]),
            ),
            _cohort(row["cohort"]),
            row["effect"],
            row["effect_lower"],
            row["effect_upper"],
            row["n_first"] + row["n_other"],
        )
        for row in sorted(rows, key=lambda row: row["title"])
    ]
    return draw_estimates(
        estimates,
        say("Rad-Score between groups"),
        say(
            "Rank-biserial correlation with 95 % interval; right of the dotted line the first "
            "group scores higher."
        ),
        marked("effect (rank-biserial)"),
        "groups",
        0.0,
        (-1.0, 1.0),
    )


def _subgroups(rows: list[dict[str, Any]]) -> Figure | None:
    estimates = [
        Estimate(
            say(
                "{variable} {level} (n {n}), {cohort}",
                variable=say(row["by"]),
                level=say(str(row["level"])),
                n=row["n"],
                cohort=_cohort(row["cohort"]),
            ),
            TARGETS[row["target"]],
            row["auc"]["estimate"],
            row["auc"]["lower"],
            row["auc"]["upper"],
            row["n"],
        )
        for row in rows
        if row["auc"]
    ]
    if not estimates:
        return None
    lowest = min(0.4, *(e.value if e.lower is None else e.lower for e in estimates))
    return draw_estimates(
        estimates,
        say("AUC in subgroups"),
        say("DeLong 95 % intervals; the dotted line is chance. Small groups say little."),
        marked("AUC (95 % CI)"),
        "subgroups",
        0.5,
        (max(0.0, lowest), 1.0),
    )


def _importance(found: dict[str, Any]) -> Figure | None:
    if not found["rows"]:
        return None
    estimates = [
        Estimate(
            say("{family} ({columns})", family=say(row["family"]), columns=row["columns"]),
            _cohort(found["cohort"]),
            row["fall"],
            row["fall"] - row["sd"],
            row["fall"] + row["sd"],
            found["n"],
        )
        for row in found["rows"]
    ]
    return draw_estimates(
        estimates,
        say("What the Rad-Score leans on"),
        say(
            "Fall of the AUC when a family of columns is shuffled together, mean and SD over "
            "shuffles; {cohort}, n = {n}.",
            cohort=_cohort(found["cohort"]),
            n=found["n"],
        ),
        marked("fall of the AUC"),
        "importance",
        0.0,
        whiskers=marked("one SD"),
    )


def _rises(curve: list[CurvePoint]) -> bool:
    """Whether the second half gains more than draws differ: one step up is chance."""
    middle, last = curve[len(curve) // 2], curve[-1]
    return len(curve) > 2 and last.mean - middle.mean > max(0.01, middle.sd or 0, last.sd or 0)


def _learning(points: list[dict[str, Any]]) -> Figure | None:
    if len(points) < 2:
        return None
    drawn = [CurvePoint(p["n"], p["auc"], p["sd"]) for p in points]
    if _rises(drawn):
        said = say("still rising: more patients would help")
    else:
        said = say("no rise in its second half beyond the spread between draws")
    return draw_learning_curve(
        drawn,
        say(
            "Out-of-fold AUC of the chosen classifier with its tuned parameters, one SD between "
            "draws; {said}.",
            said=said,
        ),
    )
