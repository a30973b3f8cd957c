"""How lists are narrowed."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.contrib.auth import get_user_model
from django.db.models import Q, QuerySet
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
)
from studies.templatetags.studies_ui import state_choices
from studies.value_words import word_of

DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class SiteFilter(django_filters.FilterSet):
    """Lists whose rows belong to sites: one of those that the user sees."""

    site = django_filters.ModelChoiceFilter(
        queryset=Site.objects.none(),
        to_field_name="uid",
        label=_("Site"),
        empty_label=_("Any site"),
    )

    def __init__(self, data: Any, queryset: QuerySet, *, study: Study, user: Any):
        super().__init__(data, queryset)
        self.filters["site"].queryset = self.sites_offered(study, user)

    def sites_offered(self, study: Study, user: Any) -> QuerySet[Site]:
        return scopes.sites_seen(user, study)


class PatientFilter(SiteFilter):
    cohort = django_filters.ModelChoiceFilter(
        queryset=Cohort.objects.none(),
        field_name="cohort_memberships__cohort",
        to_field_name="uid",
        label=_("Cohort"),
        empty_label=_("Any cohort"),
    )
    status = django_filters.ChoiceFilter(
        label=_("Status"), choices=said_choices(PatientStatus.choices), empty_label=_("Any status")
    )

    class Meta:
        model = Patient
        fields = ["cohort", "site", "status"]

    def __init__(self, data: Any, queryset: QuerySet, *, study: Study, user: Any):
        super().__init__(data, queryset, study=study, user=user)
        self.filters["cohort"].queryset = Cohort.objects.filter(study=study)


class CompletenessFilter(PatientFilter):
    lacking = django_filters.ChoiceFilter(
        label=_("Lacking"), empty_label=_("Anything or nothing"), method="without"
    )

    def __init__(self, data: Any, queryset: QuerySet, *, study: Study, user: Any):
        super().__init__(data, queryset, study=study, user=user)
        self.filters["lacking"].extra["choices"] = [
            (column.key, spoken(column.title)) for column in registry.completeness_columns()
        ]

    def without(self, rows: QuerySet, name: str, key: str) -> QuerySet:
        return completeness_grid.lacking(rows, key)


class SpecimenFilter(SiteFilter):
    procedure = django_filters.ChoiceFilter(
        label=_("Procedure"),
        choices=said_choices(Procedure.choices),
        empty_label=_("Any procedure"),
    )

    class Meta:
        model = Specimen
        fields = ["site", "procedure"]


class BatchFilter(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(
        label=_("State"), choices=state_choices(BatchState.values), empty_label=_("Any state")
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
        label=_("State"), choices=state_choices(JobState.values), empty_label=_("Any state")
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


class QueryFilter(SiteFilter):
    state = django_filters.ChoiceFilter(
        label=_("State"), choices=state_choices(QueryState.values), empty_label=_("Any state")
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
        self.user, self.seen = user, Query.objects.visible_to(user).filter(study=study).order_by()
        super().__init__(data, queryset, study=study, user=user)
        names = self.seen.exclude(field="").order_by("field").values_list("field", flat=True)
        labels = query_reads.FieldLabels(study.pk)
        self.filters["field"].extra["choices"] = [
            (name, labels.of("", name)) for name in names.distinct()
        ]

    def sites_offered(self, study: Study, user: Any) -> QuerySet[Site]:
        return Site.objects.filter(id__in=self.seen.values("site_id"))

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


class MemberFilter(SiteFilter):
    standing = django_filters.ChoiceFilter(
        label=_("Membership"),
        choices=[("current", _("in force")), ("ended", _("ended"))],
        method="standing_of",
        empty_label=_("In force or ended"),
    )
    role = django_filters.ChoiceFilter(
        label=_("Part"), choices=said_choices(Role.choices), empty_label=_("Any part")
    )
    right = django_filters.ChoiceFilter(
        label=_("Right"), choices=said_choices([(one, one) for one in RIGHTS]),
        method="with_right", empty_label=_("Any right"),
    )  # fmt: skip

    class Meta:
        model = Membership
        fields = ["standing", "role", "site", "right"]

    def sites_offered(self, study: Study, user: Any) -> QuerySet[Site]:
        return Site.objects.filter(study_sites__study=study)

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


class MoveFilter(SiteFilter):
    kind = django_filters.ChoiceFilter(
        label=_("Step"), choices=MoveKind.choices, empty_label=_("Any step")
    )

    class Meta:
        model = PatientMove
        fields = ["kind", "site"]
