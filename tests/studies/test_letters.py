"""The letters that figures are drawn with."""

from __future__ import annotations

from xml.etree import ElementTree

import vl_convert
from django.test import Client
from django.urls import reverse

from studies.figures.example import draw_example
from studies.figures.letters import with_letters
from studies.figures.render import render_svg, svg_png
from tests.people import People

PLAIN = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><text>a</text></svg>'


def test_a_file_brings_the_letters_that_it_needs() -> None:
    for svg, faces in ((PLAIN, 1), (PLAIN.replace("<text", '<text font-weight="bold"'), 2)):
        drawn = with_letters(svg)
        assert drawn.count("src:url(data:font/woff2;base64,") == faces
        style = next(iter(ElementTree.fromstring(drawn)))
        assert style.text is not None
        assert style.text.count('font-family:"Liberation Sans"') == faces


def test_the_renderer_measures_with_letters_of_its_own() -> None:
    """No font of this machine: a figure is the same figure everywhere."""
    wide = "Support vector machine (RBF), βχ ≤ −1"
    spec = {
        "mark": {"type": "text", "text": wide, "font": "Liberation Sans", "fontSize": 100},
        "data": {"values": [{}]}, "width": 0, "height": 1, "padding": 0,
    }  # fmt: skip
    svg = ElementTree.fromstring(vl_convert.vegalite_to_svg(spec))
    # Of the advance widths of Liberation Sans 2.00.1, which are Arimo's.
    assert abs(float(svg.attrib["width"]) - 1740.5) < 2


def test_the_same_file_opens_by_its_address_alone(people: People, client: Client) -> None:
    client.force_login(people.coordinator)
    answer = client.get(reverse("studies:attrition_svg", args=[people.study.uid]))
    assert b"@font-face" in answer.content
    assert "font-src data:" in answer["Content-Security-Policy"]
    assert svg_png(with_letters(render_svg(draw_example()))).startswith(b"\x89PNG")
