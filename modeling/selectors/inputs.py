"""What goes into the frozen rows of a Rad-Score: the one list that everything follows from.

An input is a reader and its line in ``INPUTS``. What the reader gives is a column of every table
that is frozen, is named in the table's lineage, makes an older table out of date when it changes,
and is read again, with the encoders that a version was fitted to, wherever the version is applied.
A reader whose values were derived gives a digest for everybody it has values of; one of values that
were entered, and are edited in place, says so (``entered``): frozen tables are compared by value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from genomics.selectors import phenotype_table
from imaging.models import (
    DicomStudy,
    ExtractorRole,
    ExtractorVersion,
    FeatureSet,
    Roi,
    Series,
)
from imaging.selectors import (
    control_vectors,
    feature_vectors,
    immunoscore_table,
    scanners_of,
    target_digests,
    target_digests_that_agree,
    uptake_of,
)
from imaging.selectors.scans import choices_of
from modeling.methods.ablation import CONTROL
from modeling.models import DatasetSnapshot
from studies.methods.endpoints import is_responder
from studies.models import Derivation, Study, Treatment
from studies.selectors import clinical_table, endpoint_table

RESPONSE = "response_at_6_months"
MODALITIES = {"PT": "pet", "CT": "ct"}
CLINICAL = ("sex", "age_years")
IMMUNE = ("score", "cd3_high", "cd8_high")
UPTAKE = ("suv_max", "volume_ml", "mtv_41_percent_ml")
SCANNERS = {"PT": "scanner.pet", "CT": "scanner.ct"}  # to harmonise by, never to fit to
FEATURES, TARGET_LESION = "features", "target_lesion"
Encoders = dict[str, ExtractorVersion]
Digests = dict[int, list[str]]


@dataclass(frozen=True)
class Given:
    """Columns by patient id, and by patient id the digests of what they were made of.

    ``agreeing`` are digests of records by which the columns would be the same.
    """

    columns: pd.DataFrame
    digests: Digests = field(default_factory=dict)
    agreeing: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Asked:
    """Of which study, by which encoders (None: the newest), beside what was read already."""

    study: Study
    encoders: Encoders | None
    given: Mapping[str, Given]


@dataclass(frozen=True)
class Input:
    """One source of columns.

    ``entered``: values that were typed, without a digest. ``only_to_fit``: columns that a version
    is compared with where it is fitted, and never reads where it is applied.
    """

    name: str
    read: Callable[[Asked], Given]
    entered: bool = False
    only_to_fit: bool = False


def inputs_read(study: Study, encoders: Encoders | None = None) -> dict[str, Given]:
    """What every input gives today; with ``encoders`` as a version reads that was fitted to them.

    Raises
    ------
    LookupError
        An input gives a value of which nobody could say what it was made of.
    """
    given: dict[str, Given] = {}
    for one in INPUTS:
        if encoders is None or not one.only_to_fit:
            given[one.name] = one.read(Asked(study, encoders, given))
            _check_digests(one, given[one.name])
    return given


def _check_digests(one: Input, given: Given) -> None:
    untold = set(given.columns.dropna(how="all").index) - set(given.digests)
    if untold and not one.entered:
        raise LookupError(f"Input {one.name}: {len(untold)} patients have values and no digest.")


def digests_given(given: Mapping[str, Given]) -> set[str]:
    """Digests of all that speaks today, or would give the same."""
    found = {d for one in given.values() for digests in one.digests.values() for d in digests}
    return found | agreeing_digests(given)


def agreeing_digests(given: Mapping[str, Given]) -> set[str]:
    return {digest for one in given.values() for digest in one.agreeing}


def parents_of(snapshot: DatasetSnapshot) -> set[str]:
    """Digests that went into a snapshot."""
    rows = Derivation.objects.filter(study=snapshot.study, child_digest=snapshot.sha256)
    return set(rows.values_list("parent_digest", flat=True))


def extractors_behind(snapshot: DatasetSnapshot) -> Encoders:
    """By modality the encoder whose features a snapshot holds, never the control beside it."""
    sets = FeatureSet.objects.filter(study=snapshot.study, inputs_digest__in=parents_of(snapshot))
    found = ExtractorVersion.objects.filter(pk__in=sets.values("extractor_version"))
    found = found.exclude(role=ExtractorRole.CONTROL).order_by("stated_at", "pk")
    return {version.modality: version for version in found.select_related("weights")}


def by_patient(table: Any) -> Any:
    """An empty table has an index of no type, which joins with nothing."""
    return table.set_axis(table.index.astype("int64"), axis=0)


def _features(asked: Asked) -> Given:
    """Columns ``pet.…`` and ``ct.…``."""
    return _of_sets(feature_vectors(asked.study, asked.encoders))


def _control(asked: Asked) -> Given:
    """Columns ``control.pet.…`` and ``control.ct.…``: the same networks on shuffled voxels.

    None unless everybody with features has them: a control on fewer patients compares nothing.
    """
    found = _of_sets(control_vectors(asked.study), CONTROL)
    with_features = asked.given[FEATURES].columns.index
    gaps = found.columns.reindex(with_features).isna().to_numpy().any()
    return Given(by_patient(pd.DataFrame())) if found.columns.empty or gaps else found


def _of_sets(found: Mapping[int, Mapping[str, FeatureSet]], prefix: str = "") -> Given:
    rows = {
        patient: {
            f"{prefix}{MODALITIES[str(modality)]}.{name}": value
            for modality, one in sets.items()
            for name, value in zip(one.names, one.vector, strict=True)
        }
        for patient, sets in found.items()
    }
    digests = {p: [one.inputs_digest for one in sets.values()] for p, sets in found.items()}
    return Given(by_patient(pd.DataFrame.from_dict(rows, orient="index", dtype=float)), digests)


def _targets(asked: Asked) -> Given:
    rna, ihc = (by_patient(phenotype_table(asked.study, source)) for source in ("rna", "ihc"))
    response = by_patient(endpoint_table(asked.study, RESPONSE))
    columns = {
        "target_rna": rna["label"].map(_hot),
        "target_ihc": ihc["label"].map(_hot),
        "target_response": response["label"].map(_responder),
        "rna_label": rna["label"],
        "rna_margin": rna["margin"],
        "rna_stability": rna["stability"],
        "response_label": response["label"],
    }
    digests = _listed(rna["digest"], ihc["digest"], response["inputs_digest"])
    return Given(pd.DataFrame(columns), digests)


def _hot(label: str) -> float:
    return {"hot": 1.0, "cold": 0.0}.get(label, np.nan)


def _responder(label: str) -> float:
    found = is_responder(label)
    return np.nan if found is None else float(found)


def _uptake(asked: Asked) -> Given:
    found = uptake_of(asked.study)
    rows = {patient: {name: values[name] for name in UPTAKE} for patient, values in found.items()}
    table = pd.DataFrame.from_dict(rows, orient="index", columns=list(UPTAKE), dtype=float)
    return Given(by_patient(table), {p: [values["inputs_digest"]] for p, values in found.items()})


def _target_lesion(asked: Asked) -> Given:
    """No column: by whose choice a region speaks. Any decision for it gives the same numbers."""
    agreeing = frozenset(target_digests_that_agree(asked.study))
    return Given(by_patient(pd.DataFrame()), target_digests(asked.study), agreeing)


def _clinical(asked: Asked) -> Given:
    """Sex and age: to describe by, never to fit to."""
    table = clinical_table(asked.study).reindex(columns=list(CLINICAL))
    table["age_years"] = pd.to_numeric(table["age_years"], errors="coerce").astype(float)
    return Given(by_patient(table))


def _immunoscore(asked: Asked) -> Given:
    """The Immunoscore with its markers: to describe by, never to fit to."""
    found = immunoscore_table(asked.study)
    table = found[list(IMMUNE)].rename(columns={"score": "immunoscore"})
    return Given(by_patient(table.astype("Float64").astype(float)), _listed(found["digest"]))


def _dates(asked: Asked) -> Given:
    """Day of the chosen scan and first day of the index treatment."""
    scanned = days_of_scans(asked.study)
    starts = Treatment.objects.filter(study=asked.study, is_index=True)
    treated = dict(starts.values_list("patient_id", "date"))
    columns = {"scanned_on": scanned, "treated_on": treated}
    series = {name: by_patient(pd.Series(days, dtype=object)) for name, days in columns.items()}
    return Given(pd.DataFrame(series))


def days_of_scans(study: Study) -> dict[int, Any]:
    """Day of the scan that speaks for each patient, by patient id."""
    chosen = dict(choices_of(study).values_list("patient_id", "roi_id"))
    days = _days_of_scans(set(chosen.values()))
    return {patient: days[roi] for patient, roi in chosen.items()}


def _days_of_scans(rois: set[int]) -> dict[int, Any]:
    """Day of the scan that each region was drawn on, by keys: one join over all four tables, each
    with its row policy, is planned badly."""
    series = dict(Roi.objects.filter(pk__in=rois).values_list("pk", "series_id"))
    visits = dict(
        Series.objects.filter(pk__in=set(series.values())).values_list("pk", "dicom_study_id")
    )
    days = dict(
        DicomStudy.objects.filter(pk__in=set(visits.values())).values_list("pk", "scanned_on")
    )
    return {roi: days[visits[drawn_on]] for roi, drawn_on in series.items()}


def _scanners(asked: Asked) -> Given:
    """What each patient's PET and CT were made by, a text each as the headers had it."""
    found = scanners_of(asked.study)
    columns = {
        column: pd.Series({patient: said.get(modality) for patient, said in found.items()},
                          dtype=object)
        for modality, column in SCANNERS.items()
    }  # fmt: skip
    return Given(by_patient(pd.DataFrame(columns)))


def _listed(*columns: pd.Series) -> Digests:
    found: Digests = {}
    for column in columns:
        for patient, digest in column.items():
            found.setdefault(int(patient), []).append(digest)
    return found


INPUTS: tuple[Input, ...] = (
    Input(FEATURES, _features),
    Input("control", _control, only_to_fit=True),
    Input("targets", _targets),
    Input("uptake", _uptake),
    Input(TARGET_LESION, _target_lesion),
    Input("clinical", _clinical, entered=True),
    Input("immunoscore", _immunoscore),
    Input("dates", _dates, entered=True),
    Input("scanners", _scanners, entered=True),
)
