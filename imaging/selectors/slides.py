"""Densities and Immunoscores by patient."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

import pandas as pd
from django.db.models import Q, QuerySet

from imaging.methods.density_table import MARKERS, REGIONS
from imaging.methods.immunoscore import COLUMNS, METHOD_VERSION
from imaging.models import CellDensity, Immunoscore, ImmunoscoreRule, Reading
from studies.consents import GENOMICS, usable
from studies.models import CohortUse, Procedure, Specimen, SpecimenChoice, Study
from studies.remembered import once
from studies.selectors import members_table
from studies.services import inputs_digest, of_method

SLIDES = "slides"  # purpose of the chosen specimen


def density_table(study: Study, patients: Iterable[int] | None = None) -> pd.DataFrame:
    """Densities of every specimen by its id: patient_id, biopsy, then the four in cells/mm².

    Of several uploads the newest speaks, for each density by itself; what was not measured is
    nan. ``patients``: of these alone.
    """
    rows = CellDensity.objects.filter(study=study, per_mm2__isnull=False)
    if patients is not None:
        rows = rows.filter(patient_id__in=list(patients))
    rows = usable(rows, study, GENOMICS)
    newest = rows.order_by("specimen_id", "marker", "region", "-id").distinct(
        "specimen_id", "marker", "region"
    )
    fields = ("specimen_id", "patient_id", "specimen__procedure", "marker", "region", "per_mm2")
    found: dict[int, dict[str, object]] = {}
    for specimen, patient, procedure, marker, region, value in newest.values_list(*fields):
        row = found.setdefault(
            specimen, {"patient_id": patient, "biopsy": procedure == Procedure.BIOPSY}
        )
        row[f"{marker}_{region}"] = value
    table = pd.DataFrame.from_dict(found, orient="index")
    table = table.reindex(columns=["patient_id", "biopsy", *COLUMNS]).rename_axis("specimen_id")
    return table.astype(dict.fromkeys(COLUMNS, float)).sort_index()


def _chosen(study: Study) -> QuerySet[SpecimenChoice]:
    return SpecimenChoice.objects.filter(study=study, purpose=SLIDES)


def chosen_slides(study: Study) -> set[int]:
    """Specimens that speak for their patients."""
    specimens = _chosen(study).values_list("specimen_id", flat=True)
    return once(("chosen slides", study.pk), lambda: set(specimens))


def reference_table(study: Study) -> pd.DataFrame:
    """Densities of the chosen specimens of development patients, biopsies left out."""
    table, members = density_table(study), members_table(study)
    training = set(members.loc[members["use"] == CohortUse.DEVELOPMENT, "patient_id"])
    mine = table["patient_id"].isin(training) & table.index.isin(chosen_slides(study))
    return table[mine & ~table["biopsy"].astype(bool)]


def rule_inputs(reference: pd.DataFrame, kind: str, parameter: Any, cuts: Any) -> str:
    """Digest of all that the cuts are made of."""
    densities = reference[list(COLUMNS)].round(6).to_csv(index=False)
    said = of_method("immunoscore", METHOD_VERSION)
    return inputs_digest(*said, kind, parameter, cuts if kind == "fixed" else None, densities)


def rule_is_stale(rule: ImmunoscoreRule) -> bool:
    """Whether a rule of today would read something else; asked by those who see all sites."""
    reference = reference_table(rule.study)
    return rule.inputs_digest != rule_inputs(reference, rule.kind, rule.parameter, rule.cuts)


def foreign_densities(rule: ImmunoscoreRule, patients: Iterable[int]) -> int:
    """How many of the densities behind a rule's cuts no resection of these patients ever had."""
    rows = CellDensity.objects.filter(patient_id__in=list(patients), per_mm2__isnull=False)
    rows = rows.filter(study=rule.study).exclude(specimen__procedure=Procedure.BIOPSY)
    had = Counter(
        (f"{marker}_{region}", round(value, 6))
        for marker, region, value in rows.values_list("marker", "region", "per_mm2")
    )
    behind = Counter(
        (column, round(value, 6))
        for column, values in rule.rule["reference"].items()
        for value in values
    )
    return (behind - had).total()


def rule_current(study: Study, reading: str = Reading.IMMUNOSCORE) -> ImmunoscoreRule | None:
    """The frozen rule of a reading that was stated last."""
    return _rules(study, reading).first()


def rules_in_force(study: Study) -> dict[str, ImmunoscoreRule]:
    """By reading the rule that was stated last, without its reference."""
    rows = ImmunoscoreRule.objects.filter(study=study).defer("rule")
    newest = rows.order_by("reading", "-stated_at", "-id").distinct("reading")
    return once(("rules of slides", study.pk), lambda: {rule.reading: rule for rule in newest})


def _rules(study: Study, reading: str) -> QuerySet[ImmunoscoreRule]:
    rows = ImmunoscoreRule.objects.filter(study=study, reading=reading)
    return rows.order_by("-stated_at", "-id")


def immunoscore_table(study: Study) -> pd.DataFrame:
    """Immunoscore by patient id: score, high, consensus, percentiles, reason, rule, digest.

    By the rule stated last and the chosen specimen; a patient without a score has its reason.
    """
    return once(("immunoscores", study.pk), lambda: _immunoscore_table(study)).copy()


def _immunoscore_table(study: Study) -> pd.DataFrame:
    columns = ["patient_id", "score", "high", "consensus", "mean_percentile", "cd3_percentile"]
    columns += ["cd8_percentile", "cd3_high", "cd8_high", "reason", "inputs_digest"]
    rule = _rules(study, Reading.IMMUNOSCORE).defer("rule").first()
    chosen = _chosen(study).values("specimen_id")
    rows = Immunoscore.objects.filter(study=study, rule=rule, specimen_id__in=chosen)
    newest = rows.order_by("patient_id", "-stated_at", "-id").distinct("patient_id")
    table = pd.DataFrame(list(newest.values_list(*columns)), columns=columns).set_index(
        "patient_id"
    )
    table["rule"] = str(rule) if rule else ""
    table = table.astype({"score": "Int64", "consensus": "Int64", "high": "boolean"})
    return table.rename(columns={"inputs_digest": "digest"})


def reading_table(study: Study, reading: str) -> pd.DataFrame:
    """One reading by patient id: high, mean_percentile, score, reason; biopsies by their own."""
    columns = ["patient_id", "high", "mean_percentile", "score", "reason"]
    rule = _rules(study, reading).values("pk")[:1]
    rows = Immunoscore.objects.filter(study=study, rule__in=rule)
    if reading != Reading.BIOPSY:
        rows = rows.filter(specimen_id__in=_chosen(study).values("specimen_id"))
    newest = rows.order_by("patient_id", "high", "-stated_at", "-id").distinct("patient_id")
    table = pd.DataFrame(list(newest.values_list(*columns)), columns=columns)
    return table.astype({"high": "boolean", "score": "Int64"}).set_index("patient_id")


def calls_table(study: Study) -> pd.DataFrame:
    """High or low by patient id under every reading that has a rule; missing where none is given.

    The column ``use`` says how the patient's cohorts use them.
    """
    rules = {reading: rule.pk for reading, rule in rules_in_force(study).items()}
    speaks = Q(specimen_id__in=chosen_slides(study)) | Q(rule_id=rules.get(Reading.BIOPSY))
    rows = Immunoscore.objects.filter(speaks, study=study, rule_id__in=rules.values())
    newest = rows.order_by("rule_id", "patient_id", "high", "-stated_at", "-id")
    called: dict[int, dict[int, bool | None]] = {pk: {} for pk in rules.values()}
    for rule, patient, high in newest.distinct("rule_id", "patient_id").values_list(
        "rule_id", "patient_id", "high"
    ):
        called[rule][patient] = high
    columns = {
        reading: pd.Series(called[rules[reading]], dtype="boolean")
        for reading in Reading.values
        if reading in rules
    }
    table = pd.DataFrame(columns).astype("boolean")
    members = members_table(study).drop_duplicates("patient_id").set_index("patient_id")
    table["use"] = members["use"].reindex(table.index)
    return table


def marker_high_of(study: Study, reading: str) -> dict[int, bool]:
    """The facts ``cd3_high`` and ``cd8_high``: by patient id, those measured."""
    high = reading_table(study, reading)["high"].dropna()
    return {int(patient): bool(value) for patient, value in high.items()}


def cd3_high_of(study: Study) -> dict[int, bool]:
    return marker_high_of(study, Reading.CD3_HIGH)


def cd8_high_of(study: Study) -> dict[int, bool]:
    return marker_high_of(study, Reading.CD8_HIGH)


def marker_densities_of(study: Study) -> dict[int, dict[str, float]]:
    """The fact ``marker_densities``: mean cells/mm² of CD3 and CD8 over the regions measured."""
    table = density_table(study)
    table = table[table.index.isin(chosen_slides(study))]
    found: dict[int, dict[str, float]] = {}
    for marker in MARKERS:
        own = table[[f"{marker}_{region}" for region in REGIONS]].mean(axis=1).dropna()
        for specimen, value in own.items():
            found.setdefault(int(table.at[specimen, "patient_id"]), {})[marker] = float(value)
    return found


def immunoscore_of(study: Study) -> dict[int, int]:
    """The fact ``immunoscore``: 0-4 by patient id; patients without a score are absent."""
    scores = immunoscore_table(study)["score"].dropna()
    return {int(patient): int(score) for patient, score in scores.items()}


def immunoscore_rule_of(study: Study) -> dict[int, str]:
    """The fact ``immunoscore_rule``: what scored each patient, with its digest."""
    rule = rule_current(study)
    name = f"{rule} ({rule.digest[:12]})" if rule else ""
    return dict.fromkeys(immunoscore_of(study), name)


def immunoscore_digest_of(study: Study) -> dict[int, str]:
    """The fact ``immunoscore_digest``: the digest of what each patient's score was made of."""
    scored = immunoscore_table(study).dropna(subset=["score"])
    return {int(patient): str(digest) for patient, digest in scored["digest"].items()}


def specimens_by_label(study: Study) -> dict[str, Specimen]:
    rows = Specimen.objects.filter(study=study).select_related("patient")
    return {specimen.label: specimen for specimen in rows}
