"""How lists are narrowed, and the chips that show it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import django_filters
from django import forms
from django.contrib.auth import get_user_model
from django.db.models import Model, Q, QuerySet
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from studies import audits, completeness_grid, job_reads, query_reads, registry, scopes
from studies.events import LABELS
from studies.languages import said_choices, spoken
from studies.models import (
    RIGHTS,
    BatchState,
    Cohort,
    CohortRole,
    CohortUse,
    ImportBatch,
    Job,
    JobState,
    Membership,
    MoveKind,
    Patient,
    PatientMove,
    PatientStatus,
    Procedure,
    Query,
    QueryState,
    ReadAction,
    ReadRecord,
    Role,
    Site,
    Specimen,
    Study,
    Variable,
)
from studies.value_words import word_of
from studies.variable_filters import NUMBER_OF_CONDITIONS, Condition

DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class PatientFilter(django_filters.FilterSet):
    cohort = django_filters.ModelChoiceFilter(
        queryset=Cohort.objects.none(),
        field_name="cohort_memberships__cohort",
        to_field_name="uid",
        label=_("Cohort"),
        empty_label=_("Any cohort"),
    )
    site = django_filters.ModelChoiceFilter(
        queryset=Site.objects.none(),
        to_field_name="uid",
        label=_("Site"),
        empty_label=_("Any site"),
    )
    status = django_filters.ChoiceFilter(
        label=_("Status"), choices=said_choices(PatientStatus.choices), empty_label=_("Any status")
    )

    class Meta:
        model = Patient
        fields = ["cohort", "site", "status"]

    def __init__(self, data: Any, queryset: QuerySet, *, study: Study, user: Any):
        super().__init__(data, queryset)
        self.filters["cohort"].queryset = Cohort.objects.filter(study=study)
        self.filters["site"].queryset = scopes.sites_seen(user, study)


class CompletenessFilter(PatientFilter):
    lacking = django_filters.ChoiceFilter(
        label=_("Lacking"), empty_label=_("Anything or nothing"), method="without"
    )

    class Meta:
        model = Patient
        fields = ["cohort", "site", "status"]

    def __init__(self, data: Any, queryset: QuerySet, *, study: Study, user: Any):
        super().__init__(data, queryset, study=study, user=user)
        self.filters["lacking"].extra["choices"] = [
            (column.key, spoken(column.title)) for column in registry.completeness_columns()
        ]

    def without(self, rows: QuerySet, name: str, key: str) -> QuerySet:
        return completeness_grid.lacking(rows, key)


class SpecimenFilter(django_filters.FilterSet):
    site = django_filters.ModelChoiceFilter(
        queryset=Site.objects.none(),
        to_field_name="uid",
        label=_("Site"),
        empty_label=_("Any site"),
    )
    procedure = django_filters.ChoiceFilter(
        label=_("Procedure"),
        choices=said_choices(Procedure.choices),
        empty_label=_("Any procedure"),
    )

    class Meta:
        model = Specimen
        fields = ["site", "procedure"]

    def __init__(self, data: Any, queryset: QuerySet, *, study: Study, user: Any):
        super().__init__(data, queryset)
        self.filters["site"].queryset = scopes.sites_seen(user, study)


class BatchFilter(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(
        label=_("State"), choices=said_choices(BatchState.choices), empty_label=_("Any state")
    )
    kind = django_filters.ChoiceFilter(label=_("Kind"), empty_label=_("Any kind"))

    class Meta:
        model = ImportBatch
        fields = ["state", "kind"]

    def __init__(self, data: Any, queryset: QuerySet):
        super().__init__(data, queryset)
        self.filters["kind"].extra["choices"] = [
            (kind.name, spoken(kind.title)) for kind in registry.upload_kinds()
        ]


class JobFilter(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(
        label=_("State"), choices=said_choices(JobState.choices), empty_label=_("Any state")
    )
    kind = django_filters.ChoiceFilter(label=_("Kind"), empty_label=_("Any kind"))

    class Meta:
        model = Job
        fields = ["state", "kind"]

    def __init__(self, data: Any, queryset: QuerySet):
        super().__init__(data, queryset)
        kinds = queryset.order_by("kind").values_list("kind", flat=True)
        self.filters["kind"].extra["choices"] = [
            (k, job_reads.title_of(k)) for k in kinds.distinct()
        ]


class QueryFilter(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(
        label=_("State"), choices=said_choices(QueryState.choices), empty_label=_("Any state")
    )
    site = django_filters.ModelChoiceFilter(
        queryset=Site.objects.none(),
        to_field_name="uid",
        label=_("Site"),
        empty_label=_("Any site"),
    )
    whose = django_filters.ChoiceFilter(
        label=_("Whose"),
        choices=[("mine", _("asked of me")), ("raised", _("asked by me"))],
        method="filter_whose",
        empty_label=_("Anybody's"),
    )
    field = django_filters.ChoiceFilter(label=_("Field"), empty_label=_("Any field"))
    patient = django_filters.UUIDFilter(field_name="patient__uid", label=_("Patient"))

    class Meta:
        model = Query
        fields = ["state", "site", "whose", "field", "patient"]

    def __init__(self, data: Any, queryset: QuerySet, *, study: Study, user: Any):
        self.user = user
        super().__init__(data, queryset)
        seen = Query.objects.visible_to(user).filter(study=study).order_by()
        self.filters["site"].queryset = Site.objects.filter(id__in=seen.values("site_id"))
        names = seen.exclude(field="").order_by("field").values_list("field", flat=True)
        labels = query_reads.FieldLabels(study.pk)
        self.filters["field"].extra["choices"] = [
            (name, labels.of("", name)) for name in names.distinct()
        ]

    def filter_whose(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        return rows.filter(**{"assignee" if value == "mine" else "raised_by": self.user})


class ReadFilter(django_filters.FilterSet):
    action = django_filters.ChoiceFilter(
        label=_("Action"), choices=said_choices(ReadAction.choices), empty_label=_("Any way")
    )
    user = django_filters.ModelChoiceFilter(queryset=None, label=_("Who"), empty_label=_("Anybody"))

    class Meta:
        model = ReadRecord
        fields = ["action", "user"]

    def __init__(self, data: Any, queryset: QuerySet, *, study: Study):
        super().__init__(data, queryset)
        people = get_user_model()._default_manager.filter(memberships__study=study)
        self.filters["user"].queryset = people.distinct().order_by("email", "pk")


class AuditFilter(django_filters.FilterSet):
    """Which events of the history; they come from many tables, so nothing is filtered here."""

    table = django_filters.ChoiceFilter(label=_("Record"), empty_label=_("Any"))
    what = django_filters.ChoiceFilter(
        label=_("What"),
        choices=said_choices([(what, LABELS[what]) for what in ("insert", "update", "delete")]),
        empty_label=_("Anything"),
    )
    person = django_filters.ModelChoiceFilter(
        queryset=None, label=_("Person"), empty_label=_("Anybody")
    )
    since = django_filters.DateFilter(label=_("From"), widget=DAY)
    until = django_filters.DateFilter(label=_("Until"), widget=DAY)

    class Meta:
        model = Membership
        fields: list[str] = []

    def __init__(self, data: Any, *, study: Study):
        super().__init__(data, Membership.objects.none())
        words = [(word, word_of(word)) for word in audits.tracked_tables()]
        self.filters["table"].extra["choices"] = words
        people = get_user_model()._default_manager.filter(memberships__study=study)
        self.filters["person"].queryset = people.distinct().order_by("email", "pk")

    def asked(self) -> audits.Asked:
        if not self.form.is_valid():
            return audits.Asked()
        given = self.form.cleaned_data
        return audits.Asked(
            table=given["table"], what=given["what"], since=given["since"], until=given["until"],
            person=given["person"].pk if given["person"] else None,
        )  # fmt: skip


class MemberFilter(django_filters.FilterSet):
    standing = django_filters.ChoiceFilter(
        label=_("Membership"),
        choices=[("current", _("in force")), ("ended", _("ended"))],
        method="standing_of",
        empty_label=_("In force or ended"),
    )
    role = django_filters.ChoiceFilter(
        label=_("Part"), choices=said_choices(Role.choices), empty_label=_("Any part")
    )
    site = django_filters.ModelChoiceFilter(
        queryset=Site.objects.none(),
        to_field_name="uid",
        label=_("Site"),
        empty_label=_("Any site"),
    )
    right = django_filters.ChoiceFilter(
        label=_("Right"), choices=said_choices([(one, one) for one in RIGHTS]),
        method="with_right", empty_label=_("Any right"),
    )  # fmt: skip

    class Meta:
        model = Membership
        fields = ["standing", "role", "site", "right"]

    def __init__(self, data: Any, queryset: QuerySet, *, study: Study):
        super().__init__(data, queryset)
        self.filters["site"].queryset = Site.objects.filter(study_sites__study=study)

    def standing_of(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        ended = Q(ends_on__lte=timezone.localdate())
        return rows.filter(ended) if value == "ended" else rows.exclude(ended)

    def with_right(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        return rows.filter(rights__contains=[value])


class CohortFilter(django_filters.FilterSet):
    role = django_filters.ChoiceFilter(
        label=_("Role"), choices=said_choices(CohortRole.choices), empty_label=_("Any role")
    )
    use = django_filters.ChoiceFilter(
        label=_("Use"), choices=said_choices(CohortUse.choices), empty_label=_("Any use")
    )
    membership = django_filters.ChoiceFilter(
        label=_("Membership"),
        choices=[("open", _("open")), ("frozen", _("frozen"))],
        method="membership_of",
        empty_label=_("Open or frozen"),
    )

    class Meta:
        model = Cohort
        fields = ["role", "use", "membership"]

    def membership_of(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        return rows.filter(frozen_at__isnull=value == "open")


class MoveFilter(django_filters.FilterSet):
    kind = django_filters.ChoiceFilter(
        label=_("Step"), choices=MoveKind.choices, empty_label=_("Any step")
    )
    site = django_filters.ModelChoiceFilter(
        queryset=Site.objects.none(), to_field_name="uid", label=_("Site"),
        empty_label=_("Any site"),
    )  # fmt: skip

    class Meta:
        model = PatientMove
        fields = ["kind", "site"]

    def __init__(self, data: Any, queryset: QuerySet, *, study: Study, user: Any):
        super().__init__(data, queryset)
        self.filters["site"].queryset = scopes.sites_seen(user, study)


@dataclass(frozen=True)
class Chip:
    text: str
    url: str


def chips(narrowed: django_filters.FilterSet) -> list[Chip]:
    """One chip per filter in force; its url is the list without it."""
    found = []
    if not narrowed.form.is_valid():
        return found
    for name, value in narrowed.form.cleaned_data.items():
        if value in (None, ""):
            continue
        rest = narrowed.data.copy()
        for gone in (name, "after", "before"):
            rest.pop(gone, None)
        field = narrowed.form.fields[name]
        label = field.label or name
        of_itself = str(value) if isinstance(value, Model) else word_of(value)  # a person's name
        word = dict(getattr(field, "choices", ())).get(value, of_itself)
        found.append(
            Chip(_("{label}: {word}").format(label=label, word=word), f"?{rest.urlencode()}")
        )
    return found


def condition_chips(asked: QueryDict, conditions: Sequence[Condition]) -> list[Chip]:
    """One chip per condition on a variable; its url is the list without it."""
    found = []
    for condition in conditions:
        rest = asked.copy()
        for number in range(1, NUMBER_OF_CONDITIONS + 1):
            if rest.get(f"variable{number}") == condition.variable.name:
                for part in ("variable", "operator", "value"):
                    rest.pop(f"{part}{number}", None)
        for gone in ("after", "before"):
            rest.pop(gone, None)
        found.append(Chip(condition.text, f"?{rest.urlencode()}"))
    return found


@dataclass(frozen=True)
class VariableLine:
    """One line of the filter by variables, as it was sent."""

    number: int
    variables: Sequence[Variable]
    chosen: str
    operator: str
    value: str


def variable_lines(asked: QueryDict, variables: Sequence[Variable]) -> list[VariableLine]:
    return [
        VariableLine(
            number,
            variables,
            *(asked.get(f"{part}{number}", "") for part in ("variable", "operator", "value")),
        )
        for number in range(1, NUMBER_OF_CONDITIONS + 1)
    ]
