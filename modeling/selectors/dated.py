"""Days of their own that values of a prognosis have, beside the day on which treatment began."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from imaging.selectors.slides import SLIDES
from studies.methods.dates import ClinicalDate
from studies.models import EntryState, FormEntry, SpecimenChoice, Study, Treatment


def starts_of_treatment(study: Study) -> dict[int, date]:
    """The last day, by patient id, on which the index treatment can have begun as it is dated."""
    rows = Treatment.objects.filter(study=study, is_index=True)
    return {
        patient: ClinicalDate(day, precision).latest
        for patient, day, precision in rows.values_list("patient_id", "date", "precision")
    }


def days_of_specimens(study: Study) -> dict[int, date]:
    """Day of the specimen whose slides speak for each patient, where it is known."""
    rows = SpecimenChoice.objects.filter(study=study, purpose=SLIDES)
    days = rows.filter(specimen__collected_on__isnull=False)
    return dict(days.values_list("patient_id", "specimen__collected_on"))


def dates_behind(study: Study, names: Collection[str]) -> dict[str, dict[int, date]]:
    """Of each date of the baseline form by patient id its first possible day."""
    found: dict[str, dict[int, date]] = {name: {} for name in names}
    if not found:
        return found
    entries = FormEntry.objects.filter(study=study, form="baseline", occasion="baseline")
    entries = entries.exclude(state=EntryState.DRAFT)
    for patient, values in entries.values_list("patient_id", "values"):
        for name in found:
            if day := values.get(name, {}).get("v"):
                found[name][patient] = date.fromisoformat(day)
    return found
