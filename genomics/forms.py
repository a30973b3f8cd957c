"""The shape of what people type about specimens."""

from __future__ import annotations

from typing import Any

from django import forms
from django.forms import formset_factory

from studies.methods.problems import DataProblem
from studies.models import Procedure

MOST_LINES = 300


class SpecimenForm(forms.Form):
    """A line: whose specimen a label is. A line without patient and label is left alone."""

    specimen = forms.CharField(max_length=120, required=False)
    patient_id = forms.CharField(
        label="Patient", max_length=64, required=False,
        widget=forms.TextInput(attrs={"list": "pseudonyms", "autocomplete": "off"}),
    )  # fmt: skip
    procedure = forms.ChoiceField(
        choices=[("", "as known"), *((value, value) for value in Procedure.values)], required=False
    )
    tissue = forms.CharField(max_length=80, required=False)
    collected_on = forms.CharField(
        label="Collected on", max_length=10, required=False,
        widget=forms.TextInput(attrs={"placeholder": "YYYY-MM-DD"}),
    )  # fmt: skip
    batch = forms.CharField(label="Sequencing batch", max_length=80, required=False)

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        number = str(self.prefix or "").rpartition("-")[2]
        line = int(number) + 1 if number.isdigit() else 1
        for bound in self:
            bound.field.widget.attrs["aria-label"] = f"{bound.label}, line {line}"

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
        said = [form for form, _ in self.lines()]
        for problem in refusal.problems:
            if problem.row is None:
                self._non_form_errors.append(f"{problem.found}. {problem.remedy}")
            else:
                text = f"{problem.found}: expected {problem.expected}. {problem.remedy}"
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
