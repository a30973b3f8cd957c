"""A picture is drawn once, and anew for other numbers or other words."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

from studies import kept_pictures
from studies.figures.example import draw_example
from studies.figures.render import render_inline_svg


def test_a_picture_is_drawn_once_and_anew_for_other_numbers_or_words(monkeypatch):
    drawn = []

    def draw(figure):
        drawn.append(figure)
        return render_inline_svg(figure)

    monkeypatch.setattr(kept_pictures, "render_inline_svg", draw)
    figure = replace(draw_example(), key=f"example-{uuid4()}")  # that no earlier run kept
    first = kept_pictures.picture_kept(figure)
    assert first == kept_pictures.picture_kept(figure) == render_inline_svg(figure)
    assert first.__html__() == first
    said = kept_pictures.picture_kept(replace(figure, caption="In other words."))
    assert "In other words." in said
    kept_pictures.picture_kept(replace(figure, spec={**figure.spec, "width": 100}))
    assert len(drawn) == 3
