"""What modeling gives to the study at a glance."""

from modeling.selectors import rad_score_of, rad_score_said
from studies.methods.wording import say as _
from studies.registry import GlanceColumn

COLUMNS = (
    GlanceColumn(
        "modeling.rad_score",
        "Rad-Score",
        _("Phenotype and scores"),
        rad_score_of,
        kind="number",
        scope="imaging",
        url_name="modeling:runs",
        about=rad_score_said,
        order=5,
    ),
)
