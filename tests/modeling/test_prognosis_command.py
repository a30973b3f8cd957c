"""`manage.py prognosis`: files against R, bad tables against their problems, and R itself."""

import csv
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from django.core.management import CommandError, call_command

from modeling.methods.analysis_table import read_analysis_table
from modeling.methods.cox_validation import validate_cox
from modeling.methods.firth_cox import fit_firth_cox
from modeling.methods.prognosis_analysis import analyse_prognosis
from modeling.methods.survival_decision_curve import estimate_survival_decision_curve
from modeling.methods.time_dependent_auc import estimate_time_dependent_auc
from modeling.services.prognosis_files import analysis_files, km_csv, survival_csv
from modeling.services.prognosis_script import write_script
from studies.methods.problems import DataProblem
from tests.modeling.survival_reference import FOLDER, NAMES, close, table, values

REPO = Path(__file__).resolve().parents[2]
WRITTEN = {
    *("cox.json", "survival.csv", "nomogram.json", "nomogram_patients.csv", "validation.json"),
    *("calibration.json", "auc.json", "decision_curve.csv", "km.csv", "analysis.R"),
    *("residuals.csv", "backward_elimination.json", "km.json", "lasso.json"),
}
FIGURES = (
    *("forest", "nomogram", "calibration", "auc", "roc", "decision_curve", "km"),
    *("km_risk_group", "proportional_hazards", "lasso_path", "instability"),
)
SERVERS = ("ISOTHERM", "DATABASE", "CELERY", "STORAGE")


@pytest.fixture(scope="module")
def lung_files(tmp_path_factory):
    if "lung" not in NAMES:
        pytest.skip("no reference values beside here")
    out = tmp_path_factory.mktemp("lung")
    meta = values("lung", "meta.json")
    factors = [f"--factor={k}={','.join(v)}" for k, v in meta["factors"].items()]
    command = [sys.executable, "manage.py", "prognosis", str(FOLDER / "lung" / "input_full.csv"),
               "--duration=time", "--event=event", f"--covariates={','.join(meta['covariates'])}",
               *factors, f"--times={','.join(map(str, [*meta['times'], 5000]))}",
               f"--horizon={meta['calibration_horizon']}", "--resamples=1000", "--seed=1",
               f"--out={out}"]  # fmt: skip
    bare = {name: value for name, value in os.environ.items() if not name.startswith(SERVERS)}
    answer = subprocess.run(
        command, cwd=REPO, env=bare, capture_output=True, text=True, check=False
    )
    assert answer.returncode == 0, answer.stderr
    return out


def _json(folder, name):
    return json.loads((folder / name).read_text("utf-8"))


def test_every_file_and_figure_is_written_without_servers(lung_files):
    names = {path.name for path in lung_files.iterdir()}
    assert names >= WRITTEN | {*(f"{figure}.svg" for figure in FIGURES)}
    assert all((lung_files / f"{f}.svg").read_text("utf-8").startswith("<svg") for f in FIGURES)


def test_a_refusal_leaves_no_number_of_the_table_before(lung_files, tmp_path):
    out = tmp_path / "out"
    shutil.copytree(lung_files, out)
    with pytest.raises(CommandError, match="readable CSV"):
        call_command("prognosis", str(tmp_path / "none.csv"), "--duration=time", "--event=event",
                     "--times=200", "--covariates=age", f"--out={out}")  # fmt: skip
    assert [path.name for path in out.iterdir()] == ["problems.json"]


def test_cox_file_equals_coxph_and_lists_who_is_missing(lung_files):
    ours, theirs = _json(lung_files, "cox.json"), values("lung", "cox.json")
    tab = theirs["multivariable"]["tab"]
    assert [term["term"] for term in ours["terms"]] == tab["term"]
    for mine, key in (("coef", "coef"), ("se", "se"), ("hr", "hr"), ("p", "p")):
        close([term[mine] for term in ours["terms"]], tab[key], 1e-6)
    close([term["ci"][0] for term in ours["terms"]], tab["hr_lo"], 1e-6)
    close([ours["log_likelihood"][k] for k in ("null", "model")],
          theirs["multivariable"]["loglik"], 1e-6)  # fmt: skip
    for transform, zph in theirs["cox_zph"].items():
        close([row["p"] for row in ours["ph"][transform]], zph["terms"]["p"], 1e-6)
    full = table("lung", "input_full.csv")
    gone = full[values("lung", "meta.json")["covariates"]].isna().any(axis=1)
    assert [row["row"] for row in ours["excluded"]] == (np.flatnonzero(gone) + 1).tolist()
    assert (ours["n"], ours["events"]) == (theirs["multivariable"]["n"], 148)


def test_patients_equal_rms_in_the_order_of_the_table(lung_files):
    theirs = table("lung", "nomogram_patients.csv")
    full = table("lung", "input_full.csv")
    kept = np.flatnonzero(full[values("lung", "meta.json")["covariates"]].notna().all(axis=1)) + 1
    survival = pd.read_csv(lung_files / "survival.csv")
    points = pd.read_csv(lung_files / "nomogram_patients.csv")
    assert survival["row"].tolist() == points["row"].tolist() == kept.tolist()
    for time in values("lung", "meta.json")["times"]:
        close(survival[f"survival_{time}"], theirs[f"S{time}"], 1e-8)
        assert (survival[f"survival_{time}_lower"] < survival[f"survival_{time}"]).all()
    assert survival["survival_5000"].isna().all()  # beyond follow-up: not estimable
    close(points["total_points"], theirs["total_points"], 1e-6)


def test_nomogram_file_equals_rms(lung_files):
    ours, theirs = _json(lung_files, "nomogram.json"), values("lung", "nomogram.json")
    assert list(ours["variables"]) == list(theirs["axes"])
    for name, axis in theirs["axes"].items():
        close(ours["variables"][name]["points"], axis["points"], 1e-6)
    table_of = pd.DataFrame(ours["total_to_survival"])
    both = table_of.merge(table("lung", "nomogram_total_to_survival.csv"), on="total_points")
    assert len(both) > 100
    for time in values("lung", "meta.json")["times"]:
        close(both[f"survival_{time}"], both[f"S{time}"], 1e-8)


def test_validation_and_calibration_files_equal_rms(lung_files):
    ours, theirs = _json(lung_files, "validation.json"), values("lung", "validate_calibrate.json")
    thousand = theirs["validate_B1000"]
    for part in (ours, ours["rms_stop"]):
        gap = abs(part["c"]["corrected"] - thousand["mean"]["C_corrected"])
        assert gap <= 4 * thousand["sd_between_seeds"]["C_corrected"] * np.sqrt(1.25)
        assert (part["resamples"], part["usable"]) == (1000, 1000)
    groups = _json(lung_files, "calibration.json")["groups"]
    first = theirs["calibrate_KM"]["runs_by_seed"][0]
    close([g["predicted"] for g in groups], first["mean.predicted"], 1e-6)
    close([g["observed"] for g in groups], first["KM"], 1e-8)


def test_auc_decision_curve_and_survival_files_equal_r(lung_files):
    auc, brier = _json(lung_files, "auc.json"), values("lung", "brier_ipcw.json")
    known = [part for part in auc["times"] if part["auc"] is not None]
    close([part["auc"] for part in known], brier["AUC"]["AUC"], 1e-8)
    assert auc["times"][-1] == {"time": 5000.0, "auc": None, "not_estimable": True}
    close(auc["uno"]["c"], values("lung", "cox.json")["c_index_uno"]["c"], 1e-8)
    ours = pd.read_csv(lung_files / "decision_curve.csv")
    horizon = values("lung", "meta.json")["calibration_horizon"]
    theirs = table("lung", "dca_survival.csv")
    theirs = theirs[(theirs["time"] == horizon) & (theirs["variable"] == "all")]
    close(ours[ours["time"] == horizon]["treat_all"], theirs["net_benefit"], 1e-9)


def test_curves_of_everybody_and_of_factors_take_rows_that_the_model_lacks(lung_files):
    """As R's reference: all 228 of lung, though 18 lack a covariate; thirds of risk are of 210."""
    theirs = values("lung", "km_logrank.json")
    km, told = pd.read_csv(lung_files / "km.csv"), _json(lung_files, "km.json")
    for variable, curves in (("overall", "overall"), ("sex", "by_group")):
        ours, r = km[km["variable"] == variable], theirs["km"]["log-log"][curves]
        for mine, key in (("time", "time"), ("at_risk", "n_risk"), ("survival", "surv"),
                          ("lower", "lower"), ("upper", "upper")):  # fmt: skip
            close(ours[mine], r[key], 1e-9)
    sex = next(part for part in told if part["variable"] == "sex")
    close(sex["log_rank"]["statistic"], theirs["tests"]["logrank"]["chisq"], 1e-9)
    close([group["median"] for group in sex["groups"]], theirs["km"]["log-log"]["median"]["median"],
          1e-9)  # fmt: skip
    assert km.query("variable == 'risk_group'").groupby("group")["at_risk"].first().sum() == 210


def test_residuals_elimination_and_restricted_means_are_those_of_the_other_files(lung_files):
    cox, residuals = _json(lung_files, "cox.json"), pd.read_csv(lung_files / "residuals.csv")
    survival = pd.read_csv(lung_files / "survival.csv")
    assert residuals["row"].tolist() == survival["row"].tolist()
    assert residuals["martingale"].sum() == pytest.approx(0, abs=1e-6)
    columns = [f"dfbeta_{term['term']}" for term in cox["terms"]]
    assert list(residuals)[3:] == columns
    close(residuals[columns].sum(), np.zeros(len(columns)), 1e-6)  # the score is zero
    less = _json(lung_files, "backward_elimination.json")
    assert less["aic"] < cox["aic"]
    dropped = {step["dropped"] for step in less["steps"]}
    assert dropped | set(less["kept"]) == {term["variable"] for term in cox["terms"]}
    assert dropped
    parts = {part["variable"]: part["restricted_mean"] for part in _json(lung_files, "km.json")}
    curve = pd.read_csv(lung_files / "km.csv").query("variable == 'overall'")
    horizon = parts["overall"]["horizon"]
    until = curve[curve["time"] < horizon]
    area = np.diff(np.r_[0, until["time"], horizon]) @ np.r_[1, until["survival"]]
    close(parts["overall"]["groups"][0]["mean"], area, 1e-9)
    assert len(parts["risk_group"]["differences"]) == 2


def _made(n=80, seed=4):
    random = np.random.default_rng(seed)
    age, stage = random.normal(60, 9, n).round(1), random.choice(["I", "II", "III"], n)
    time = np.ceil(random.exponential(500, n) / np.exp((age - 60) * 0.04)) + 1
    event = (random.random(n) < 0.7).astype(int)
    return pd.DataFrame({"id": range(n), "time": time, "event": event, "age": age, "stage": stage,
                         "size": random.normal(3, 1, n).round(2)})  # fmt: skip


def _separated(rows):
    rare = (rows["event"] == 0) & (rows.index % 4 == 0)
    return rows.assign(marker=np.where(rare, "yes", "no"))


BAD = {
    "no events": (lambda r: r.assign(event=0), {}, "everybody is censored"),
    "few events": (lambda r: r.assign(event=(r.index < 3) * 1), {}, "at least 10 events"),
    "negative time": (lambda r: r.assign(time=np.where(r.index == 5, -3, r["time"])), {}, "line 7"),
    "words": (lambda r: r.assign(age=np.where(r.index == 2, "old", r["age"])), {}, "“old”"),
    "event codes": (lambda r: r.assign(event=r["event"] + 1), {}, "0 or 1"),
    "an empty level": (
        lambda r: r,
        {"factor": "stage=I,II,III,IV"},
        "no complete row of level IV",
    ),
    "an unknown level": (lambda r: r, {"factor": "stage=I,II"}, "“III”"),
    "separation": (_separated, {"covariates": "age,marker"}, "markeryes"),
    "separation, and the way out": (_separated, {"covariates": "age,marker"}, "Firth"),
    "collinear": (
        lambda r: r.assign(twice=r["age"] * 2 + r["size"]),
        {"covariates": "age,size,twice"},
        "twice is a linear combination of age, size",
    ),
    "constant": (lambda r: r.assign(size=1), {"covariates": "age,size"}, "the same value"),
    "ten patients": (lambda r: r.head(10), {}, "at least 20"),
    "horizon": (lambda r: r, {"horizon": 1000000}, "not estimable"),
    "times": (lambda r: r, {"times": "1000000"}, "not estimable"),
    "no such column": (lambda r: r, {"covariates": "age,grade"}, "no such column"),
    "beyond measure": (
        lambda r: r.assign(size=np.where(r.index == 4, 1e308, r["size"])),
        {"covariates": "size"},
        "“1e+308”",
    ),
    "decimal commas": (
        lambda r: r.assign(age=r["age"].astype(str).str.replace(".", ",")),
        {"covariates": "age"},
        "decimals with a point",
    ),
    "events in one moment": (
        lambda r: r.assign(time=np.where(r["event"] == 1, 100, r["time"])),
        {"covariates": "age", "times": "90"},
        "all events at one time",
    ),
    "identifier": (
        lambda r: r.assign(name=[f"p{k}" for k in r.index]),
        {"covariates": "name"},
        "80 different texts",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_table_is_refused_with_its_problems(case, tmp_path):
    change, options, said = BAD[case]
    path, out = tmp_path / "table.csv", tmp_path / "out"
    change(_made()).to_csv(path, index=False)
    given = {"covariates": "age,stage", "times": "200,400", **options}
    arguments = [f"--{name}={value}" for name, value in given.items()]
    with pytest.raises(CommandError) as refusal:
        call_command("prognosis", str(path), "--duration=time", "--event=event", f"--out={out}",
                     *arguments)  # fmt: skip
    assert said in str(refusal.value)
    assert "problem(s), nothing was computed" in str(refusal.value)
    listed = _json(out, "problems.json")["problems"]
    assert listed
    assert [path.name for path in out.iterdir()] == ["problems.json"]


ODD = {
    "horizons before the first event": lambda r: r.assign(
        event=(r["time"] >= r["time"].quantile(0.6)) * 1
    ),
    "a unit far too small": lambda r: r.assign(age=r["age"] * 1e-12),
    "a copy with a little noise": lambda r: r.assign(
        age=r["size"] + np.random.default_rng(1).normal(0, 1e-4, len(r))
    ),
}


@pytest.mark.parametrize("case", ODD)
def test_an_odd_table_gives_nothing_where_there_is_no_number(case):
    """Warnings are errors: what overflows or divides by zero is empty, and a notice says why."""
    rows = ODD[case](_made())
    read = read_analysis_table(rows.to_csv(index=False).encode(), "time", "event", ["age", "size"])
    times = [float(rows["time"].quantile(share)) for share in (0.2, 0.5)]
    files = analysis_files(analyse_prognosis(read, times, resamples=10), "t.csv", "time",
                           "event", 10)  # fmt: skip
    cox = json.loads(files["cox.json"])
    told = {notice["code"] for notice in cox["notices"]}
    if case.startswith("horizons"):
        auc = json.loads(files["auc.json"])["times"]
        assert [part["auc"] for part in auc] == [None, None]
        assert json.loads(files["calibration.json"])["slope"]["estimate"] is None
    else:
        assert "unit_too_small" in told
        assert any(term["ci"][1] is None for term in cox["terms"])


def test_a_separated_table_is_told_by_firth_when_asked(tmp_path, capsys):
    """The refusal names the way; its files are finite, and validated as a plain model's are."""
    rows = _separated(_made())
    rows.to_csv(tmp_path / "table.csv", index=False)
    out = tmp_path / "out"
    asked = [str(tmp_path / "table.csv"), "--duration=time", "--event=event",
             "--covariates=age,marker", "--times=200,400,1e6", "--resamples=50",
             f"--out={out}"]  # fmt: skip
    with pytest.raises(CommandError, match="--penalty firth fits this table"):
        call_command("prognosis", *asked)
    call_command("prognosis", *asked, "--penalty=firth")
    names = {path.name for path in out.iterdir()}
    assert names >= WRITTEN - {"residuals.csv", "backward_elimination.json"} | {
        f"{figure}.svg" for figure in FIGURES if figure != "proportional_hazards"
    }
    assert not names & {"problems.json", "residuals.csv", "proportional_hazards.svg"}
    cox = _json(out, "cox.json")
    marker = next(term for term in cox["terms"] if term["term"] == "markeryes")
    x = np.c_[rows["age"], rows["marker"] == "yes"]
    fit = fit_firth_cox(rows["time"], rows["event"], x)
    assert marker["coef"] == pytest.approx(fit.coefficients[1], abs=1e-9)
    assert marker["ci"][1] == pytest.approx(np.exp(fit.profile_interval()[1][1]), rel=1e-6)
    assert 0 < marker["ci"][0] < marker["hr"] < marker["ci"][1]
    assert marker["p"] == pytest.approx(fit.likelihood_ratio_p()[1], abs=1e-9)
    assert (cox["penalty"], cox["ph"]) == ("firth", {})
    assert "firth" in [notice["code"] for notice in cox["notices"]]
    alone = validate_cox(rows["time"], rows["event"], x, resamples=50, seed=1, horizon=400,
                         penalty="firth")  # fmt: skip
    told = _json(out, "validation.json")
    assert told["c"]["corrected"] == pytest.approx(alone.c.corrected, abs=1e-12)
    assert "rms_stop" not in told
    risk = 1 - fit.survival(x, [400.0])[:, 0]
    auc = estimate_time_dependent_auc(rows["time"], rows["event"], risk, 400.0)
    times = _json(out, "auc.json")["times"]
    assert times[1]["auc"] == pytest.approx(auc.auc, abs=1e-9)
    assert times[2] == {"time": 1e6, "auc": None, "not_estimable": True}
    curve = estimate_survival_decision_curve(rows["time"], rows["event"], risk, 400.0)
    written = pd.read_csv(out / "decision_curve.csv").query("time == 400")
    close(written["net_benefit"], curve.net_benefit, 1e-9)
    groups = _json(out, "calibration.json")["groups"]
    close([g["corrected"] for g in groups], alone.groups.corrected, 1e-12)
    read = read_analysis_table(rows.to_csv(index=False).encode(), "time", "event", ["marker"])
    with pytest.raises(DataProblem, match="not estimable"):
        analyse_prognosis(read, [200], 1e6, penalty="firth")


def test_every_problem_of_a_table_comes_at_once():
    rows = _made().assign(extra="x")
    rows.loc[[1, 7], "time"] = -1
    rows["event"] = rows["event"].astype(object)
    rows.loc[3, "event"] = "maybe"
    rows["stage"] = rows["stage"].where(rows.index != 9, "IIII")
    with pytest.raises(DataProblem) as refusal:
        read_analysis_table(rows.to_csv(index=False).encode(), "time", "event", ["stage", "age"],
                            {"stage": ["I", "II", "III"]})  # fmt: skip
    found = {(p.row, p.column) for p in refusal.value.problems}
    assert found == {(3, "time"), (9, "time"), (5, "event"), (11, "stage")}


def test_a_table_is_read_as_people_write_it():
    rows = _made().astype({"event": bool})
    rows["stage"] = rows["stage"].map({"I": "1.0", "II": "2", "III": "03"})
    rows["size"] = rows["size"].astype(object)
    rows.loc[[0, 4], "size"] = ["NA", ""]
    text = rows.to_csv(index=False, sep=";", quoting=csv.QUOTE_ALL)
    found = read_analysis_table(
        b"\xef\xbb\xbf" + text.encode(),
        "time",
        "event",
        ["stage", "size"],
        {"stage": ["1", "2", "3"]},
    )
    assert [e.row for e in found.excluded] == [1, 5]
    assert [e.missing for e in found.excluded] == [("size",), ("size",)]
    assert set(found.covariates["stage"]) == {"1", "2", "3"}
    assert found.event.sum() == rows["event"].drop([0, 4]).sum()
    words = read_analysis_table(_made().to_csv(index=False).encode(), "time", "event", ["stage"])
    assert words.terms[0].levels == ("I", "II", "III")
    assert [n.code for n in words.notices] == ["taken_as_factor"]


def _in_r(rscript, found, source, folder):
    """What R writes and says; it compares with the survival and curves that lie beside it."""
    script = folder / "analysis.R"
    script.write_text(write_script(found, str(source), "time", "event", 10), "utf-8")
    (folder / "survival.csv").write_text(survival_csv(found))
    (folder / "km.csv").write_text(km_csv(found))
    answer = subprocess.run([rscript, str(script), str(source), str(folder)],
                            capture_output=True, text=True, check=False)  # fmt: skip
    assert answer.returncode == 0, answer.stderr
    assert not answer.stderr  # no warning either
    theirs = {p.stem: pd.read_csv(p, keep_default_na=False) for p in folder.glob("r_*.csv")}
    assert theirs["r_comparison"]["agrees"].all()
    return theirs


def test_r_maximises_firths_likelihood_to_the_same_place(rscript, tmp_path):
    rows, source = _separated(_made()), tmp_path / "table.csv"
    rows.to_csv(source, index=False)
    read = read_analysis_table(source.read_bytes(), "time", "event", ["age", "marker"])
    found = analyse_prognosis(read, [200, 400], resamples=50, penalty="firth")
    theirs = _in_r(rscript, found, source, tmp_path)
    parts = theirs["r_comparison"]["part"].tolist()
    assert {"coefficients", "predicted survival", "Kaplan-Meier"} <= set(parts)
    close(found.cox.coefficients, theirs["r_cox"]["coef"], 1e-6)
    assert theirs["r_validation"]["corrected"][0] == pytest.approx(
        found.validation.c.corrected, abs=0.05
    )


@pytest.mark.parametrize("name", [n for n in ("colon_os", "gbsg", "lung") if n in NAMES])
def test_the_r_script_agrees(name, rscript, tmp_path):
    meta, source = values(name, "meta.json"), FOLDER / name / "input_full.csv"
    splines = {"age": 4} if name == "gbsg" else {}
    read = read_analysis_table(source.read_bytes(), "time", "event", meta["covariates"],
                               meta["factors"], splines)  # fmt: skip
    found = analyse_prognosis(read, meta["times"], meta["calibration_horizon"], resamples=100)
    theirs = _in_r(rscript, found, source, tmp_path)
    cox = theirs["r_cox"]
    assert list(found.cox.names) == cox["term"].tolist()
    close(found.cox.coefficients, cox["coef"], 1e-6)
    close(found.cox.std_error, cox["se"], 1e-6)
    close(found.cox.log_likelihood, theirs["r_fit"][["null", "model"]].to_numpy()[0], 1e-6)
    close(found.harrell.c, theirs["r_fit"]["harrell"][0], 1e-9)
    close(found.uno.c, theirs["r_fit"]["uno"][0], 1e-9)
    for transform in ("km", "rank", "identity"):
        close(found.hazards[transform].statistic, theirs["r_ph"][transform], 1e-5)
    assert found.table.row.tolist() == theirs["r_survival"]["row"].tolist()
    close(found.survival.survival, theirs["r_survival"].drop(columns="row").to_numpy(), 1e-7)
    curve = found.groups[0].curves["all"]
    close(curve.survival, theirs["r_km"]["survival"], 1e-9)
    if not splines:
        points = np.concatenate([axis.points for axis in found.nomogram.axes])
        close(points, theirs["r_nomogram"]["points"], 1e-6)
    rms = theirs["r_validation"].set_index("index")["apparent"]
    for mine, key in (("dxy", "Dxy"), ("r2", "R2"), ("d", "D"), ("g", "g")):
        close(found.validation_rms.indexes[mine].apparent, rms[key], 1e-9)
    groups = found.validation_rms.groups
    close(groups.predicted, theirs["r_calibration"]["predicted"], 1e-9)
    close(groups.observed, theirs["r_calibration"]["observed"], 1e-9)
