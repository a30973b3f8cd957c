"""Pictures as files."""

from __future__ import annotations

from django.http import HttpResponse

from studies.figures.letters import POLICY, with_letters


def picture_answer(svg: str) -> HttpResponse:
    """A drawing with the letters that it was measured with."""
    headers = {"Content-Security-Policy": POLICY}
    return HttpResponse(with_letters(svg), content_type="image/svg+xml", headers=headers)
