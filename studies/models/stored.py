"""JSON that a service writes once and every later version of the product reads."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models.fields.json import KeyTransform

from studies.methods.problems import refuse

FIRST = 1


class StoredResult(models.JSONField):
    """A result with the number of its ``format``, checked at every reading.

    What was written before formats were counted has no number and counts as the first. For the
    database it is a JSONField: a new number needs no migration.

    Parameters
    ----------
    reads : tuple of int
        Numbers that this version of the product understands.
    """

    def __init__(self, *args: Any, reads: tuple[int, ...] = (FIRST,), **options: Any):
        self.reads = reads
        super().__init__(*args, **options)

    def deconstruct(self) -> Any:
        name, _, args, options = super().deconstruct()
        return name, "django.db.models.JSONField", args, options

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        content = super().from_db_value(value, expression, connection)
        if isinstance(content, dict) and not isinstance(expression, KeyTransform):
            self._check(content.get("format", FIRST))
        return content

    def _check(self, number: Any) -> None:
        if number not in self.reads:
            known = " or ".join(map(str, self.reads))
            raise refuse(
                f"stored {self.model._meta.verbose_name}, {self.name}",
                f"format {number}",
                f"format {known}",
                "It was written by another version of Isotherm: bring this installation up to it.",
            )
