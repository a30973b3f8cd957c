"""The table a model was fitted to or judged on, frozen with who is in it and who is not."""

from __future__ import annotations

from django.db import models

from studies.methods.wording import say
from studies.models import Cohort, DerivedMixin, PatientRow, StoredFile, StudyRow
from studies.models.protect import unchangeable_except, unchangeable_of_patient


class DatasetSnapshot(DerivedMixin, StudyRow):
    """One question's rows and columns; ``sha256`` is the digest of the Parquet table.

    ``question`` holds purpose, cohorts, columns and missing-data rule; ``targets`` names what is
    predicted in each cohort (METHODS section 4). ``cohorts`` holds uid, role and use of each by the
    name it had: what a cohort becomes later changes nothing of these rows.
    """

    number = models.PositiveIntegerField()
    question = models.JSONField()
    targets = models.JSONField()
    cohorts = models.JSONField(default=dict, blank=True)
    table = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="snapshots")
    sha256 = models.CharField(max_length=64)
    columns = models.JSONField()
    notices = models.JSONField(default=list, blank=True)
    frozen_at = models.DateTimeField()
    not_reproducible_since = models.DateTimeField(null=True, blank=True)

    class Meta:
        default_related_name = "dataset_snapshots"
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["study", "number"], name="snapshot_number_once"),
            models.UniqueConstraint(fields=["study", "inputs_digest"], name="snapshot_inputs_once"),
            models.CheckConstraint(
                condition=models.Q(sha256__regex=r"^[0-9a-f]{64}$"), name="snapshot_sha256_is_hex"
            ),
        ]
        triggers = unchangeable_except("snapshot", "not_reproducible_since")

    def __str__(self) -> str:
        return say("frozen table {number}", number=self.number)


class SnapshotMember(PatientRow):
    """A patient of a cohort the question asks about: in the table, or out and why.

    ``pseudonym`` is the one of that day, under which the table holds the patient's row.
    """

    snapshot = models.ForeignKey(DatasetSnapshot, on_delete=models.PROTECT, related_name="members")
    cohort = models.ForeignKey(Cohort, on_delete=models.PROTECT, related_name="+")
    pseudonym = models.CharField(max_length=64)
    included = models.BooleanField()
    reason = models.CharField(max_length=300, blank=True)

    class Meta:
        default_related_name = "snapshot_memberships"
        constraints = [
            models.UniqueConstraint(
                fields=["snapshot", "patient", "cohort"], name="snapshot_member_once"
            ),
            models.CheckConstraint(
                condition=models.Q(included=True, reason="")
                | models.Q(included=False) & ~models.Q(reason=""),
                name="snapshot_member_out_has_reason",
            ),
        ]
        triggers = unchangeable_of_patient("snapshot_member", purged=False)
