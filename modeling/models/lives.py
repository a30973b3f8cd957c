"""The life of a version: states as reasoned events, proofs that its numbers come out again."""

from __future__ import annotations

import pgtrigger
from django.conf import settings
from django.db import models

from studies.methods.wording import marked
from studies.models import DerivedMixin, StoredResult, StudyRow
from studies.models.protect import unchangeable

from .runs import ModelRun, ModelVersion


class VersionState(models.TextChoices):
    DRAFT = "draft"
    VALIDATED = "validated"
    RELEASED = "released"
    RETIRED = "retired"


MOVES: tuple[tuple[str, str], ...] = (
    (VersionState.DRAFT, VersionState.VALIDATED),
    (VersionState.DRAFT, VersionState.RETIRED),
    (VersionState.VALIDATED, VersionState.RELEASED),
    (VersionState.VALIDATED, VersionState.RETIRED),
    (VersionState.RELEASED, VersionState.RETIRED),
    (VersionState.RETIRED, VersionState.RELEASED),  # a rollback
)
# The move starts where the last one ended, and the one who ran it does not release it.
_CHECK_MOVE = """
    IF NEW.from_state IS DISTINCT FROM COALESCE((
        SELECT e.to_state FROM modeling_versionevent e
        WHERE e.version_id = NEW.version_id ORDER BY e.number DESC LIMIT 1), 'draft')
    THEN
        RAISE EXCEPTION 'version_event: the version is not %', NEW.from_state;
    END IF;
    IF NEW.to_state = 'released' AND NOT EXISTS (
        SELECT 1 FROM modeling_modelversion v
        JOIN modeling_modelrun r ON r.id = v.run_id
        JOIN studies_job j ON j.id = COALESCE(v.produced_by_id, r.produced_by_id)
        WHERE v.id = NEW.version_id AND j.acting_user_id <> NEW.acted_by_id)
    THEN
        RAISE EXCEPTION 'version_event: a release needs a second person';
    END IF;
    IF NEW.to_state = 'released' AND EXISTS (
        SELECT 1 FROM modeling_versionevent e WHERE e.version_id = NEW.version_id
        AND e.to_state = 'retired') AND NOT EXISTS (
        SELECT 1 FROM modeling_versionevent e WHERE e.version_id = NEW.version_id
        AND e.to_state = 'released')
    THEN
        RAISE EXCEPTION 'version_event: never released, so not to be rolled back to';
    END IF;
    RETURN NEW;
"""


class VersionEvent(StudyRow):
    """A version changes its state: who, from what to what, and why. Never edited, only added."""

    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="events")
    number = models.PositiveIntegerField()
    from_state = models.TextField(choices=VersionState.choices)
    to_state = models.TextField(choices=VersionState.choices)
    reason = models.CharField(max_length=1000)
    acted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        default_related_name = "version_events"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["version", "number"], name="version_event_once"),
            models.CheckConstraint(
                condition=models.Q(reason__regex=r"\S{3}"), name="version_event_has_reason"
            ),
            models.CheckConstraint(
                condition=models.Q(
                    *(models.Q(from_state=a, to_state=b) for a, b in MOVES),
                    _connector=models.Q.OR,
                ),
                name="version_event_move_known",
            ),
        ]
        triggers = [
            *unchangeable("version_event"),
            pgtrigger.Trigger(
                name="version_event_move",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func=_CHECK_MOVE,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.version}: {self.from_state} to {self.to_state}"


class Verdict(models.TextChoices):
    EQUAL = "equal", marked("Equal")
    WITHIN_TOLERANCE = "within_tolerance", marked("within tolerance")
    DIFFERENT = "different", marked("Different")


class Reproduction(DerivedMixin, StudyRow):
    """A run computed again from its frozen rows, number by number; the proof stays.

    ``changed_since`` counts what the records say now that they did not say when the rows were
    frozen: it is told beside the verdict and is no part of it.
    """

    run = models.ForeignKey(ModelRun, on_delete=models.PROTECT, related_name="reproductions")
    verdict = models.TextField(choices=Verdict.choices)
    tolerance = models.FloatField()
    compared = models.PositiveIntegerField()
    largest_difference = models.FloatField(null=True, blank=True)
    parts = models.JSONField()
    differences = models.JSONField(default=list, blank=True)
    library_versions = models.JSONField()
    changed_libraries = models.JSONField(default=dict, blank=True)
    changed_since = models.JSONField(default=list, blank=True)
    commit = models.CharField(max_length=64, blank=True)
    seconds = models.FloatField(default=0)

    class Meta:
        default_related_name = "reproductions"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(verdict__in=Verdict.values), name="reproduction_verdict_known"
            ),
            models.CheckConstraint(
                condition=models.Q(compared__gt=0), name="reproduction_of_something"
            ),
        ]
        triggers = unchangeable("reproduction")

    def __str__(self) -> str:
        return f"reproduction of {self.run}: {self.get_verdict_display()}"


class Examination(DerivedMixin, StudyRow):
    """What a version was asked beyond its run: groups, subgroups, importance, learning, drift."""

    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="examinations")
    seed = models.BigIntegerField()
    results = StoredResult(reads=(1, 2))
    results_sha256 = models.CharField(max_length=64)
    notices = models.JSONField(default=list, blank=True)
    seconds = models.FloatField(default=0)

    class Meta:
        default_related_name = "examinations"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["version", "inputs_digest"], name="examination_inputs_once"
            ),
        ]
        triggers = unchangeable("examination")

    def __str__(self) -> str:
        return f"examination of {self.version}"
