import numpy as np
import pytest

from modeling.methods.concordance import estimate_concordance
from modeling.methods.corrected_indexes import correct_indexes
from modeling.methods.cox import fit_cox
from modeling.methods.cox_resampling import RMS_STOP
from modeling.methods.cox_validation import validate_cox
from modeling.methods.pipeline_validation import validate_pipeline
from studies.methods.problems import DataProblem, refuse
from tests.modeling.survival_reference import close, design, every_dataset, survival, values

RMS = {"dxy": "Dxy", "slope": "slope", "r2": "R2", "d": "D", "u": "U", "q": "Q", "g": "g"}


def _validated(name, **options):
    x, names = design(name)
    horizon = values(name, "meta.json")["calibration_horizon"]
    return validate_cox(*survival(name), x, names, seed=1, horizon=horizon, **options)


def _room(reference, key):
    """Four standard deviations between seeds, and the error of the reference's own mean."""
    return 4 * reference["sd_between_seeds"][key] * np.sqrt(1 + 1 / reference["n_seeds"])


@every_dataset
def test_every_index_equals_rms_with_its_early_stop(name):
    theirs, ours = values(name, "validate_calibrate.json"), _validated(name, stop=RMS_STOP)
    thousand = theirs["validate_B1000"]
    assert ours.indexes["dxy"].apparent == pytest.approx(theirs["apparent"][0], abs=1e-9)
    for mine, key in RMS.items():
        gap = abs(ours.indexes[mine].corrected - thousand["mean"][f"{key}_corrected"])
        assert gap <= _room(thousand, f"{key}_corrected"), mine
    for mine in ("training", "test", "optimism"):
        key = {"training": "Dxy_train", "test": "Dxy_test", "optimism": "Dxy_optimism"}[mine]
        gap = abs(getattr(ours.indexes["dxy"], mine) - thousand["mean"][key])
        assert gap <= _room(thousand, key)
    assert (ours.resamples, ours.usable) == (1000, 1000)


@every_dataset
def test_a_whole_fit_equals_rms_but_for_its_early_stop(name):
    theirs, ours = values(name, "validate_calibrate.json"), _validated(name)
    thousand = theirs["validate_B1000"]
    assert ours.indexes["dxy"].apparent == pytest.approx(theirs["apparent"][0], abs=2e-4)
    gap = abs(ours.c.corrected - thousand["mean"]["C_corrected"])
    assert gap <= _room(thousand, "C_corrected") + 1e-4
    room = _room(thousand, "slope_corrected") + (0.02 if name.startswith("colon") else 0)
    assert abs(ours.indexes["slope"].corrected - thousand["mean"]["slope_corrected"]) <= room
    assert ours.c_interval[0] < ours.c.corrected < ours.c_interval[1]


@every_dataset
def test_calibration_groups_equal_rms(name):
    reference = values(name, "validate_calibrate.json")["calibrate_KM"]
    runs, ours = reference["runs_by_seed"], _validated(name, stop=RMS_STOP).groups
    close(ours.predicted, runs[0]["mean.predicted"], 1e-9)
    close(ours.observed - ours.predicted, runs[0]["index.orig"], 1e-9)
    theirs = np.array([run["mean.optimism"] for run in runs])
    spread = theirs.std(axis=0, ddof=1)
    pooled = np.sqrt((spread**2).mean())  # three seeds: one group's own spread says little
    room = 4 * np.maximum(spread, pooled) * np.sqrt(1 + 1 / len(runs))
    assert (np.abs(ours.optimism - theirs.mean(axis=0)) <= room).all()
    close(ours.corrected, ours.observed - ours.optimism, 1e-15)
    whole = _validated(name, resamples=50).groups
    close(whole.observed - whole.predicted, runs[0]["index.orig"], 3e-4)  # rms stops early


def _simulated(n=150, seed=5, p=3):
    random = np.random.default_rng(seed)
    x = random.normal(size=(n, p)).round(1)
    time = np.ceil(random.exponential(20, n) / np.exp(x[:, 0] * 0.7))
    return time, random.random(n) < 0.7, x


def test_threads_and_scale_change_nothing():
    time, event, x = _simulated()
    one = validate_cox(time, event, x, resamples=120, horizon=10, threads=1)
    two = validate_cox(time, event, x * [1, 10, 0.1] + 4, resamples=120, horizon=10, threads=3)
    for name, index in one.indexes.items():
        assert index.corrected == pytest.approx(two.indexes[name].corrected, abs=1e-9)
    close(one.groups.corrected, two.groups.corrected, 1e-9)
    close(one.instability.resampled, two.instability.resampled, 1e-9)


@pytest.mark.parametrize("method", ["bootstrap", ".632+", "cross-validation"])
def test_each_resample_equals_fitting_and_judging_by_hand(method):
    """The compiled fits on weights against the plain ones on repeated rows."""
    time, event, x = _simulated()

    def pipeline(rows):
        return fit_cox(time[rows], event[rows], x[rows]).linear_predictor(x)

    ours = validate_cox(time, event, x, method=method, resamples=60, folds=5)
    order = np.argsort(-time, kind="stable")  # the kernels draw rows of descending time
    theirs = validate_pipeline(
        time[order], event[order], lambda rows: pipeline(order[rows])[order],
        method=method, resamples=60, folds=5,
    )  # fmt: skip
    for name, index in ours.indexes.items():
        for part in ("apparent", "training", "test", "corrected"):
            assert getattr(index, part) == pytest.approx(
                getattr(theirs.indexes[name], part), abs=1e-6
            ), (name, part)


def test_apparent_c_is_harrells():
    time, event, x = _simulated()
    lp = fit_cox(time, event, x).linear_predictor(x)
    ours = validate_cox(time, event, x, resamples=2)
    assert ours.c.apparent == pytest.approx(estimate_concordance(time, event, lp).c, abs=1e-12)


def test_noise_is_seen_through():
    """Ten columns that mean nothing; the plain bootstrap is known to take back too little."""
    random = np.random.default_rng(8)
    x, time = random.normal(size=(120, 10)), random.exponential(size=120)
    event = random.random(120) < 0.6
    found = {m: validate_cox(time, event, x, method=m, resamples=300)
             for m in ("bootstrap", ".632+", "cross-validation")}  # fmt: skip
    assert all(v.c.apparent > 0.6 for v in found.values())
    assert abs(found[".632+"].c.corrected - 0.5) < 0.05
    assert abs(found["cross-validation"].c.corrected - 0.5) < 0.05
    assert found["bootstrap"].c.corrected < found["bootstrap"].c.apparent - 0.05
    assert found["bootstrap"].indexes["slope"].corrected < 0.5


def test_632_plus_of_a_hand_worked_example():
    """Apparent Dxy 0.6, outside 0.2: overfit 2/3, weight 0.632/(1 − 0.368·2/3) = 0.8375."""
    told = np.full((4, 2, 7), 0.2)
    found = correct_indexes(".632+", np.full(7, 0.6), told)["dxy"]
    weight = 0.632 / (1 - 0.368 * 2 / 3)
    assert found.corrected == pytest.approx((1 - weight) * 0.6 + weight * 0.2)


def test_resamples_without_a_level_are_not_usable_and_counted():
    time, event, x = _simulated(60)
    rare = np.zeros(60)
    rare[np.flatnonzero(event)[:1]] = 1.0
    rare[np.flatnonzero(~event)[:1]] = 1.0
    found = validate_cox(time, event, np.c_[x, rare], resamples=400)
    assert 250 < found.usable < 390
    assert "few_usable_resamples" in [notice.code for notice in found.notices]
    assert found.indexes["dxy"].usable == found.usable


def test_instability_is_of_the_same_patients_in_their_own_order():
    time, event, x = _simulated()
    found = validate_cox(time, event, x, resamples=60, horizon=10).instability
    fit = fit_cox(time, event, x)
    close(found.predicted, fit.survival(x, [10])[:, 0], 1e-8)
    assert found.resampled.shape == (60, time.size)
    together = np.corrcoef(found.resampled.mean(axis=0), found.predicted)[0, 1]
    assert together > 0.98
    assert (found.mean_absolute_error > 0).all()


def test_validation_refuses_what_cannot_be_estimated():
    time, event, x = _simulated()
    with pytest.raises(DataProblem, match="beyond follow-up: not estimable"):
        validate_cox(time, event, x, horizon=time.max() + 1)
    with pytest.raises(DataProblem, match="0 events"):
        validate_cox(time, np.zeros(time.size), x)
    with pytest.raises(DataProblem, match="two or more"):
        validate_pipeline(time, event, _only_on_all_rows(x[:, 0]), resamples=5)


def _only_on_all_rows(risk):
    def pipeline(rows):
        if np.unique(rows).size < risk.size:
            raise refuse("Resample", "rows that repeat", "all rows", "None.")
        return risk

    return pipeline


def test_a_resample_that_rms_would_drop_moves_no_index():
    """Three patients at a level fail before all others: ten steps may not rest."""
    random = np.random.default_rng(2)
    time, x = np.ceil(random.exponential(100, 130)), random.normal(size=(130, 2))
    x[:, 1] = np.arange(130) < 3
    time[:3] = [1, 2, 3]
    found = validate_cox(time, np.ones(130), x, resamples=300, seed=1, stop=1e-4)
    assert 200 < found.usable < 271  # those without the level leave 271
    assert 0 < found.indexes["r2"].corrected < 1
    assert 0 < found.indexes["d"].training < 1
