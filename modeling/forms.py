"""The shape of what people enter about models."""

from __future__ import annotations

from typing import Any

import yaml
from django import forms
from django.utils.translation import gettext

from modeling.models import MOVES, DatasetSnapshot, ModelVersion, Report, StatementKey
from modeling.selectors import state_of
from studies.languages import spoken
from studies.methods.wording import say as _
from studies.models import Patient, Study
from studies.value_words import word_of

LONGEST_STATEMENT = 5000


class VersionMoveForm(forms.Form):
    """Another state and the reason for it."""

    to_state = forms.ChoiceField(label=_("New state"))
    reason = forms.CharField(
        max_length=1000, widget=forms.Textarea(attrs={"rows": 2}), label=_("Reason"),
        help_text=_("Stays in the history for good."),
    )  # fmt: skip

    def __init__(
        self,
        *args: Any,
        version: ModelVersion,
        may_run: bool = True,
        may_release: bool = True,
        **kwargs: Any,
    ):
        """Who may not run may release, and no more; a release is another person's than the run."""
        super().__init__(*args, **kwargs)
        now = state_of(version)
        offered = [
            b for a, b in MOVES if a == now and (may_release if b == "released" else may_run)
        ]
        choices = [(str(b), word_of(b)) for b in offered]
        if now == "retired":
            again = gettext("{state} again (rollback)")
            choices = [(value, again.format(state=word)) for value, word in choices]
        self.fields["to_state"].choices = choices  # type: ignore[attr-defined]


QUESTION = {
    "format": 1,
    "name": "Adults, all features",
    "features": ["pet.", "ct."],
    "filters": [{"variable": "age_years", "minimum": 18}],
    "missing": "complete_case",
}
PLAN = {
    "format": 1,
    "question": "Does PET/CT before treatment tell immune-enhanced from other tumours?",
    "target": "rna",
    "recipe": "paper",
    "seed": 0,
    "horizons_months": {
        "overall_survival": [12, 24, 36],
        "progression_free_survival": [6, 12, 18],
    },
    "sensitivity": ["not_evaluable_as_non_responder"],
}


class ScoreForm(forms.Form):
    """A patient whom the user may see, by pseudonym."""

    pseudonym = forms.CharField(
        label=_("Pseudonym"), max_length=64, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )

    def __init__(self, *args: Any, study: Study, user: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.patients = Patient.objects.visible_to(user).filter(study=study)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        found = self.patients.filter(pseudonym=given.get("pseudonym", "")).first()
        if found is None and "pseudonym" in given:
            self.add_error("pseudonym", gettext("No patient of this pseudonym that you may see."))
        return {**given, "patient": found}


class DocumentForm(forms.Form):
    """A document as YAML or JSON."""

    document = forms.CharField(
        label=_("Document"),
        widget=forms.Textarea(attrs={"rows": 12, "class": "mono", "spellcheck": "false"}),
        help_text=_("YAML or JSON; an unknown key is refused with its place."),
    )

    @staticmethod
    def examples(what: str) -> dict[str, str]:
        return DocumentForm.of(QUESTION if what == "question" else PLAN)

    @staticmethod
    def of(document: dict[str, Any]) -> dict[str, str]:
        return {"document": yaml.safe_dump(document, sort_keys=False, allow_unicode=True)}


class RecipeForm(forms.Form):
    """A preset by its name, or a whole recipe."""

    recipe = forms.CharField(
        label=_("Recipe"),
        initial="paper", widget=forms.Textarea(attrs={"rows": 3, "class": "mono"}),
        help_text=_("demo, paper, full, or a whole recipe as YAML."),
    )  # fmt: skip


class RowField(forms.ModelChoiceField):
    """Rows under the name that the page's language has for them."""

    def label_from_instance(self, row: Any) -> str:
        return spoken(row)


class CompareForm(forms.Form):
    """Two snapshots of a study."""

    before = RowField(
        label=_("Before"), queryset=DatasetSnapshot.objects.none(), to_field_name="uid",
        empty_label=_("Choose a frozen table"),
    )  # fmt: skip
    after = RowField(
        label=_("After"), queryset=DatasetSnapshot.objects.none(), to_field_name="uid",
        empty_label=_("Choose a frozen table"),
    )  # fmt: skip

    def __init__(self, *args: Any, study: Study, **kwargs: Any):
        super().__init__(*args, **kwargs)
        rows = DatasetSnapshot.objects.filter(study=study).select_related("table", "study")
        for name in ("before", "after"):
            self.fields[name].queryset = rows  # type: ignore[attr-defined]


class StatementsForm(forms.Form):
    """A text per statement of the study; an empty one is not stated."""

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        for key, label in StatementKey.choices:
            self.fields[key] = forms.CharField(
                label=spoken(label), required=False, max_length=LONGEST_STATEMENT,
                widget=forms.Textarea(attrs={"rows": 2}),
            )  # fmt: skip


class CompareReportsForm(forms.Form):
    """Two reports of a study."""

    before = RowField(label=_("Before"), queryset=Report.objects.none(), to_field_name="uid")
    after = RowField(label=_("After"), queryset=Report.objects.none(), to_field_name="uid")

    def __init__(self, *args: Any, study: Study, **kwargs: Any):
        super().__init__(*args, **kwargs)
        for name in ("before", "after"):
            rows = Report.objects.filter(study=study).defer("content")  # megabytes each
            self.fields[name].queryset = rows  # type: ignore[attr-defined]
