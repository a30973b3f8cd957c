import numpy as np
import pandas as pd

from genomics.figures.heat_map import draw_heat_map
from studies.figures.render import render_svg


def heat_map():
    z = pd.DataFrame(
        np.random.default_rng(1).normal(size=(6, 2)), columns=["T cells", "Mast cells"]
    )
    labels = pd.DataFrame({"label": ["hot", "cold"] * 3, "core": z["T cells"]})
    return draw_heat_map(z, labels, {"T cells": 0.7, "Mast cells": 0.3})


def test_a_heat_map_is_drawn_alike_twice():
    """Its legend is a gradient, which the renderer numbers over all its work."""
    first, second = (render_svg(heat_map()) for _ in range(2))
    assert "url(#" in first
    assert first == second
