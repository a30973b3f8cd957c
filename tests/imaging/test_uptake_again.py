"""Uptake that an earlier version of the method measured is measured again."""

import pytest
from django.urls import reverse

from imaging.models import Roi, Series, Uptake
from imaging.selectors import scans, uptake_of
from imaging.services import uptakes, uptakes_measure, uptakes_measure_start
from studies.jobs import run_inline
from studies.methods.problems import DataProblem, Problem


@pytest.fixture
def raised(study_with_scans, monkeypatch):
    """Version 1 stored other numbers than the method gives."""
    Uptake.objects.update(suv_peak=0.5)
    monkeypatch.setattr(scans, "METHOD_VERSION", 2)
    return study_with_scans


def test_a_new_value_speaks_and_the_page_of_the_scan_shows_it_alone(raised, client):
    study = raised.study
    client.force_login(raised.statistician)
    listed = reverse("imaging:scans", args=[study.uid])
    assert client.get(listed).context["outdated"] == 2
    assert client.post(reverse("imaging:uptakes_measure", args=[study.uid])).status_code == 302
    job = run_inline(uptakes_measure_start(study, raised.statistician))
    assert (job.state, job.result) == ("done", {"regions": 2}), job.problems
    assert client.get(listed).context["outdated"] == 0
    assert Uptake.objects.count() == 4, "what was stored stays"
    assert min(row["suv_peak"] for row in uptake_of(study).values()) > 0.5
    pet = Series.objects.filter(modality="PT").first()
    shown = client.get(reverse("imaging:scan", args=[study.uid, pet.uid])).content.decode()
    assert shown.count("SUVpeak") == 1
    assert "<dd>0.50</dd>" not in shown


def test_regions_that_cannot_be_measured_are_told_and_counted_once(raised, monkeypatch):
    def two_problems(*_):
        raise DataProblem([Problem("a", "b", "c", "d"), Problem("e", "f", "g", "h")])

    measures = iter((two_problems, uptakes.estimate_uptake))
    monkeypatch.setattr(uptakes, "estimate_uptake", lambda *args: next(measures)(*args))
    counted, problems = uptakes_measure(raised.study)
    assert (counted, len(problems)) == ({"regions": 1}, 2)
    assert len(scans.uptakes_outdated(raised.study)) == 1


def test_a_region_drawn_on_ct_is_measured_on_the_pet_beside_it(study_with_scans):
    ct = Roi.objects.first().series.pairs_as_pet.get().ct
    assert uptakes._pet_of(ct, "P001") == ct.pairs_as_ct.get().pet
    ct.pairs_as_ct.all().delete()
    with pytest.raises(DataProblem, match="no PET with its CT"):
        uptakes._pet_of(ct, "P001")
