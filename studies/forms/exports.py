"""What an export holds."""

from __future__ import annotations

from typing import Any

from django import forms

from studies.models import Cohort, ExportFormat, Patient, PatientStatus, Site, Study

STATUSES = [
    ("", "Any status"),
    *[c for c in PatientStatus.choices if c[0] in ("screened", "enrolled")],
]


class ExportForm(forms.Form):
    cohort = forms.ModelChoiceField(
        Cohort.objects.none(), to_field_name="uid", required=False, empty_label="Any cohort"
    )
    site = forms.ModelChoiceField(
        Site.objects.none(), to_field_name="uid", required=False, empty_label="Any site"
    )
    status = forms.ChoiceField(choices=STATUSES, required=False)
    format = forms.ChoiceField(
        choices=[(ExportFormat.CSV, "CSV"), (ExportFormat.XLSX, "XLSX, with the dictionary")]
    )
    selection = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, study: Study, user: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        seen = Patient.objects.visible_to(user).filter(study=study).order_by()
        cohorts: Any = self.fields["cohort"]
        sites: Any = self.fields["site"]
        cohorts.queryset = Cohort.objects.filter(study=study)
        sites.queryset = Site.objects.filter(id__in=seen.values("site_id"))

    def filters(self) -> dict[str, str]:
        given = self.cleaned_data
        found = {name: str(given[name].uid) for name in ("cohort", "site") if given[name]}
        plain = {name: given[name] for name in ("status", "selection") if given[name]}
        return found | plain
