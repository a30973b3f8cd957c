"""From everybody screened to those analysed: how many pass each step, and why the others do not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from .wording import marked


@dataclass(frozen=True)
class AttritionStep:
    """A box of the diagram: ``remaining`` patients after it, and reasons of those it left out.

    ``having`` of the remaining have what the step is about; the others were not asked for it.
    ``has`` counts those who have it whatever came before; a step that is not ``required`` of
    anybody leaves nobody out.
    """

    key: str
    title: str
    remaining: int
    left_out: tuple[tuple[str, int], ...]
    has: int
    having: int
    required: bool = True

    @property
    def not_asked(self) -> int:
        """Those who remain without it."""
        return self.remaining - self.having


def count_attrition(
    steps: Sequence[tuple[str, str]],
    lacking: Sequence[Mapping[str, str]],
    required: Sequence[Collection[str]],
    first: str = marked("Screened"),
) -> tuple[AttritionStep, ...]:
    """The boxes from top to bottom.

    Parameters
    ----------
    steps : sequence of (key, title)
        In order; a patient leaves at the first required step that they lack.
    lacking : sequence of mapping
        One per patient: step key to the reason why it is not passed.
    required : sequence of collection of str, same length
        The steps that count for each patient; what else they lack is shown, and keeps nobody out.
    first : str
        Title of the box of everybody.

    Returns
    -------
    tuple of AttritionStep
        ``remaining`` never grows, each box is the one above less those it left out, and
        ``having`` plus ``not_asked`` is what remains.
    """
    inside = list(range(len(lacking)))
    boxes = [AttritionStep("screened", first, len(inside), (), len(inside), len(inside))]
    for key, title in steps:
        out = [i for i in inside if key in required[i] and lacking[i].get(key)]
        said = Counter(lacking[i][key] for i in out)
        ordered = tuple(sorted(said.items(), key=lambda pair: (-pair[1], pair[0])))
        has = sum(not reasons.get(key) for reasons in lacking)
        needed = any(key in keys for keys in required)
        gone = set(out)
        inside = [i for i in inside if i not in gone]
        having = sum(not lacking[i].get(key) for i in inside)
        boxes.append(AttritionStep(key, title, len(inside), ordered, has, having, needed))
    return tuple(boxes)
