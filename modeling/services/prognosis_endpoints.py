"""The survival times that a prognosis may be asked of: those of every study, and its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from modeling.models import ModelVersion
from studies.endpoint_standings import own_survival
from studies.methods.endpoint_kinds import kind_of, title_of
from studies.methods.wording import marked, say
from studies.models import EndpointDefinition, Study
from studies.remembered import once

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


# Those of every study, by name.
ENDPOINTS = {
    one.name: one
    for one in (
        PrognosisEndpoint(
            "overall_survival", marked("Overall survival"), marked("overall survival"), "OS",
            "overall_survival", (12.0, 24.0, 36.0), 24.0,
        ),
        PrognosisEndpoint(
            "progression_free_survival", marked("Progression-free survival"),
            marked("progression-free survival"), "PFS",
            "progression_free_survival", (6.0, 12.0, 18.0), 12.0,
        ),
    )
}  # fmt: skip


def endpoints_offered(study: Study) -> dict[str, PrognosisEndpoint]:
    """Those of every study first, then the study's own that are not retired."""
    own = once(("own_survival", study.pk), lambda: own_survival(study))
    found = [*map(_of_every_study, ENDPOINTS.values()), *map(_of_the_study, own)]
    return {one.name: one for one in found}


def endpoint_named(study: Study, name: str) -> PrognosisEndpoint:
    """One that a version predicts, retired or not."""
    if name in ENDPOINTS:
        return _of_every_study(ENDPOINTS[name])
    rows = EndpointDefinition.objects.filter(study=study, name=name).order_by("-version")
    return _of_the_study(rows[0])


def endpoint_of(version: ModelVersion) -> PrognosisEndpoint:
    """What a nomogram predicts, with the landmark that its time is counted from."""
    one = endpoint_named(version.study, version.endpoint)
    return from_landmark(one, landmark_of(version.content))


def endpoint_asked(study: Study, question: Mapping[str, Any]) -> PrognosisEndpoint:
    """What a question asks, a frozen one or one in force."""
    return from_landmark(endpoint_named(study, question["endpoint"]), landmark_of(question))


def landmark_of(told: Mapping[str, Any]) -> int:
    """Days after the start of treatment that time is counted from: 0 where no landmark is named.

    ``told`` is a question, a recipe or a nomogram's content.
    """
    return int(told.get("landmark_days") or 0)


def landmark_told(days: int) -> dict[str, int]:
    """As ``landmark_of`` reads it; no key where there is none, so that digests of before stay."""
    return {"landmark_days": days} if days else {}


def months_from(days: int) -> str:
    """How an axis of time is called."""
    return say("Months from day {days} on", days=days) if days else "months"


def from_landmark(one: PrognosisEndpoint, days: int) -> PrognosisEndpoint:
    """The same survival time of those who are followed without event beyond a day, from it on."""
    if not days:
        return one
    pattern = marked("{endpoint} from day {days} on")
    title, sentence, short = (
        say(pattern, endpoint=say(text), days=days) for text in (one.title, one.sentence, one.short)
    )
    return replace(one, title=title, sentence=sentence, short=short)


def _of_every_study(one: PrognosisEndpoint) -> PrognosisEndpoint:
    return replace(one, title=say(one.title), sentence=say(one.sentence))


def _of_the_study(row: EndpointDefinition) -> PrognosisEndpoint:
    """Its title is the study's own and stands as it is, within a sentence, too."""
    kind, own = kind_of(row.name, row.rule).name, title_of(row.name, row.rule)
    title = say(own)
    like = ENDPOINTS[LIKE.get(kind, kind)]
    return PrognosisEndpoint(row.name, title, title, own, kind, like.times, like.headline)
