"""Pages, API and the job of a Rad-Score run."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from imaging.models import FeatureSet
from modeling.models import ModelRun, ModelVersion
from modeling.services.rad_score import rad_score_run
from modeling.services.version_card import version_card
from studies.access import acting_as
from studies.jobs import run_inline
from studies.models import JobState
from studies.registry import stages
from studies.services import action_start
from tests.begun import begins_with
from tests.modeling.rad_score_made import SMALL, with_features


def with_small_run(people, patch):
    with acting_as(people.statistician):
        rad_score_run(people.study, SMALL, 1, workers=1)
    return people


pytestmark = [pytest.mark.django_db, begins_with(with_features(120), with_small_run)]


@pytest.fixture
def done(as_statistician):
    return as_statistician


def signed_in(user):
    client = Client()
    client.force_login(user)
    return client


def pages(study):
    run = ModelRun.objects.get()
    version = ModelVersion.objects.get()
    return [
        reverse("modeling:runs", args=[study.uid]),
        reverse("modeling:run", args=[study.uid, run.uid]),
        reverse("modeling:version", args=[study.uid, version.uid]),
        reverse("modeling:snapshot", args=[study.uid, run.snapshot.uid]),
    ]


def test_pages_show_the_numbers_with_their_digests(done):
    version = ModelVersion.objects.get()
    auc = version.evaluations.get(basis="out_of_fold").metrics["auc"]["estimate"]
    client = signed_in(done.statistician)
    texts = []
    for url in pages(done.study):
        answer = client.get(url)
        assert answer.status_code == 200
        texts.append(answer.content.decode())
    runs, run, one, snapshot = texts
    assert "Rad-Score 1" in runs
    assert f"{auc:.3f}" in run
    assert "<svg" in run
    figure = reverse("modeling:run_figure", args=[done.study.uid, ModelRun.objects.get().uid,
                                                  "classifiers"])  # fmt: skip
    assert f'data-explore="{figure}"' in run
    api = f"/api/v1/studies/{done.study.uid}/runs/{ModelRun.objects.get().uid}/"
    assert client.get(figure).json() == client.get(f"{api}figures/classifiers/vega/").json()
    assert client.get(figure.replace("classifiers", "nothing")).status_code == 404
    assert "Volume only" in run
    assert "apparent" in run
    assert version.sha256 in one
    assert version.fitting_snapshot.sha256 in snapshot
    assert "hot by IHC" in snapshot


def test_against_response_a_rad_score_is_told_by_order_only(done):
    """Page, card and API: an AUC, and no calibration as if it were a probability of response."""
    version = ModelVersion.objects.get()
    one = version.evaluations.get(target="response")
    other = version.evaluations.filter(target="ihc").first()
    assert one.metrics["calibration"]["brier"]["estimate"]  # kept, for its digest
    client = signed_in(done.statistician)
    page = client.get(reverse("modeling:version", args=[done.study.uid, version.uid]))
    html = page.content.decode()
    assert html.count(">by order only</button>") == 1
    brier = [f"\n{row.metrics['calibration']['brier']['estimate']:.3f}<br>" for row in (one, other)]
    assert [told in html for told in brier] == [False, True]  # its interval stands below
    card = {row["target"]: row for row in version_card(version)["results"]}
    assert (card["response"]["brier"], card["response"]["slope"]) == (None, None)
    assert card["ihc"]["brier"] is not None
    answer = client.get(reverse("api:evaluation-list", args=[done.study.uid])).json()
    told = {row["uid"]: row["metrics"] for row in answer["results"]}
    assert told[str(one.uid)]["calibration"] is None
    assert told[str(one.uid)]["auc"] == one.metrics["auc"]
    assert told[str(other.uid)]["calibration"] == other.metrics["calibration"]


def test_a_collaborator_of_another_site_sees_numbers_but_not_patients_left_out(done):
    client = signed_in(done.colleague)
    for url in pages(done.study):
        assert client.get(url).status_code == 200
    assert signed_in(done.outsider).get(pages(done.study)[0]).status_code == 404


def test_api_gives_every_record(done):
    client = signed_in(done.statistician)
    counts = {}
    for route in ("snapshot", "snapshot-member", "run", "model-version", "evaluation",
                  "prediction", "report"):  # fmt: skip
        answer = client.get(reverse(f"api:{route}-list", args=[done.study.uid]))
        assert answer.status_code == 200, answer.content
        counts[route] = len(answer.json()["results"])
    assert counts["snapshot"] == counts["run"] == counts["model-version"] == 1
    assert counts["evaluation"] == 6
    assert counts["prediction"] == 100  # a page of them


@begins_with(with_features(120))
def test_the_step_runs_as_a_job_and_shows_on_the_overview(as_statistician, monkeypatch):
    monkeypatch.setattr("os.cpu_count", lambda: 1)  # no process of its own for so few fits
    study, user = as_statistician.study, as_statistician.statistician
    job = run_inline(
        action_start(study, user, "modeling.rad_score_run", {"recipe": SMALL, "seed": "3"})
    )
    assert job.state == JobState.DONE, job.problems
    run = ModelRun.objects.get()
    assert job.result == {"run": str(run.uid)}
    assert run.produced_by == job
    assert run.seed == 3
    stage = {s.key: s.state(study, user) for s in stages()}["rad_score"]
    assert stage.state == "ready"
    assert "training 0." in stage.detail


@begins_with()
@pytest.mark.parametrize("wrong", [{"recipe": "quick"}, {"seed": "-1"}, {"seed": "one"}])
def test_a_wrong_parameter_fails_with_problems(as_statistician, wrong):
    study, user = as_statistician.study, as_statistician.statistician
    job = run_inline(action_start(study, user, "modeling.rad_score_run", wrong))
    assert job.state == JobState.FAILED
    assert job.problems[0]["where"] == next(iter(wrong))
    stage = {s.key: s.state(study, user) for s in stages()}["rad_score"]
    assert stage.state == "failed"


def test_a_rad_score_whose_features_changed_is_stale(done):

    FeatureSet.objects.filter(modality="PT").update(inputs_digest="other")
    stage = {s.key: s.state(done.study, done.statistician) for s in stages()}["rad_score"]
    assert stage.state == "stale"
