"""What was noted when the scans and matrices behind a snapshot were read.

A report may be read where patients may not: scans are counted by cohort, and nobody is named.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from django.db.models import Q

from genomics.models import CellAbundance, ExpressionMatrix, PhenotypeFit
from imaging.models import FeatureSet, PetCtPair, Series, Uptake
from modeling.models import DatasetSnapshot, ModelVersion, SnapshotMember, VersionKind, VersionState
from modeling.selectors import parents_of
from modeling.selectors.versions import states_of
from modeling.services.plans import departures_of
from modeling.services.report_content import cohort_order, cohort_title
from modeling.services.report_sources import version_title
from studies.models import Derivation
from studies.selectors import unrecorded

SAID = {
    "dose_in_mbq": "RadionuclideTotalDose (0018,1074) was read as MBq, not Bq",
    "weight_in_grams": "PatientWeight (0010,1030) was read as grams, not kg",
    "sex_unknown": "PatientSex (0010,0040) is neither M nor F: the mean of the formulas for men "
    "and women was taken",
    "time_zone": "the injection states a time zone and the scan none: both read as one clock",
    "slice_jitter": "the spacing of slices varies",
    "former_pseudonym": "came under a former pseudonym of the patient",
}
MODALITIES = {"PT": "PET", "CT": "CT"}
LABELLED = "columns_left_out"  # its text goes on with the labels of strangers
FORMER = "former_pseudonym"  # its text is two pseudonyms

Told = tuple[str, list[dict[str, str]]]


def choice_notices(rad_score: ModelVersion, nomograms: list[ModelVersion]) -> list[Told]:
    """What a reader has to know of the versions that the report is of.

    A chosen Rad-Score may not be the released one, nomograms of another Rad-Score are left out,
    and a run may depart from the plan that was locked before it.
    """
    versions = ModelVersion.objects.filter(study=rad_score.study)
    states, found = states_of(rad_score.study), []
    for other in versions.filter(kind=VersionKind.RAD_SCORE).exclude(pk=rad_score.pk):
        if states.get(other.pk) == VersionState.RELEASED:
            found.append(
                _told(
                    "not_the_released",
                    f"this report is of Rad-Score {rad_score.number}; released is Rad-Score "
                    f"{other.number}",
                )
            )
    if not nomograms and versions.filter(kind=VersionKind.NOMOGRAM).exists():
        found.append(
            _told(
                "nomograms_left_out",
                f"no nomogram was made with Rad-Score {rad_score.number}: those of another "
                "Rad-Score are left out, and survival and Table 2 with them",
            )
        )
    told = [("Report", found)] if found else []
    for version in (rad_score, *nomograms):
        against = departures_of(version.run)
        if against and against["departures"]:
            places = "; ".join(
                f"{_place(one['place'])}: planned {_typed(one['planned'])}, "
                f"done {_typed(one['done'])}"
                for one in against["departures"]
            )
            text = f"departs from analysis plan {against['plan'].number}: {places}"
            told.append((str(version_title(version)), [_told("departs_from_plan", text)]))
    return told


def _place(name: str) -> str:
    """``horizons_months.overall_survival`` as words."""
    return name.replace("_", " ").replace(".", ", ")


def _typed(value: Any) -> str:
    """A value of a plan as people write it: a list with commas, a whole number without a point."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        told = (f"{name} {_typed(one)}".replace("_", " ") for name, one in value.items())
        return "; ".join(told) or "nothing"
    if value is None:
        return "nothing"
    if isinstance(value, list | tuple):
        return ", ".join(map(_typed, value)) or "nothing"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _told(code: str, text: str) -> dict[str, str]:
    return {"code": code, "text": text}


def material_notices(snapshot: DatasetSnapshot) -> list[Told]:
    """Where, and what: of the scans first, then of the matrices."""
    digests = parents_of(snapshot)
    return [*_of_scans(snapshot, digests), *_of_matrices(snapshot, digests)]


def clinical_notices(snapshot: DatasetSnapshot) -> list[Told]:
    """Of how many patients, cohort by cohort, neither MSI nor mismatch repair is recorded.

    Response to immunotherapy hangs on it more than on anything else (Le 2015, NEJM 372:2509).
    """
    members = SnapshotMember.objects.filter(snapshot=snapshot, included=True)
    by_cohort: dict[str, set[int]] = {}
    for patient, cohort in members.values_list("patient_id", "cohort__name"):
        by_cohort.setdefault(cohort, set()).add(patient)
    everybody = set().union(*by_cohort.values())
    without = unrecorded(snapshot.study, everybody, "msi_status")
    without &= unrecorded(snapshot.study, without, "mmr_status")
    return [
        (cohort_title(cohort), [{"code": "msi_not_recorded", "text": _msi(gap, len(patients))}])
        for cohort, patients in sorted(by_cohort.items(), key=lambda item: cohort_order(item[0]))
        if (gap := len(patients & without))
    ]


def _msi(without: int, of: int) -> str:
    gap = f"recorded for none of {of}" if without == of else f"not recorded for {without} of {of}"
    return f"Microsatellite or mismatch-repair status is {gap} patients."


def _of_scans(snapshot: DatasetSnapshot, digests: set[str]) -> Iterator[Told]:
    members = SnapshotMember.objects.filter(snapshot=snapshot, included=True)
    cohorts: dict[int, list[str]] = {}
    for patient, cohort in members.values_list("patient_id", "cohort__name"):
        cohorts.setdefault(patient, []).append(cohort)
    counts: Counter[tuple[str, str, str]] = Counter()
    for series in _series(snapshot, digests):
        for code in {notice["code"] for notice in series.notices}:
            for cohort in cohorts.get(series.patient_id, ()):
                counts[cohort, MODALITIES[series.modality], code] += 1
    for cohort, modality, code in sorted(counts, key=lambda key: (cohort_order(key[0]), key)):
        count = counts[cohort, modality, code]
        said = SAID.get(code, code.replace("_", " "))
        text = f"{count} {'scan' if count == 1 else 'scans'}: {said}."
        yield f"{modality}, {cohort_title(cohort)}", [{"code": code, "text": text}]


def _series(snapshot: DatasetSnapshot, digests: set[str]) -> list[Series]:
    """The series a region of the snapshot was drawn on, with the other of its pair."""
    read = {"study": snapshot.study, "inputs_digest__in": digests}
    rois = {
        roi
        for model in (Uptake, FeatureSet)
        for roi in model._default_manager.filter(**read).values_list("roi_id", flat=True)
    }
    drawn_on = set(
        Series.objects.filter(study=snapshot.study, rois__in=rois).values_list("pk", flat=True)
    )
    pairs = PetCtPair.objects.filter(Q(pet__in=drawn_on) | Q(ct__in=drawn_on))
    both = {pk for pair in pairs.values_list("pet_id", "ct_id") for pk in pair}
    return list(Series.objects.filter(pk__in=drawn_on | both).exclude(notices=[]))


def _of_matrices(snapshot: DatasetSnapshot, digests: set[str]) -> Iterator[Told]:
    """Of the matrices behind the labels, and behind the centroids the labels rest on."""
    study = snapshot.study
    fits = PhenotypeFit.objects.filter(study=study, phenotypes__inputs_digest__in=digests)
    made = digests | set(fits.values_list("digest", flat=True))
    behind = Derivation.objects.filter(study=study, child_digest__in=made)
    scored = CellAbundance.objects.filter(
        study=study, inputs_digest__in=behind.values("parent_digest")
    )
    matrices = ExpressionMatrix.objects.filter(pk__in=scored.values("column__matrix"))
    for matrix in matrices.select_related("batch").order_by("pk"):
        yield f"expression matrix {matrix.batch.filename}", _naming_nobody(matrix.notices)


def _naming_nobody(notices: list[dict[str, str]]) -> list[dict[str, str]]:
    former = sum(found["code"] == FORMER for found in notices)
    patients = "1 patient" if former == 1 else f"{former} patients"
    said = {"code": FORMER, "text": f"Columns of {patients} {SAID[FORMER]}."}
    return [
        {**found, "text": f"{found['text'].partition(':')[0]}."}
        if found["code"] == LABELLED
        else found
        for found in notices
        if found["code"] != FORMER
    ] + ([said] if former else [])
