"""Reads of which endpoints a study offers: everybody's, and its own that are not retired."""

from __future__ import annotations

from studies.methods.endpoint_kinds import KINDS, SHIPPED, kind_of, title_of
from studies.models import EndpointDefinition, EndpointStanding, Study


def standings(study: Study) -> dict[str, EndpointStanding]:
    """The newest word on each endpoint that was ever retired."""
    rows = EndpointStanding.objects.filter(study=study).order_by("name", "-id")
    return {row.name: row for row in rows.distinct("name")}


def retired_names(study: Study) -> set[str]:
    return {name for name, row in standings(study).items() if not row.is_offered}


def is_retired(study: Study, name: str) -> bool:
    newest = EndpointStanding.objects.filter(study=study, name=name).order_by("-id").first()
    return newest is not None and not newest.is_offered


def own_endpoints(study: Study) -> list[EndpointDefinition]:
    """The newest definition of every endpoint that the study named and has not retired, by name."""
    rows = EndpointDefinition.objects.filter(study=study).exclude(name__in=SHIPPED)
    retired = retired_names(study)
    newest = rows.order_by("name", "-version").distinct("name")
    return [row for row in newest if row.name not in retired]


def own_survival(study: Study) -> list[EndpointDefinition]:
    """Those of them that are survival times."""
    return [row for row in own_endpoints(study) if kind_of(row.name, row.rule).is_survival]


def endpoint_titles(study: Study) -> dict[str, str]:
    """Name and title of every endpoint that is offered."""
    own = {row.name: title_of(row.name, row.rule) for row in own_endpoints(study)}
    return {**{name: KINDS[name].title for name in SHIPPED}, **own}
