"""What a page shows that takes long to draw: kept by the digest of all that went in."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models

from .base import DerivedMixin, StudyQuerySet, StudyRow, memberships_reading


class DrawingQuerySet(StudyQuerySet):
    def visible_to(self, user: Any) -> DrawingQuerySet:
        """Readers of every site that is shown."""
        held = list(memberships_reading(self.model, user).values_list("study_id", "site_id"))
        whole = [study for study, site in held if site is None]
        sites = [site for _, site in held if site is not None]
        here = models.Q(study_id__in={study for study, _ in held}, site_ids__contained_by=sites)
        return self.filter(models.Q(study_id__in=whole) | here)


class Drawing(StudyRow, DerivedMixin):
    """Figures of one page, drawn from the rows of the sites named; another input, another row."""

    page = models.CharField(max_length=60)
    subject = models.CharField(max_length=60, blank=True)
    site_ids = ArrayField(models.BigIntegerField())
    figures = models.JSONField()  # title, caption, table of each, in order
    specs = models.JSONField()  # by key of the figure
    pictures = models.JSONField()  # SVG by key
    said = models.JSONField(default=dict)

    objects = DrawingQuerySet.as_manager()

    class Meta:
        default_related_name = "drawings"
        constraints = [
            models.UniqueConstraint(
                fields=["study", "page", "subject", "inputs_digest"], name="drawing_once"
            )
        ]
