"""One Cox model per column against lifelines, adjusted as scipy does."""

import numpy as np
import pandas as pd
import pytest
from lifelines import CoxPHFitter
from scipy.stats import false_discovery_control

from modeling.methods.univariable_cox import fit_univariable_cox


@pytest.fixture
def table():
    rng = np.random.default_rng(11)
    x = pd.DataFrame(rng.normal(size=(90, 4)), columns=list("abcd"))
    time = rng.exponential(np.exp(-0.7 * x["a"].to_numpy())) * 20 + 0.1
    return x, time, (rng.random(90) < 0.7).astype(float)


def test_each_column_alone_equals_lifelines(table):
    x, time, event = table
    found = fit_univariable_cox(time, event, x)
    for one in found:
        data = pd.DataFrame({"x": x[one.name], "t": time, "e": event})
        expected = CoxPHFitter().fit(data, "t", "e").summary.loc["x"]
        assert one.hazard_ratio == pytest.approx(expected["exp(coef)"], rel=1e-3)
        assert one.upper == pytest.approx(expected["exp(coef) upper 95%"], rel=1e-3)
        assert one.p_value == pytest.approx(expected["p"], rel=2e-2)
    adjusted = false_discovery_control([one.p_value for one in found])
    np.testing.assert_allclose([one.adjusted for one in found], adjusted)


def test_what_cannot_be_estimated_is_said_and_stands_in_no_adjustment(table):
    x, time, event = table
    x = x.assign(flat=1.0)
    x.loc[:4, "b"] = np.nan
    found = {one.name: one for one in fit_univariable_cox(time, event, x)}
    assert found["flat"].reason
    assert np.isnan(found["flat"].adjusted)
    assert found["b"].n == 85
    assert found["a"].adjusted <= 4 * found["a"].p_value + 1e-12
