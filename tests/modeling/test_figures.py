import json
import re
import xml.etree.ElementTree as ElementTree
from collections import Counter
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from modeling.figures.calibration import CalibrationPoint, draw_calibration
from modeling.figures.classifier_comparison import ClassifierAuc, draw_classifier_comparison
from modeling.figures.cumulative_incidence import IncidenceCurve, draw_cumulative_incidence
from modeling.figures.decision_curve import NetBenefit, draw_decision_curve
from modeling.figures.estimates import CurvePoint, draw_learning_curve
from modeling.figures.forest import ForestLine, draw_forest
from modeling.figures.immunoscore import ResponseShare, draw_response_shares
from modeling.figures.kaplan_meier import SurvivalGroup, draw_kaplan_meier
from modeling.figures.nomogram import Words, draw_nomogram, lay_rulers, place_labels, plain
from modeling.figures.roc import RocCurve, draw_roc
from modeling.methods.cox import fit_cox
from modeling.methods.design_matrix import build_design
from modeling.methods.kaplan_meier import estimate_kaplan_meier
from modeling.methods.nomogram import build_nomogram
from studies.colours import DRAWN, LIGHT
from studies.figures.figure import Figure
from studies.figures.journal import SMALLEST_POINTS, figure_file, journal_widths, smallest_letters
from studies.figures.render import figure_csv, render_inline_svg, render_png, render_svg
from studies.methods.wording import Wording


def _roc():
    curves = [RocCurve(n, [0, 0.2, 1], [0, 0.8, 1], 0.8, 0.7, 0.9, 50) for n in ("Training", "<b>")]
    return draw_roc(curves, caption='With "quotes" & more')


def _classifiers():
    rows = [ClassifierAuc(c, k, 0.7, 0.6, 0.8, 40) for c in ("A", "B") for k in ("x", "y")]
    return draw_classifier_comparison(rows)


def _calibration():
    points = [CalibrationPoint("Training", 0.3, 0.25, 0.1, 0.4, 20),
              CalibrationPoint("Training", 0.6, np.nan, np.nan, np.nan, 20)]  # fmt: skip
    return draw_calibration(points, "Calibration", predicted={"Training": [0.2, 0.3, 0.7]})


def _decision():
    t = np.array([0.1, 0.5, 0.9])
    model = NetBenefit("Nomogram", t, [0.4, 0.2, np.nan], None, None, [0.4, 0.0, -3.0])
    return draw_decision_curve(model, "Decision curve")


def _kaplan_meier():
    random = np.random.default_rng(0)
    groups = [
        SurvivalGroup(f"Rad-Score {k}", k, estimate_kaplan_meier(random.exponential(m, 40),
                                                                random.random(40) < 0.7))
        for k, m in (("high", 30), ("low", 12))
    ]  # fmt: skip
    return draw_kaplan_meier(groups, "Survival", test="log-rank p = 0.012")


def _nomogram():
    random = np.random.default_rng(1)
    rows = pd.DataFrame({"age": random.normal(60, 9, 90), "sex": random.choice(["m", "f"], 90)})
    design = build_design(rows, ["age", "sex"], {"sex": ["m", "f"]})
    time = random.exponential(20, 90) / np.exp(design.matrix[:, 1])
    fit = fit_cox(time, np.ones(90), design.matrix, design.names)
    return draw_nomogram(build_nomogram(fit, design, rows, [6, 12]), "Nomogram",
                         titles={"sex": "Sex"}, value_titles={"sex": {"m": "male"}})  # fmt: skip


def test_rulers_of_logarithms_tick_at_round_values_on_the_same_line():
    """A marker up to some 2,000 units: no exponent, and the points of the model itself."""
    random = np.random.default_rng(2)
    log2_cea, age = random.uniform(0.4, 10.9, 90), random.normal(60, 9, 90)
    rows = pd.DataFrame({"log2_cea": log2_cea, "age": age})
    design = build_design(rows, ["log2_cea", "age"], {})
    time = random.exponential(20, 90) / np.exp(0.2 * rows["log2_cea"])
    nomogram = build_nomogram(fit_cox(time, np.ones(90), design.matrix, design.names), design, rows,
                              [6, 12])  # fmt: skip
    words = Words({}, {}, "months", "survival", ("log2_cea",))
    ruler = next(r for r in lay_rulers(nomogram, words) if r.title == "log2_cea")
    assert ruler.labels == ["1", "2", "5", "10", "20", "50", "100", "200", "500", "1000", "2000"]
    told = nomogram.points(pd.DataFrame({"log2_cea": np.log2([float(v) for v in ruler.labels]),
                                         "age": 60.0}))  # fmt: skip
    np.testing.assert_allclose(ruler.at, told["log2_cea"], atol=1e-9)
    assert (ruler.first, ruler.last) == pytest.approx((0.0, nomogram.axes[0].points.max()))
    shown = place_labels(ruler)
    for above in (True, False):
        ends = [(at, len(text)) for at, text, side in shown if side == above]
        gaps = [(b[0] - a[0], 1.1 * (a[1] + b[1]) / 2) for a, b in pairwise(ends)]
        assert all(gap >= need for gap, need in gaps)
    assert plain(1024.0) == "1024"
    assert plain(1e6) == "1000000"
    assert plain(0.05) == "0.05"


def _forest():
    lines = [ForestLine("Age", 9, 30, 1.4, 1.1, 1.9, 0.01), ForestLine("sex", 9, 30, *[None] * 4)]
    return draw_forest([*lines, ForestLine("site", 9, 30, *[None] * 4, reference=True)])


def _incidence():
    curve = IncidenceCurve("high", [1, 2], [0.1, 0.2], [0, 0.1], [0.2, 0.3], 5, 10, 2, 1)
    return draw_cumulative_incidence([curve], "Incidence")


def _responses():
    groups = [ResponseShare("CD3", level, 3, 9, 0.1, 0.6) for level in ("high", "low")]
    return draw_response_shares(groups, "Response", "")


def _learning():
    return draw_learning_curve([CurvePoint(30, 0.6, 0.1), CurvePoint(60, 0.7, None)], "")


FIGURES = [_roc, _classifiers, _calibration, _decision, _kaplan_meier, _nomogram, _forest,
           _incidence, _responses, _learning]  # fmt: skip
every_figure = pytest.mark.parametrize("make", FIGURES, ids=lambda make: make.__name__.strip("_"))


@every_figure
def test_figure_is_well_formed_named_and_scales(make):
    figure = make()
    root = ElementTree.fromstring(render_inline_svg(figure))
    assert root.get("role") == "img"
    assert figure.title in root.get("aria-label")
    inner = {name for part in root.iter() if part is not root for name in part.attrib}
    assert not {name for name in inner if name == "role" or name.startswith("aria-")}
    assert root.get("viewBox")
    assert root.get("width") is None
    assert "style=" not in render_svg(figure)  # a strict content policy forbids it in pages
    drawn = re.findall(r'(?:fill|stroke|stop-color)="([^"]+)"', render_inline_svg(figure))
    assert set(drawn) <= {*(LIGHT[name] for name in DRAWN), "none", "transparent"}
    assert render_png(figure, 1.0).startswith(b"\x89PNG")


@every_figure
def test_figure_can_be_read_at_the_widths_of_journals(make):
    """Every letter has six points or more in what is given; narrower files are not given."""
    figure = make()
    svg = render_svg(figure)
    widths = journal_widths(svg)
    assert 174 in widths
    for width in (85, 114, 174):
        assert (smallest_letters(svg, width) >= SMALLEST_POINTS) == (width in widths)
        given = figure_file(figure, f"{width}mm.svg")
        if width not in widths:
            assert given is None
            continue
        root = ElementTree.fromstring(given[0])
        assert root.get("width") == f"{width}mm"
        wide, high = map(float, root.get("viewBox").split()[2:])
        assert float(root.get("height").removesuffix("mm")) == pytest.approx(
            width * high / wide, abs=1e-3
        )
        sizes = [
            float(t.get("font-size").removesuffix("px")) for t in root.iter() if t.get("font-size")
        ]
        assert min(sizes) * width / 25.4 * 72 / wide >= SMALLEST_POINTS
    pdf, kind = figure_file(figure, "174mm.pdf")
    assert kind == "application/pdf"
    assert pdf.startswith(b"%PDF")
    assert b"/MediaBox[0 0 493.2" in pdf  # 174 mm
    assert figure_file(figure, "90mm.svg") is None
    assert figure_file(figure, "gif") is None


@every_figure
def test_figure_survives_json_with_its_table(make):
    figure = make()
    again = Figure.from_dict(json.loads(json.dumps(figure.as_dict(), allow_nan=False)))
    assert again == figure
    lines = figure_csv(again).splitlines()
    assert len(lines) == len(figure.rows) + 1
    assert all(len(row) == len(figure.columns) for row in figure.rows)


@every_figure
def test_figure_is_drawn_alike_twice(make):
    assert make().as_dict() == make().as_dict()
    assert render_svg(make()) == render_svg(make())


@every_figure
def test_no_word_of_a_figure_escapes_its_language(make, monkeypatch):
    with monkeypatch.context() as spoken:
        spoken.setattr(Wording, "voice", staticmethod(lambda one, many, number: f"⟦{one}⟧"))
        figure = make()
    texts = [text for part in ElementTree.fromstring(render_svg(figure)).iter()
             for text in [part.text] if part.tag.endswith("text")]  # fmt: skip
    texts += [figure.title, figure.caption, *figure.heads]
    for text in texts:
        while text != (text := re.sub(r"⟦[^⟦⟧]*⟧", "", text or "")):
            pass
        assert not re.search(r"[A-Za-z]{3,}", text.replace("AUC", "")), text
    assert (figure.columns, figure.rows) == (make().columns, make().rows)
    assert marks_of(figure) == marks_of(make())  # each in its colour: names are found again


def marks_of(figure: Figure) -> Counter[str]:
    paths = re.findall(r"<path[^>]*>", render_svg(figure))
    return Counter(colour for p in paths for colour in re.findall(r'(?:fill|stroke)="([^"]+)"', p))


def test_kaplan_meier_figure_shows_numbers_at_risk_and_not_reached():
    curve = estimate_kaplan_meier([10, 20, 30, 40], [1, 0, 0, 0])
    svg = render_svg(draw_kaplan_meier([SurvivalGroup("All", "all", curve)], "Survival"))
    assert "Number at risk" in svg
    assert "median not reached" in svg


def test_lines_differ_without_colour():
    text = json.dumps(_roc().spec)
    assert '"strokeDash"' in text
    assert '"shape"' in json.dumps(_classifiers().spec)
