"""Values of RNA and phenotypes whose words a page shows, so that they can be said in a language."""

from django.utils.translation import gettext_noop as _

WORDS = (
    # what an upload brought
    _("genes"), _("specimens"), _("scale"), _("labels"), _("signature"), _("paper markers"),
    _("cell types"), _("pairs"), _("transcripts"), _("matrices"), _("stromal score"),
    _("marker genes"),
    _("hot"), _("cold"), _("intermediate"), _("rna"), _("ihc"),
    _("counts"), _("cpm"), _("tpm"), _("log"), _("fractional"), _("average"), _("order"),
    _("order invariant"), _("gsva compatible"), _("Refuse"), _("Uncorrected"),
    _("male"), _("female"), _("unclear"), _("biopsy"), _("resection"), _("unknown"),
    _("colon"), _("liver"), _("lung"), _("lymph node"), _("peritoneum"),
    # cell types of the shipped lists
    _("aDC"), _("B cells"), _("CD8 T cells"), _("Cytotoxic cells"), _("DC"), _("Eosinophils"),
    _("iDC"), _("Macrophages"), _("Mast cells"), _("Neutrophils"), _("NK CD56bright cells"),
    _("NK CD56dim cells"), _("NK cells"), _("pDC"), _("T cells"), _("T helper cells"), _("Tcm"),
    _("Tem"), _("TFH"), _("Tgd"), _("Th1 cells"), _("Th17 cells"), _("Th2 cells"), _("TReg"),
    _("T cell (CD3)"), _("Cytotoxic T cell (CD8)"), _("Helper T cell (CD4)"),
    _("Macrophage (CD68)"), _("B cell (CD20)"), _("CD8 T cells"), _("Cytotoxic lymphocytes"),
    _("B lineage"), _("Monocytic lineage"),
    _("Myeloid dendritic cells"), _("Endothelial cells"), _("Fibroblasts"),
)  # fmt: skip
