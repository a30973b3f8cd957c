"""What the columns of a frozen table hold: name, type, unit and meaning, for who takes it away."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from modeling.models import DatasetSnapshot
from modeling.services.cohort_snapshot import TABLE_ONE
from modeling.services.prognosis_endpoints import landmark_of
from modeling.services.prognosis_rows import MARKERS
from studies.methods.dictionary import AT_OUTCOME, BEFORE_TREATMENT
from studies.methods.known_when import known_of_all
from studies.models import DictionaryVersion, Variable
from studies.services import dictionary_derived, dictionary_specs

HEAD = ("name", "type", "unit", "meaning", "known_when", "missing")
# Of every kind of table; what a study named itself is read from its dictionary.
MEANINGS: dict[str, tuple[str, str]] = {
    "cohort": ("", "cohort, as it was called when the table was frozen"),
    "pseudonym": ("", "pseudonym in the study; with the cohort it names a row"),
    "site": ("", "site of the patient"),
    "role": ("", "role of the cohort"),
    "use": ("", "development: fitted to; validation: judged on; descriptive: neither"),
    "target_rna": ("", "1 hot, 0 cold by the phenotype of RNA"),
    "target_ihc": ("", "1 hot, 0 cold by the Immunoscore"),
    "target_response": ("", "1 responder (CR, PR), 0 not (SD, PD) at 6 months"),
    "rna_label": ("", "phenotype by RNA"),
    "rna_margin": ("", "margin of the phenotype by RNA: how much nearer its own centroid is"),
    "rna_stability": ("", "share of resamples with the same phenotype by RNA"),
    "response_label": ("", "response at 6 months: CR, PR, SD, PD or NE"),
    "response": ("", "response at 6 months: CR, PR, SD, PD or NE"),
    "suv_max": ("g/mL", "SUVmax of the target lesion"),
    "volume_ml": ("mL", "volume of the target lesion"),
    "mtv_41_percent_ml": ("mL", "metabolic tumour volume at 41 % of SUVmax"),
    "log2_mtv": ("log2 mL", "metabolic tumour volume at 41 % of SUVmax, logarithm to base 2"),
    "sex": ("", "sex"),
    "age_years": ("years", "age"),
    "primary_site": ("", "side of the primary tumour"),
    "pathology_type": ("", "pathology"),
    "metastasis_count": ("", "number of metastases"),
    "largest_metastasis_cm": ("cm", "largest metastasis"),
    "log2_cea": ("log2 ng/mL", "CEA, logarithm to base 2"),
    "log2_ca199": ("log2 U/mL", "CA19-9, logarithm to base 2"),
    "log2_ca125": ("log2 U/mL", "CA125, logarithm to base 2"),
    "immunoscore": ("", "Immunoscore, 0 to 4"),
    "cd3_high": ("", "1 CD3-high"),
    "cd8_high": ("", "1 CD8-high"),
    "cd3_per_mm2": ("cells/mm2", "mean density of CD3"),
    "cd8_per_mm2": ("cells/mm2", "mean density of CD8"),
    "scanned_on": ("", "day of the scan that is read"),
    "treated_on": ("", "first day of the index treatment"),
    "scanner.pet": ("", "scanner of the PET, as the headers had it"),
    "scanner.ct": ("", "scanner of the CT, as the headers had it"),
    "rad_score": ("", "probability of the immune-enhanced phenotype; higher is lower risk"),
    "rad_score_kind": ("", "out_of_fold: of a patient that was fitted to; applied: of another"),
    "duration_months": ("months", "follow-up: from the start of treatment to the event or the last "
                                  "contact"),
    "event": ("", "whether the event came; false is censored"),
    "cause": ("", "0 none, 1 progression, 2 death that came first or on the same day"),
}  # fmt: skip
BEGINNINGS = (
    ("control.pet.", "PET feature of the same network on shuffled voxels: a control"),
    ("control.ct.", "CT feature of the same network on shuffled voxels: a control"),
    ("pet.", "feature of the PET encoder"),
    ("ct.", "feature of the CT encoder"),
)
# When values that no dictionary names are known; of patients' keys nothing is said.
KNOWN = {
    **dict.fromkeys(
        ("suv_max", "volume_ml", "mtv_41_percent_ml", "log2_mtv", "immunoscore", "cd3_high",
         "cd8_high", "cd3_per_mm2", "cd8_per_mm2", "scanned_on", "treated_on", "scanner.pet",
         "scanner.ct", "rad_score", "target_rna", "target_ihc", "rna_label", "rna_margin",
         "rna_stability"),
        BEFORE_TREATMENT,
    ),
    **dict.fromkeys(
        ("target_response", "response_label", "response", "duration_months", "event", "cause"),
        AT_OUTCOME,
    ),
}  # fmt: skip
ENDINGS = (
    ("_days", "days", "follow-up: {name}"),
    ("_duration", "", "follow-up: {name}"),
    ("_event", "", "1 event, 0 censored: {name}"),
)
TYPES = {"double": "number", "string": "text", "bool": "true or false", "date32[day]": "date"}


def columns_told(snapshot: DatasetSnapshot, data: bytes) -> list[dict[str, Any]]:
    """A line per column of a table's Parquet bytes, in the order of the table."""
    table = pq.read_table(io.BytesIO(data))
    own, known = _own_variables(snapshot), _known_then(snapshot)
    told = [_told(field, table.column(field.name), own, known) for field in table.schema]
    days = landmark_of(snapshot.question)
    from_day = (
        f"follow-up: from day {days} after the start of treatment (landmark) to the event "
        "or the last contact"
    )
    return [
        {**one, "meaning": from_day} if days and one["name"] == "duration_months" else one
        for one in told
    ]


def _told(
    field: pa.Field, values: Any, own: dict[str, tuple[str, str]], known: Mapping[str, str]
) -> dict[str, Any]:
    unit, meaning = _meaning(field.name, own)
    kind = TYPES.get(str(field.type), str(field.type))
    told = (field.name, kind, unit, meaning, _known(field.name, known), values.null_count)
    return dict(zip(HEAD, told, strict=True))


def _known(name: str, known: Mapping[str, str]) -> str:
    """When a column's values are known: by the product, or by the dictionary of that day."""
    plain = name.removeprefix(TABLE_ONE).removesuffix("__days")
    if plain in KNOWN:
        return KNOWN[plain]
    if name.startswith(tuple(beginning for beginning, _ in BEGINNINGS)):
        return BEFORE_TREATMENT
    if (source := MARKERS.get(plain, plain)) in known:
        return known[source]
    is_follow_up = plain.endswith(tuple(ending for ending, _, _ in ENDINGS))
    return AT_OUTCOME if is_follow_up else ""


def _known_then(snapshot: DatasetSnapshot) -> dict[str, str]:
    """By name, as the dictionary said that was in force when the table was frozen."""
    rows = DictionaryVersion.objects.filter(study=snapshot.study, frozen_at__lte=snapshot.frozen_at)
    version = rows.order_by("-number").first()
    if version is None:
        return {}
    return known_of_all(dictionary_specs(version), dictionary_derived(version))


def _meaning(name: str, own: dict[str, tuple[str, str]]) -> tuple[str, str]:
    if name in MEANINGS:
        return MEANINGS[name]
    for beginning, meaning in BEGINNINGS:
        if name.startswith(beginning):
            return "", meaning
    if name.endswith("__days"):
        return "days", f"days from the start of treatment: {name.removesuffix('__days')}"
    plain = name.removeprefix(TABLE_ONE)
    if plain in own:
        return own[plain]
    if plain in MEANINGS:
        return MEANINGS[plain]
    for ending, unit, meaning in ENDINGS:
        if plain.endswith(ending):
            return unit, meaning.format(name=plain.removesuffix(ending).replace("_", " "))
    return "", plain.replace("_", " ")


def _own_variables(snapshot: DatasetSnapshot) -> dict[str, tuple[str, str]]:
    """Unit and label of the study's variables as they were when the table was frozen."""
    rows = Variable.objects.filter(
        dictionary__study=snapshot.study, dictionary__frozen_at__lte=snapshot.frozen_at
    ).order_by("dictionary__number")
    own = snapshot.question.get("own", {})
    return {
        **{name: (unit, label) for name, unit, label in rows.values_list("name", "unit", "label")},
        **{name: (told.get("unit", ""), told["title"]) for name, told in own.items()},
    }
