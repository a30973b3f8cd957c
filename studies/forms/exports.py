"""What an export holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from studies.languages import said_choices
from studies.models import Cohort, ExportContent, ExportFormat, Patient, PatientStatus, Site, Study
from studies.patient_queries import ASKED
from studies.sealed import searched, unseal

STATUSES = [
    ("", _("Any status")),
    *said_choices(PatientStatus.choices),
]


class ExportForm(forms.Form):
    cohort = forms.ModelChoiceField(
        Cohort.objects.none(),
        label=_("Cohort"),
        to_field_name="uid",
        required=False,
        empty_label=_("Any cohort"),
    )
    site = forms.ModelChoiceField(
        Site.objects.none(),
        label=_("Site"),
        to_field_name="uid",
        required=False,
        empty_label=_("Any site"),
    )
    status = forms.ChoiceField(label=_("Status"), choices=STATUSES, required=False)
    content = forms.ChoiceField(
        label=_("What"),
        choices=[
            (ExportContent.PATIENTS, _("Patients, one line each")),
            (ExportContent.LESIONS, _("Measured lesions, one line per assessment")),
        ],
        initial=ExportContent.PATIENTS,
        required=False,
    )
    format = forms.ChoiceField(
        label=_("Format"),
        choices=[(ExportFormat.CSV, "CSV"), (ExportFormat.XLSX, _("XLSX, with the dictionary"))],
    )
    selection = forms.CharField(required=False, widget=forms.HiddenInput)
    field_order = ("content",)

    def __init__(self, *args: Any, study: Study, user: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        seen = Patient.objects.visible_to(user).filter(study=study).order_by()
        cohorts: Any = self.fields["cohort"]
        sites: Any = self.fields["site"]
        cohorts.queryset = Cohort.objects.filter(study=study)
        sites.queryset = Site.objects.filter(id__in=seen.values("site_id"))
        self.place = str(study.uid)
        for name in ASKED:
            self.fields[name] = forms.CharField(required=False, widget=forms.HiddenInput)

    def begin(self, asked: Mapping[str, str]) -> list[str]:
        """What an address asks for, cohort and site by uid or name; told is what there is not."""
        self.initial |= {name: asked[name] for name in self.fields if name in asked}
        unknown = []
        for name, known in self._known().items():
            if given := asked.get(name, ""):
                self.initial[name] = known.get(given)
                unknown += [] if given in known else [f"{self.fields[name].label}: {given}"]
        return unknown

    def _known(self) -> dict[str, dict[str, str]]:
        """By name of a field: how its values may be called, and each one's own."""
        known = {}
        for name in ("cohort", "site"):
            field: Any = self.fields[name]
            rows = list(field.queryset)
            known[name] = {row.name: str(row.uid) for row in rows}
            known[name] |= {str(row.uid): str(row.uid) for row in rows}
        return known | {"status": {value: value for value in PatientStatus.values}}

    def clean_search(self) -> str:
        """As the address of the list has it: sealed."""
        return searched(unseal(self.cleaned_data["search"], self.place))

    def filters(self) -> dict[str, str]:
        given = self.cleaned_data
        found = {name: str(given[name].uid) for name in ("cohort", "site") if given[name]}
        plain = {name: given[name] for name in ("status", "selection", *ASKED) if given[name]}
        return found | plain
