"""The calculator: its numbers are the nomogram's, its link names nobody, it refuses by name."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from django.test import Client
from django.urls import reverse

from modeling.methods.nomogram import nomogram_from_dict
from modeling.methods.nomogram_reading import nomogram_stored
from modeling.models import ModelVersion, Prediction
from modeling.services.nomogram_calculator import CalculatorField, calculator_fields
from modeling.services.prognosis_rows import prognosis_rows
from tests.begun import begins_with
from tests.modeling.prognosis_made import with_prognosis, with_rad_score
from tests.people import People

pytestmark = [pytest.mark.django_db, begins_with(with_rad_score, with_prognosis)]


@pytest.fixture
def version(as_statistician: People) -> ModelVersion:
    return ModelVersion.objects.get(endpoint="overall_survival")


def _params(version: ModelVersion, row: pd.Series) -> dict[str, str]:
    """A patient's values in people's units."""
    names = [axis["name"] for axis in version.content["nomogram"]["axes"]]
    return {
        n.removeprefix("log2_"): repr(float(2 ** row[n])) if n.startswith("log2_") else str(row[n])
        for n in names
    }


def test_page_and_api_give_the_stored_numbers_of_a_patient(
    version: ModelVersion, as_statistician: People, client: Client
) -> None:
    """The same points and survival as the nomogram gives, and as was stored when it was judged."""
    study = as_statistician.study
    stored = Prediction.objects.filter(version=version, quantity="survival").order_by("-id")[:40]
    patient = stored[0].patient
    rows = prognosis_rows(study, "overall_survival", version.parents.get()).table
    row = rows[rows["patient_id"] == patient.pk].iloc[0]
    params = _params(version, row)
    client.force_login(as_statistician.statistician)
    address = reverse("api:model-version-calculate", args=[study.uid, version.uid])
    told = client.get(address, params).json()
    nomogram = nomogram_from_dict(version.content["nomogram"])
    points = nomogram.points(pd.DataFrame([row])).iloc[0]
    assert told["total_points"] == pytest.approx(points["total_points"], abs=1e-8)
    by_total = nomogram.survival([told["total_points"]])[0]
    np.testing.assert_allclose([s["survival"] for s in told["survival"]], by_total, atol=1e-8)
    for part in told["survival"]:
        kept = Prediction.objects.get(version=version, patient=patient, quantity="survival",
                                      horizon_months=part["months"])  # fmt: skip
        assert part["survival"] == pytest.approx(kept.value, abs=1e-8)
        assert part["lower"] < part["survival"] < part["upper"]
    page = client.get(reverse("modeling:calculator", args=[study.uid, version.uid]), params)
    text = page.content.decode()
    assert f"{told['total_points']:.1f} points" in text
    assert patient.pseudonym not in text
    assert "not released" in text
    assert " style=" not in text
    assert "<script>" not in text


def test_a_page_opened_afresh_and_its_answer_alone(
    version: ModelVersion, as_statistician: People, client: Client
) -> None:
    client.force_login(as_statistician.statistician)
    address = reverse("modeling:calculator", args=[as_statistician.study.uid, version.uid])
    whole = client.get(address).content.decode()
    part = client.get(address, {"rad_score": "0.2"}, headers={"HX-Request": "true"})
    assert 'type="range"' in whole
    assert "Like the patients it was fitted to" in whole
    assert "<form" not in part.content.decode()
    assert "HX-Request" in part["Vary"]
    link = part.content.decode().split('id="calculator-link" readonly value="')[1].split('"')[0]
    assert "rad_score=0.2" in link


def test_a_logarithm_of_the_study_itself_is_asked_for_as_it_is(version: ModelVersion) -> None:
    """`log2_ldh`, derived by the study in log2 U/L, is not LDH; `log2_cea` is of CEA."""

    def field(**names: str) -> CalculatorField:
        stored = nomogram_stored(_renamed(version.content, names))
        fields = {one.name: one for one in calculator_fields(stored, {})}
        assert len({one.param for one in fields.values()}) == len(fields)
        return fields[names["rad_score"]]

    own, paper = field(rad_score="log2_ldh"), field(rad_score="log2_cea")
    assert (own.param, own.read("7.5"), own.is_log) == ("log2_ldh", 7.5, False)
    assert (paper.param, paper.read("8"), paper.is_log) == ("cea", 3.0, True)
    assert own.usual == field(rad_score="rad_score").usual != paper.usual
    assert field(rad_score="log2_cea", immunoscore="cea").param == "log2_cea"


def _renamed(content: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    """The content of a version with other names of variables."""
    text = json.dumps(content)
    for name, other in names.items():
        text = text.replace(f'"{name}"', f'"{other}"')
    found: dict[str, Any] = json.loads(text)
    return found


IMPOSSIBLE = {"1.2": "0 to 1", "high": "a number", "": "nothing", "nan": "0 to 1"}


def test_an_impossible_value_is_told_and_no_number_shown(
    version: ModelVersion, as_statistician: People, client: Client
) -> None:
    client.force_login(as_statistician.statistician)
    page = reverse("modeling:calculator", args=[as_statistician.study.uid, version.uid])
    api = reverse("api:model-version-calculate", args=[as_statistician.study.uid, version.uid])
    for text, said in IMPOSSIBLE.items():
        shown = client.get(page, {"rad_score": text}).content.decode()
        assert said in shown
        assert " points</h2>" not in shown
        assert client.get(api, {"rad_score": text}).status_code == 422
    assert "a whole number" in client.get(page, {"immunoscore": "2.5"}).content.decode()
