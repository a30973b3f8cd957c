"""The data dictionary of a study: versions, variables, derived ones; a frozen one stays."""

from __future__ import annotations

import pgtrigger
from django.db import models

from studies.methods.dictionary import KNOWN_WHEN

from .base import CodesField, Row, StudyRow, every_change


class VariableType(models.TextChoices):
    NUMBER = "number"
    DATE = "date"
    CATEGORY = "category"
    TEXT = "text"


@every_change()
class DictionaryVersion(StudyRow):
    """The study's data dictionary at one moment; a change makes the next number."""

    number = models.PositiveIntegerField()
    frozen_at = models.DateTimeField(null=True, blank=True)
    note = models.TextField(blank=True)

    class Meta:
        default_related_name = "dictionary_versions"
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["study", "number"], name="dictionary_number_once"),
            models.UniqueConstraint(
                fields=["study"],
                condition=models.Q(frozen_at__isnull=True),
                name="dictionary_one_draft",
            ),
        ]
        triggers = [
            pgtrigger.Protect(
                name="frozen_dictionary",
                operation=pgtrigger.Update | pgtrigger.Delete,
                condition=pgtrigger.Q(old__frozen_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"dictionary {self.number}"


def frozen_with_its_dictionary(name: str) -> pgtrigger.Trigger:
    """What a frozen dictionary says is not changed: a change makes the next version."""
    return pgtrigger.Trigger(
        name=name,
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
        func="""
            IF EXISTS (
                SELECT 1 FROM studies_dictionaryversion d
                WHERE d.id IN (OLD.dictionary_id, NEW.dictionary_id) AND d.frozen_at IS NOT NULL
            ) THEN
                RAISE EXCEPTION 'a frozen dictionary is not changed; make a new version'
                USING ERRCODE = 'check_violation';
            END IF;
            IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
            RETURN NEW;
        """,
    )


@every_change()
class Variable(Row):
    """One column of the dictionary: type, unit (UCUM), ranges, codes, when required and known."""

    dictionary = models.ForeignKey(
        DictionaryVersion, on_delete=models.PROTECT, related_name="variables"
    )
    position = models.PositiveSmallIntegerField()
    form = models.CharField(max_length=40, default="baseline")
    section = models.CharField(max_length=80, blank=True)
    name = models.CharField(max_length=64)
    label = models.CharField(max_length=200)
    type = models.TextField(choices=VariableType.choices)
    unit = models.CharField(max_length=40, blank=True)
    minimum = models.FloatField(null=True, blank=True)
    maximum = models.FloatField(null=True, blank=True)
    plausible_minimum = models.FloatField(null=True, blank=True)
    plausible_maximum = models.FloatField(null=True, blank=True)
    codes = CodesField(default=dict, blank=True)
    missing_codes = models.JSONField(default=list, blank=True)
    required_for = models.JSONField(default=list, blank=True)
    known_when = models.TextField(default="", db_default="", blank=True)  # empty: not said

    class Meta:
        ordering = ["position", "id"]
        triggers = [frozen_with_its_dictionary("frozen_variable")]
        constraints = [
            models.UniqueConstraint(fields=["dictionary", "name"], name="variable_name_once"),
            models.CheckConstraint(
                condition=models.Q(type__in=VariableType.values), name="variable_type_known"
            ),
            models.CheckConstraint(
                condition=~models.Q(type="category") | ~models.Q(codes={}),
                name="variable_category_has_codes",
            ),
            models.CheckConstraint(
                condition=models.Q(known_when__in=["", *KNOWN_WHEN]), name="variable_known_when"
            ),
        ]

    def __str__(self) -> str:
        return self.name


@every_change()
class DerivedVariable(Row):
    """A cut-point or computed value: an expression over the dictionary's variables."""

    dictionary = models.ForeignKey(
        DictionaryVersion, on_delete=models.PROTECT, related_name="derived"
    )
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=64)
    label = models.CharField(max_length=200)
    expression = models.CharField(max_length=500)
    unit = models.CharField(max_length=40, blank=True)

    class Meta:
        ordering = ["position", "id"]
        triggers = [frozen_with_its_dictionary("frozen_derived")]
        constraints = [
            models.UniqueConstraint(
                fields=["dictionary", "name"], name="derived_variable_name_once"
            ),
        ]

    def __str__(self) -> str:
        return self.name
