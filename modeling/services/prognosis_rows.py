"""The rows a prognostic question is asked of: clinical values, uptake, scores, follow-up."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any

import numpy as np
import pandas as pd

from modeling.methods.landmark import take_landmark
from modeling.models import DatasetSnapshot, ModelVersion, Prediction, Quantity
from studies.methods.endpoint_kinds import kind_of
from studies.methods.wording import marked
from studies.models import EndpointDefinition, Study
from studies.registry import facts
from studies.remembered import once
from studies.selectors import clinical_table, endpoint_table, members_table
from studies.services import inputs_digest

KEY = ("cohort", "pseudonym")
DAYS_PER_MONTH = 30.4375
RESPONSE = "response_at_6_months"
OUTCOMES = ("duration_months", "event", "cause", "response")
NEEDED = ("rad_score", "duration_months", "event")  # of whoever is in a frozen table
ALWAYS = ("rad_score", "immunoscore")
CANDIDATES = (
    "sex", "age_years", "primary_site", "pathology_type", "metastasis_count",
    "largest_metastasis_cm", "log2_cea", "log2_ca199", "log2_ca125", "suv_max", "log2_mtv",
)  # fmt: skip
FACTORS = {
    "sex": ("female", "male"),
    "primary_site": ("left", "right"),
    "pathology_type": ("adenocarcinoma", "mucinous", "signet_ring"),
}
# What enters as a logarithm, and the variable it is of.
MARKERS = {"log2_cea": "cea_ng_ml", "log2_ca199": "ca199_u_ml", "log2_ca125": "ca125_u_ml"}
# What people enter and read as the value itself. A column of the study's own is none of these,
# however it is called: its values are what its title and unit say.
LOGARITHMS = (*MARKERS, "log2_mtv")
TITLES = {
    "rad_score": "Rad-Score",
    "immunoscore": "Immunoscore",
    "sex": marked("Sex"),
    "age_years": marked("Age (years)"),
    "primary_site": marked("Primary site"),
    "pathology_type": marked("Pathology"),
    "metastasis_count": marked("Metastases (number)"),
    "largest_metastasis_cm": marked("Largest metastasis (cm)"),
    "log2_cea": marked("CEA (ng/mL, log scale)"),
    "log2_ca199": marked("CA19-9 (U/mL, log scale)"),
    "log2_ca125": marked("CA125 (U/mL, log scale)"),
    "suv_max": "SUVmax (g/mL)",
    "log2_mtv": marked("MTV (mL, log scale)"),
}
# Why a landmark leaves somebody out, as a frozen table keeps it.
BY_LANDMARK = marked("had the event by landmark day {days}")
BEFORE_LANDMARK = marked("not followed beyond landmark day {days}")
# Without the unit, where a figure has no room for it.
SHORT_TITLES = {
    "age_years": marked("Age"),
    "metastasis_count": marked("Metastases"),
    "largest_metastasis_cm": marked("Largest metastasis"),
    "log2_cea": "CEA",
    "log2_ca199": "CA19-9",
    "log2_ca125": "CA125",
    "suv_max": "SUVmax",
    "log2_mtv": "MTV",
}
# As the calculator asks for them: the values themselves.
PLAIN_TITLES = (marked("CEA (ng/mL)"), marked("CA19-9 (U/mL)"), marked("CA125 (U/mL)"),
                marked("MTV (mL)"))  # fmt: skip


@dataclass(frozen=True)
class PrognosisRows:
    """A row per cohort member, sorted by cohort and pseudonym, gaps left as gaps.

    ``reason`` says why a member cannot be used at all: nothing follows from the other columns of
    such a row. ``parents`` are digests of what the rows were made of, ``titles`` name columns of
    the study's own.
    """

    table: pd.DataFrame
    parents: list[str] = field(default_factory=list)
    agreeing: set[str] = field(default_factory=set)
    titles: Mapping[str, str] = field(default_factory=dict)

    @property
    def usable(self) -> pd.DataFrame:
        return self.table[self.table["reason"] == ""]

    def only(self, cohorts: Sequence[str]) -> PrognosisRows:
        """Development, and the validating cohorts named; all when none is."""
        if not cohorts:
            return self
        kept = (self.table["use"] == "development") | self.table["cohort"].isin(list(cohorts))
        return replace(self, table=self.table[kept].reset_index(drop=True))

    def split(
        self, columns: Sequence[str], chosen: pd.Series | None = None
    ) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Complete rows of ``columns``, and the others with the reason."""
        rows = self.table if chosen is None else self.table[chosen]
        gaps = rows[list(columns)].isna()
        complete = (rows["reason"] == "") & ~gaps.any(axis=1)
        left_out = rows[~complete].assign(
            reason=[
                said or reason_of(row.index[row], self.titles)
                for said, (_, row) in zip(
                    rows.loc[~complete, "reason"], gaps[~complete].iterrows(), strict=True
                )
            ]
        )
        return rows[complete].astype({"event": bool}), left_out


def prognosis_rows(
    study: Study, endpoint: str, rad_score: ModelVersion, landmark_days: int = 0
) -> PrognosisRows:
    """Join of everything the question may need; nobody is dropped here.

    With a landmark time is counted from it; who is not followed beyond it without event is out.
    """
    members = once(("prognosis_values", study.pk), lambda: _values(study))
    follow_up = endpoint_table(study, endpoint)
    joined = members.assign(
        duration_months=members.index.map(follow_up["duration_days"] / DAYS_PER_MONTH),
        event=members.index.map(follow_up["event"]),
        cause=members.index.map(_causes(study, endpoint, follow_up)),
        response=members.index.map(endpoint_table(study, RESPONSE)["label"]),
    )
    joined = joined.join(_rad_scores(rad_score))
    gaps = joined[list(NEEDED)].isna()
    joined["reason"] = [reason_of(row.index[row]) if row.any() else ""
                        for _, row in gaps.iterrows()]  # fmt: skip
    if landmark_days:
        joined = _from_landmark(joined, follow_up["duration_days"], landmark_days)
    return PrognosisRows(joined.sort_values(["cohort_id", "pseudonym"]).reset_index(drop=True))


def _from_landmark(joined: pd.DataFrame, days: pd.Series, landmark: int) -> pd.DataFrame:
    """Time from the landmark on, in whole days before it is months; nobody's event before it."""
    followed = joined.index.map(days).to_numpy(float)
    known = np.isfinite(followed) & joined["event"].notna().to_numpy()
    event = joined["event"].where(known, other=False).to_numpy(bool)
    found = take_landmark(followed[known], event[known], float(landmark))
    kept = np.zeros(len(joined), dtype=bool)
    kept[known] = found.kept
    months = np.full(len(joined), np.nan)
    months[kept] = found.duration / DAYS_PER_MONTH
    why = np.where(event, BY_LANDMARK.format(days=landmark), BEFORE_LANDMARK.format(days=landmark))
    left = known & ~kept & (joined["reason"] == "").to_numpy()
    return joined.assign(
        duration_months=months,
        **{name: joined[name].where(kept) for name in ("event", "cause")},
        reason=np.where(left, why, joined["reason"]),
    )


def landmark_losses(members: pd.DataFrame, landmark: int) -> dict[str, tuple[int, int]]:
    """By cohort, of ``members`` with everything else: how many had the event by a landmark, and
    how many were not followed beyond it."""
    reasons = [text.format(days=landmark) for text in (BY_LANDMARK, BEFORE_LANDMARK)]
    table = members.sort_values("cohort_id", kind="stable")
    return {
        str(name): (int((told == reasons[0]).sum()), int((told == reasons[1]).sum()))
        for name, told in table.groupby("cohort", sort=False)["reason"]
    }


def _values(study: Study) -> pd.DataFrame:
    """Members with what is the same for every endpoint and Rad-Score."""
    members = members_table(study).set_index("patient_id", drop=False)
    members.index.name = None
    values = members.join(_clinical(study)).join(_uptake(study))
    return values.assign(immunoscore=members.index.map(_immunoscores(study)))


def rows_digest(table: pd.DataFrame) -> str:
    """Of all rows, as a run kept it before these were frozen in a step of their own."""
    columns = [*KEY, "use", "rad_score_kind", *ALWAYS, *CANDIDATES, *OUTCOMES]
    return sha256(table[columns].to_csv(index=False).encode()).hexdigest()


def run_digest(
    fitting: DatasetSnapshot,
    rows_sha256: str,
    rad_score: ModelVersion,
    seed: int,
    recipe: dict[str, Any],
) -> str:
    """The rows fitted to, and all rows: new follow-up of a validating cohort is a new run.

    ``rows_sha256`` stands for the frozen table, with who is out of it.
    """
    parts = fitting.sha256, rows_sha256, rad_score.sha256, seed, recipe
    return inputs_digest("prognosis", *parts)


def rows_are_current(version: ModelVersion, rad_score: ModelVersion) -> bool:
    """Of a run that froze no table of its question: whether it would be the one for today's rows.

    Nothing is fitted: who has the same rows has the same of them to fit to.
    """
    run = version.run
    rows = prognosis_rows(version.study, version.endpoint, rad_score)
    today = rows_digest(rows.only(run.recipe.get("cohorts", ())).table)
    digest = run_digest(version.fitting_snapshot, today, rad_score, run.seed, run.recipe)
    return digest == run.inputs_digest


def _causes(study: Study, endpoint: str, follow_up: pd.DataFrame) -> pd.Series:
    """0 without an event, 1 for progression, 2 for death that came first or on the same day."""
    event = follow_up["event"].astype("boolean").astype(float)
    definition = EndpointDefinition.objects.filter(study=study, name=endpoint).last()
    kind = kind_of(endpoint, definition.rule if definition else {}).name
    if kind != "progression_free_survival":
        return event
    survival = endpoint_table(study, "overall_survival").reindex(follow_up.index)
    died = (survival["event"] == True) & (  # noqa: E712  # None is neither
        survival["duration_days"] == follow_up["duration_days"]
    )
    return event.where(~(died & (event == 1)), 2.0)


def reason_of(columns: Sequence[str], titles: Mapping[str, str] | None = None) -> str:
    """``missing: CEA (ng/mL), follow-up``; ``titles`` are those of the study's own columns."""
    known = {**TITLES, "duration_months": "follow-up", **(titles or {})}
    named = [known.get(c, c).replace(", log scale", "") for c in columns
             if c != "event" or "duration_months" not in columns]  # fmt: skip
    return "missing: " + ", ".join(named)


def _clinical(study: Study) -> pd.DataFrame:
    values = clinical_table(study)
    wanted = ("sex", "age_years", "primary_site", "pathology_type", "metastasis_count",
              "largest_metastasis_cm")  # fmt: skip
    table = values.reindex(columns=list(wanted))
    for name, source in MARKERS.items():
        table[name] = _log2(values.get(source), table.index)
    for name in ("age_years", "metastasis_count", "largest_metastasis_cm"):
        table[name] = pd.to_numeric(table[name], errors="coerce").astype(float)
    return table


def _log2(column: pd.Series | None, index: pd.Index) -> pd.Series:
    """A marker at zero has no logarithm and counts as missing."""
    if column is None:
        return pd.Series(np.nan, index=index)
    numbers = pd.to_numeric(column, errors="coerce").astype(float)
    return np.log2(numbers.where(numbers > 0))


def _uptake(study: Study) -> pd.DataFrame:
    found = facts("uptake", study)
    table = pd.DataFrame(
        {"suv_max": _each(found, lambda v: v["suv_max"]),
         "mtv": _each(found, lambda v: v["mtv_41_percent_ml"])},
        index=list(found), dtype=float,
    )  # fmt: skip
    return pd.DataFrame({"suv_max": table["suv_max"], "log2_mtv": _log2(table["mtv"], table.index)})


def _immunoscores(study: Study) -> dict[int, float]:
    found = facts("immunoscore", study)
    return {key: float(v["score"] if isinstance(v, dict) else v)
            for key, v in found.items() if v is not None}  # fmt: skip


def _each(found: dict[int, Any], read: Callable[[Any], float]) -> list[float]:
    return [read(value) for value in found.values()]


def _rad_scores(version: ModelVersion) -> pd.DataFrame:
    """Out of fold in the fitting cohort, applied elsewhere; there is no other kind to take."""
    rows = Prediction.objects.filter(version=version, quantity=Quantity.PROBABILITY)
    table = pd.DataFrame(
        list(rows.values_list("patient_id", "value", "kind")),
        columns=["patient_id", "rad_score", "rad_score_kind"],
    )
    return table.set_index("patient_id")
