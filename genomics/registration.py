"""What genomics offers: a door, two steps, a stage, a tab, facts, and what it keeps."""

from genomics import drawings, glance, patient_panels, stages, withdrawal
from genomics.models import PhenotypeSource
from genomics.selectors import phenotype_facts
from studies.methods.wording import say as _
from studies.registry import (
    Action,
    CompletenessColumn,
    PatientPanel,
    Shows,
    Stage,
    Tab,
    UploadKind,
    UploadOption,
    register_action,
    register_completeness,
    register_drawn_page,
    register_fact,
    register_glance,
    register_patient_figures,
    register_patient_panel,
    register_stage,
    register_tab,
    register_traces,
    register_upload,
    register_uses,
)

SCALES = (
    ("", _("As the values look")), ("counts", _("Counts")), ("cpm", _("CPM")), ("tpm", _("TPM")),
    ("log", _("Logarithms")),
)  # fmt: skip
STRANDS = (
    ("", _("Not STAR, or not known")), ("unstranded", _("Unstranded (column 2)")),
    ("forward", _("Forward (column 3)")), ("reverse", _("Reverse (column 4)")),
)  # fmt: skip
register_upload(
    UploadKind(
        name="expression_matrix",
        title=_("Expression matrix"),
        job_kind="genomics.expression_import",
        accept=".csv,.tsv,.txt,.gz,.gct,.h5ad,.tab,.zip",
        help=_("Genes in rows, their identifier first (symbol, Ensembl, Entrez or HGNC), a column "
        "per specimen named by the patient's pseudonym, alone or followed by -T1, or by a specimen "
        "of the specimen table. CSV or TSV (gzipped or not), GCT, featureCounts or h5ad; or a zip "
        "of STAR ReadsPerGene files, of Salmon folders (quant.sf; needs the annotation first), or "
        "of matrix.mtx with features.tsv and barcodes.tsv.\n\n"
        "Counts, CPM, TPM or logarithms; no normalisation is needed, because cell abundances use "
        "each specimen's own ranking of genes only."),
        order=40,
        stage="genomics",
        options=(
            UploadOption("scale", _("Scale"), SCALES, _("Checked against the values.")),
            UploadOption(
                "strand", _("Strand"), STRANDS, _("Of STAR's counts only: ask the laboratory. Left "
                "open, the refusal says what the reads suggest."),
            ),
            UploadOption(
                "unknown_specimens", _("Columns of nobody in the study"),
                (("", _("Refuse the file")), ("leave_out", _("Leave them out, with a notice"))),
            ),
        ),
    )
)  # fmt: skip
register_upload(
    UploadKind(
        name="specimen_table",
        title=_("Specimen table"),
        job_kind="genomics.specimens_import",
        accept=".csv,.tsv,.txt",
        help=_(
            "Which specimen is whose: CSV or TSV with specimen (the label of its column) and "
            "patient_id; procedure (biopsy, resection), tissue, collected_on and batch (of "
            "sequencing) where known. Upload it before the matrix when columns are not named by "
            "pseudonyms."
        ),
        order=38,
        stage="genomics",
    )
)
register_upload(
    UploadKind(
        name="gene_signature",
        title=_("Gene signature"),
        job_kind="genomics.signature_import",
        accept=".csv,.tsv,.txt,.gmt",
        help=_(
            "CSV with cell_type and gene_symbol (previous_symbols, hgnc_id, entrez_id, "
            "ensembl_id where known), or GMT. The file's name is the signature's: "
            "bindea24.csv becomes the next version of the list that is clustered. Genes are "
            "found under every name that the shipped lists and uploaded annotations know."
        ),
        right="run",
        order=42,
        stage="genomics",
    )
)
register_upload(
    UploadKind(
        name="gene_annotation",
        title=_("Gene annotation"),
        job_kind="genomics.annotation_import",
        accept=".csv,.tsv,.txt,.gz",
        help=_(
            "Names of genes, or genes of transcripts: the complete set of HGNC, an Ensembl "
            "BioMart export, or two columns of transcript and gene. Needed for Salmon, and where a "
            "signature and a matrix use names that the shipped lists do not know."
        ),
        right="run",
        order=44,
        stage="genomics",
    )
)
register_action(
    Action(
        kind="genomics.phenotype_fit",
        title=_("Fit the immune phenotype"),
        stage="genomics",
        description=_(
            "Clusters the development patients by 24 cell abundances, names hot and cold "
            "by the immune core, freezes the centroids and assigns everyone with RNA to them. "
            "Borderline patients teach the Rad-Score (borderline = keep) or do not "
            "(leave_out_of_training)."
        ),
        order=10,
        params={"k": 2, "seed": 0, "borderline": "keep"},
    )
)
register_action(
    Action(
        kind="genomics.phenotype_assign",
        title=_("Assign new patients"),
        stage="genomics",
        description=_(
            "Everyone with RNA to the nearest centroid of the frozen fit, which stays as "
            "it is; patients farther away than all of training are marked."
        ),
        order=15,
    )
)
register_action(
    Action(
        kind="genomics.phenotype_from_ihc",
        title=_("Label by Immunoscore"),
        stage="genomics",
        description=_("Hot is an Immunoscore of 3-4, cold of 0-2; no score, no label."),
        order=20,
    )
)
register_action(
    Action(
        kind="genomics.abundances",
        title=_("Compute abundances"),
        stage="genomics",
        description=_(
            "Scores every matrix by the newest version of a signature: ssgsea, zscore or "
            "mcpcounter (the last two of log2(CPM + 1))."
        ),
        order=30,
        params={"signature": "bindea24", "method": "ssgsea", "ties": "order_invariant"},
    )
)
register_action(
    Action(
        kind="genomics.quality",
        title=_("Check the matrices' quality"),
        stage="genomics",
        description=_(
            "Library sizes, detected genes, housekeeping, PCA, sex and duplicates of every "
            "matrix, computed again."
        ),
        order=40,
    )
)
register_action(
    Action(
        kind="genomics.batch_correct",
        title=_("Correct sequencing batches"),
        stage="genomics",
        description=_(
            "ComBat fitted on the development cohort, frozen, applied to every matrix; "
            "refused when batches go with cohort or response. A batch without development "
            "patients is refused (unseen = refuse) or stays as it is (unseen = uncorrected)."
        ),
        order=50,
        params={"unseen": "refuse"},
    )
)
register_action(
    Action(
        kind="genomics.batch_correction_lift",
        title=_("Lift the batch correction"),
        stage="genomics",
        description=_("The matrices as they came speak again; the correction is kept."),
        order=60,
    )
)
register_stage(Stage("genomics", _("RNA and phenotype"), 30, stages.genomics_stage))
register_tab(Tab(_("RNA"), "genomics:phenotype", order=30))
register_patient_panel(
    PatientPanel(_("RNA"), "genomics/_patient_panel.html", patient_panels.rna_panel, 20, True)
)
register_fact("phenotype_rna", phenotype_facts(PhenotypeSource.RNA))
register_fact("phenotype_ihc", phenotype_facts(PhenotypeSource.IHC))
register_glance(*glance.COLUMNS)
register_uses("genomics", withdrawal.uses_of, withdrawal.purge, withdrawal.TABLES)
register_completeness(
    CompletenessColumn(
        "rna", _("RNA"), "genomics_cellabundance", "t.scores <> '{}'", 40, "expression_matrix"
    )
)
register_traces("genomics", withdrawal.traces)
for page in drawings.PAGES:
    register_drawn_page(page)
register_patient_figures(Shows.ROWS, "agreement", "components", "correction", "depth", "sex")
register_patient_figures(Shows.MARKS, "distributions", "heat-map")
