"""`manage.py prognosis --outcome`: files against R, bad tables against their problems, R itself."""

import json
import shutil
import subprocess

import numpy as np
import pandas as pd
import pytest
from django.core.management import CommandError, call_command
from scipy.special import expit

from modeling.methods.auc import estimate_auc
from modeling.methods.calibration import estimate_calibration
from modeling.methods.logistic import fit_logistic
from modeling.methods.logistic_resampling import fit_resampled, judge_resampled
from modeling.methods.logistic_validation import validate_logistic
from modeling.methods.outcome_analysis import analyse_outcome
from modeling.methods.outcome_table import read_outcome_table
from modeling.methods.resampling_plans import plan_resamples
from modeling.methods.roc_points import roc_points
from modeling.methods.sample_size import required_for_optimism, required_for_shrinkage
from modeling.methods.sample_size_binary import largest_r2_binary, required_for_share
from modeling.methods.smooth_probability_calibration import estimate_lowess_distances
from modeling.services.outcome_files import (
    decision_curve_csv,
    probability_csv,
    validation_json,
)
from modeling.services.outcome_script import write_outcome_script
from studies.methods.problems import DataProblem
from tests.modeling.survival_reference import BINARY, FOLDER, close, table, values

WRITTEN = {
    *("logistic.json", "probability.csv", "nomogram.json", "nomogram_patients.csv"),
    *("validation.json", "calibration.json", "decision_curve.csv", "lasso.json", "analysis.R"),
}
FIGURES = {f"{name}.svg" for name in ("forest", "nomogram", "calibration", "roc",
                                      "decision_curve", "lasso_path", "instability")}  # fmt: skip


def _json(folder, name):
    return json.loads((folder / name).read_text("utf-8"))


def _factors(name):
    """Text columns of a reference, with the levels that R shows after its reference."""
    rows, terms = table(name, "input.csv"), values(name, "binary.json")["logistic"]["table"]["term"]
    columns = [c for c in rows if c not in ("id", "y")]
    shown = {c: [t.removeprefix(c) for t in terms if t.startswith(c)] for c in columns}
    return columns, {
        c: [*sorted(set(rows[c].astype(str)) - set(shown[c])), *shown[c]]
        for c in columns if c not in terms
    }  # fmt: skip


@pytest.fixture(scope="module", params=BINARY[:1])
def files(request, tmp_path_factory):
    name, out = request.param, tmp_path_factory.mktemp("binary")
    columns, factors = _factors(name)
    call_command(
        "prognosis", str(FOLDER / name / "input.csv"), "--outcome=y",
        f"--covariates={','.join(columns)}", "--resamples=500", f"--out={out}",
        *(f"--factor={k}={','.join(v)}" for k, v in factors.items()),
    )  # fmt: skip
    return name, out


def test_every_file_and_figure_is_written(files):
    assert {path.name for path in files[1].iterdir()} == WRITTEN | FIGURES


def test_logistic_file_equals_glm_and_proc(files):
    name, out = files
    ours, theirs = _json(out, "logistic.json"), values(name, "binary.json")
    shown = theirs["logistic"]["table"]
    assert [term["term"] for term in ours["terms"]] == shown["term"]
    for key in ("coef", "se", "p", "or"):
        close([term[key] for term in ours["terms"]], shown[key], 1e-6)
    for side, end in enumerate(("lo", "hi")):
        for mine, key in (("ci", "or_wald"), ("profile_ci", "or_profile")):
            told = [term[mine][side] for term in ours["terms"]]
            np.testing.assert_allclose(told, shown[f"{key}_{end}"], rtol=5e-4)
    close(ours["log_likelihood"]["model"], theirs["logistic"]["loglik"], 1e-8)
    lr = theirs["logistic"]["terms_lrt"]
    close([t["together"]["p"] for t in ours["term_tests"]], lr["p"][1:], 1e-7)
    roc = theirs["roc"]["model"]
    close([ours["auc"]["auc"], *ours["auc"]["ci"]],
          [roc["auc"], roc["delong_lo"], roc["delong_hi"]], 1e-9)  # fmt: skip
    close(ours["roc"]["true_positive"][::-1], roc["curve"]["sensitivity"], 1e-9)
    close(1 - np.array(ours["roc"]["false_positive"][::-1]), roc["curve"]["specificity"], 1e-9)


def test_patients_and_nomogram_equal_r(files):
    name, out = files
    theirs, nomogram = table(name, "predictions.csv"), values(name, "binary.json")["nomogram"]
    written, points = (
        pd.read_csv(out / file) for file in ("probability.csv", "nomogram_patients.csv")
    )
    assert written["row"].tolist() == list(range(1, len(theirs) + 1))
    close(written["probability"], theirs["p_model"], 1e-7)
    close(points["total_points"], theirs["total_points"], 2e-3)  # rms stops early
    ours = _json(out, "nomogram.json")
    for axis, told in nomogram["axes"].items():
        close(ours["variables"][axis]["points"], told["points"], 1e-3)
    lookup = pd.DataFrame(ours["total_to_probability"])
    at = np.interp(points["total_points"], lookup["total_points"], lookup["linear_predictor"])
    close(expit(at), points["probability"], 1e-9)
    for pair in ours["probability_to_total"]:
        lp = np.interp(pair["total_points"], lookup["total_points"], lookup["linear_predictor"])
        assert expit(lp) == pytest.approx(pair["probability"], abs=1e-9)


def test_validation_calibration_and_net_benefit_equal_r(files):
    name, out = files
    theirs = values(name, "binary.json")
    told, of = _json(out, "validation.json"), theirs["validate_lrm_B500"]
    for mine, key in (("auc", "C"), ("slope", "slope"), ("intercept", "intercept"),
                      ("brier", "brier")):  # fmt: skip
        key += "_corrected"
        room = 4 * of["sd_between_seeds"][key] * np.sqrt(1 + 1 / of["n_seeds"])
        assert abs(told[mine]["corrected"] - of["mean"][key]) <= room, mine
    assert told["auc"]["ci"][0] < told["auc"]["corrected"] < told["auc"]["ci"][1]
    folds = theirs["val_prob_cv5"]["C (ROC)"]
    assert told["cross_validation"]["auc"]["corrected"] == pytest.approx(folds, abs=0.02)
    calibration = _json(out, "calibration.json")
    shown = theirs["val_prob_apparent"]
    for mine, key in (("ici", "Eavg"), ("e90", "E90"), ("e_max", "Emax")):
        assert calibration["lowess"][mine] == pytest.approx(shown[key], abs=1e-6)
    assert calibration["observed_expected"] == pytest.approx(1, abs=1e-9)
    assert sum(g["events"] for g in calibration["groups"]) == theirs["events"]
    ours = pd.read_csv(out / "decision_curve.csv")
    curves = table(name, "dca_binary.csv")
    close(ours["net_benefit"], curves[curves["variable"] == "p_model"]["net_benefit"], 1e-9)
    close(ours["treat_all"], curves[curves["variable"] == "all"]["net_benefit"], 1e-9)


def _made(n=80, seed=4):
    random = np.random.default_rng(seed)
    age, stage = random.normal(60, 9, n).round(1), random.choice(["I", "II", "III"], n)
    y = (random.random(n) < expit((age - 60) * 0.08 - 0.2)).astype(int)
    return pd.DataFrame({"id": range(n), "y": y, "age": age, "stage": stage,
                         "size": random.normal(3, 1, n).round(2)})  # fmt: skip


def _separated(rows):
    rare = (rows["y"] == 0) & (rows.index % 4 == 0)
    return rows.assign(marker=np.where(rare, "yes", "no"))


BAD = {
    "one class": (lambda r: r.assign(y=0), {}, "one class only"),
    "few of a class": (lambda r: r.assign(y=(r.index > 4) * 1), {}, "at least 10 rows with it"),
    "outcome codes": (lambda r: r.assign(y=r["y"] + 1), {}, "0 or 1"),
    "words": (lambda r: r.assign(age=np.where(r.index == 2, "old", r["age"])), {}, "“old”"),
    "an empty level": (lambda r: r, {"factor": "stage=I,II,III,IV"}, "no complete row of level IV"),
    "separation": (_separated, {"covariates": "age,marker"}, "markeryes"),
    "separation, and the way out": (_separated, {"covariates": "age,marker"}, "--penalty firth"),
    "collinear": (
        lambda r: r.assign(twice=r["age"] * 2 + r["size"]),
        {"covariates": "age,size,twice"},
        "twice is a linear combination of age, size",
    ),
    "ten patients": (lambda r: r.head(10), {}, "at least 20"),
    "no such column": (lambda r: r, {"covariates": "age,grade"}, "no such column"),
    "named twice": (lambda r: r, {"covariates": "age,y"}, "a column named twice"),
    "two ways": (lambda r: r, {"times": "5"}, "--outcome alone"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_table_is_refused_with_its_problems(case, tmp_path):
    change, options, said = BAD[case]
    path, out = tmp_path / "table.csv", tmp_path / "out"
    change(_made()).to_csv(path, index=False)
    given = {"covariates": "age,stage", **options}
    arguments = [f"--{name}={value}" for name, value in given.items()]
    with pytest.raises(CommandError) as refusal:
        call_command("prognosis", str(path), "--outcome=y", f"--out={out}", *arguments)
    assert said in str(refusal.value)
    assert _json(out, "problems.json")["problems"]
    assert [path.name for path in out.iterdir()] == ["problems.json"]


def test_a_refusal_leaves_no_number_of_the_table_before(files, tmp_path):
    out = tmp_path / "out"
    shutil.copytree(files[1], out)
    (out / "notes.txt").write_text("the user's own")
    with pytest.raises(CommandError, match="readable CSV"):
        call_command("prognosis", str(tmp_path / "none.csv"), "--outcome=y", "--covariates=age",
                     f"--out={out}")  # fmt: skip
    assert {path.name for path in out.iterdir()} == {"problems.json", "notes.txt"}


def test_a_lonely_level_takes_away_what_it_must_and_no_more():
    """One patient at a level: no repeat of folds can be judged, everything else is."""
    rows = _made()
    first = rows.index[rows["y"] == 1][0]
    rows["marker"] = np.where(rows.index == first, "yes", "no")
    found = analyse_outcome(_read(rows, "age", "marker"), 12, 1, penalty="firth")
    assert found.cross_validation is None
    assert validation_json(found)["cross_validation"] is None
    said = [str(notice.text) for notice in found.notices if notice.code == "not_validated"]
    assert ["cross-validation" in text for text in said] == [True]
    assert 2 <= found.validation.usable < 12
    ten = analyse_outcome(_read(_made(), "age", "size"), 10, 1)
    assert ten.cross_validation.usable == 1
    plain = estimate_calibration(ten.table.outcome, ten.probability[0], 10, 10, 1)
    assert ten.calibration.expected_calibration_error == plain.expected_calibration_error


def test_separated_classes_are_analysed_by_firth():
    rows = _made().assign(y=lambda r: (r["age"] > 60) * 1)
    found = analyse_outcome(_read(rows, "age"), 10, 1, penalty="firth")
    assert found.auc.auc == 1
    assert found.calibration.slope.estimate is None
    assert "calibration_separated" in [notice.code for notice in found.notices]


def test_neither_way_is_refused(tmp_path):
    _made().to_csv(tmp_path / "table.csv", index=False)
    with pytest.raises(CommandError, match="Add --event, --times, or name a binary --outcome"):
        call_command("prognosis", str(tmp_path / "table.csv"), "--covariates=age", "--duration=y",
                     f"--out={tmp_path}")  # fmt: skip


def _read(rows, *covariates):
    return read_outcome_table(rows.to_csv(index=False).encode(), "y", covariates)


def test_firth_is_maximised_anew_in_every_resample():
    """Against a plain loop of the fit over replicated rows; a lonely level is not usable."""
    rows = _separated(_made())
    design = np.column_stack([rows["age"], rows["marker"] == "yes"]).astype(float)
    ours = validate_logistic(rows["y"], design, ("age", "yes"), 50, 3, penalty="firth")
    y = rows["y"].to_numpy()
    whole = fit_logistic(y, design, ("age", "yes"), "firth")
    train, _ = plan_resamples("bootstrap", y.size, 50, 3)[0]()
    told = []
    for weight in train.astype(int):
        drawn = np.repeat(np.arange(y.size), weight)
        try:
            fit = fit_logistic(y[drawn], design[drawn], ("age", "yes"), "firth")
        except DataProblem:
            continue
        score = fit.linear_predictor(design).round(9)
        told.append(estimate_auc(y[drawn], score[drawn]).auc - estimate_auc(y, score).auc)
    assert ours.usable == len(told)
    assert ours.c.optimism == pytest.approx(np.mean(told), abs=1e-9)
    own = estimate_auc(y, whole.linear_predictor(design).round(9)).auc
    assert ours.c.apparent == pytest.approx(own, abs=1e-12)
    assert ours.indexes["slope"].apparent > 1  # shrunken towards one half


def test_weights_stand_for_rows_drawn_more_than_once():
    rows = _made()
    y, x = rows["y"].to_numpy(float), np.column_stack([rows["age"], rows["size"]])
    whole = np.column_stack([np.ones(y.size), (x - x.mean(axis=0)) / x.std(axis=0)])
    weight = np.random.default_rng(1).integers(0, 3, (2, y.size)).astype(float)
    ours = fit_resampled(whole, y, weight)
    told = judge_resampled(ours @ whole.T, y, weight)
    for k in range(2):
        drawn = np.repeat(np.arange(y.size), weight[k].astype(int))
        theirs = fit_logistic(y[drawn], whole[drawn, 1:])
        close(ours[k], theirs.coefficients, 1e-5)
        p = theirs.probability(whole[drawn, 1:])
        auc = 2 * estimate_auc(y[drawn], p.round(9)).auc - 1
        close(told[k, [0, 2, 3, 4]], [auc, 1, 0, np.mean((p - y[drawn]) ** 2)], 1e-5)


def test_instability_and_groups_are_of_the_rows():
    rows = _made()
    found = analyse_outcome(_read(rows, "age", "size"), resamples=60)
    groups, spread = found.validation.groups, found.validation.instability
    assert sum(groups.n) == len(rows)
    assert sum(groups.events) == rows["y"].sum()
    close(groups.corrected, np.array(groups.observed) - groups.training + groups.test, 1e-12)
    assert spread.resampled.shape == (60, len(rows))
    close(spread.predicted, found.probability[0], 1e-12)


@pytest.mark.parametrize("penalty", ["none", "firth"])
def test_the_r_script_agrees(penalty, rscript, tmp_path):
    rows = _made() if penalty == "none" else _separated(_made())
    rows.loc[3, "age"] = np.nan
    rows["lonely"] = np.where(rows.index == rows.index[rows["y"] == 1][-1], "yes", "no")
    covariates = ("age", "stage", "size") if penalty == "none" else ("age", "marker", "lonely")
    source = tmp_path / "table.csv"
    rows.to_csv(source, index=False)
    read = read_outcome_table(source.read_bytes(), "y", covariates)
    found = analyse_outcome(read, resamples=50, penalty=penalty)
    (tmp_path / "analysis.R").write_text(write_outcome_script(found, str(source), "y", 50), "utf-8")
    (tmp_path / "probability.csv").write_text(probability_csv(found))
    (tmp_path / "decision_curve.csv").write_text(decision_curve_csv(found))
    answer = subprocess.run([rscript, str(tmp_path / "analysis.R"), str(source), str(tmp_path)],
                            capture_output=True, text=True, check=False)  # fmt: skip
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert not answer.stderr
    theirs = pd.read_csv(tmp_path / "r_comparison.csv")
    assert theirs["agrees"].all()
    assert len(theirs) == (12 if penalty == "none" else 10)
    validated = pd.read_csv(tmp_path / "r_validation.csv")
    assert (validated["corrected"] - validated["here"]).abs().max() < 0.25


def test_sample_size_is_that_of_pmsampsize():
    """Its published example: R² 0.288, 24 parameters, 17.4 % with the outcome."""
    largest = largest_r2_binary(0.174)
    assert required_for_shrinkage(24, 0.288) == 623
    assert required_for_optimism(24, 0.288, largest) == 662
    assert required_for_share(0.174) == 221


def test_roc_points_tie_and_lowess_is_zero_where_predictions_are_right():
    false, true = roc_points([0, 1, 0, 1], [0.2, 0.2, 0.1, 0.9])
    close(np.c_[false, true], [[0, 0], [0, 0.5], [0.5, 1], [1, 1]], 1e-12)
    p = np.tile([0.25, 0.75], 200)
    y = np.r_[np.tile([0, 1], 100), np.tile([0, 1], 50), np.tile([1, 0], 50)]
    assert estimate_lowess_distances(y, p).ici == pytest.approx(0, abs=1e-9)
