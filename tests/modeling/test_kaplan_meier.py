import numpy as np
import pytest

from modeling.methods.kaplan_meier import estimate_kaplan_meier
from studies.methods.problems import DataProblem
from tests.modeling.survival_reference import close, every_dataset, survival, table, values

every_interval = pytest.mark.parametrize("interval", ["log-log", "log", "plain"])


def _groups(name):
    time, event = survival(name, "input_full.csv")
    column = values(name, "meta.json")["group"]
    label = table(name, "input_full.csv")[column].astype(str).to_numpy()
    return time, event, label, column


@every_dataset
@every_interval
def test_curves_equal_survfit(name, interval):
    theirs = values(name, "km_logrank.json")["km"][interval]
    time, event, label, column = _groups(name)
    strata = np.array(theirs["by_group"]["strata"])
    for stratum in theirs["median"]["strata"]:
        inside = label == stratum.removeprefix(f"{column}=")
        ours = estimate_kaplan_meier(time[inside], event[inside], interval)
        rows = np.flatnonzero(strata == stratum)
        _same_curve(
            ours, {k: np.array(v, dtype=object)[rows] for k, v in theirs["by_group"].items()}
        )
    _same_curve(estimate_kaplan_meier(time, event, interval), theirs["overall"])


def _same_curve(ours, theirs):
    pairs = {
        "time": ours.time,
        "n_risk": ours.at_risk,
        "n_event": ours.events,
        "n_censor": ours.censored,
        "surv": ours.survival,
    }
    for key, mine in pairs.items():
        close(mine, theirs[key], 1e-9)
    alive = ours.survival > 0  # R leaves what belongs to 0 empty
    for key, mine in {"std_err": ours.std_error, "lower": ours.lower, "upper": ours.upper}.items():
        close(mine[alive], np.array(theirs[key], dtype=object)[alive], 1e-9)


@every_dataset
@every_interval
def test_medians_and_numbers_at_risk_equal_survfit(name, interval):
    theirs = values(name, "km_logrank.json")["km"][interval]
    time, event, label, column = _groups(name)
    times = values(name, "meta.json")["times"]
    strata = np.array(theirs["at_times"]["strata"])
    for k, stratum in enumerate(theirs["quantiles"]["strata"]):
        inside = label == stratum.removeprefix(f"{column}=")
        ours = estimate_kaplan_meier(time[inside], event[inside], interval)
        found = np.array([ours.quantile(p) for p in theirs["quantiles"]["probs"]])
        for j, part in enumerate(("quantile", "lower", "upper")):
            close(found[:, j], theirs["quantiles"][part][k], 0)
        rows = np.flatnonzero(strata == stratum)
        moments = np.array(theirs["at_times"]["time"])[rows]
        assert set(moments) <= set(times)
        close(ours.at(moments), np.array(theirs["at_times"]["surv"])[rows], 1e-9)
        close(ours.number_at_risk(moments), np.array(theirs["at_times"]["n_risk"])[rows], 0)
        low, high = ours.interval_at(moments)
        close(low, np.array(theirs["at_times"]["lower"])[rows], 1e-9)
        close(high, np.array(theirs["at_times"]["upper"])[rows], 1e-9)


def test_median_is_not_reached_while_most_live():
    median, _, upper = estimate_kaplan_meier([1, 2, 3, 4], [1, 0, 0, 0]).median
    assert np.isnan(median)
    assert np.isnan(upper)


def test_survival_is_unknown_beyond_follow_up_and_known_after_the_last_death():
    assert np.isnan(estimate_kaplan_meier([1, 2, 3], [1, 1, 0]).at([4.0]))[0]
    assert estimate_kaplan_meier([1, 2, 3], [1, 1, 1]).at([4.0])[0] == 0


@pytest.mark.parametrize(
    ("duration", "event", "found"),
    [([-1, 2], [1, 0], "-1"), ([1, 2], [1, 3], "3"), ([], [], "0 rows"), ([1, 2], [1], "shape")],
)
def test_kaplan_meier_refuses_impossible_follow_up(duration, event, found):
    with pytest.raises(DataProblem, match=found):
        estimate_kaplan_meier(duration, event)
