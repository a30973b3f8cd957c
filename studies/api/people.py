"""People, sites and the history of a study: what the pages of people do, with the same rights."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from studies import audits, services
from studies.access import require
from studies.methods.problems import refuse
from studies.models import RIGHTS, Membership, Role, Site, StudySite
from studies.pagination import KeysetPagination

from .records import StudyScopedViewSet


class SiteField(serializers.CharField):
    """A site of the study by name; empty: all sites."""

    def __init__(self, **options: Any):
        super().__init__(**{"allow_blank": True, "max_length": 200, **options})


class MembershipSerializer(serializers.ModelSerializer):
    username = serializers.CharField(source="user.username", read_only=True)
    email = serializers.CharField(source="user.email", read_only=True)
    site = serializers.CharField(source="site.name", default="", read_only=True)

    class Meta:
        model = Membership
        fields = ("uid", "username", "email", "role", "site", "rights", "starts_on", "ends_on")


class InvitationSerializer(serializers.Serializer):
    email = serializers.EmailField(max_length=150)
    role = serializers.ChoiceField(Role.choices)
    site = SiteField(default="")


class InvitedSerializer(MembershipSerializer):
    """``invitation`` sets the person's password, once; empty when they have one already."""

    invitation = serializers.CharField()

    class Meta(MembershipSerializer.Meta):
        fields = (*MembershipSerializer.Meta.fields, "invitation")


class PartSerializer(serializers.Serializer):
    """What is not named stays as it is."""

    role = serializers.ChoiceField(Role.choices, required=False)
    site = SiteField(required=False)
    rights = serializers.ListField(child=serializers.ChoiceField(RIGHTS), required=False)
    ends_on = serializers.DateField(required=False, allow_null=True)


class LinkSerializer(serializers.Serializer):
    link = serializers.CharField()


class MembershipViewSet(mixins.CreateModelMixin, StudyScopedViewSet):
    """Who takes part and may do what; POST invites, PATCH changes, ``end`` ends from today."""

    serializer_class = MembershipSerializer
    queryset = Membership.objects.select_related("user", "site", "study")
    filterset_fields = ("role", "user__username", "site__name")

    @extend_schema(request=InvitationSerializer, responses={201: InvitedSerializer})
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        require(request.user, self.study, "manage")
        asked = InvitationSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        site = self._site(given["site"])
        user, path = services.person_invite(
            self.study, request.user, given["email"], given["role"], site
        )
        made = Membership.objects.get(study=self.study, user=user, site=site)
        shown = self.get_serializer(made).data | {"invitation": _welcome(request, path)}
        return Response(shown, status=status.HTTP_201_CREATED)

    @extend_schema(request=PartSerializer, responses={200: MembershipSerializer})
    def partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        require(request.user, self.study, "manage")
        asked = PartSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        member, given = self.get_object(), dict(asked.validated_data)
        if "site" in given:
            given["site"] = self._site(given["site"])
        part = {name: getattr(member, name) for name in ("role", "site", "rights", "ends_on")}
        changed = services.membership_change(member, request.user, **{**part, **given})
        return Response(self.get_serializer(changed).data)

    @extend_schema(request=None, responses={200: MembershipSerializer})
    @action(detail=True, methods=["post"])
    def end(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        require(request.user, self.study, "manage")
        return Response(
            self.get_serializer(services.membership_end(self.get_object(), request.user)).data
        )

    @extend_schema(request=None, responses={200: LinkSerializer})
    @action(detail=True, methods=["post"], url_path="password-link")
    def password_link(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """A link that sets a new password, once."""
        path = services.password_link(self.get_object(), request.user)
        return Response({"link": _welcome(request, path)})

    def _site(self, name: str) -> Site | None:
        if not name:
            return None
        site = Site.objects.filter(study_sites__study=self.study, name=name).first()
        if site is None:
            raise refuse("site", name, "a site of the study", "Correct the name.", column="site")
        return site


def _welcome(request: Request, path: str) -> str:
    if not path:
        return ""
    return request.build_absolute_uri(reverse("studies:welcome", args=path.split("/")))


class SiteSerializer(serializers.ModelSerializer):
    name = serializers.CharField(source="site.name", max_length=200)

    class Meta:
        model = StudySite
        fields = ("uid", "name", "created_at")
        read_only_fields = ("uid", "created_at")


class SiteViewSet(mixins.CreateModelMixin, StudyScopedViewSet):
    """The hospitals of a study; POST adds one."""

    serializer_class = SiteSerializer
    queryset = StudySite.objects.select_related("site")

    def perform_create(self, serializer: Any) -> None:
        name = serializer.validated_data["site"]["name"]
        serializer.instance = services.site_add(self.study, self.request.user, name)


class FieldChangeSerializer(serializers.Serializer):
    field = serializers.CharField()
    before = serializers.CharField()
    after = serializers.CharField()


class HistoryLineSerializer(serializers.Serializer):
    at = serializers.DateTimeField()
    who = serializers.CharField(allow_null=True)
    record = serializers.CharField(source="table")
    what = serializers.CharField(source="label")
    of = serializers.CharField(source="subject")
    changes = serializers.SerializerMethodField()
    reason = serializers.CharField()
    request = serializers.CharField()

    @extend_schema(responses=FieldChangeSerializer(many=True))
    def get_changes(self, line: audits.Line) -> list[dict[str, str]]:
        names = ("field", "before", "after")
        return [dict(zip(names, change, strict=True)) for change in line.changes]


class HistoryPageSerializer(serializers.Serializer):
    """``next``: the ``after`` of the page that follows; nothing after the last."""

    results = HistoryLineSerializer(many=True)
    next = serializers.CharField(allow_null=True)


class HistorySerializer(serializers.Serializer):
    """What may be asked of the history."""

    table = serializers.CharField(default="", help_text="a kind of record: patient, membership")
    person = serializers.CharField(default="", help_text="a username")
    what = serializers.ChoiceField(("insert", "update", "delete"), default="")
    since = serializers.DateField(default=None, allow_null=True)
    until = serializers.DateField(default=None, allow_null=True)
    after = serializers.CharField(default="", help_text="``next`` of the page before")
    page_size = serializers.IntegerField(
        default=audits.PAGE, min_value=1, max_value=KeysetPagination.max_page_size
    )


class HistoryViewSet(StudyScopedViewSet):
    """Everything that changed in the study, the newest first; needs ``manage``."""

    right = "manage"
    serializer_class = HistoryPageSerializer
    queryset = Membership.objects.none()

    @extend_schema(
        parameters=[
            HistorySerializer,
            OpenApiParameter("cursor", OpenApiTypes.STR, exclude=True),
        ],
        responses={200: HistoryPageSerializer},
    )
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        asked = HistorySerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        given = dict(asked.validated_data)
        size = given.pop("page_size")
        given["person"] = self._person(given["person"])
        place = {"after": given.pop("after")}
        changes = audits.Changes(
            request.user, self.study, audits.Asked(**given), "identifiers" in self.rights
        )
        page = changes.sized_page(place, size)
        return Response(
            {"results": HistoryLineSerializer(page.rows, many=True).data, "next": page.next}
        )

    @extend_schema(exclude=True)
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Events are listed, not named one by one."""
        return Response(status=status.HTTP_405_METHOD_NOT_ALLOWED)

    def _person(self, name: str) -> int | None:
        if not name:
            return None
        member = Membership.objects.filter(study=self.study, user__username=name).first()
        if member is None:
            raise refuse("person", name, "a member's username", "Correct it.", column="person")
        return member.user_id


ROUTES = [
    ("memberships", MembershipViewSet, "membership"),
    ("sites", SiteViewSet, "site"),
    ("history", HistoryViewSet, "history"),
]
