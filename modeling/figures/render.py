"""Figures as pictures, as all apps draw them: ``studies.figures.render``."""

from studies.figures.render import figure_csv, render_inline_svg, render_png, render_svg

__all__ = ["figure_csv", "render_inline_svg", "render_png", "render_svg"]
