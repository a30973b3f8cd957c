"""What genomics offers: a door, two steps, a stage, a tab, facts, and what it keeps."""

from genomics import stages, withdrawal
from genomics.models import PhenotypeSource
from genomics.selectors import phenotype_facts
from studies.registry import (
    Action,
    CompletenessColumn,
    PatientPanel,
    Stage,
    Tab,
    UploadKind,
    register_action,
    register_completeness,
    register_fact,
    register_patient_panel,
    register_stage,
    register_tab,
    register_traces,
    register_upload,
    register_uses,
)

register_upload(
    UploadKind(
        name="expression_matrix",
        title="Expression matrix",
        job_kind="genomics.expression_import",
        accept=".csv,.tsv,.txt,.gz",
        help="CSV or TSV, gzipped or not: genes in rows, their identifier first (symbol, Ensembl, "
        "Entrez or HGNC), a column per specimen named by the patient's pseudonym, alone or "
        "followed by -T1. Counts, CPM, TPM or logarithms; no normalisation is needed, because "
        "cell abundances use each specimen's own ranking of genes only.",
        order=40,
        stage="genomics",
    )
)
register_action(
    Action(
        kind="genomics.phenotype_fit",
        title="Fit the immune phenotype",
        stage="genomics",
        description="Clusters the development patients by 24 cell abundances, names hot and cold "
        "by the immune core, freezes the centroids and assigns everyone with RNA to them.",
        order=10,
        params={"k": 2, "seed": 0},
    )
)
register_action(
    Action(
        kind="genomics.phenotype_from_ihc",
        title="Label by Immunoscore",
        stage="genomics",
        description="Hot is an Immunoscore of 3-4, cold of 0-2; no score, no label.",
        order=20,
    )
)
register_stage(Stage("genomics", "RNA and phenotype", 30, stages.genomics_stage))
register_tab(Tab("RNA", "genomics:phenotype", order=30))
register_patient_panel(
    PatientPanel("RNA", "genomics/_patient_panel.html", stages.patient_panel, order=20)
)
register_fact("phenotype_rna", phenotype_facts(PhenotypeSource.RNA))
register_fact("phenotype_ihc", phenotype_facts(PhenotypeSource.IHC))
register_uses("genomics", withdrawal.uses_of, withdrawal.purge, withdrawal.TABLES)
register_completeness(
    CompletenessColumn(
        "rna", "RNA", "genomics_cellabundance", "t.scores <> '{}'", 40, "expression_matrix"
    )
)
register_traces("genomics", withdrawal.traces)
