"""What people type about cohorts, consent, eligibility and a patient's way through the study."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from studies.consents import SCOPES
from studies.eligibility import criterion_wording
from studies.languages import said_choices, spoken
from studies.methods.eligibility import EVERYBODY, Criterion
from studies.models import CohortRole, MoveKind, Site, Study
from studies.registry import completeness_columns
from studies.value_words import word_of


class DayField(forms.DateField):
    """A day up to today, by a calendar."""

    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")

    def __init__(self, **kwargs: Any):
        super().__init__(initial=timezone.localdate, **kwargs)


def reason_field(required: bool = True) -> forms.CharField:
    return forms.CharField(
        label=_("Reason"),
        max_length=500,
        required=required,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class CohortForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=80)
    role = forms.ChoiceField(
        label=_("Role"),
        choices=said_choices(CohortRole.choices),
        help_text=_("Training develops, histology describes, the others validate."),
    )


class PseudonymsForm(forms.Form):
    patients = forms.CharField(
        label=_("Pseudonyms"),
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
        help_text=_("One per line, or separated by commas or spaces."),
        max_length=200_000,
    )

    def clean_patients(self) -> list[str]:
        names = re.split(r"[\s,;]+", self.cleaned_data["patients"].replace("\0", ""))
        return [name for name in dict.fromkeys(names) if name]


class ScreenForm(forms.Form):
    """A new patient at one of ``sites``; the only one is chosen already."""

    pseudonym = forms.CharField(
        label=_("Pseudonym"),
        max_length=64,
        required=False,
        help_text=_("Leave it empty: the platform makes one."),
    )
    site = forms.ModelChoiceField(
        Site.objects.none(), label=_("Site"), empty_label=_("Choose a site")
    )
    on = DayField(label=_("Screened on"))

    def __init__(self, *args: Any, sites: QuerySet[Site], **kwargs: Any):
        super().__init__(*args, **kwargs)
        offered: Any = self.fields["site"]
        offered.queryset = sites
        if len(only := list(sites[:2])) == 1:
            offered.initial = only[0]
            offered.empty_label = None


class PatientForm(ScreenForm):
    """A new patient who may be enrolled at once."""

    kind = forms.ChoiceField(
        label=_("They are"),
        choices=[
            (MoveKind.SCREENED, _("screened: whether they take part is decided later")),
            (MoveKind.ENROLLED, _("enrolled: they take part from this day on")),
        ],
        initial=MoveKind.SCREENED,
        widget=forms.RadioSelect,
    )
    on = DayField(label=_("On"))
    field_order = ("site", "pseudonym", "kind", "on")


class ConsentPolicyForm(forms.Form):
    required = forms.TypedChoiceField(
        label=_("Use of patients"),
        choices=[("yes", _("only with a consent on record")), ("no", _("without: see the reason"))],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
    )
    reason = forms.CharField(
        label=_("Reason"),
        required=False,
        max_length=500,
        help_text=_("Needed for 'without'. Everybody sees it."),
    )


class ConsentForm(forms.Form):
    scope = forms.ChoiceField(label=_("Scope"), choices=said_choices(SCOPES.items()))
    on = DayField(label=_("From"))
    withdrawn_on = forms.DateField(
        label=_("Ended"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )


class StatusForm(forms.Form):
    kind = forms.ChoiceField(
        label=_("New status"),
        choices=said_choices(
            (kind, MoveKind(kind).label) for kind in ("screened", "enrolled", "excluded")
        ),
    )
    on = DayField(label=_("On"))
    reason = reason_field(required=False)


class TransferForm(forms.Form):
    site = forms.ModelChoiceField(Site.objects.none(), label=_("To"))
    on = DayField(label=_("On"))
    reason = reason_field()

    def __init__(self, *args: Any, study: Study, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["site"].queryset = Site.objects.filter(study_sites__study=study)


class MergeForm(forms.Form):
    other = forms.CharField(
        label=_("Other pseudonym"), max_length=64, help_text=_("Its rows pass to this patient.")
    )
    on = DayField(label=_("On"))
    reason = reason_field()


class PseudonymForm(forms.Form):
    """The right pseudonym, and whose the wrong one, ``so_far``, is from now on."""

    so_far = forms.CharField(max_length=64, widget=forms.HiddenInput)
    pseudonym = forms.CharField(
        label=_("Right pseudonym"),
        max_length=64,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    former = forms.ChoiceField(
        label=_("The pseudonym so far"),
        choices=[
            (
                "kept",
                _(
                    "was a slip, nobody has it: scans, RNA and slides that carry it are this "
                    "patient's; tables with it are refused"
                ),
            ),
            (
                "freed",
                _(
                    "is another patient's: it can be given to that one, and files that carry it "
                    "are not this patient's any more"
                ),
            ),
        ],
        widget=forms.RadioSelect,
    )
    reason = reason_field()


class FreeForm(forms.Form):
    """A former pseudonym that another patient may have."""

    former = forms.ChoiceField(label=_("Former pseudonym"))
    reason = reason_field()

    def __init__(self, *args: Any, names: Iterable[str] = (), **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["former"].choices = [(name, name) for name in names]


class WithdrawForm(forms.Form):
    on = DayField(label=_("On"))
    reason = reason_field()
    purge = forms.TypedChoiceField(
        label=_("What is stored of the patient"),
        choices=[
            ("no", _("is kept as proof, and used in nothing; it can be removed later")),
            (
                "yes",
                _("is removed now, for good: scans, masks, features, RNA, values, their history"),
            ),
        ],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
    )


class PurgeForm(forms.Form):
    sure = forms.BooleanField(label=_("I know that it cannot be brought back"))


class OverrideForm(forms.Form):
    criterion = forms.ChoiceField(label=_("Criterion"))
    granted = forms.TypedChoiceField(
        label=_("It"),
        choices=[("yes", _("does not count for this patient")), ("no", _("counts again"))],
        coerce=lambda value: value == "yes",
    )
    reason = reason_field()

    def __init__(self, *args: Any, criteria: tuple[Criterion, ...], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["criterion"].choices = [
            (criterion.key, spoken(criterion_wording(criterion.title)))
            for criterion in criteria
            if criterion.kind != "consent"
        ]


class CriteriaForm(forms.Form):
    """The study's criteria: which hold, the age limits, what each role must have."""

    in_force = forms.MultipleChoiceField(
        label=_("Criteria in force"), widget=forms.CheckboxSelectMultiple
    )
    minimum = forms.FloatField(label=_("Age from, years"), min_value=0, max_value=120)
    maximum = forms.FloatField(label=_("to, years"), min_value=0, max_value=120)
    note = forms.CharField(
        label=_("Why"), max_length=300, help_text=_("The amendment or the reason.")
    )

    def __init__(self, *args: Any, criteria: tuple[Criterion, ...], held: set[str], **kwargs: Any):
        self.criteria = criteria
        super().__init__(*args, **kwargs)
        age = next((c for c in criteria if c.kind == "range"), None)
        self.fields["in_force"].choices = [
            (c.key, spoken(criterion_wording(c.title))) for c in criteria
        ]
        self.fields["in_force"].initial = sorted(held)
        if age is not None:
            self.fields["minimum"].initial, self.fields["maximum"].initial = (
                age.minimum,
                age.maximum,
            )
        asked = next((c for c in criteria if c.key == "role_data"), None)
        columns = [(c.key, spoken(c.title)) for c in completeness_columns() if c.key != "consent"]
        for role in CohortRole.values:
            self.fields[f"data_{role}"] = forms.MultipleChoiceField(
                label=_("Data required in {cohort}").format(cohort=word_of(role)),
                choices=columns,
                required=False,
                widget=forms.CheckboxSelectMultiple,
                initial=list(asked.required.get(role, ())) if asked else [],
            )
        self.order_fields(["in_force", "minimum", "maximum"])

    def changed_criteria(self) -> tuple[Criterion, ...]:
        """The criteria as the form says."""
        given = self.cleaned_data
        chosen = [c for c in self.criteria if c.key in given["in_force"]]
        return tuple(self._changed(criterion, given) for criterion in chosen)

    def _changed(self, criterion: Criterion, given: dict[str, Any]) -> Criterion:
        fields = criterion.as_dict()
        if criterion.key == "age":
            fields |= {"minimum": given["minimum"], "maximum": given["maximum"]}
            fields["title"] = f"Age {given['minimum']:g}-{given['maximum']:g} years"
        if criterion.key == "role_data":
            needed = {role: tuple(given[f"data_{role}"]) for role in CohortRole.values}
            needed[EVERYBODY] = tuple(criterion.required.get(EVERYBODY, ()))
            fields["required"] = {role: keys for role, keys in needed.items() if keys}
        fields["admitted"] = tuple(fields["admitted"])
        return Criterion(**fields)


class PublishedTableForm(forms.Form):
    table = forms.CharField(
        label=_("Table as CSV"),
        max_length=200_000,
        widget=forms.Textarea(attrs={"rows": 12, "spellcheck": "false", "class": "mono"}),
    )
