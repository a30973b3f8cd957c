"""One list of inputs: what is in it is frozen, named, missed when it changes, read elsewhere."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from modeling.selectors import extractors_behind, inputs, inputs_read, parents_of
from modeling.services.snapshots import snapshot_freeze, snapshot_read, still_given
from modeling.services.version_applying import row_for, rows_for
from studies.models import Cohort, Patient
from tests.begun import begins_with
from tests.modeling.rad_score_made import make_control, with_features
from tests.modeling.test_version_life import run_as_job

pytestmark = [pytest.mark.django_db, begins_with(with_features(70))]


def scanner(study, name="one", digest="m"):
    """An input that nobody knows of but its line in the list."""
    patients = Patient.objects.filter(study=study).values_list("pk", flat=True)
    columns = pd.DataFrame({"scanner": dict.fromkeys(patients, name)}, dtype=object)
    digests = {patient: [f"{digest}{patient}"] for patient in patients}
    return inputs.Input("scanner", lambda asked: inputs.Given(columns, digests))


def test_a_new_input_is_built_named_missed_and_applied_by_its_line_alone(
    as_statistician, monkeypatch
):
    people, listed = as_statistician, inputs.INPUTS
    make_control(people.study)

    def with_input(one):
        monkeypatch.setattr(inputs, "INPUTS", (*listed, one))

    before = snapshot_freeze(people.study)
    with_input(scanner(people.study))
    version = run_as_job(people)
    snapshot = version.fitting_snapshot
    assert snapshot != before
    assert set(snapshot_read(snapshot)["scanner"]) == {"one"}, "built"
    included = snapshot.members.filter(included=True).values_list("patient_id", flat=True)
    assert {f"m{patient}" for patient in included} <= parents_of(snapshot), "named"
    assert still_given([snapshot]) == {snapshot.pk}
    assert still_given([before]) == {before.pk}, "a column more is no change of those there were"
    for changed in (scanner(people.study, name="two"), scanner(people.study, digest="n")):
        with_input(changed)
        assert not still_given([snapshot]), "missed, by its value and by its digest"
    with_input(scanner(people.study))
    cohort = Cohort.objects.get(role="external_response")
    table = rows_for(version, cohort).table
    assert set(table["scanner"]) == {"one"}, "applied"
    row, _ = row_for(version, Patient.objects.get(pk=table["patient_id"].iloc[0]))
    assert row["scanner"] == "one"
    _check_own_encoders(version, table)
    with_input(replace(scanner(people.study), only_to_fit=True))
    assert "scanner" not in rows_for(version, cohort).table


def _check_own_encoders(version, table):
    """The frozen rows rest on the control too, and its columns have the same names."""
    behind = extractors_behind(version.fitting_snapshot)
    assert sorted(behind) == ["CT", "PT"]
    assert {one.role for one in behind.values()} == {"primary"}
    told = table.set_index("pseudonym")[version.content["features"]]
    fitted = snapshot_read(version.fitting_snapshot).set_index("pseudonym")
    assert np.array_equal(told, fitted.loc[told.index, told.columns])


def test_an_input_whose_values_come_from_nowhere_is_refused(as_coordinator, monkeypatch):
    study, whole = as_coordinator.study, scanner(as_coordinator.study)
    columns = whole.read(None).columns
    untold = replace(whole, read=lambda asked: inputs.Given(columns))
    monkeypatch.setattr(inputs, "INPUTS", (untold,))
    with pytest.raises(LookupError, match="scanner"):
        inputs_read(study)
    monkeypatch.setattr(inputs, "INPUTS", (replace(untold, entered=True),))
    assert inputs_read(study)["scanner"].columns is columns
