"""What holds in the database besides fields: keys and policies."""

from studies.db import (
    PATIENT_RULE,
    STUDY_RULE,
    holders_of,
    patient_key,
    patient_table_operations,
    policy,
    study_table_operations,
)

BELOW_PATIENT = (
    "imaging_cellcount",
    "imaging_celldensity",
    "imaging_dicomstudy",
    "imaging_featurefailure",
    "imaging_featureset",
    "imaging_immunoscore",
    "imaging_petctpair",
    "imaging_roi",
    "imaging_roiagreement",
    "imaging_roichoice",
    "imaging_series",
    "imaging_slideregion",
    "imaging_uptake",
    "imaging_wholeslide",
)
OF_STUDY = (
    "imaging_arrivedfile",
    "imaging_cellcountingrule",
    "imaging_extractorversion",
    "imaging_immunoscorerule",
    "imaging_laboratoryprofile",
)
# What leads back to the patients is for those who see identifiers, who upload, and who withdraw.
_KNOWING = holders_of("identifiers", "enter", "manage")
# A scan may wait for its patient to be named; until then it belongs to the study as a whole.
_WAITING = f"({PATIENT_RULE} OR (site_id IS NULL AND {STUDY_RULE}))"

RULES = [
    *patient_table_operations(*BELOW_PATIENT),
    *study_table_operations(*OF_STUDY),
    patient_key("imaging_uidmap"),
    policy("imaging_uidmap", f"{PATIENT_RULE} AND {_KNOWING}"),
    policy("imaging_uidsecret", f"{STUDY_RULE} AND {_KNOWING}"),
    patient_key("imaging_scanarrival"),
    policy("imaging_scanarrival", _WAITING),
]
