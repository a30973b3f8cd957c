"""A patient's form, its queries and its history: what the pages of entry do."""

from __future__ import annotations

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from studies import access, entries, entry_sent, histories, services
from studies.methods.course import FACT_KINDS
from studies.methods.problems import DataProblem, Problem
from studies.methods.wording import say
from studies.models import Membership, Patient, Query, QueryMessage, QueryState, Study
from studies.services.fact_rows import cell_of, parts_of
from studies.services.record_reading import Record

from .records import StudyScopedViewSet

OF_A_ROW = ("key", "remove")
FORM = OpenApiParameter("form", str, default="baseline")


class RecordSerializer(serializers.Serializer):
    """``values`` by variable as they are typed (``<0.5``, ``2024-05``, ``not_done``)."""

    patient = serializers.CharField(read_only=True)
    form = serializers.CharField(read_only=True)
    dictionary = serializers.IntegerField(read_only=True)
    state = serializers.CharField(read_only=True)
    row_version = serializers.IntegerField()
    values = serializers.DictField(child=serializers.CharField(allow_blank=True), default=dict)
    facts = serializers.DictField(
        child=serializers.ListField(child=serializers.DictField()), default=dict
    )
    derived = serializers.ListField(child=serializers.DictField(), read_only=True)
    notices = serializers.ListField(child=serializers.DictField(), read_only=True)


class RecordChangeSerializer(serializers.Serializer):
    """What is not named stays. A fact with ``key`` is changed, with ``remove`` taken away."""

    row_version = serializers.IntegerField(min_value=0)
    values = serializers.DictField(child=serializers.CharField(allow_blank=True), default=dict)
    facts = serializers.DictField(
        child=serializers.ListField(child=serializers.DictField()), default=dict
    )
    complete = serializers.BooleanField(default=True)
    reason = serializers.CharField(default="", allow_blank=True, max_length=500)


class StateSerializer(serializers.Serializer):
    state = serializers.CharField(help_text="verified, locked, complete; dictionary takes it over")
    reason = serializers.CharField(default="", allow_blank=True, max_length=500)


class ChangeSerializer(serializers.Serializer):
    change = serializers.IntegerField(source="event.pgh_id")
    at = serializers.DateTimeField()
    who = serializers.CharField(allow_null=True)
    what = serializers.CharField()
    before = serializers.CharField()
    after = serializers.CharField()
    reason = serializers.CharField()
    request = serializers.CharField()


class RestoreSerializer(serializers.Serializer):
    field = serializers.CharField()
    change = serializers.IntegerField()
    reason = serializers.CharField(max_length=500)


class RecordViewSet(StudyScopedViewSet):
    """A patient's form with its dated facts, by the patient's uid; calendar dates as typed."""

    right = "rows"
    serializer_class = RecordSerializer
    queryset = Patient.objects.select_related("site", "study")

    @extend_schema(exclude=True)
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Records are read one by one; ``form-entries`` lists."""
        return Response(status=status.HTTP_405_METHOD_NOT_ALLOWED)

    @extend_schema(parameters=[FORM])
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return Response(_shown(self._record()))

    @extend_schema(
        parameters=[FORM],
        request=RecordChangeSerializer,
        responses={200: RecordSerializer, 409: RecordSerializer},
    )
    def partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Change values and facts; 409 with the form as it is when somebody saved it meanwhile."""
        record = self._record()
        asked = RecordChangeSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        try:
            services.record_write(
                record.patient, request.user, record.form, _cells(record, given),
                given["row_version"], given["complete"], given["reason"],
            )  # fmt: skip
        except services.RecordChangedError:
            return Response(_shown(self._record()), status=status.HTTP_409_CONFLICT)
        return Response(_shown(self._record()))

    @extend_schema(parameters=[FORM], request=StateSerializer, responses={200: RecordSerializer})
    @action(detail=True, methods=["post"])
    def state(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Verify, lock, unlock, open again, or take over into the dictionary in force."""
        asked = StateSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        patient, form = self.get_object(), self._form()
        if asked.validated_data["state"] == "dictionary":
            services.record_take_over(patient, request.user, form)
        else:
            services.record_state_set(patient, request.user, form, **asked.validated_data)
        record = services.record_read(patient, form)
        return Response({"patient": patient.pseudonym, "form": form, "state": record.state,
                         "row_version": record.version})  # fmt: skip

    @extend_schema(
        parameters=[FORM, OpenApiParameter("field", str, required=True)],
        responses={200: ChangeSerializer(many=True)},
        filters=False,
    )
    @action(detail=True, pagination_class=None)
    def history(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Every change of one field; days from treatment start without ``identifiers``."""
        field = self._field(request.query_params.get("field", ""))
        patient = self.get_object()
        dates = access.holds_at(request.user, patient, "rows", "identifiers")
        found = histories.field_changes(patient, self._form(), field, dates)
        return Response(ChangeSerializer(found, many=True).data)

    @extend_schema(parameters=[FORM], request=RestoreSerializer, responses={200: RecordSerializer})
    @action(detail=True, methods=["post"])
    def restore(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Let an earlier value stand again, as a new change."""
        asked = RestoreSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        patient = self.get_object()
        field = self._field(given["field"])
        services.field_restore(
            patient, request.user, self._form(), field, given["change"], given["reason"]
        )
        return Response(_shown(self._record()))

    def _form(self) -> str:
        return self.request.query_params.get("form", "baseline")[:40]

    def _field(self, name: str) -> str:
        if name not in services.fields_of(self.get_object(), self._form()):
            problem = Problem("field", repr(name), "a field of the form", "See the dictionary.",
                              column="field")  # fmt: skip
            raise DataProblem([problem])
        return name

    def _record(self) -> Record:
        patient = self.get_object()
        access.require_at(self.request.user, patient, "rows", "identifiers")
        return services.record_read(patient, self._form())


def _shown(record: Record) -> dict[str, Any]:
    checked = services.record_check(record, record.cells, complete=False)
    facts: dict[str, list[dict[str, str]]] = {}
    for cell, text in record.cells.items():
        kind, _, key = cell.partition(":")
        if key:
            names = [part.name for part in FACT_KINDS[kind].parts]
            facts.setdefault(kind, []).append(
                {"key": key, **dict(zip(names, parts_of(text), strict=False))}
            )
    return {
        "patient": record.patient.pseudonym,
        "form": record.form,
        "dictionary": record.dictionary.number,
        "state": record.state,
        "row_version": record.version,
        "values": {spec.name: record.cells[spec.name] for spec in record.asked},
        "facts": facts,
        "derived": entries.derived_lines(record, checked.derived),
        "notices": [notice.as_dict() for notice in checked.notices],
    }


def _cells(record: Record, given: dict[str, Any]) -> dict[str, str]:
    """The cells that a change names; a name that is none is refused."""
    asked = {spec.name for spec in record.asked}
    problems = [
        Problem("values", name, "a variable that the form asks for", "See the dictionary.",
                column=name)
        for name in given["values"]
        if name not in asked
    ]  # fmt: skip
    cells = {name: text.strip() for name, text in given["values"].items() if name in asked}
    for kind, rows in given["facts"].items():
        if kind not in FACT_KINDS:
            known = ", ".join(FACT_KINDS)
            problems.append(
                Problem(
                    "facts", kind, say("one of {known}", known=known), "Correct it.", column=kind
                )
            )
            continue
        for row in rows:
            key = str(row.get("key") or entry_sent.new_key())[:40]
            names = [part.name for part in FACT_KINDS[kind].parts]
            problems += [
                Problem(f"facts.{kind}", name, ", ".join([*names, *OF_A_ROW]), "Correct it.",
                        column=name)
                for name in row
                if name not in (*names, *OF_A_ROW)
            ]  # fmt: skip
            stored = parts_of(record.cells.get(f"{kind}:{key}", ""))
            before = dict(zip(names, stored or entry_sent.blank_row(kind), strict=False))
            texts = [str(row.get(name, before.get(name, "")) or "") for name in names]
            cells[f"{kind}:{key}"] = "" if row.get("remove") else cell_of(texts)
    if problems:
        raise DataProblem(problems)
    return cells


class QueryMessageSerializer(serializers.ModelSerializer):
    author = serializers.CharField(source="author.username", read_only=True)

    class Meta:
        model = QueryMessage
        fields = ("uid", "author", "text", "state", "created_at")


class QuerySerializer(serializers.ModelSerializer):
    patient = serializers.CharField(source="patient.pseudonym", read_only=True)
    site = serializers.CharField(source="site.name", read_only=True)
    raised_by = serializers.CharField(source="raised_by.username", read_only=True)
    assignee = serializers.CharField(source="assignee.username", read_only=True, default=None)
    messages = QueryMessageSerializer(many=True, read_only=True)

    class Meta:
        model = Query
        fields = ("uid", "patient", "site", "form", "field", "state", "raised_by", "assignee",
                  "created_at", "messages")  # fmt: skip


class QueryRaiseSerializer(serializers.Serializer):
    patient = serializers.UUIDField()
    form = serializers.CharField(default="baseline", max_length=40)
    field = serializers.CharField(default="", allow_blank=True, max_length=64)
    text = serializers.CharField(max_length=4000)
    assignee = serializers.CharField(default="", allow_blank=True, help_text="a username")


class QuerySaySerializer(serializers.Serializer):
    text = serializers.CharField(max_length=4000)
    state = serializers.ChoiceField(QueryState.choices)
    assignee = serializers.CharField(default="", allow_blank=True, help_text="a username")


class QueryViewSet(StudyScopedViewSet):
    """Queries with their threads; POST asks."""

    right = "rows"
    serializer_class = QuerySerializer
    queryset = Query.objects.select_related(
        "patient__site", "patient__study", "site", "raised_by", "assignee"
    ).prefetch_related("messages__author")
    filterset_fields = ("state", "field", "form", "site__name")

    @extend_schema(request=QueryRaiseSerializer, responses={201: QuerySerializer})
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        asked = QueryRaiseSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        given = dict(asked.validated_data)
        mine = access.visible(Patient.objects.all(), request.user, self.study)
        patient = get_object_or_404(mine.select_related("site", "study"), uid=given.pop("patient"))
        given["assignee"] = _person(self.study, given["assignee"])
        query = services.query_raise(patient, request.user, **given)
        return Response(QuerySerializer(query).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=QuerySaySerializer, responses={200: QuerySerializer})
    @action(detail=True, methods=["post"])
    def say(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """A word in the thread that leaves the query open, answered or closed."""
        asked = QuerySaySerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        given = dict(asked.validated_data)
        given["assignee"] = _person(self.study, given["assignee"])
        services.query_say(self.get_object(), request.user, **given)
        return Response(self.get_serializer(self.get_object()).data)


def _person(study: Study, name: str) -> Any:
    """A member by username: who else has an account here is not told."""
    if not name:
        return None
    members = Membership.objects.current().filter(study=study, user__username=name)
    found = members.select_related("user").first()
    if found is None:
        problem = Problem("assignee", repr(name), "a member's username", "Correct it.",
                          column="assignee")  # fmt: skip
        raise DataProblem([problem])
    return found.user


ROUTES = [("records", RecordViewSet, "record"), ("queries", QueryViewSet, "query")]
