"""What holds in the database besides fields: keys and policies."""

from studies.db import patient_table_operations, study_table_operations

RULES = [
    *patient_table_operations(
        "modeling_patientscore", "modeling_prediction", "modeling_snapshotmember"
    ),
    *study_table_operations(
        "modeling_analysisplan",
        "modeling_datasetsnapshot",
        "modeling_evaluation",
        "modeling_examination",
        "modeling_modelrun",
        "modeling_modelversion",
        "modeling_modelversionparent",
        "modeling_report",
        "modeling_reproduction",
        "modeling_savedquestion",
        "modeling_versionevent",
    ),
]
