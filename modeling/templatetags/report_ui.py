"""How a report's numbers and figures are written in a page."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from modeling.kept_words import kept
from studies.figures.figure import number
from studies.figures.journal import journal_widths
from studies.methods.wording import Wording, say

register = template.Library()


@register.simple_tag
def cell(value: Any) -> SafeString:
    """A word as it is; a number with its interval and, small, the footnote it comes from."""
    if value is None:
        return mark_safe('<span class="quiet">–</span>')
    if not isinstance(value, dict):
        return format_html("{}", value)
    return format_html("{}{}", _written(value), _footnote(value))


def _written(found: dict[str, Any]) -> SafeString:
    digits = found["digits"]
    if found["value"] is None:
        return format_html('<span class="quiet">{}</span>', say("not estimable"))
    if digits == 4 and found["value"] < 0.0001:
        return mark_safe("&lt; 0.0001")
    if found.get("no_interval"):
        return format_html(
            '{} <span class="ci no-interval">({})</span>',
            number(found["value"], digits),
            say("interval not estimable: {reason}", reason=say(found["no_interval"])),
        )
    if found["ci"] is None:
        return format_html("{}", number(found["value"], digits))
    if found["ci"] == [None, None]:
        return format_html(
            '{} <span class="ci">({})</span>',
            number(found["value"], digits),
            say("limits not reached"),
        )
    missing = say("not reached") if found.get("is_median") else say("not estimable")
    low, high = (missing if bound is None else number(bound, digits) for bound in found["ci"])
    return format_html(
        '{} <span class="ci">({}{}{})</span>',
        number(found["value"], digits),
        low,
        "–" if (found["ci"][0] or 0) >= 0 else say(" to "),
        high,
    )


def _footnote(found: dict[str, Any]) -> SafeString:
    n = "" if found["n"] is None else f", n {found['n']}"
    title = say(
        "{version}, frozen table {digest}{n}",
        version=found["model_version"], digest=found["snapshot_sha"][:12], n=n,
    )  # fmt: skip
    return format_html(
        '<sup class="source"><a href="#source-{0}" data-tip="{1}" aria-label="{2}">{0}</a></sup>',
        found["source"],
        title,
        say("source {n}: {title}", n=found["source"], title=title),
    )


@register.filter
def is_number(value: Any) -> bool:
    """Whether a cell stands to the right."""
    return isinstance(value, dict | int | float)


@register.simple_tag
def drawing(figure: dict[str, Any]) -> SafeString:
    """The figure's SVG, drawn from numbers when the report was built, and never from input."""
    return mark_safe(figure["svg"])


@register.filter
def named(figures: dict[str, Any], key: str) -> dict[str, Any]:
    return figures[key]


@register.filter
def said_parts(text: str) -> str:
    """Reasons that stand one after the other, each in the language of the page."""
    return "; ".join(kept(part) for part in text.split("; "))


@register.filter
def kept_words(text: str) -> str:
    """A sentence that a result keeps in English, in the language of the page."""
    return kept(text or "")


@register.filter
def widths(svg: str) -> list[int]:
    """Journal widths in mm at which a drawing can be read."""
    return journal_widths(svg)


@register.filter
def kept_sentences(text: str) -> str:
    """Several such sentences: known as a whole, or one after the other."""
    if isinstance(text, Wording) or kept(text) != text:
        return kept(text)
    end = "." if text.endswith(".") else ""
    return ". ".join(kept(part) for part in text.removesuffix(".").split(". ")) + end


@register.filter
def short(digest: str | None) -> str:
    return (digest or "")[:12]
