"""What studies itself offers: a door, a stage, and what it keeps below a patient."""

from studies import stages, withdrawal
from studies.registry import (
    CompletenessColumn,
    Stage,
    UploadKind,
    register_completeness,
    register_job_title,
    register_stage,
    register_upload,
    register_uses,
)

register_upload(
    UploadKind(
        name="cohort_table",
        title="Cohort table",
        job_kind="studies.cohort_import",
        accept=".csv",
        help="CSV (UTF-8), one line per patient: patient_id, site, cohort, treatment_started_on "
        "and any column of the data dictionary. Dates as YYYY-MM-DD; missing-codes not_done, "
        "unknown, not_applicable.",
        overwrites=True,
        order=10,
        stage="cohort",
    )
)
register_job_title("studies.upload_join", "Join an upload")
register_stage(Stage("cohort", "Cohort", 10, stages.cohort_stage))
register_uses("studies", withdrawal.uses_of, withdrawal.purge, withdrawal.TABLES)
register_completeness(
    CompletenessColumn("consent", "Consent", "studies_consent", "t.withdrawn_on IS NULL", 5),
    CompletenessColumn(
        "clinical", "Clinical", "studies_formentry", "t.form = 'baseline'", 10, "cohort_table"
    ),
    CompletenessColumn(
        "response", "Response", "studies_endpointvalue", "t.label <> ''", 80, "cohort_table"
    ),
    CompletenessColumn(
        "outcome",
        "Outcome",
        "studies_endpointvalue",
        "t.duration_days IS NOT NULL",
        90,
        "cohort_table",
    ),
)
