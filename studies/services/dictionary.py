"""The study's data dictionary as records, and back as what the methods read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from django.db import transaction
from django.utils import timezone

from studies.methods.dictionary import (
    DEFAULT_DERIVED,
    DEFAULT_DICTIONARY,
    DerivedSpec,
    VariableSpec,
)
from studies.methods.wording import marked
from studies.models import (
    DerivedVariable,
    DictionaryVersion,
    Study,
    Variable,
)


@transaction.atomic
def dictionary_current(study: Study) -> DictionaryVersion:
    """The newest frozen version; the first one is the default set."""
    frozen = DictionaryVersion.objects.filter(study=study, frozen_at__isnull=False)
    newest = frozen.order_by("-number").first()
    return newest or dictionary_create(
        study, DEFAULT_DICTIONARY, marked("default set"), DEFAULT_DERIVED
    )


@transaction.atomic
def dictionary_create(
    study: Study,
    specs: Sequence[VariableSpec],
    note: str,
    derived: Sequence[DerivedSpec] = (),
) -> DictionaryVersion:
    """The next version, frozen from the start."""
    version = version_next(study)
    dictionary_write(version, specs, derived)
    return dictionary_close(version, note)


def dictionary_specs(version: DictionaryVersion, form: str = "") -> tuple[VariableSpec, ...]:
    """The variables of a version, of one form when it is named."""
    rows = Variable.objects.filter(dictionary=version, **({"form": form} if form else {}))
    return tuple(variable_spec(variable) for variable in rows)


def variable_spec(variable: Variable) -> VariableSpec:
    fields = {name: getattr(variable, name) for name in VariableSpec.__dataclass_fields__}
    fields["required_for"] = tuple(fields["required_for"])
    fields["missing_codes"] = tuple(fields["missing_codes"])
    return VariableSpec(**fields)


def dictionary_derived(version: DictionaryVersion) -> tuple[DerivedSpec, ...]:
    rows = DerivedVariable.objects.filter(dictionary=version)
    return tuple(DerivedSpec(row.name, row.label, row.expression, row.unit) for row in rows)


def version_next(study: Study) -> DictionaryVersion:
    numbers = DictionaryVersion.objects.filter(study=study).values_list("number", flat=True)
    return DictionaryVersion.objects.create(study=study, number=max(numbers, default=0) + 1)


def dictionary_close(version: DictionaryVersion, note: str) -> DictionaryVersion:
    version.frozen_at, version.note = timezone.now(), note
    version.save(update_fields=["frozen_at", "note"])
    return version


def dictionary_write(
    version: DictionaryVersion, specs: Sequence[VariableSpec], derived: Sequence[DerivedSpec]
) -> None:
    Variable.objects.bulk_create(
        Variable(dictionary=version, position=position, **spec_fields(spec))
        for position, spec in enumerate(specs)
    )
    DerivedVariable.objects.bulk_create(
        DerivedVariable(dictionary=version, position=position, **asdict(spec))
        for position, spec in enumerate(derived)
    )


def spec_fields(spec: VariableSpec) -> dict[str, object]:
    fields = asdict(spec)
    fields["required_for"] = list(spec.required_for)
    fields["missing_codes"] = list(spec.missing_codes)
    fields["codes"] = dict(spec.codes)
    return fields
