"""One variable of a draft dictionary, as an administrator edits it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from studies.languages import said_choices
from studies.methods.dictionary import MISSING_CODES, DerivedSpec, VariableSpec
from studies.models import VariableType

KNOWN = (
    ("", _("not said")),
    ("before_treatment", _("before treatment starts")),
    ("during_treatment", _("during treatment")),
    ("at_outcome", _("at the outcome, or after it")),
)
TYPES = said_choices((value, value) for value in VariableType.values)
ASKED = (
    ("import", _("a file must have it")),
    ("complete", _("a form is not complete without it (a missing-code counts)")),
)


class CodesField(forms.CharField):
    """``code = label``, one a line; a code alone is its own label."""

    widget = forms.Textarea(attrs={"rows": 5})

    def to_python(self, value: Any) -> dict[str, str]:
        codes: dict[str, str] = {}
        for line in str(value or "").splitlines():
            code, __, label = (part.strip() for part in line.partition("="))
            if code in codes:
                raise forms.ValidationError(_("{code} stands there twice.").format(code=code))
            if code:
                codes[code] = label or code
        return codes

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, dict):
            pairs = value.items()
            return "\n".join(c if c == label else f"{c} = {label}" for c, label in pairs)
        return value


class NamesField(forms.CharField):
    """Names separated by commas or spaces."""

    def to_python(self, value: Any) -> tuple[str, ...]:
        return tuple(dict.fromkeys(str(value or "").replace(",", " ").split()))

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list | tuple) else value


class VariableForm(forms.Form):
    name = forms.CharField(
        label=_("Name"), max_length=64, help_text=_("Column of files: small letters, digits, _.")
    )
    label = forms.CharField(label=_("Label"), max_length=200, help_text=_("How a page spells it."))
    type = forms.ChoiceField(label=_("Type"), choices=TYPES)
    section = forms.CharField(label=_("Section"), max_length=80, required=False)
    form = forms.SlugField(
        label=_("Form"),
        max_length=40,
        initial="baseline",
        help_text=_("baseline, or a later form."),
    )
    known_when = forms.ChoiceField(
        label=_("Known"),
        choices=KNOWN,
        required=False,
        help_text=_(
            "When its value is known. A model is offered what is known before treatment starts, "
            "and nothing of which nobody has said."
        ),
    )
    unit = forms.CharField(
        label=_("Unit"), max_length=40, required=False, help_text="UCUM: ng/mL, cm, a, mo."
    )
    minimum = forms.FloatField(
        label=_("Minimum"), required=False, help_text=_("Admissible: below is refused.")
    )
    plausible_minimum = forms.FloatField(
        label=_("Plausible minimum"), required=False, help_text=_("Below is kept and noticed.")
    )
    plausible_maximum = forms.FloatField(
        label=_("Plausible maximum"), required=False, help_text=_("Above is kept and noticed.")
    )
    maximum = forms.FloatField(
        label=_("Maximum"), required=False, help_text=_("Admissible: above is refused.")
    )
    codes = CodesField(required=False, help_text=_("Of a category: code = label, one a line."))
    missing_codes = NamesField(
        required=False,
        initial=MISSING_CODES,
        help_text=_("Reasons for no value; a blank is none of them."),
    )
    required_for = forms.MultipleChoiceField(
        choices=ASKED, required=False, widget=forms.CheckboxSelectMultiple, label=_("Required")
    )

    def spec(self) -> VariableSpec:
        given = dict(self.cleaned_data)
        given["required_for"] = tuple(given["required_for"])
        given["codes"] = given["codes"] if given["type"] == VariableType.CATEGORY else {}
        return VariableSpec(**given)


class DerivedForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=64, help_text=_("Small letters, digits, _."))
    label = forms.CharField(label=_("Label"), max_length=200)
    expression = forms.CharField(
        label=_("Expression"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 4, "class": "mono", "spellcheck": "false"}),
        help_text=_(
            'For example cea_ng_ml >= 200, or "65 and over" if age_years >= 65 else '
            '"under 65". Functions: points, minimum, maximum, log2, log10, days_between, '
            "months_between, is_missing. What is missing stays missing."
        ),
    )
    unit = forms.CharField(label=_("Unit"), max_length=40, required=False)

    def spec(self) -> DerivedSpec:
        return DerivedSpec(**self.cleaned_data)


class FreezeForm(forms.Form):
    note = forms.CharField(
        label=_("What changed, and why"),
        widget=forms.Textarea(attrs={"rows": 2}),
        required=True,
    )
