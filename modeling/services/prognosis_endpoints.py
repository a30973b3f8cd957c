"""The survival times that a prognosis may be asked of: those of every study, and its own."""

from __future__ import annotations

from dataclasses import dataclass

from modeling.models import ModelVersion
from modeling.services.prognosis_rows import ENDPOINTS, WITHIN_A_SENTENCE
from studies.endpoint_standings import own_survival
from studies.methods.endpoint_kinds import kind_of, title_of
from studies.methods.wording import say
from studies.models import EndpointDefinition, Study
from studies.remembered import once

SHORT = {"overall_survival": "OS", "progression_free_survival": "PFS"}
LIKE = {"time_to_progression": "progression_free_survival"}  # whose horizons are usual


@dataclass(frozen=True)
class PrognosisEndpoint:
    """A survival time: how it is called, and its usual horizons and headline horizon, in months."""

    name: str
    title: str
    sentence: str
    short: str
    kind: str
    times: tuple[float, ...]
    headline: float


def endpoints_offered(study: Study) -> dict[str, PrognosisEndpoint]:
    """Those of every study first, then the study's own that are not retired."""
    own = once(("own_survival", study.pk), lambda: own_survival(study))
    found = [*map(_of_every_study, ENDPOINTS), *map(_of_the_study, own)]
    return {one.name: one for one in found}


def endpoint_named(study: Study, name: str) -> PrognosisEndpoint:
    """One that a version predicts, retired or not."""
    if name in ENDPOINTS:
        return _of_every_study(name)
    rows = EndpointDefinition.objects.filter(study=study, name=name).order_by("-version")
    return _of_the_study(rows[0])


def endpoint_of(version: ModelVersion) -> PrognosisEndpoint:
    return endpoint_named(version.study, version.endpoint)


def _of_every_study(name: str) -> PrognosisEndpoint:
    title, times, headline = ENDPOINTS[name]
    return PrognosisEndpoint(
        name, say(title), say(WITHIN_A_SENTENCE[name]), SHORT[name], name, times, headline
    )


def _of_the_study(row: EndpointDefinition) -> PrognosisEndpoint:
    """Its title is the study's own and stands as it is, within a sentence, too."""
    kind, own = kind_of(row.name, row.rule).name, title_of(row.name, row.rule)
    title = say(own)
    _, times, headline = ENDPOINTS[LIKE.get(kind, kind)]
    return PrognosisEndpoint(row.name, title, title, own, kind, times, headline)
