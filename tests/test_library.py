"""docs/library.md tells the paper in calls that run."""

import contextlib
import io
import re
from pathlib import Path

import numpy as np

PAGE = Path(__file__).resolve().parents[1] / "docs" / "library.md"


def test_the_page_runs_from_top_to_bottom():
    code = "\n".join(re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL))
    told, made = io.StringIO(), dict[str, object]()
    with contextlib.redirect_stdout(told):
        exec(compile(code, str(PAGE), "exec"), made)
    assert re.match(r"AUC 0\.\d\d, C 0\.\d\d after \d+ resamples", told.getvalue())
    assert made["uptake"].suv_max >= made["uptake"].suv_mean > 0
    assert {"hot", "cold"} >= set(made["phenotype"]["label"])
    assert made["immunoscore"]["score"].dropna().between(0, 4).all()
    assert made["corrected"].usable > 900
    assert np.isfinite(made["auc_24"].auc)
    assert made["points"].min() >= 0
