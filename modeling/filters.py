"""How lists of runs and versions are narrowed."""

import django_filters

from modeling.models import ModelRun, ModelVersion, RunKind, VersionKind
from studies.methods.wording import say as _


class RunFilter(django_filters.FilterSet):
    kind = django_filters.ChoiceFilter(
        choices=[(kind, _(word)) for kind, word in RunKind.choices], empty_label=_("Any kind")
    )

    class Meta:
        model = ModelRun
        fields = ["kind"]


class VersionFilter(django_filters.FilterSet):
    kind = django_filters.ChoiceFilter(
        choices=[(kind, _(word)) for kind, word in VersionKind.choices], empty_label=_("Any kind")
    )

    class Meta:
        model = ModelVersion
        fields = ["kind"]
