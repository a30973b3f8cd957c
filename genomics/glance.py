"""What genomics gives to the study at a glance."""

from genomics.models import PhenotypeSource
from genomics.selectors import phenotype_facts
from studies.methods.wording import marked, say
from studies.registry import GlanceColumn

COLUMNS = tuple(
    GlanceColumn(
        f"genomics.phenotype_{source}",
        say("Phenotype by {source}", source=source.upper()),
        marked("Phenotype and scores"),
        phenotype_facts(source),
        levels=(("hot", "hot"), ("cold", "cold")),
        scope="genomics",
        url_name="genomics:phenotype",
        order=order,
    )
    for order, source in enumerate(PhenotypeSource.values, start=10)
)
