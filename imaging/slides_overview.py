"""What the slides page shows, as far as the user's rows reach."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Count, Q, QuerySet
from PIL import Image

from imaging.methods.cell_overlay import draw_overlay
from imaging.methods.immunoscore import COLUMNS, LACKING, READINGS, compare_readings
from imaging.models import CellCount, CellDensity, ImmunoscoreRule, Reading, WholeSlide
from imaging.selectors.slides import (
    calls_table,
    chosen_slides,
    density_table,
    immunoscore_table,
    rule_current,
    rules_in_force,
)
from imaging.selectors.whole_slides import current_regions
from imaging.slide_storage import cells_for_viewing, slide_for_viewing
from studies.consents import GENOMICS, usable
from studies.methods.wording import marked, recalled
from studies.models import CohortMember, Patient, Specimen, Study

COLUMNS_OF_FILE = (
    "patient_id", "specimen", "procedure", *(f"{column}_per_mm2" for column in COLUMNS),
    "immunoscore", "high", "consensus", "reason", "rule",
)  # fmt: skip


@dataclass(frozen=True)
class SlideRow:
    """The chosen specimen of one patient."""

    patient: Any
    specimen: Any
    densities: tuple[float | None, ...]
    score: int | None
    high: bool | None
    consensus: int | None
    reason: str
    rule: str

    @property
    def cells(self) -> list[Any]:
        return [
            self.patient.pseudonym, self.specimen.label, self.specimen.procedure,
            *self.densities, self.score, self.high, self.consensus, self.reason, self.rule,
        ]  # fmt: skip


def rule_shown(study: Study) -> ImmunoscoreRule | None:
    return rule_current(study)


def cuts_shown(rule: ImmunoscoreRule) -> list[dict[str, Any]]:
    """A cut per marker and region, beside the reference's quartiles."""
    rows = []
    for column in COLUMNS:
        marker, _, region = column.partition("_")
        reference = np.asarray(rule.rule["reference"][column], dtype=float)
        quartiles = np.quantile(reference, QUARTERS).tolist() if reference.size else []
        rows.append(
            {
                "marker": marker,
                "region": region,
                "cut": rule.cuts[column],
                "n": len(reference),
                "quartiles": quartiles,
            }
        )
    return rows


def distribution(user: Any, study: Study) -> list[dict[str, Any]]:
    """Per cohort: patients per score, without a score, and the share of high."""
    table = immunoscore_table(study)
    members = CohortMember.objects.visible_to(user).filter(study=study).order_by("cohort_id")
    cohorts: dict[str, set[int]] = {}
    for name, patient in members.values_list("cohort__name", "patient_id"):
        cohorts.setdefault(name, set()).add(patient)
    rows = []
    for cohort, patients in cohorts.items():
        own = table[table.index.isin(patients)]
        if own.empty:
            continue
        scored = own["score"].dropna().astype(int)
        counts = Counter(scored)
        high = int((scored >= 3).sum())
        rows.append(
            {
                "cohort": cohort,
                "counts": [counts[score] for score in range(5)],
                "none": len(own) - len(scored),
                "scored": len(scored),
                "high": high,
                "share": f"{high / len(scored):.0%}" if len(scored) else "–",
            }
        )
    return rows


def measured_patients(user: Any, study: Study) -> QuerySet:
    """Visible patients with a density of the specimen that speaks for them."""
    measured = CellDensity.objects.filter(
        study=study, specimen_id__in=chosen_slides(study), per_mm2__isnull=False
    )
    visible = Patient.objects.visible_to(user).filter(study=study)
    return visible.filter(pk__in=usable(measured, study, GENOMICS).values("patient_id"))


def rows_shown(
    user: Any, study: Study, patients: Iterable[Patient] | None = None
) -> list[SlideRow]:
    """Densities and scores of ``patients``, or of everybody the user may see."""
    asked = measured_patients(user, study) if patients is None else patients
    mine = {patient.pk: patient for patient in asked}
    densities, scores = density_table(study, mine), immunoscore_table(study)
    specimens = Specimen.objects.visible_to(user).filter(
        pk__in=chosen_slides(study) & set(densities.index)
    )
    rule = str(rules_in_force(study).get(Reading.IMMUNOSCORE, ""))
    measured, scored = densities.to_dict("index"), scores.to_dict("index")
    rows = [
        _row(row, mine[row.patient_id], measured[row.pk], scored.get(row.patient_id), rule)
        for row in specimens
    ]
    return sorted(rows, key=lambda row: row.patient.pseudonym)


def _row(
    specimen: Any,
    patient: Any,
    values: dict[str, Any],
    found: dict[str, Any] | None,
    rule: str,
) -> SlideRow:
    read = {
        name: None if found is None or pd.isna(found[name]) else found[name]
        for name in ("score", "high", "consensus")
    }
    return SlideRow(
        patient=patient,
        specimen=specimen,
        densities=tuple(None if pd.isna(values[c]) else float(values[c]) for c in COLUMNS),
        score=None if read["score"] is None else int(read["score"]),
        high=None if read["high"] is None else bool(read["high"]),
        consensus=None if read["consensus"] is None else int(read["consensus"]),
        reason="" if found is None else recalled(str(found["reason"]), *LACKING),
        rule=rule if found is not None else "",
    )


def readings_shown(user: Any, study: Study) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Each reading with its record and the share it calls high, and how far any two agree."""
    calls = calls_table(study)
    names = [reading for reading in Reading.values if reading in calls]
    rules = rules_in_force(study)
    rows = []
    for reading in names:
        rule = rules.get(reading)
        called = calls[reading].dropna()
        rows.append(
            {
                "rule": rule,
                "name": Reading(reading).label,
                "text": READINGS.get(
                    reading, marked("at least three of four densities at or above cuts")
                ),
                "reference": rule.shares_high.get("this rule") if rule else None,
                "n": len(called),
                "high": int(called.sum()),
            }
        )
    pairs = compare_readings(calls[names]).to_dict("records") if len(names) > 1 else []
    for pair in pairs:
        pair |= {key: Reading(pair[key]).label for key in ("first", "second")}
        pair |= {key: None for key in ("agreement", "kappa") if pd.isna(pair[key])}
    return rows, [pair for pair in pairs if pair["n"]]


QUARTERS = (0.25, 0.5, 0.75)
MOST_SLIDES = 500


def slides_shown(user: Any, study: Study) -> list[WholeSlide]:
    """Scanned slides with the names of their regions and how often they were counted."""
    rows = WholeSlide.objects.visible_to(user).filter(study=study)
    rows = rows.select_related("specimen", "patient").annotate(
        region_names=ArrayAgg(
            "regions__region", distinct=True, default=[], filter=Q(regions__isnull=False)
        ),
        n_counts=Count("counts", distinct=True),
    )
    return list(rows[:MOST_SLIDES])


def tile_jpeg(slide: WholeSlide, level: int, column: int, row: int) -> bytes:
    """A tile of the viewer's pyramid; IndexError when there is none."""
    opened = slide_for_viewing(slide.study.uid, slide.file.sha256, str(slide))
    return opened.tile_jpeg(level, column, row)


def cells_png(count: CellCount, level: int, column: int, row: int) -> bytes:
    """The cells of a count on one tile of the viewer's pyramid, see-through."""
    slide, stream = count.slide, io.BytesIO()
    if count.cells is None:
        raise IndexError("the cells of this count are gone")
    opened = slide_for_viewing(slide.study.uid, slide.file.sha256, str(slide))
    place = opened.tile_place(level, column, row)
    cells = cells_for_viewing(slide.study.uid, count.cells.sha256)
    picture = draw_overlay(cells, place, slide.um_per_pixel)
    Image.fromarray(picture).save(stream, "PNG", compress_level=3)
    return stream.getvalue()


def regions_drawn(slide: WholeSlide) -> list[dict[str, Any]]:
    """The current regions for the viewer: name and GeoJSON geometry."""
    return [{"region": row.region, "geometry": row.geometry} for row in current_regions(slide)]
