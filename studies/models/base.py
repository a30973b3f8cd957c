"""What every record shares: keys, tenancy and parentage."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pghistory
from django.contrib.postgres.expressions import ArraySubquery
from django.db import models
from django.utils import timezone

from studies.identifiers import uuid7


def every_change(**options: Any) -> Callable[[type[models.Model]], type[models.Model]]:
    """History of inserts, updates and deletes alike, by trigger."""
    events = (pghistory.InsertEvent(), pghistory.UpdateEvent(), pghistory.DeleteEvent())
    return pghistory.track(*events, **options)


class CodesField(models.JSONField):
    """Code to label, in the order that was given: kept as pairs, since jsonb sorts its keys."""

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        stored = super().from_db_value(value, expression, connection)
        return dict(stored) if isinstance(stored, list) else stored

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        pairs = [list(pair) for pair in value.items()] if isinstance(value, dict) else value
        return super().get_db_prep_value(pairs, connection, prepared)


@models.CharField.register_lookup
class Begins(models.Lookup):
    """``begins``: a prefix as the database may look it up under row-level policies.

    ``startswith`` is LIKE, which might tell of rows that a policy hides: it is asked after the
    policy, of every row. This operator tells nothing, so that an index answers it.
    """

    lookup_name = "begins"

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        left, left_params = self.process_lhs(compiler, connection)
        right, right_params = self.process_rhs(compiler, connection)
        return f"{left} ^@ {right}", [*left_params, *right_params]


class Row(models.Model):
    """A bigint inside the house, a uuidv7 outside."""

    id = models.BigAutoField(primary_key=True)
    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.uid}"


def membership_in_force(user: Any) -> models.Q:
    """Memberships of ``user`` that hold today."""
    today = timezone.localdate()
    ends = models.Q(ends_on__isnull=True) | models.Q(ends_on__gt=today)
    return models.Q(user_id=user.pk, starts_on__lte=today) & ends


class StudyQuerySet(models.QuerySet):
    """Rows of a study; ``visible_to`` is the one way from a user to rows."""

    def visible_to(self, user: Any) -> StudyQuerySet:
        memberships = _memberships(self.model).filter(membership_in_force(user))
        return self.filter(study_id__in=memberships.values("study_id"))


class BroughtQuerySet(StudyQuerySet):
    """Files that somebody brought and jobs that somebody asked for, by the sites they are of.

    Seen by whoever brought or asked, by members of each of the ``site_ids``, and by those who see
    all sites. No array: of all sites. An empty one: of the study, and no site's.
    """

    whose = "uploaded_by_id"

    def visible_to(self, user: Any) -> BroughtQuerySet:
        mine = _memberships(self.model).filter(membership_in_force(user))
        mine = mine.filter(study_id=models.OuterRef("study_id"))
        everywhere = mine.filter(site_id__isnull=True)
        here = ArraySubquery(mine.filter(site_id__isnull=False).values("site_id"))
        seen = models.Q(models.Exists(everywhere)) | self._of(user, here)
        return self.filter(models.Exists(mine)).filter(seen)

    def of_sites(self, user: Any, site_ids: Sequence[int]) -> BroughtQuerySet:
        """Of a member of these sites alone."""
        return self.filter(self._of(user, list(site_ids)))

    def _of(self, user: Any, site_ids: Any) -> models.Q:
        return models.Q(**{self.whose: user.pk}) | models.Q(site_ids__contained_by=site_ids)


class PatientQuerySet(StudyQuerySet):
    """Rows below a patient: the study, and the member's site or all of them."""

    def visible_to(self, user: Any) -> PatientQuerySet:
        memberships = memberships_reading(self.model, user)
        here = memberships.filter(study_id=models.OuterRef("study_id")).filter(
            models.Q(site_id__isnull=True) | models.Q(site_id=models.OuterRef("site_id"))
        )
        return self.filter(models.Exists(here))


def memberships_reading(model: type[models.Model], user: Any) -> models.QuerySet:
    """Memberships of ``user`` in force that read rows of patients."""
    rows = _memberships(model).filter(membership_in_force(user))
    return rows.filter(rights__contains=["rows"])


def _memberships(model: type[models.Model]) -> models.QuerySet:
    return model._meta.apps.get_model("studies", "Membership")._default_manager.all()


class StudyRow(Row):
    study = models.ForeignKey("studies.Study", on_delete=models.PROTECT, related_name="+")

    objects = StudyQuerySet.as_manager()

    class Meta:
        abstract = True


class PatientRow(StudyRow):
    """A row below a patient; study and site are held equal to the patient's by the database."""

    site = models.ForeignKey("studies.Site", on_delete=models.PROTECT, related_name="+")
    patient = models.ForeignKey("studies.Patient", on_delete=models.PROTECT)

    objects = PatientQuerySet.as_manager()

    class Meta:
        abstract = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        patient = kwargs.get("patient")
        if patient is not None and "study_id" not in kwargs and "study" not in kwargs:
            kwargs.update(study_id=patient.study_id, site_id=patient.site_id)
        super().__init__(*args, **kwargs)


class DerivedMixin(models.Model):
    """Computed, append-only: which job made it, and the digest of all that went in."""

    produced_by = models.ForeignKey(
        "studies.Job", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    inputs_digest = models.CharField(max_length=64, blank=True)

    class Meta:
        abstract = True
