"""Reads for one patient's page: values with labels and units, the dated course, the endpoints.

A reader without the right ``identifiers`` gets days from the start of treatment, not dates.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from studies import languages
from studies.endpoint_standings import retired_names
from studies.methods.course import NO_DRUG
from studies.methods.derivations import derive_all, result_in_words
from studies.methods.recist import FINDINGS
from studies.methods.units import readable_unit
from studies.models import EndpointValue, FormEntry, Patient, Precision, Variable, VariableType
from studies.services.dictionary import dictionary_derived, dictionary_specs
from studies.value_words import word_of

FACTS = ("treatments", "response_assessments", "surgeries", "progressions", "deaths", "contacts",
         "consents", "lab_results", "lesion_measurements")  # fmt: skip
DATE_FORMATS = {
    Precision.DAY: "DATE_FORMAT", Precision.MONTH: "YEAR_MONTH_FORMAT", Precision.YEAR: "Y",
}  # fmt: skip


@dataclass(frozen=True)
class ValueRow:
    name: str
    label: str
    text: str
    unit: str = ""
    missing: str = ""
    outside: bool = False  # of the codes that the dictionary has


@dataclass(frozen=True)
class FormView:
    title: str
    entry: FormEntry
    rows: list[ValueRow]
    derived: list[dict[str, Any]]


@dataclass(frozen=True)
class CourseFact:
    kind: str
    text: str
    when: str
    since: str | None
    iso: str = ""


def forms_of(patient: Patient, dates: bool) -> list[FormView]:
    entries = patient.form_entries.select_related("dictionary").order_by("form", "occasion")
    return [
        FormView(
            entry.form if entry.occasion == "baseline" else f"{entry.form}, {entry.occasion}",
            entry,
            [value_row(v, form_value(v, entry, patient)) for v in _variables(entry, dates)],
            _derived(entry) if entry.form == "baseline" else [],
        )
        for entry in entries
    ]


def _derived(entry: FormEntry) -> list[dict[str, Any]]:
    """Computed fields under the entry's dictionary, with their working."""
    version = entry.dictionary
    specs = {spec.name: spec for spec in dictionary_derived(version)}
    found = derive_all(list(specs.values()), dictionary_specs(version), entry.values)
    return [
        {"label": specs[one.name].label, "text": result_in_words(one.value),
         "missing": one.value is None, "unit": readable_unit(specs[one.name].unit, one.name),
         "working": one.working, "name": one.name}
        for one in found
    ]  # fmt: skip


def _variables(entry: FormEntry, dates: bool) -> list[Variable]:
    variables = Variable.objects.filter(dictionary_id=entry.dictionary_id, form=entry.form)
    return list(variables if dates else variables.exclude(type=VariableType.DATE))


def form_value(variable: Variable, entry: FormEntry, patient: Patient) -> dict[str, Any] | None:
    """What the form says; a drug without a code stands with its treatment alone."""
    value: dict[str, Any] | None = entry.values.get(variable.name)
    if value or variable.name != "drug" or entry.occasion != "baseline":
        return value
    given = next((row.drug for row in patient.treatments.all() if row.is_index), "")
    return {"v": given} if given not in ("", NO_DRUG) else None


def value_row(variable: Variable, value: dict[str, Any] | None) -> ValueRow:
    """How a stored value reads: its label, comparator and unit, or why it is missing."""
    if not value:
        return ValueRow(variable.name, variable.label, "", missing="blank")
    if "missing" in value:
        return ValueRow(variable.name, variable.label, "", missing=value["missing"])
    shown = value.get("v")
    outside = variable.type == VariableType.CATEGORY and str(shown) not in variable.codes
    if variable.type == VariableType.CATEGORY:
        shown = variable.codes.get(str(shown), shown) or shown
    elif isinstance(shown, float):
        shown = f"{shown:g}"
    text = f"{value.get('comparator') or ''} {shown}".strip()
    unit = readable_unit(variable.unit, variable.name)
    return ValueRow(variable.name, variable.label, text, unit=unit, outside=outside)


def course_of(patient: Patient, dates: bool) -> list[CourseFact]:
    facts = sorted(_facts(patient), key=lambda fact: fact[0])
    start = next((when for when, _, kind, _ in facts if kind == "treatment"), None)
    start = start or (facts[0][0] if facts else None)
    return [_course_fact(fact, start, dates) for fact in facts]


def _facts(patient: Patient) -> Iterator[tuple[date, str, str, str]]:
    """Date, precision, kind and words of everything that happened."""
    for row in patient.treatments.all():
        text = _("{drug}, line {line}").format(drug=row.drug, line=row.line)
        yield row.date, row.precision, "treatment", _("Treatment starts: {text}").format(text=text)
        if row.stopped_on:
            yield (
                row.stopped_on,
                Precision.DAY,
                "stop",
                _("Treatment stops: {drug}").format(drug=row.drug),
            )
    for row in patient.response_assessments.all():
        yield (
            row.date,
            row.precision,
            "response",
            _("Response {result} ({method})").format(result=row.result, method=row.method),
        )
    yield from _measurements(patient)
    for row in patient.surgeries.all():
        yield (
            row.date,
            row.precision,
            "surgery",
            _("Surgery, margin {margin}").format(margin=row.margin),
        )
    for row in patient.progressions.all():
        yield row.date, row.precision, "progression", _("Progression")
    for row in patient.deaths.all():
        yield (
            row.date,
            row.precision,
            "death",
            _("Death, {cause}").format(cause=row.cause) if row.cause else _("Death"),
        )
    for row in patient.contacts.all():
        word = _("Known alive") if row.kind == "alive" else _("Assessed by imaging")
        yield row.date, row.precision, "contact", word
    for row in patient.consents.all():
        yield (
            row.date,
            row.precision,
            "consent",
            _("Consent: {scope}").format(scope=word_of(row.scope)),
        )
        if row.withdrawn_on:
            yield (
                row.withdrawn_on,
                Precision.DAY,
                "withdrawn",
                _("Consent withdrawn: {scope}").format(scope=word_of(row.scope)),
            )
    for row in patient.lab_results.all():
        text = f"{row.analyte} {row.comparator}{row.value:g} {row.unit}"
        yield row.date, row.precision, "lab", text


def _measurements(patient: Patient) -> Iterator[tuple[date, str, str, str]]:
    """The lesions of each assessment in one line."""
    by_day: dict[date, list[str]] = {}
    for row in patient.lesion_measurements.all():
        found = languages.spoken(FINDINGS[row.finding])
        size = f"{row.diameter_mm:g} mm" if row.diameter_mm else found
        by_day.setdefault(row.date, []).append(f"{row.lesion} {size}")
    for day, sizes in by_day.items():
        text = _("Lesions measured: {sizes}").format(sizes=", ".join(sizes))
        yield day, Precision.DAY, "lesion", text


def _course_fact(fact: tuple[date, str, str, str], start: date | None, dates: bool) -> CourseFact:
    when, precision, kind, text = fact
    day = (when - start).days if start else 0
    if not dates:
        return CourseFact(kind, text, _("day {day}").format(day=day), None)
    since = _("day {day}").format(day=day) if start and when != start else None
    said = date_format(when, DATE_FORMATS[Precision(precision)])
    return CourseFact(kind, text, said, since, when.isoformat())


# Notices of an endpoint that stand beside it: why a time is what nobody would expect.
TOLD_OF_ENDPOINTS = ("nothing_assessed", "half_a_day", "imaging_entered_earlier")


def endpoints_of(patient: Patient) -> list[EndpointValue]:
    """The newest value of the newest definition of each endpoint that is offered."""
    retired = retired_names(patient.study)
    rows = patient.endpoint_values.select_related("definition")
    rows = rows.exclude(definition__name__in=retired)
    newest: dict[str, EndpointValue] = {}
    for value in rows.order_by("definition__name", "definition__version", "id"):
        newest[value.definition.name] = value
    return sorted(newest.values(), key=lambda value: value.duration_days is None)
