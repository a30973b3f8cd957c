"""The shape of what people type about specimens."""

from __future__ import annotations

from typing import Any

from django import forms
from django.forms import formset_factory
from django.utils.translation import gettext_lazy as _

from studies.languages import spoken_item
from studies.methods.problems import DataProblem
from studies.models import Procedure

MOST_LINES = 300


class SpecimenForm(forms.Form):
    """A line: whose specimen a label is. A line without patient and label is left alone."""

    specimen = forms.CharField(label=_("Specimen"), max_length=120, required=False)
    patient_id = forms.CharField(
        label=_("Patient"), max_length=64, required=False,
        widget=forms.TextInput(attrs={"list": "pseudonyms", "autocomplete": "off"}),
    )  # fmt: skip
    procedure = forms.ChoiceField(
        label=_("Procedure"),
        required=False,
        choices=[("", _("as known")), *((value, _(value)) for value in Procedure.values)],
    )
    tissue = forms.CharField(label=_("Tissue"), max_length=80, required=False)
    collected_on = forms.CharField(
        label=_("Collected on"), max_length=10, required=False,
        widget=forms.TextInput(attrs={"placeholder": "YYYY-MM-DD"}),
    )  # fmt: skip
    batch = forms.CharField(label=_("Sequencing batch"), max_length=80, required=False)

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        number = str(self.prefix or "").rpartition("-")[2]
        line = int(number) + 1 if number.isdigit() else 1
        for bound in self:
            bound.field.widget.attrs["aria-label"] = _("{field}, line {line}").format(
                field=bound.label, line=line
            )

    @property
    def is_left_alone(self) -> bool:
        """Nobody said whose it is, and nothing else of it."""
        return not any(v for name, v in self.cleaned_data.items() if name != "specimen")

    @property
    def cells(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields]


class _SpecimenForms(forms.BaseFormSet):
    def lines(self) -> list[tuple[SpecimenForm, dict[str, str]]]:
        """Forms that say something, with what they say."""
        return [(form, form.cleaned_data) for form in self.forms if not form.is_left_alone]

    def refuse(self, refusal: DataProblem) -> None:
        """Each problem beside the cell it is of; ``row`` counts the lines that say something."""
        said = [form for form, _told in self.lines()]
        for problem in refusal.problems:
            if problem.row is None:
                told = spoken_item(problem)
                self._non_form_errors.append(f"{told['found']}. {told['remedy']}")
            else:
                text = _("{found}: expected {expected}. {remedy}").format(**spoken_item(problem))
                said[problem.row - 1].add_error(problem.column, text)


def specimen_forms(*args: Any, extra: int = 5, **kwargs: Any) -> Any:
    kind = formset_factory(
        SpecimenForm,
        formset=_SpecimenForms,
        extra=extra,
        max_num=MOST_LINES,
        absolute_max=MOST_LINES,
    )
    return kind(*args, **kwargs)
