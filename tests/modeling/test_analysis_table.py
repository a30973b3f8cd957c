"""A table from outside: what is read, what is refused, and nothing misread."""

import numpy as np
import pytest

from modeling.figures.nomogram import draw_nomogram
from modeling.methods.analysis_table import read_analysis_table
from modeling.methods.cox import fit_cox
from modeling.methods.design_matrix import build_design
from modeling.methods.nomogram import build_nomogram
from modeling.methods.survival_table import check_survival
from studies.figures.render import render_svg
from studies.methods.problems import DataProblem

N = 40


def _cells(**columns):
    random = np.random.default_rng(0)
    made = {
        "time": random.integers(10, 900, N).tolist(),
        "event": (random.random(N) < 0.7).astype(int).tolist(),
        "age": random.integers(30, 80, N).tolist(),
    }
    return {**made, **columns}


def _table(columns, separator=","):
    names = separator.join(columns)
    rows = (separator.join(map(str, row)) for row in zip(*columns.values(), strict=True))
    return "\n".join([names, *rows]) + "\n"


def _read(content, covariates=("age",), **how):
    content = content if isinstance(content, bytes) else content.encode()
    return read_analysis_table(content, "time", "event", list(covariates), **how)


DATES = [f"2020-0{k % 4 + 1}-15" for k in range(N)]
REFUSED = {
    "decimal commas of few values": (
        _table(_cells(age=[f"{k % 4},5" for k in range(N)]), ";"), "decimal commas",
    ),
    "decimal commas of follow-up": (
        _table(_cells(time=[f"{k + 1},5" for k in range(N)]), ";"), "Write decimals with a point",
    ),
    "dates of few days": (_table(_cells(age=DATES)), "dates: “2020-01-15”"),
    "an identifier of twenty rows": (
        "\n".join(_table(_cells(age=[f"p{k}" for k in range(N)])).split("\n")[:21]),
        "20 different texts in 20 rows",
    ),
    "a quote that never closes": (
        _table(_cells()) + '5,1,"' + "3\n" * 70_000, "a cell that does not end",
    ),
    "follow-up among the covariates": (
        _table(_cells(age=[t * 2 + 1 for t in _cells()["time"]])), "the order of time in every row",
    ),
    "a column twice": ("age," + _table(_cells()).replace("\n", "\n1,")[:-2], "two columns"),
    "a name of the results": (
        _table(_cells(total_points=_cells()["age"])), "a name that the results use",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_would_be_misread_is_refused(case):
    content, said = REFUSED[case]
    covariates = ["total_points"] if "name" in case else ["age"]
    with pytest.raises(DataProblem) as refusal:
        _read(content, covariates)
    assert said in str(refusal.value)


@pytest.mark.parametrize("change", [
    lambda text: text.replace("\n", "\r"),
    lambda text: text.replace("\n", "\r\n"),
    lambda text: "\ufeff" + text.replace("\n", "\n\n"),
    lambda text: text.replace(",", ";").replace("time", '"time"').replace("note", '"a, b, c, d"'),
    lambda text: text.replace("note", "age of father").replace("other", "age of father"),
])  # fmt: skip
def test_line_ends_quotes_and_columns_that_are_not_asked_for_change_nothing(change):
    plain = _table(_cells(note=["x"] * N, other=["y"] * N))
    ours, same = _read(change(plain)), _read(plain)
    assert ours.duration.tolist() == same.duration.tolist()
    assert ours.covariates.equals(same.covariates)


def test_a_problem_names_the_line_of_the_file():
    lines = _table(_cells()).split("\n")
    lines[3] = "-1,1,50"
    content = "\n".join([*lines[:2], "", "", *lines[2:]])
    with pytest.raises(DataProblem) as refusal:
        _read(content)
    assert [problem.row for problem in refusal.value.problems] == [6]


def test_what_tells_every_event_is_asked_about():
    table = _read(_table(_cells(dead=["yes" if e else "no" for e in _cells()["event"]])), ["dead"])
    assert "outcome_again" in [notice.code for notice in table.notices]


def test_rows_that_lack_a_covariate_are_followed_all_the_same():
    cells = _cells(arm=["a", "b"] * (N // 2))
    cells["age"][5] = cells["arm"][7] = "NA"
    cells["time"][9] = ""
    table = _read(_table(cells), ["age"], factors={"arm": ["b", "a"]})
    assert table.row.tolist() == [k + 1 for k in range(N) if k not in (5, 9)]
    assert [(row.row, row.missing) for row in table.excluded] == [(6, ("age",)), (10, ("time",))]
    assert table.followed.duration.size == N - 1
    assert table.followed.covariates["arm"].isna().sum() == 1
    assert [term.levels for term in table.beside] == [("b", "a")]


def test_times_apart_by_rounding_alone_are_one_time():
    """As R's survival: the earliest of them."""
    time, _ = check_survival([0.3, 0.1 + 0.2, 0.3 + 1e-4, 700, 700 + 1e-7], [1, 1, 1, 0, 1])
    assert np.unique(time).tolist() == [0.3, 0.3 + 1e-4, 700]


def test_a_column_named_like_a_keyword_is_drawn():
    table = _read(_table(_cells(**{"if": [k % 3 for k in range(N)]})), ["if", "age"])
    design = build_design(table.covariates, ["if", "age"])
    fit = fit_cox(table.duration, table.event, design.matrix, design.names)
    nomogram = build_nomogram(fit, design, table.covariates, [300])
    assert render_svg(draw_nomogram(nomogram, "Nomogram")).startswith("<svg")
