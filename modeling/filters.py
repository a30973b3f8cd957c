"""How lists of runs and versions are narrowed."""

import django_filters

from modeling.models import ModelRun, ModelVersion, RunKind, VersionKind


class RunFilter(django_filters.FilterSet):
    kind = django_filters.ChoiceFilter(choices=RunKind.choices, empty_label="Any kind")

    class Meta:
        model = ModelRun
        fields = ["kind"]


class VersionFilter(django_filters.FilterSet):
    kind = django_filters.ChoiceFilter(choices=VersionKind.choices, empty_label="Any kind")

    class Meta:
        model = ModelVersion
        fields = ["kind"]
