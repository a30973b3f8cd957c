"""Who takes part: studies, hospitals, and what each person may do."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from .base import Row, StudyQuerySet, StudyRow, every_change, membership_in_force


class StudyManager(models.QuerySet):
    def visible_to(self, user: Any) -> StudyManager:
        memberships = Membership.objects.filter(membership_in_force(user))
        return self.filter(id__in=memberships.values("study_id"))


@every_change()
class Study(Row):
    """A research study (DICOM's study is ``DicomStudy``)."""

    name = models.CharField(max_length=200, unique=True)
    description = models.TextField(blank=True)
    is_simulated = models.BooleanField(default=False)

    objects = StudyManager.as_manager()

    class Meta:
        verbose_name_plural = "studies"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


@every_change()
class Site(Row):
    """A hospital."""

    name = models.CharField(max_length=200, unique=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


@every_change()
class StudySite(StudyRow):
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="study_sites")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["study", "site"], name="study_site_once"),
        ]


class Role(models.TextChoices):
    ADMINISTRATOR = "administrator"
    COORDINATOR = "coordinator"
    STATISTICIAN = "statistician"
    COLLABORATOR = "collaborator"


RIGHTS_OF_ROLE: dict[str, tuple[str, ...]] = {
    Role.ADMINISTRATOR: ("aggregates", "rows", "download", "comment", "verify", "manage"),
    Role.COORDINATOR: (
        "aggregates",
        "rows",
        "identifiers",
        "download",
        "enter",
        "verify",
        "comment",
    ),
    Role.STATISTICIAN: ("aggregates", "rows", "download", "run", "comment"),
    Role.COLLABORATOR: ("aggregates", "rows", "comment"),
}
RIGHTS = (
    "aggregates", "rows", "identifiers", "download", "enter", "verify", "run", "comment", "manage",
)  # fmt: skip


class MembershipQuerySet(StudyQuerySet):
    def in_force(self, user: Any) -> MembershipQuerySet:
        return self.filter(membership_in_force(user))

    def current(self) -> MembershipQuerySet:
        """Anybody's that hold today."""
        today = timezone.localdate()
        ends = models.Q(ends_on__isnull=True) | models.Q(ends_on__gt=today)
        return self.filter(ends, starts_on__lte=today)

    def at(self, site_id: int) -> MembershipQuerySet:
        """That reach a site: its own, and those of all sites."""
        return self.filter(models.Q(site_id__isnull=True) | models.Q(site_id=site_id))


@every_change()
class Membership(StudyRow):
    """A person's part in a study: at one site or at all, with named rights, for a time."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="memberships"
    )
    site = models.ForeignKey(
        Site, null=True, blank=True, on_delete=models.PROTECT, related_name="memberships"
    )
    role = models.TextField(choices=Role.choices)
    rights = ArrayField(models.TextField(), default=list, blank=True)
    starts_on = models.DateField(default=timezone.localdate)
    ends_on = models.DateField(null=True, blank=True)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["study", "user", "site"], nulls_distinct=False, name="membership_once"
            ),
            models.CheckConstraint(
                condition=models.Q(role__in=Role.values), name="membership_role_known"
            ),
            models.CheckConstraint(
                condition=models.Q(rights__contained_by=list(RIGHTS)),
                name="membership_rights_known",
            ),
            models.CheckConstraint(
                condition=models.Q(ends_on__isnull=True)
                | models.Q(ends_on__gte=models.F("starts_on")),
                name="membership_ends_after_start",
            ),
        ]

    @property
    def has_ended(self) -> bool:
        return self.ends_on is not None and self.ends_on <= timezone.localdate()

    def rights_by_role(self) -> list[str]:
        return list(RIGHTS_OF_ROLE[self.role])

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self.rights and self._state.adding:
            self.rights = self.rights_by_role()
        super().save(*args, **kwargs)
