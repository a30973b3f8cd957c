"""Whether something was written since, and what a stage said when nothing was."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from .base import StudyRow


class TableMark(models.Model):
    """One write to a table: a random number, by trigger; their sum is another after any write.

    ``study`` is none for tables that belong to no study. The sum of many is kept as one row.
    """

    study = models.ForeignKey(
        "studies.Study", null=True, on_delete=models.PROTECT, related_name="+", db_constraint=False
    )
    source = models.CharField(max_length=140)
    number = models.DecimalField(max_digits=60, decimal_places=0)

    class Meta:
        indexes = [models.Index(fields=["study", "source"], name="table_mark_of")]


class KeptStage(StudyRow):
    """How a stage stood for those of one reach, by the mark of the tables that it was read from."""

    stage = models.CharField(max_length=40)
    reach = models.CharField(max_length=64)
    language = models.CharField(max_length=12)
    site_ids = ArrayField(models.BigIntegerField())  # whose rows are counted; 0: all sites'
    sources = ArrayField(models.CharField(max_length=140))
    mark = models.CharField(max_length=64)
    state = models.CharField(max_length=20)
    headline = models.TextField()
    detail = models.TextField(blank=True)
    url = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["study", "stage", "reach", "language"], name="kept_stage_once"
            )
        ]
