"""What holds in the database besides fields: keys and policies."""

from studies.db import patient_table_operations, study_table_operations

RULES = [
    *patient_table_operations(
        "genomics_cellabundance",
        "genomics_expressioncolumn",
        "genomics_phenotype",
        "genomics_sequencingbatch",
    ),
    *study_table_operations(
        "genomics_annotationversion",
        "genomics_batchcorrection",
        "genomics_expressionmatrix",
        "genomics_phenotypefit",
        "genomics_signatureversion",
    ),
]
