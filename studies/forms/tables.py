"""How a table is read and which column is which, as a person says it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from studies.languages import label_said, said_choices, spoken
from studies.methods.cells import ORDERS
from studies.methods.dictionary import KEY_COLUMNS, VariableSpec
from studies.methods.table_columns import COHORT, LEFT_OUT, SITE, Suggestion
from studies.methods.table_text import ENCODINGS
from studies.methods.wording import listed, say
from studies.models import ImportBatch
from studies.value_words import word_of

DECIMALS = (("point", _("a decimal point: 12.5")), ("comma", _("a decimal comma: 12,5")))
BLANKS = (
    ("keep", _("leaves the stored value as it is")),
    ("clear", _("clears the stored value: the file is the whole truth")),
)
KEYS = {"patient_id": _("Pseudonym of the patient"), "site": _("Site"), "cohort": _("Cohort")}
WORDS = {
    "remembered": _("as last time"),
    "name": _("by its name"),
    "alike": _("similar: please check"),
}


def _named(spec: VariableSpec) -> str:
    return f"{spec.name}: {label_said(spec.label)}"[:70]


def _file_has(found: list[str]) -> str:
    return spoken(say("The file has {found}.", found=listed(map(say, found))))


class QuestionsForm(forms.Form):
    """What the file does not say itself: encoding, delimiter, sheet."""

    def __init__(self, *args: Any, batch: ImportBatch, **kwargs: Any):
        super().__init__(*args, **kwargs)
        for question in batch.look.get("questions", []):
            self.fields[question["name"]] = forms.ChoiceField(
                label=spoken(question["text"]),
                choices=[(value, _choice(value, text)) for value, text in question["choices"]],
                widget=forms.RadioSelect,
            )

    def options(self) -> dict[str, str]:
        return dict(self.cleaned_data)


def _choice(value: str, text: str) -> str:
    """An encoding with the words that it makes of the file; any other answer as it is."""
    if value not in ENCODINGS:
        return spoken(text)
    sample = text.removeprefix(f"{ENCODINGS[value]}: ")
    return gettext("{label}: {end}").format(label=spoken(ENCODINGS[value]), end=sample)


class ColumnsForm(forms.Form):
    """A select per column, and what is said once for all lines."""

    def __init__(
        self,
        *args: Any,
        batch: ImportBatch,
        suggestions: list[Suggestion],
        specs: tuple[VariableSpec, ...],
        sites: list[str],
        cohorts: list[str],
        **kwargs: Any,
    ):
        super().__init__(*args, **kwargs)
        self.batch, self.suggestions = batch, suggestions
        groups = [
            (LEFT_OUT, _("– left out –")),
            (_("Who and where"), [(name, KEYS[name]) for name in KEY_COLUMNS]),
            (_("Variables"), [(spec.name, _named(spec)) for spec in specs]),
        ]
        for at, suggestion in enumerate(suggestions):
            self.fields[f"column_{at}"] = forms.ChoiceField(
                label=suggestion.column or _("column {at}").format(at=at + 1),
                choices=groups,
                required=False,
                initial=suggestion.target,
            )
        self._once(sites, cohorts)
        self._asked()

    def _once(self, sites: list[str], cohorts: list[str]) -> None:
        said = self.batch.mapping
        site_choices = [("", _("– a column says it –")), *((name, name) for name in sites)]
        self.fields[SITE] = forms.ChoiceField(
            label=_("One site for all lines"), choices=site_choices, required=False,
            initial=said.get("site", ""),
        )  # fmt: skip
        self.fields["new_site"] = forms.CharField(
            label=_("or a new site"), required=False, max_length=200
        )
        cohort_choices = [
            ("", _("– a column says it, or none –")),
            *((name, word_of(name)) for name in cohorts),
        ]
        self.fields[COHORT] = forms.ChoiceField(
            label=_("One cohort for all lines"), choices=cohort_choices, required=False,
            initial=said.get("cohort", ""),
        )  # fmt: skip

    def _asked(self) -> None:
        """Only what the file leaves open, with the cells that do."""
        asks, said = self.batch.look.get("asks", {}), self.batch.options
        if found := asks.get("decimal"):
            self.fields["decimal"] = forms.ChoiceField(
                label=_("Numbers are written with"), choices=DECIMALS, widget=forms.RadioSelect,
                initial=said.get("decimal"), help_text=_file_has(found),
            )  # fmt: skip
        if found := asks.get("date_order"):
            self.fields["date_order"] = forms.ChoiceField(
                label=_("Dates are written as"), choices=said_choices(ORDERS.items()),
                widget=forms.RadioSelect, initial=said.get("date_order"),
                help_text=_file_has(found),
            )  # fmt: skip
        self.fields["blank"] = forms.ChoiceField(
            label=_("A blank cell"), choices=BLANKS, widget=forms.RadioSelect,
            initial=said.get("blank", "keep"),
            help_text=_(
                "A new patient needs a value in every column that the dictionary requires of a "
                "file. Of a known one a blank cell never takes such a value away."
            ),
        )  # fmt: skip

    def rows(self) -> list[dict[str, Any]]:
        """A line per column: its name, its first cells, its select."""
        samples = self.batch.look.get("rows", [])
        profiles = self.batch.look.get("columns", [])
        return [
            {
                "field": self[f"column_{at}"],
                "name": suggestion.column,
                "why": WORDS.get(suggestion.why, ""),
                "unknown": not self[f"column_{at}"].value() and suggestion.why != "remembered",
                "cells": [row[at] for row in samples if at < len(row)][:4],
                "filled": profiles[at]["filled"] if at < len(profiles) else 0,
            }
            for at, suggestion in enumerate(self.suggestions)
        ]

    def once(self) -> list[Any]:
        return [self[name] for name in (SITE, "new_site", COHORT)]

    def asked(self) -> list[Any]:
        return [self[n] for n in ("decimal", "date_order", "blank") if n in self.fields]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("new_site") and given.get(SITE):
            self.add_error("new_site", _("Choose a site, or name a new one."))
        return given

    def options(self) -> dict[str, Any]:
        """How cells are written; a site that was named as a new one is confirmed by that."""
        given, names = self.cleaned_data, ("decimal", "date_order", "blank")
        said: dict[str, Any] = {name: given[name] for name in names if given.get(name)}
        if named := given.get("new_site"):
            said["new_sites"] = sorted({*self.batch.options.get("new_sites", []), named})
        return said

    def mapping(self) -> dict[str, Any]:
        given = self.cleaned_data
        columns = {
            suggestion.column: given[f"column_{at}"]
            for at, suggestion in enumerate(self.suggestions)
        }
        site = given.get("new_site") or given.get(SITE) or ""
        return {"columns": columns, "site": site, "cohort": given.get(COHORT) or ""}
