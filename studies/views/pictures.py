"""Pictures as files."""

from __future__ import annotations

import json

from django.http import Http404, HttpResponse

from studies.figures.explored import explored, is_explorable
from studies.figures.figure import Figure
from studies.figures.letters import POLICY, with_letters

VEGA = "vega.json"


def picture_answer(svg: str) -> HttpResponse:
    """A drawing with the letters that it was measured with."""
    headers = {"Content-Security-Policy": POLICY}
    return HttpResponse(with_letters(svg), content_type="image/svg+xml", headers=headers)


def explored_answer(figure: Figure | None) -> HttpResponse:
    """A figure as a page draws it again to be explored; 404 where no mark has more to say."""
    if figure is None or not is_explorable(figure.spec):
        raise Http404
    body = json.dumps(explored(figure), ensure_ascii=False, separators=(",", ":"))
    headers = {"ETag": f'"{figure.digest}"', "Cache-Control": "private, no-store"}
    return HttpResponse(body, content_type="application/json", headers=headers)
