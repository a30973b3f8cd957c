"""What studies itself offers: a door, a stage, and what it keeps below a patient."""

from studies import named_records, participations, stages, withdrawal
from studies.methods.table_lines import LARGEST_BYTES
from studies.methods.wording import say as _
from studies.models import ImportBatch, Patient
from studies.registry import (
    FORM,
    Action,
    CompletenessColumn,
    PatientPanel,
    Stage,
    TourStep,
    UploadKind,
    register_action,
    register_completeness,
    register_job_title,
    register_named,
    register_patient_panel,
    register_stage,
    register_tour,
    register_upload,
    register_uses,
)

# A value that no newer rule and no newer fact has overtaken.
IN_FORCE = """NOT EXISTS (
    SELECT 1 FROM studies_endpointvalue n
    JOIN studies_endpointdefinition ruled ON ruled.id = n.definition_id
    JOIN studies_endpointdefinition rule ON rule.id = t.definition_id
    WHERE n.patient_id = t.patient_id AND ruled.name = rule.name
        AND (ruled.version, n.id) > (rule.version, t.id)
)"""

# Imaging is consented to, as everybody's part asks, and no use of data was withdrawn for good.
CONSENTS = """t.scope = 'imaging' AND t.withdrawn_on IS NULL AND NOT EXISTS (
    SELECT FROM studies_consent w
    WHERE w.patient_id = t.patient_id AND w.scope <> 'sharing' AND w.withdrawn_on IS NOT NULL
        AND NOT EXISTS (
            SELECT FROM studies_consent n
            WHERE n.patient_id = t.patient_id AND n.scope = w.scope AND n.withdrawn_on IS NULL
        )
)"""

register_upload(
    UploadKind(
        name="cohort_table",
        title=_("Cohort table"),
        job_kind="studies.cohort_import",
        accept=".csv,.tsv,.txt,.xlsx",
        help=_(
            "CSV or XLSX, one line per patient: a pseudonym, a site, a cohort and any column "
            "of the data dictionary. What the file leaves open (encoding, decimal comma, "
            "order of dates) is asked; you see every problem and every change before "
            "anything is stored. Missing-codes: not_done, unknown, not_applicable."
        ),
        overwrites=True,
        confirms=True,
        largest=LARGEST_BYTES,
        order=10,
        stage="cohort",
    )
)
register_upload(
    UploadKind(
        name="lesion_table",
        title=_("Lesion measurements"),
        job_kind="studies.lesions_import",
        accept=".csv,.tsv,.txt,.xlsx",
        help=_(
            "CSV or XLSX, one line per lesion and assessment: patient_id, date (YYYY-MM-DD), "
            "lesion (T1, N1, as the reader calls it), role (target, target_node, non_target, "
            "new), finding (measured, absent, too_small, present, progressed, merged, "
            "not_evaluable), and where known organ and diameter_mm (of nodes the short axis). A "
            "lesion of a day replaces what was stored of it; the response by RECIST 1.1 follows."
        ),
        overwrites=True,
        largest=LARGEST_BYTES,
        order=12,
    )
)
register_action(
    Action(
        "studies.count",
        _("Count a large study"),
        "",
        _("Table 1 or the attrition diagram of a study with too many patients for a page."),
        right="aggregates",
        params={"what": "table_one", "cohorts": ""},
    )
)
register_named("batch", named_records.by(ImportBatch, "studies:batch", "filename"))
register_named("patient", named_records.by(Patient, "studies:patient", "pseudonym"))
register_job_title("studies.patient_purge", _("Remove what is stored of a patient"))
register_job_title("studies.upload_join", _("Join an upload"))
register_job_title("studies.table_look", _("Look at a table"))
register_job_title("studies.table_check", _("Check a table"))
register_job_title("studies.table_commit", _("Store a table"))
register_job_title("studies.export", _("Make a file to take away"))
register_job_title("studies.endpoint_change", _("Put another rule of an endpoint in force"))
register_job_title("studies.endpoints_derive", _("Derive endpoints again"))
register_job_title("studies.batch_revert", _("Take a file back"))
register_job_title("studies.page_draw", _("Draw the figures of a page"))
register_upload(
    UploadKind(
        name="dictionary",
        title=_("Data dictionary"),
        job_kind="studies.dictionary_import",
        accept=".csv,.xlsx",
        help=_(
            "CSV or XLSX as this study's dictionary downloads, one line per variable: name, "
            "label, type, unit, ranges, codes (code = label; ...), missing_codes, required_for, "
            "known_when (before_treatment, during_treatment, at_outcome). "
            "A REDCap data dictionary (CSV) is read, too. It becomes a draft that you put in force."
        ),
        right="manage",
        overwrites=True,
        order=5,
        largest=LARGEST_BYTES,
    )
)
register_stage(Stage("cohort", _("Cohort"), 10, stages.cohort_stage))
register_uses("studies", withdrawal.uses_of, withdrawal.purge, withdrawal.TABLES)
register_patient_panel(
    PatientPanel(
        _("Participation"), "studies/_participation_panel.html", participations.panel, order=5
    )
)
register_completeness(
    CompletenessColumn("consent", _("Consent"), "studies_consent", CONSENTS, 5),
    CompletenessColumn(
        "clinical",
        _("Clinical"),
        "studies_formentry",
        "t.form = 'baseline' AND t.state <> 'draft'",
        10,
        FORM,
    ),
    CompletenessColumn(
        "response",
        _("Response"),
        "studies_endpointvalue",
        f"t.label <> '' AND {IN_FORCE}",
        80,
        FORM,
    ),
    CompletenessColumn(
        "outcome",
        _("Outcome"),
        "studies_endpointvalue",
        f"t.duration_days IS NOT NULL AND {IN_FORCE}",
        90,
        FORM,
    ),
)
register_tour(
    TourStep(
        "coordinator", 1, _("What is missing, and where"),
        _("A line for each hospital; each number leads to those patients, and from there to the "
        "upload or the form that mends it."), "studies:overview",
    ),
    TourStep(
        "coordinator", 2, _("Files come in here"),
        _("Choose what you bring. A file is checked as a whole: every problem is told at once, and "
        "nothing is half-stored."), "studies:uploads",
    ),
    TourStep(
        "coordinator", 3, _("Find a patient"),
        _("Press / and type the beginning of a pseudonym, or narrow by site, cohort or any "
          "variable. The patient's page leads to the form."), "studies:patients",
    ),
    TourStep(
        "coordinator", 4, _("What is there of whom"),
        _("One line per patient, one column per thing. A gap is a link to where it is mended."),
        "studies:completeness",
    ),
    TourStep(
        "coordinator", 5, _("Questions about values"),
        _("Those asked of you are answered here, beside the value; each answer is kept."),
        "studies:queries",
    ),
    TourStep(
        "statistician", 1, _("From data to report"),
        _("The map says what is ready, what is out of date and why; the one filled button is the "
        "next sensible step."), "studies:overview",
    ),
    TourStep(
        "statistician", 2, _("Who is in, and who is not"),
        _("From screened to analysed, with the reason of everybody who left."), "studies:attrition",
    ),
    TourStep(
        "statistician", 5, _("Jobs"),
        _("Everything slow runs here. Leave when you like: the bell tells when it has ended."),
        "studies:jobs",
    ),
    TourStep(
        "collaborator", 1, _("What is released"),
        _("Report, nomograms and versions in force come first, and what changed since your last "
        "visit."), "studies:overview",
    ),
    TourStep(
        "collaborator", 3, _("Your hospital's patients"),
        _("You see the patients of your own hospital; results are of all."), "studies:patients",
    ),
    TourStep(
        "collaborator", 4, _("Who was studied"),
        _("Cohorts with their numbers, the way from screened to analysed, Table 1."),
        "studies:cohorts",
    ),
)  # fmt: skip
