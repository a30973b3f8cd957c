"""A simulated study up to its features and phenotypes, made without scans and reads."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from genomics.models import Phenotype, PhenotypeFit, SignatureVersion
from imaging.models import (
    DicomStudy,
    ExtractorVersion,
    FeatureSet,
    Roi,
    RoiChoice,
    Series,
    TargetRule,
    Uptake,
)
from modeling.methods.recipe_schema import PRESETS
from simulation.plan import StudyPlan
from studies.access import acting_as
from studies.models import (
    CohortMember,
    ImportBatch,
    Lesion,
    Patient,
    Specimen,
    StoredFile,
    Study,
    Treatment,
)
from studies.services import file_store
from tests.begun import Build
from tests.modeling.prognosis_made import _import_cohorts
from tests.people import People

FEATURES = 8
SMALL = {
    **PRESETS["demo"],
    "name": "small",
    "classifiers": ["random_forest", "logistic_regression", "k_nearest_neighbours"],
    "grids": {
        "random_forest": {"classify__n_estimators": [20]},
        "logistic_regression": {"classify__C": [0.01, 0.1]},
        "k_nearest_neighbours": {"classify__n_neighbors": [9]},
    },
    "outer": {"folds": 3, "repeats": 2},
    "inner": {"folds": 2, "scoring": "neg_brier_score"},
    "ablations": ["pet_only", "volume_only"],
    "bootstrap_resamples": 200,
}


@cache
def with_features(patients: int) -> Build:
    """For ``begins_with``; the statistician acts."""

    def build(people: People, patch: Any) -> People:
        with acting_as(people.statistician):
            make_features(people, patients)
        return people

    return build


def make_features(
    people: People, patients: int = 120, seed: int = 5, features: int = FEATURES
) -> pd.DataFrame:
    """Everything that a Rad-Score run reads; the truth comes back."""
    truth = _import_cohorts(people, StudyPlan(patients=patients, seed=seed))
    found = {p.pseudonym: p for p in Patient.objects.filter(study=people.study)}
    truth["patient"] = [found[name] for name in truth["patient_id"]]
    random = np.random.default_rng(seed)
    _images(people.study, truth, random, features)
    _phenotypes(people.study, truth, random)
    return truth


def _images(study: Study, truth: pd.DataFrame, random: np.random.Generator, features: int) -> None:
    batch = ImportBatch.objects.filter(study=study).first()
    stored = file_store(study, b"a volume", "volume")
    images = StoredFile.objects.bulk_create(
        StoredFile(study=study, sha256=f"{p.pk:064x}", size=1, kind="volume")
        for p in truth["patient"]
    )
    versions = {
        modality: ExtractorVersion.objects.create(
            study=study, modality=modality, preset="demo", seed=0, weights=stored, fitted_on=1,
            members_digest="a" * 64, losses=[1.0], inputs_digest=modality,
            feature_names=[f"roi_mean_{j}" for j in range(features)],
        )
        for modality in ("PT", "CT")
    }  # fmt: skip
    starts = dict(Treatment.objects.filter(study=study).values_list("patient_id", "date"))
    patients = list(truth["patient"])
    visits = DicomStudy.objects.bulk_create(
        DicomStudy(
            patient=p, dicom_study_uid=f"1.2.{p.pk}", scanned_on=starts[p.pk] - timedelta(days=9)
        )
        for p in patients
    )
    series = Series.objects.bulk_create(
        Series(
            patient=p, dicom_study=visit, batch=batch, series_uid=f"1.3.{p.pk}",
            modality="PT", content_digest="b" * 64, volume=image, state="ready",
        )
        for p, visit, image in zip(patients, visits, images, strict=True)
    )  # fmt: skip
    lesions = Lesion.objects.bulk_create(Lesion(patient=p, number=1) for p in patients)
    rois = Roi.objects.bulk_create(
        Roi(
            patient=p, series=one, lesion=lesion, batch=batch, name="lesion",
            mask=stored, source_digest="c" * 64, voxels=5, volume_ml=3.0,
        )
        for p, one, lesion in zip(patients, series, lesions, strict=True)
    )  # fmt: skip
    RoiChoice.objects.bulk_create(
        RoiChoice(patient=roi.patient, roi=roi, rule=TargetRule.LARGEST_MTV) for roi in rois
    )
    Uptake.objects.bulk_create(
        _uptake(roi, z, random) for roi, z in zip(rois, truth["z"], strict=True)
    )
    FeatureSet.objects.bulk_create(
        FeatureSet(
            patient=roi.patient, roi=roi, modality=modality, extractor_version=version,
            vector=(0.7 * z + random.normal(size=features)).tolist(),
            inputs_digest=f"{modality}{roi.patient_id}",
        )
        for roi, z in zip(rois, truth["z"], strict=True)
        for modality, version in versions.items()
    )  # fmt: skip


def make_control(study: Study, seed: int = 6) -> None:
    """The same networks on shuffled voxels: features that know nothing."""
    random = np.random.default_rng(seed)
    for version in list(ExtractorVersion.objects.filter(study=study)):
        control = ExtractorVersion.objects.create(
            study=study, modality=version.modality, preset="demo", seed=0, role="control",
            weights=version.weights, fitted_on=1, members_digest="a" * 64, losses=[1.0],
            inputs_digest=f"control {version.modality}", feature_names=version.feature_names,
        )  # fmt: skip
        FeatureSet.objects.bulk_create(
            FeatureSet(
                patient=row.patient, roi=row.roi, modality=row.modality, extractor_version=control,
                vector=random.normal(size=FEATURES).tolist(), inputs_digest=f"c{row.inputs_digest}",
            )
            for row in FeatureSet.objects.filter(extractor_version=version)
        )  # fmt: skip


def _uptake(roi: Roi, z: float, random: np.random.Generator) -> Uptake:
    volume = float(np.exp(random.normal(3 - 0.1 * z, 0.6)))
    return Uptake(
        patient=roi.patient, roi=roi, suv_max=9.0 + z, suv_mean=5.0, suv_peak=7.0,
        volume_ml=volume, mtv_41_percent_ml=volume, mtv_suv_2_5_ml=volume, mtv_suv_4_0_ml=volume,
        tlg_41_percent=1.0, tlg_suv_2_5=1.0, tlg_suv_4_0=1.0, inputs_digest=f"u{roi.patient_id}",
    )  # fmt: skip


def _phenotypes(study: Study, truth: pd.DataFrame, random: np.random.Generator) -> None:
    """RNA for all but the response cohort; IHC for the external phenotype cohort."""
    signature = SignatureVersion.objects.create(
        study=study, name="bindea24", version=1, digest="d" * 64, content="",
        n_cell_types=24, n_pairs=496,
    )  # fmt: skip
    fit = PhenotypeFit.objects.create(
        study=study, number=1, signature=signature, ties="order_invariant", k=2, seed=0,
        n_training=1, fit={}, digest="e" * 64, inputs_digest="f" * 64,
    )  # fmt: skip
    cohorts = dict(
        CohortMember.objects.filter(study=study).values_list("patient_id", "cohort__role")
    )
    for patient, z in zip(truth["patient"], truth["z"], strict=True):
        label = "hot" if z + random.normal(0, 0.4) > 0 else "cold"
        role = cohorts[patient.pk]
        if role != "external_response":
            specimen = Specimen.objects.create(patient=patient, label=patient.pseudonym)
            Phenotype.objects.create(
                patient=patient, source="rna", label=label, specimen=specimen, fit=fit,
                margin=0.2, stability=1.0, inputs_digest=f"r{patient.pk}",
            )  # fmt: skip
        if role == "external_phenotype":
            label = "hot" if z + random.normal(0, 0.4) > 0 else "cold"
            Phenotype.objects.create(
                patient=patient, source="ihc", label=label, rule="immunoscore 3-4",
                inputs_digest=f"i{patient.pk}",
            )  # fmt: skip
