"""What a reader of a page sees or hears, and what should never stand there."""

from __future__ import annotations

import re
from html.parser import HTMLParser

SHOWN = {"aria-label", "title", "placeholder", "alt", "data-tip", "data-label", "data-confirm"}
OPEN_ENDED = {"meta", "link", "input", "br", "img", "hr", "path", "rect", "circle", "line", "col"}
# A list, dict or object as the program writes it; in Chinese its words, too.
WRITTEN = re.compile(
    r"""\[(?:['"]|\]|None\b|True\b|False\b)|\{(?:['"]|\})|\w+\(\[|datetime\.|Decimal\(|UUID\("""
    r"""|<\w+: |<\w[\w.]* object|\bnan\b"""
)
WORDS_OF_IT = re.compile(r"\b(?:None|True|False|nan|NaN|inf)\b")


class Visible(HTMLParser):
    """What a reader sees or hears that does not say that it is English, a code or data."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.around: list[tuple[str, bool]] = []

    @property
    def silent(self) -> bool:
        return bool(self.around) and self.around[-1][1]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        quiet = tag in ("script", "style", "code", "pre", "kbd", "textarea")
        hidden = self.silent or quiet or ("lang", "en") in attrs
        self.texts += [text or "" for name, text in attrs if name in SHOWN and not hidden]
        if tag not in OPEN_ENDED:
            self.around.append((tag, hidden))

    def handle_endtag(self, tag: str) -> None:
        while self.around and self.around.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.texts.append(" ".join(data.split()))


def written_in(page: str, *patterns: re.Pattern[str]) -> list[str]:
    """Values that stand on a page as the program writes them."""
    visible = Visible()
    visible.feed(page)
    shown = [text for text in visible.texts if text]
    return [text[:120] for text in shown if any(one.search(text) for one in patterns)]
