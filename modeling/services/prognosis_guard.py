"""Checks that must pass before a prognosis is fitted, each with what it is for.

Rows may have been frozen long ago: cohorts, dates, images and the dictionary are asked as they are
today. A run that is computed again is not asked: what they have become makes no leak of what was
none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date

from imaging.models import CutKind, ImmunoscoreRule
from imaging.selectors.slides import foreign_densities, rule_current, rule_is_stale
from modeling.methods.admissible_columns import check_known_in_time
from modeling.methods.leak_guard import (
    check_cohort_uses,
    check_dated_before,
    check_not_moved,
    check_patients_apart,
    check_shared_values,
    refuse_leaks,
)
from modeling.methods.leak_origins import check_identical_images
from modeling.methods.leak_survival import check_out_of_fold, check_outcome_order, check_unseen
from modeling.models import DatasetSnapshot
from modeling.selectors import (
    dates_behind,
    days_of_scans,
    days_of_specimens,
    frozen_keys,
    frozen_uses,
    image_digests,
    score_rules_behind,
    starts_of_treatment,
    uses_today,
)
from modeling.services.prognosis_ahead import Ahead
from modeling.services.prognosis_columns import columns_of, dates_of_candidates
from modeling.services.version_life import ancestry_of
from studies.methods.problems import Problem
from studies.methods.wording import marked, say
from studies.models import CohortUse

EXPLAINED = {
    "uses": marked("Only development cohorts are fitted to."),
    "sides": marked("Nobody is fitted to and judged on."),
    "out_of_fold": marked("The Rad-Score of everybody who is fitted to is out of fold."),
    "unseen": marked("The Rad-Score has seen nobody whom the nomogram is judged on."),
    "identical_images": marked(
        "No two patients share an image: its voxels would stand on both sides."
    ),
    "identical_rows": marked("No two patients share rare values: nobody stands there twice."),
    "known": marked("The dictionary says of every covariate that it is known before treatment."),
    "dates": marked("What has a day of its own is dated before treatment began."),
    "outcome_order": marked("No covariate was made of the outcome."),
    "cuts": marked(
        "Cuts of the slides were frozen on the development cohort of the rows and on nobody else."
    ),
    "landmark": marked(
        "Everybody is followed without event beyond the landmark, and time is counted from it."
    ),
}


def leaks_of(ahead: Ahead) -> dict[str, list[Problem]]:
    """What each check finds, an empty list where it passes."""
    return {
        name: check(ahead)
        for name, check in _CHECKS.items()
        if name != "landmark" or ahead.choice.landmark_days
    }


def guard_refuse(ahead: Ahead) -> None:
    """Raise everything that was found at once: no run starts on a leak, whoever asks for it.

    Raises
    ------
    DataProblem
    """
    refuse_leaks([problem for problems in leaks_of(ahead).values() for problem in problems])


def _judging(ahead: Ahead) -> dict[str, list[str]]:
    rows = ahead.table
    elsewhere = rows[rows["use"] != CohortUse.DEVELOPMENT]
    return {str(name): list(part["pseudonym"]) for name, part in elsewhere.groupby("cohort")}


def _uses(ahead: Ahead) -> list[Problem]:
    """Of the rows, and of the same patients today: a cohort may have changed since."""
    uses = dict(ahead.table[["cohort", "use"]].itertuples(index=False))
    fitting, today = ahead.fitting, uses_today(ahead.study)
    return [
        *check_cohort_uses(list(fitting["cohort"]), uses),
        *check_not_moved(
            list(fitting["pseudonym"]), [today.get(patient) for patient in fitting["patient_id"]]
        ),
    ]


def _sides(ahead: Ahead) -> list[Problem]:
    return check_patients_apart(list(ahead.fitting["pseudonym"]), _judging(ahead))


def _out_of_fold(ahead: Ahead) -> list[Problem]:
    return check_out_of_fold(list(ahead.fitting["cohort"]), list(ahead.fitting["rad_score_kind"]))


def _unseen(ahead: Ahead) -> list[Problem]:
    """Members of the frozen rows that the score, or a version it was made with, was fitted to."""
    learned: set[int] = set()  # not by pseudonyms: one may have been corrected between two tables
    for version in ancestry_of(ahead.choice.rad_score):
        keys = frozen_keys(version.fitting_snapshot)
        learned |= set(keys.loc[keys["use"] == CohortUse.DEVELOPMENT, "patient_id"])
    seen = ahead.table[ahead.table["patient_id"].isin(learned)]
    return check_unseen(set(seen["pseudonym"]), _judging(ahead))


def _identical_images(ahead: Ahead) -> list[Problem]:
    names = dict(zip(ahead.table["patient_id"], ahead.table["pseudonym"], strict=True))
    images = image_digests(ahead.study, names)
    pairs = [
        (k, image) for k in sorted(set(ahead.table["pseudonym"])) for image in images.get(k, ())
    ]
    return check_identical_images([key for key, _ in pairs], [image for _, image in pairs])


def _identical_rows(ahead: Ahead) -> list[Problem]:
    """Clinical numbers and follow-up: the scores are of images, which are asked by themselves."""
    numbers = [
        name for name in ahead.choice.plan.candidates if name not in ahead.choice.plan.factors
    ]
    rows = ahead.table.drop_duplicates("pseudonym")
    return check_shared_values(list(rows["pseudonym"]), rows[[*numbers, "duration_months"]])


def _known(ahead: Ahead) -> list[Problem]:
    """By the dictionary in force: frozen rows may hold what has turned out to be known later."""
    offered, known = ahead.choice.plan.candidates, columns_of(ahead.study)
    return check_known_in_time(known[name] for name in offered if name in known)


def _dates(ahead: Ahead) -> list[Problem]:
    """Scan, specimen, and dates that a derived covariate is made of, as records stand now."""
    study, rows = ahead.study, ahead.table.drop_duplicates("pseudonym")
    dated: dict[str, Mapping[int, date]] = {say("scan date"): days_of_scans(study)}
    if "immunoscore" in ahead.choice.plan.always:
        dated[say("date of the specimen")] = days_of_specimens(study)
    titles = dates_of_candidates(study, ahead.choice.plan.candidates)
    dated |= {titles[name]: days for name, days in dates_behind(study, set(titles)).items()}
    starts = starts_of_treatment(study)
    keys, start = list(rows["pseudonym"]), [starts.get(p) for p in rows["patient_id"]]
    return [
        problem
        for what, days in dated.items()
        for problem in check_dated_before(
            what, keys, [days.get(patient) for patient in rows["patient_id"]], start
        )
    ]


def _outcome_order(ahead: Ahead) -> list[Problem]:
    rows, factors = ahead.fitted, ahead.choice.plan.factors
    if rows.empty:
        return []
    columns = list(ahead.choice.columns)
    table = rows[columns].astype({name: str if name in factors else float for name in columns})
    return check_outcome_order(table, rows["duration_months"], rows["event"])


def _cuts(ahead: Ahead) -> list[Problem]:
    """Of rows as they stand the rule of today; of a frozen table the one that it was made under."""
    if "immunoscore" not in ahead.choice.plan.always:
        return []
    if ahead.choice.table is not None:
        return _cuts_frozen(ahead, ahead.choice.table)
    rule = rule_current(ahead.study)
    if rule is None or rule.kind == CutKind.FIXED or not rule_is_stale(rule):
        return []
    return [
        Problem(
            str(rule),
            say("cuts frozen on other densities than those of the development cohort of today"),
            "development patients only",
            "Compute the Immunoscore and the phenotype from IHC again.",
        )
    ]


def _cuts_frozen(ahead: Ahead, table: DatasetSnapshot) -> list[Problem]:
    """Densities that came, and rules that were stated, since a table was frozen change nothing of
    it: what counts is that its scores' cuts hold densities of its development patients alone.

    Of several rules that give its very scores one is enough.
    """
    if rule_current(ahead.study) is None:
        return []  # no score came of a rule
    scores = ahead.table.set_index("patient_id")["immunoscore"].dropna()
    rules = score_rules_behind(table, scores.to_dict())
    uses = frozen_uses(table)
    development = [patient for patient, use in uses.items() if use == CohortUse.DEVELOPMENT]
    foreign = {rule: _foreign(rule, development) for rule in rules}
    if any(count == 0 for count in foreign.values()):
        return []
    freeze = "Compute the Immunoscore again, and freeze the question anew."
    if not foreign:
        return [Problem(
            str(table), say("Immunoscores that no rule of this study gives"),
            "a rule whose cuts are of development patients", freeze, column="snapshot",
        )]  # fmt: skip
    rule, count = next(iter(foreign.items()))
    return [Problem(
        str(rule),
        say("{n} densities behind its cuts are of nobody in the table's development cohort",
            n=count),
        "development patients only", freeze, column="snapshot",
    )]  # fmt: skip


def _foreign(rule: ImmunoscoreRule, development: list[int]) -> int:
    return 0 if rule.kind == CutKind.FIXED else foreign_densities(rule, development)


def _landmark(ahead: Ahead) -> list[Problem]:
    days, rows = ahead.choice.landmark_days, ahead.table
    before = int((~(rows["duration_months"] > 0)).sum())
    if not before:
        return []
    return [
        Problem(
            say("Landmark, day {days}", days=days),
            say("{n} patients who are not followed beyond it", n=before),
            "patients who are followed beyond it without event",
            "Freeze the question anew.",
            column="landmark",
        )
    ]


_CHECKS: dict[str, Callable[[Ahead], list[Problem]]] = {
    "uses": _uses,
    "sides": _sides,
    "out_of_fold": _out_of_fold,
    "unseen": _unseen,
    "identical_images": _identical_images,
    "identical_rows": _identical_rows,
    "known": _known,
    "dates": _dates,
    "outcome_order": _outcome_order,
    "cuts": _cuts,
    "landmark": _landmark,
}
