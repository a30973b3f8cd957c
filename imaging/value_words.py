"""Values of scans and slides whose words a page shows, so that they can be said in a language."""

from django.utils.translation import gettext_noop as _

WORDS = (
    # regions, procedures and roles of columns
    _("tumor center"), _("invasive margin"), _("biopsy"), _("resection"), _("unknown"),
    _("patient id"), _("specimen"), _("image"), _("procedure"), _("marker"), _("region"),
    _("density"), _("count"), _("area"), _("area unit"), _("unit"), _("ignored"),
    _("cd3 tumor center"), _("cd3 invasive margin"), _("cd8 tumor center"),
    _("cd8 invasive margin"),
    _("density, or count and area"), _("patient_id or specimen"), _("image column"),
    # regions of scans
    _("manual"), _("semi automatic"), _("automatic"), _("threshold"), _("growing"), _("brush"),
    _("41 percent"), _("suv 2 5"), _("suv 4 0"), _("percist"),
    # when a scan was made
    _("Primary"), _("baseline"), _("earlier"), _("followup"),
    # what became of files, and what an upload brought
    _("stored"), _("same"), _("left out"), _("refused"), _("held"), _("conflict"),
    _("quarantined"), _("discarded"), _("arrived again"), _("series"), _("regions"),
    _("series taken in"), _("still waiting"), _("densities"), _("specimens"), _("with all four"),
    _("scans"), _("masks"), _("not measured"), _("µm per pixel"), _("tissue, mm²"),
    # settings of an extractor
    _("size"), _("spacing mm"), _("epochs"), _("batch"), _("channels"), _("architecture"),
    _("preset"), _("depth"), _("learning rate"), _("resampling"), _("values"), _("pooling"),
    # cuts of the Immunoscore
    _("reference percentile"), _("reference mean share"), _("consensus"), _("this rule"),
    # de-identification
    _("PS3.15 2026c basic profile, dates moved, SUV kept; rules 1"),
    _("removed"), _("replaced"), _("kept"),
)  # fmt: skip
