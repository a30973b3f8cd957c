"""The study's own statements: read and written, another wording beside the old one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from modeling.models import StatementKey, StudyStatement
from studies.access import require, rights_of
from studies.methods.problems import refuse
from studies.methods.wording import say
from studies.models import Study

LONGEST = 5000


def statements_of(study: Study) -> dict[str, str]:
    """The newest wording of each; empty ones are left out."""
    found: dict[str, str] = {}
    for row in StudyStatement.objects.filter(study=study).order_by("id"):
        found[row.key] = row.text
    return {key: text for key, text in found.items() if text}


@transaction.atomic
def statements_write(study: Study, user: Any, texts: Mapping[str, str]) -> int:
    """Keep what was worded anew; gives how many.

    Raises
    ------
    DataProblem
        A statement nobody knows, or one that is too long.
    PermissionDenied
        Without the right to manage or to run.
    """
    if "run" not in rights_of(user, study):
        require(user, study, "manage")
    known = statements_of(study)
    rows = []
    for key, text in texts.items():
        if key not in StatementKey.values or len(text) > LONGEST:
            raise refuse(
                key,
                say("{n} characters", n=len(text)),
                say("a known statement of at most {longest}", longest=LONGEST),
                "Shorten it.",
                column=key,
            )
        if text.strip() != known.get(key, ""):
            rows.append(StudyStatement(study=study, key=key, text=text.strip(), written_by=user))
    StudyStatement.objects.bulk_create(rows)
    return len(rows)
