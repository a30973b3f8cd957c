"""The shape of what people type and upload."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from studies.languages import said_choices, spoken, spoken_item
from studies.methods.problems import DataProblem
from studies.models import RIGHTS, Role, Site, Study
from studies.registry import UploadKind


def refuse_in(form: forms.Form, refusal: DataProblem) -> None:
    """Put what a service refused beside the field it names."""
    for problem in refusal.problems:
        told = spoken_item(problem)
        text = gettext("{found}: expected {expected}. {remedy}").format(**told)
        if problem.column in form.fields or not problem.column:
            form.add_error(problem.column or None, text)
        else:  # no field shows which part of a document is meant
            form.add_error(None, f"{problem.column}: {text}")


class ManyFiles(forms.ClearableFileInput):
    allow_multiple_selected = True


class ManyFilesField(forms.FileField):
    """One file or several chosen at once; cleans to a list."""

    widget = ManyFiles

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        files = data if isinstance(data, list | tuple) else [data]
        return [super(ManyFilesField, self).clean(file, initial) for file in files or [None]]


class UploadForm(forms.Form):
    file = ManyFilesField(label=_("File"), max_length=255, allow_empty_file=True)

    def __init__(self, *args: Any, kind: UploadKind, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["file"].widget.attrs["accept"] = kind.accept
        self.option_names = [option.name for option in kind.options]
        for option in kind.options:
            self.fields[option.name] = forms.ChoiceField(
                choices=[(value, spoken(word)) for value, word in option.choices],
                required=False,
                label=spoken(option.label),
                help_text=spoken(option.help),
            )

    @property
    def options(self) -> dict[str, str]:
        """What was chosen beside the file."""
        chosen = {name: self.cleaned_data[name] for name in self.option_names}
        return {name: value for name, value in chosen.items() if value}

    def option_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.option_names]

    def clean_file(self) -> list[Any]:
        for file in self.cleaned_data["file"]:
            if file.size == 0:
                raise forms.ValidationError(
                    _("{name} is empty: choose the file again.").format(name=file.name)
                )
            if file.size > settings.UPLOAD_MAX_BYTES:
                largest = settings.UPLOAD_MAX_BYTES / 2**30
                raise forms.ValidationError(
                    _("{name} is larger than {largest:g} GB: split it into several files.").format(
                        name=file.name, largest=largest
                    )
                )
        return self.cleaned_data["file"]


class MembershipForm(forms.Form):
    role = forms.ChoiceField(label=_("Role"), choices=said_choices(Role.choices))
    site = forms.ModelChoiceField(
        Site.objects.none(), required=False, empty_label=_("All sites"), label=_("Site")
    )
    rights = forms.MultipleChoiceField(
        label=_("Rights"),
        choices=said_choices((right, right) for right in RIGHTS),
        widget=forms.CheckboxSelectMultiple,
    )
    ends_on = forms.DateField(
        required=False,
        label=_("Until"),
        widget=forms.DateInput(attrs={"placeholder": "YYYY-MM-DD"}),
        help_text=_("The first day without the membership; blank: open."),
    )

    def __init__(self, *args: Any, study: Study, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["site"].queryset = Site.objects.filter(study_sites__study=study)


class SiteForm(forms.Form):
    name = forms.CharField(max_length=200, label=_("Hospital"))


class InviteForm(forms.Form):
    email = forms.EmailField(
        label=_("E-mail"), widget=forms.EmailInput(attrs={"autocomplete": "off"}), max_length=150
    )
    role = forms.ChoiceField(
        label=_("Role"), choices=said_choices(Role.choices), initial=Role.COORDINATOR
    )
    site = forms.ModelChoiceField(
        Site.objects.none(), required=False, empty_label=_("All sites"), label=_("Site")
    )

    def __init__(self, *args: Any, study: Study, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["site"].queryset = Site.objects.filter(study_sites__study=study)
        self.fields["site"].help_text = _(
            "With a site, the colleague sees the patients of that site only."
        )

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("role") == Role.ADMINISTRATOR and given.get("site"):
            self.add_error("site", _("An administrator needs all sites."))
        return given


class PatternForm(forms.Form):
    """The example on the page of patterns."""

    name = forms.CharField(label=_("Name"), help_text=_("As it should stand in lists."))
    number = forms.IntegerField(label=_("How many"), required=False)
    kind = forms.ChoiceField(label=_("Kind"), choices=[("a", _("The usual")), ("b", _("Another"))])
    agreed = forms.BooleanField(label=_("Read and understood"), required=False)
