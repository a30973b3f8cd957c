"""The part of a report on who is in it: from cohort to model, and what the cohorts are like."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pandas as pd

from modeling.figures.attrition import AttritionStep, draw_attrition
from modeling.methods.kaplan_meier import estimate_kaplan_meier
from modeling.models import DatasetSnapshot, ModelVersion, SnapshotMember, VersionKind
from modeling.selectors import unjudged_reasons
from modeling.services.prognosis_endpoints import ENDPOINTS, endpoint_of, landmark_of
from modeling.services.prognosis_rows import DAYS_PER_MONTH
from modeling.services.report_content import Cell, Draft, Section, cohort_order, cohort_title
from modeling.services.report_sources import number
from modeling.services.report_table_one import table_one_table
from modeling.services.snapshots import snapshot_read
from studies.methods.endpoints import is_responder
from studies.methods.table_one import MEDIAN_RULE
from studies.models import Cohort

MOST_REASONS = 6


def cohorts_section(
    draft: Draft,
    cohorts: DatasetSnapshot,
    rad_score: ModelVersion,
    nomograms: list[ModelVersion],
) -> None:
    frozen = snapshot_read(cohorts)
    everybody = draft.sources.add(None, cohorts)
    section = draft.section(
        "patients",
        "Patients",
        "Every patient of a cohort is in the frozen table of a question or "
        "listed with the reason; nobody is dropped unseen.",
    )
    sizes = frozen.groupby("cohort").size()
    _flow(draft, section, sizes, everybody, rad_score, nomograms)
    sites = _sites(cohorts)
    if len(set().union(*sites.values())) > 1:
        draft.told.add("sites")
    _characteristics(section, frozen, everybody, sites)
    table_one_table(section, rad_score.study, frozen, everybody)


def _flow(
    draft: Draft,
    section: Section,
    sizes: pd.Series,
    everybody: dict[str, Any],
    rad_score: ModelVersion,
    nomograms: list[ModelVersion],
) -> None:
    steps = [("Rad-Score", rad_score, rad_score.fitting_snapshot)]
    for version in nomograms:
        judged = version.evaluations.order_by("id").select_related("snapshot").first()
        if judged is not None:
            steps.append((f"Nomogram, {endpoint_of(version).sentence}", version, judged.snapshot))
    counted = [_counts(snapshot) for _, _, snapshot in steps]
    counted[0] = _judged(rad_score.fitting_snapshot, counted[0])
    rows: list[list[Cell]] = [
        [
            cohort_title(name),
            number(int(sizes[name]), everybody, digits=0),
            *(
                number(
                    counts[name][0],
                    draft.sources.add(version, snapshot),
                    int(sizes[name]),
                    digits=0,
                )
                for (_, version, snapshot), counts in zip(steps, counted, strict=True)
            ),
        ]
        for name in sorted(sizes.index, key=cohort_order)
    ]
    section.table(
        "flow",
        "From cohort to model: patients with complete data",
        ("Cohort", "In the cohort", *(title for title, _, _ in steps)),
        rows,
    )
    names = sorted(sizes.index, key=cohort_order)
    figure = draw_attrition(
        [cohort_title(name) for name in names],
        [_use(name, rad_score) for name in names],
        [
            AttritionStep("In the cohort", [int(sizes[name]) for name in names]),
            *(AttritionStep(_brief(title), [counts[name][0] for name in names], _needs(version))
              for (title, version, _), counts in zip(steps, counted, strict=True)),
        ],
        caption="Each question is asked of the cohort as it is; who lacks a value it needs is left "
        "out of that question only, with the reason in the table “Left out, and why”.",
    )  # fmt: skip
    draft.figure(section, figure, everybody)
    reasons: list[list[Cell]] = [
        [title, cohort_title(name), count, reason]
        for (title, _, _), counts in zip(steps, counted, strict=True)
        for name in sorted(counts, key=cohort_order)
        for reason, count in _most_common(counts[name][1])
    ]
    section.table(
        "left-out", "Left out, and why", ("Question", "Cohort", "Patients", "Reason"), reasons
    )


def _needs(version: ModelVersion) -> str:
    """What a patient has who is counted in a question."""
    if version.kind == VersionKind.RAD_SCORE:
        return "features and a target"
    if days := landmark_of(version.content):
        return f"its columns, and follow-up beyond day {days}"
    return "its columns and follow-up"


def _brief(title: str) -> str:
    """What a box has room for."""
    return title.replace("overall survival", "OS").replace("progression-free survival", "PFS")


def _use(name: str, rad_score: ModelVersion) -> str:
    found = Cohort.objects.filter(study=rad_score.study, name=name).first()
    return found.use if found else ""


def _counts(snapshot: DatasetSnapshot) -> dict[str, tuple[int, Counter[str]]]:
    """Included, and reasons of those left out, by cohort."""
    found: dict[str, tuple[int, Counter[str]]] = {}
    rows = SnapshotMember.objects.filter(snapshot=snapshot)
    for cohort, included, reason in rows.values_list("cohort__name", "included", "reason"):
        count, reasons = found.get(cohort, (0, Counter()))
        if not included:
            reasons[reason] += 1
        found[cohort] = (count + int(included), reasons)
    return _Zero(found)


def _judged(
    snapshot: DatasetSnapshot, counts: dict[str, tuple[int, Counter[str]]]
) -> dict[str, tuple[int, Counter[str]]]:
    """Of the rows of a Rad-Score those with a target; the others have a score and no AUC."""
    frozen = snapshot_read(snapshot)
    reasons = unjudged_reasons(frozen)
    for cohort, unjudged in reasons[reasons != ""].groupby(frozen["cohort"]):
        count, left_out = counts[str(cohort)]
        added = Counter(
            {f"{reason} (scored, in no AUC)": n for reason, n in Counter(unjudged).items()}
        )
        counts[str(cohort)] = (count - added.total(), left_out + added)
    return counts


def _most_common(reasons: Counter[str]) -> list[tuple[str, int]]:
    """The leading reasons, the others as one line, so that the counts add up."""
    leading = reasons.most_common(MOST_REASONS)
    others = reasons.total() - sum(count for _, count in leading)
    return [*leading, *([("other reasons", others)] if others else [])]


class _Zero(dict[str, tuple[int, "Counter[str]"]]):
    """A cohort the question did not ask has nobody in it."""

    def __missing__(self, key: str) -> tuple[int, Counter[str]]:
        return (0, Counter())


def _sites(cohorts: DatasetSnapshot) -> dict[str, set[int]]:
    """Sites of each cohort's patients in the frozen table."""
    found: dict[str, set[int]] = {}
    rows = SnapshotMember.objects.filter(snapshot=cohorts, included=True)
    rows = rows.values_list("cohort__name", "patient__site")
    for cohort, site in rows.distinct():
        found.setdefault(cohort, set()).add(site)
    return found


def _characteristics(
    section: Section, table: pd.DataFrame, source: dict[str, Any], sites: dict[str, set[int]]
) -> None:
    """Of the frozen rows alone, so that the digest named here is that of every number."""
    rows: list[list[Cell]] = []
    for name in sorted(set(table["cohort"]), key=cohort_order):
        cohort = table[table["cohort"] == name]
        rows.append([
            cohort_title(name), number(len(cohort), source, digits=0),
            len(sites.get(name, ())), _share(cohort["sex"], "female"), _mean(cohort["age_years"]),
            _share(cohort["primary_site"], "right"), _responders(cohort["response"]),
            *(_median(cohort[f"{endpoint}_days"], cohort[f"{endpoint}_event"], source)
              for endpoint in ENDPOINTS),
            _follow_up(cohort["overall_survival_days"], cohort["overall_survival_event"], source),
        ])  # fmt: skip
    section.table(
        "cohorts",
        "The cohorts",
        (
            "Cohort",
            "n",
            "Sites",
            "Female",
            "Age, years, mean ± SD",
            "Right-sided",
            "Responders at 6 months",
            *(f"Median {one.sentence}, months" for one in ENDPOINTS.values()),
            "Median follow-up, months",
        ),
        rows,
        "Denominators are the patients with a value. Response: CR or PR of all, those not "
        "evaluable (NE) or not assessed counted in the denominator. Follow-up by reverse "
        f"Kaplan-Meier of overall survival. {MEDIAN_RULE}",
    )


def _share(column: pd.Series, level: str) -> str:
    known = column.dropna()
    if known.empty:
        return "–"
    count = int((known == level).sum())
    return f"{count}/{len(known)}\u00a0({100 * count / len(known):.0f}\u00a0%)"


def _mean(column: pd.Series) -> str:
    known = column.dropna()
    return f"{known.mean():.1f}\u00a0±\u00a0{known.std():.1f}" if len(known) > 1 else "–"


def _responders(labels: pd.Series) -> str:
    known = labels.dropna()
    if known.empty:
        return "–"
    count = sum(bool(is_responder(label)) for label in known)
    unknown = sum(is_responder(label) is None for label in known)
    told = f", {unknown}\u00a0NE or not assessed" if unknown else ""
    return f"{count}/{len(known)}\u00a0({100 * count / len(known):.0f}\u00a0%){told}"


def _follow_up(days: pd.Series, event: pd.Series, source: dict[str, Any]) -> Cell:
    """Of those who would be followed for longer had they not died: deaths are its censorings."""
    return _median(days, 1 - event, source)


def _median(days: pd.Series, event: pd.Series, source: dict[str, Any]) -> Cell:
    known = days.notna() & event.notna()
    if not known.any():
        return None
    curve = estimate_kaplan_meier(days[known] / DAYS_PER_MONTH, event[known].astype(bool))
    median, low, high = curve.median
    if median != median:  # NaN: most patients outlive follow-up
        return "not reached"
    return number(median, source, int(known.sum()), low, high, 1, is_median=True)
