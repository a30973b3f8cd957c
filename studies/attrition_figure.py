"""The attrition diagram as boxes and lines, drawn by ``studies/attrition.svg``."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from unicodedata import east_asian_width

from django.utils.translation import gettext as _

from studies.eligibility import Attrition
from studies.languages import spoken
from studies.methods.attrition import AttritionStep

WIDTH, LEFT, RIGHT = 760, 250, 420
ROW, PADDING, GAP = 17, 12, 26
CHARACTERS, MOST_REASONS = 58, 5


@dataclass(frozen=True)
class Box:
    """A rectangle at (x, y) with lines of text; ``strong`` lines are set in bold."""

    x: int
    y: int
    width: int
    height: int
    lines: tuple[tuple[int, str, bool], ...]
    dashed: bool = False

    @property
    def middle(self) -> int:
        return self.y + self.height // 2

    @property
    def bottom(self) -> int:
        return self.y + self.height

    @property
    def center(self) -> int:
        return self.x + self.width // 2

    @property
    def right(self) -> int:
        return self.x + self.width


@dataclass(frozen=True)
class Drawing:
    title: str
    width: int
    height: int
    boxes: tuple[Box, ...]
    sides: tuple[Box, ...]
    down: tuple[tuple[int, int, int], ...]  # x, from y, to y
    across: tuple[tuple[int, int, int], ...]  # y, from x, to x


def draw(attrition: Attrition) -> Drawing:
    """Main boxes on the left, who left and why to the right of each."""
    boxes, sides, down, across = [], [], [], []
    y = 8
    for number, step in enumerate(attrition.steps):
        main, side = _main(step), _side(step)
        height = max(len(main), len(side)) * ROW + PADDING
        box = _box(8, y, LEFT, height, main, dashed=not step.required)
        if number:
            down.append((box.center, boxes[-1].bottom, box.y))
        if side:
            beside = _box(WIDTH - RIGHT - 8, y, RIGHT, height, side)
            sides.append(beside)
            across.append((box.middle, box.right, beside.x))
        boxes.append(box)
        y += height + GAP
    return Drawing(
        _("From screened to analysed: {title}").format(title=spoken(attrition.title)),
        WIDTH, y - GAP + 8, tuple(boxes), tuple(sides), tuple(down), tuple(across),
    )  # fmt: skip


def _main(step: AttritionStep) -> list[tuple[str, bool]]:
    """What the box counts: who remains, and how many of them have it where not all were asked."""
    title = (spoken(step.title), False)
    if not step.required:
        return [
            title,
            (_("asked of nobody"), False),
            (_("{having:,} of {remaining:,} have it").format(**vars(step)), False),
        ]
    remain = (f"n = {step.remaining:,}", True)
    if not step.not_asked:
        return [title, remain]
    return [
        title,
        (_("where the cohort's role asks for it"), False),
        remain,
        (_("{having:,} have it").format(having=step.having), False),
        (_("{not_asked:,} were not asked for it").format(not_asked=step.not_asked), False),
    ]


def _side(step: AttritionStep) -> list[tuple[str, bool]]:
    if not step.left_out:
        return []
    total = sum(number for _, number in step.left_out)
    lines = [(_("Left out: {total:,}").format(total=total), True)]
    shown = list(step.left_out[:MOST_REASONS])
    rest = total - sum(number for _, number in shown)
    for reason, number in [*shown, *([(_("other reasons"), rest)] if rest else [])]:
        wrapped = _wrapped(f"{number:,} {spoken(reason)}")
        lines += [(line, False) for line in wrapped]
    return lines


def _wrapped(text: str) -> list[str]:
    """Lines as wide as the box has room for; a Chinese character takes the room of two."""
    if text.isascii():
        return textwrap.wrap(text, CHARACTERS, subsequent_indent="   ")
    lines, line, width = [], "", 0
    for sign in text:
        room = 2 if east_asian_width(sign) in "WF" else 1
        if width + room > CHARACTERS:
            lines, line, width = [*lines, line], "   ", 3
        line, width = line + sign, width + room
    return [*lines, line]


def _box(
    x: int, y: int, width: int, height: int, lines: list[tuple[str, bool]], dashed: bool = False
) -> Box:
    top = y + (height - len(lines) * ROW) // 2 + 13
    placed = tuple((top + n * ROW, text, strong) for n, (text, strong) in enumerate(lines))
    return Box(x, y, width, height, placed, dashed)
