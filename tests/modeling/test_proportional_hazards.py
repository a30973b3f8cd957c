import numpy as np
import pytest

from modeling.methods.cox import fit_cox
from modeling.methods.proportional_hazards import check_proportional_hazards
from studies.methods.problems import DataProblem
from tests.modeling.survival_reference import close, design, every_dataset, survival, values


def _terms(name, columns):
    meta = values(name, "meta.json")
    return {
        term: [f"{term}{level}" for level in meta["factors"][term][1:]]
        if term in meta["factors"]
        else [term]
        for term in meta["covariates"]
    }


@every_dataset
@pytest.mark.parametrize("transform", ["km", "identity", "log", "rank"])
def test_score_test_equals_cox_zph(name, transform):
    x, names = design(name)
    rows = survival(name)
    fit = fit_cox(*rows, x, names)
    theirs = values(name, "cox.json")["cox_zph"][transform]
    for grouping, terms in (("coefs", None), ("terms", _terms(name, names))):
        ours = check_proportional_hazards(fit, *rows, x, transform, terms)
        assert list(ours.terms) == theirs[grouping]["name"]
        assert list(ours.degrees_of_freedom) == theirs[grouping]["df"]
        close(ours.statistic, theirs[grouping]["chisq"], 1e-6)  # beta differs by 1e-8
        close(ours.p_value, theirs[grouping]["p"], 1e-6)


def test_log_time_refuses_an_event_at_zero():
    random = np.random.default_rng(2)
    x, time = random.normal(size=(40, 1)), np.arange(40.0)
    fit = fit_cox(time, np.ones(40), x)
    with pytest.raises(DataProblem, match="time 0"):
        check_proportional_hazards(fit, time, np.ones(40), x, "log")
