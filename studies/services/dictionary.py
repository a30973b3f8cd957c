"""The study's data dictionary as records, and back as what the methods read."""

from __future__ import annotations

from dataclasses import asdict

from django.db import transaction
from django.utils import timezone

from studies.methods.dictionary import DEFAULT_DICTIONARY, VariableSpec
from studies.models import DictionaryVersion, Study, Variable


@transaction.atomic
def dictionary_current(study: Study) -> DictionaryVersion:
    """The newest version; the first one is the default set."""
    newest = DictionaryVersion.objects.filter(study=study).order_by("-number").first()
    return newest or dictionary_create(study, DEFAULT_DICTIONARY, "default set")


@transaction.atomic
def dictionary_create(
    study: Study, specs: tuple[VariableSpec, ...], note: str
) -> DictionaryVersion:
    """The next version, frozen from the start."""
    number = DictionaryVersion.objects.filter(study=study).count() + 1
    version = DictionaryVersion.objects.create(
        study=study, number=number, frozen_at=timezone.now(), note=note
    )
    Variable.objects.bulk_create(
        Variable(dictionary=version, position=position, **_fields(spec))
        for position, spec in enumerate(specs)
    )
    return version


def dictionary_specs(version: DictionaryVersion) -> tuple[VariableSpec, ...]:
    names = list(VariableSpec.__dataclass_fields__)
    specs = []
    for variable in version.variables.all():
        fields = {name: getattr(variable, name) for name in names}
        fields["required_for"] = tuple(fields["required_for"])
        fields["missing_codes"] = tuple(fields["missing_codes"])
        specs.append(VariableSpec(**fields))
    return tuple(specs)


def _fields(spec: VariableSpec) -> dict[str, object]:
    fields = asdict(spec)
    fields["required_for"] = list(spec.required_for)
    fields["missing_codes"] = list(spec.missing_codes)
    fields["codes"] = dict(spec.codes)
    return fields
