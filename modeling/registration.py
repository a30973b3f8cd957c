"""What modeling offers: steps, stages, a tab, and what it keeps."""

from modeling import (
    glance,
    nomogram_analyses_page,
    patient_panels,
    phenotype_survival,
    released,
    slides_outcome,
    stages,
    withdrawal,
)
from modeling.methods.classifiers import CLASSIFIERS
from modeling.methods.kaplan_meier import estimate_kaplan_meier
from modeling.methods.log_rank import adjust_benjamini_hochberg, compare_log_rank
from modeling.models import DatasetSnapshot, ModelRun, ModelVersion, Report, SavedQuestion
from modeling.selectors import analysed_patients
from modeling.services import frozen_files
from modeling.services.prognosis import FITTED as NOMOGRAM_FITTED
from modeling.services.prognosis import JUDGED, RESAMPLED, ROWS
from modeling.services.prognosis_choice import ASKED
from modeling.services.rad_score import ABLATED, COMPARED, FITTED, FROZEN
from modeling.services.selection_question import selection_prognosis, selection_question
from studies import named_records
from studies.methods.wording import say as _
from studies.registry import (
    Action,
    DrawnPage,
    ExportKind,
    JobCourse,
    PagePanel,
    PatientPanel,
    SelectionUse,
    Shows,
    Stage,
    Tab,
    TourStep,
    register_action,
    register_drawn_page,
    register_export,
    register_fact,
    register_glance,
    register_job_course,
    register_job_title,
    register_method,
    register_named,
    register_page_panel,
    register_patient_figures,
    register_patient_panel,
    register_selection_use,
    register_spelling,
    register_stage,
    register_tab,
    register_tour,
    register_traces,
    register_uses,
)

register_action(
    Action(
        kind="modeling.rad_score_run",
        title=_("Run the Rad-Score"),
        stage="rad_score",
        description=_(
            "Freezes the rows, compares seven classifiers on the same folds of training, "
            "keeps one by the recipe's rule and judges it in every cohort. Recipes: demo "
            "(minutes on two cores, smaller grids), paper, full; or a whole recipe as YAML."
        ),
        order=10,
        params={"recipe": "paper", "seed": 0, "question": "", "snapshot": ""},
        page="modeling:run_new",
    )
)
register_action(
    Action(
        kind="modeling.snapshot_freeze",
        title=_("Freeze a table"),
        stage="rad_score",
        description=_(
            "Freezes the rows of a saved question (or of everybody) as they stand now, "
            "without running anything."
        ),
        order=15,
        params={"question": ""},
    )
)
register_action(
    Action(
        kind="modeling.reproduce",
        title=_("Reproduce"),
        stage="rad_score",
        description=_(
            "Computes a Rad-Score or a nomogram again from its frozen rows, recipe and seed "
            "(the newest Rad-Score, or the version or run named), compares every stored "
            "number and keeps the proof: equal, within the tolerance, or different and where."
        ),
        order=20,
        params={"version": "", "run": "", "tolerance": "1e-9"},
    )
)
register_action(
    Action(
        kind="modeling.rad_score_examine",
        title=_("Examine the Rad-Score"),
        stage="rad_score",
        description=_(
            "Groups, cuts, subgroups, importance, learning curve, permuted labels, "
            "resamples, drift and sensitivity of the newest Rad-Score, or of the version named; "
            "shuffled voxels are a control. It fits again as often as resamples says, twice over."
        ),
        order=12,
        params={"version": "", "seed": 0, "shuffled_voxels": "yes", "resamples": 100},
    )
)
register_action(
    Action(
        kind="modeling.version_validate",
        title=_("Validate in a cohort"),
        stage="rad_score",
        description=_(
            "Freezes a validating cohort as it stands and shows it to a version: one look "
            "more at this cohort, counted."
        ),
        order=30,
        params={"version": "", "cohort": "external_response"},
    )
)
register_action(
    Action(
        kind="modeling.version_recalibrate",
        title=_("Recalibrate to a cohort"),
        stage="rad_score",
        description=_(
            "Fits intercept and slope in a cohort and keeps a child version; the cohort "
            "no longer validates the child."
        ),
        order=40,
        params={"version": "", "cohort": "external_phenotype"},
    )
)
register_action(
    Action(
        kind="modeling.prognosis_run",
        title=_("Run the prognosis"),
        stage="prognosis",
        description=_(
            "LASSO over clinical columns, Cox with the out-of-fold Rad-Score and the "
            "Immunoscore, a nomogram, judged in every cohort; in training its optimism by "
            "resamples that refit LASSO and Cox, and what the Rad-Score adds. Endpoints: "
            "overall_survival, progression_free_survival, or a survival time that the study named. "
            "On a frozen table (snapshot: its uid, or newest) or on the rows as they stand, which "
            "are frozen first."
        ),
        order=10,
        params=dict(ASKED),
        page="modeling:prognosis_new",
    )
)
register_action(
    Action(
        kind="modeling.report_build",
        title=_("Build the report"),
        stage="report",
        description=_(
            "Numbers and figures of the released Rad-Score (or the newest while none is, or the "
            "one named as version) and its nomograms, each with the model version and the frozen "
            "table behind it, beside what the published study reports."
        ),
        order=10,
        params={"version": ""},
    )
)
register_stage(Stage("rad_score", _("Rad-Score"), 40, stages.rad_score_stage))
register_stage(Stage("prognosis", _("Prognosis"), 50, stages.prognosis_stage))
register_stage(Stage("report", _("Report"), 60, stages.report_stage))
register_tab(Tab(_("Models"), "modeling:runs", order=40))
register_patient_panel(
    PatientPanel(_("Models"), "modeling/_patient_panel.html", patient_panels.models_panel, 40, True)
)
register_tab(Tab(_("Report"), "modeling:report", order=50))
register_uses(
    "modeling", withdrawal.uses_of, withdrawal.purge, withdrawal.TABLES, withdrawal.FROZEN
)
register_traces("modeling", withdrawal.traces)
register_page_panel(
    PagePanel(
        "genomics:phenotype",
        _("Survival"),
        "modeling/_phenotype_survival.html",
        phenotype_survival.survival_panel,
    )
)
register_page_panel(
    PagePanel(
        "imaging:slides",
        _("Response and survival by the slides"),
        "modeling/_slides_outcome.html",
        slides_outcome.outcome_panel,
    )
)
register_drawn_page(
    DrawnPage(
        phenotype_survival.PAGE,
        _("Survival by phenotype"),
        phenotype_survival.read_survival,
        phenotype_survival.draw_survival,
        "modeling/_unestimated.html",
        plain=True,
    )
)
register_drawn_page(
    DrawnPage(
        slides_outcome.PAGE,
        _("Response and survival by the slides"),
        slides_outcome.read_outcome,
        slides_outcome.draw_outcome,
        "modeling/_responses.html",
        plain=True,
    )
)
register_drawn_page(
    DrawnPage(
        nomogram_analyses_page.PAGE,
        _("Analyses of a nomogram"),
        nomogram_analyses_page.read_analyses,
        nomogram_analyses_page.draw_analyses,
        plain=True,
    )
)
register_patient_figures(
    Shows.ROWS, "cd3_against_cd8", "instability", "proportional_hazards", "violin"
)
register_patient_figures(Shows.GROUPS, "calibration")
register_fact("analysed", analysed_patients)
register_export(
    ExportKind(
        frozen_files.CONTENT,
        tuple(map(str, frozen_files.FORMATS)),
        frozen_files.FILTERS,
        frozen_files.frozen_ask,
        frozen_files.frozen_write,
        frozen_files.frozen_name,
    )
)
register_glance(*glance.COLUMNS)
register_selection_use(
    SelectionUse("question", _("Ask a question about them"), "run", selection_question)
)
register_selection_use(
    SelectionUse("prognosis", _("Ask a prognosis about them"), "run", selection_prognosis)
)
register_job_course(
    JobCourse(
        "modeling.rad_score_run",
        (
            (FROZEN, _("Freeze the rows and look for leaks")),
            (COMPARED, _("Compare the classifiers on the same folds")),
            (FITTED, _("Fit the chosen one on all of training")),
            (ABLATED, _("The same with less")),
            (100.0, _("Judge in every cohort")),
        ),
        "run",
        "modeling:run",
        _("The results"),
    )
)
register_job_course(
    JobCourse(
        "modeling.prognosis_run",
        (
            (ROWS, _("Freeze the rows and look for leaks")),
            (NOMOGRAM_FITTED, _("The model and the nomogram")),
            (JUDGED, _("Judge in every cohort")),
            (RESAMPLED, _("Resamples: optimism, and what the Rad-Score adds")),
            (100.0, _("Write")),
        ),
        "run",
        "modeling:run",
        _("The results"),
    )
)
for _kind, _key, _page in (
    ("modeling.report_build", "report", "modeling:report_version"),
    ("modeling.version_recalibrate", "version", "modeling:version"),
    ("modeling.version_validate", "version", "modeling:version"),
    ("modeling.rad_score_examine", "version", "modeling:result"),
    ("modeling.snapshot_freeze", "snapshot", "modeling:snapshot"),
    ("modeling.reproduce", "run", "modeling:run"),
):
    register_job_course(JobCourse(_kind, (), _key, _page, _("The results")))
for key, model, page in (
    ("version", ModelVersion, "modeling:version"),
    ("rad_score", ModelVersion, "modeling:version"),
    ("run", ModelRun, "modeling:run"),
    ("snapshot", DatasetSnapshot, "modeling:snapshot"),
    ("report", Report, "modeling:report_version"),
):
    register_named(key, named_records.by(model, page))
register_named("question", named_records.by(SavedQuestion, "modeling:before", own_page=False))
register_job_title("modeling.share", _("A part of a run"))
register_spelling({"snapshot": "frozen table"})
register_spelling({name: one.words for name, one in CLASSIFIERS.items()})
register_method("kaplan_meier", estimate_kaplan_meier)
register_method("log_rank", compare_log_rank)
register_method("benjamini_hochberg", adjust_benjamini_hochberg)
register_page_panel(
    PagePanel(
        "studies:overview",
        _("Released"),
        "modeling/_released.html",
        released.released_panel,
        order=10,
    )
)
register_tour(
    TourStep(
        "statistician", 3, _("Runs, versions, frozen tables"),
        _("A run is a recipe on a frozen table with a seed: the same three give the same numbers "
        "again."), "modeling:runs",
    ),
    TourStep(
        "statistician", 4, _("The report"),
        _("Every number leads to the version and the frozen table behind it."), "modeling:report",
    ),
    TourStep(
        "collaborator", 2, _("The report"),
        _("It leaves as a PDF; below every figure stand its "
          "numbers as a table."), "modeling:report",
    ),
)  # fmt: skip
