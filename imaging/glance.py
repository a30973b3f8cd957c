"""What imaging gives to the study at a glance."""

from imaging.selectors import immunoscore_of
from imaging.selectors.scans import uptake_reader
from studies.methods.wording import marked
from studies.registry import GlanceColumn

COLUMNS = (
    GlanceColumn(
        "imaging.immunoscore",
        marked("Immunoscore"),
        marked("Phenotype and scores"),
        immunoscore_of,
        levels=tuple((str(score), str(score)) for score in range(5)),
        scope="genomics",
        url_name="imaging:slides",
        order=20,
    ),
    *(
        GlanceColumn(
            f"imaging.{name}",
            title,
            marked("Imaging"),
            uptake_reader(name),
            kind="number",
            unit=unit,
            scope="imaging",
            known_before=True,
            url_name="imaging:scans",
            order=30,
        )
        for name, title, unit in (
            ("suv_max", marked("SUVmax of the target"), "g/mL"),
            ("mtv_41_percent_ml", marked("MTV of the target, 41 %"), "mL"),
        )
    ),
)
