"""The losses of a fit as lines of an SVG, and as a table beside it."""

from __future__ import annotations

from dataclasses import dataclass

from imaging.models import ExtractorVersion

WIDTH, HEIGHT, EDGE = 560, 200, 8


@dataclass(frozen=True)
class LossCurve:
    """Points of two lines, and the rows they are drawn from."""

    training: str
    held_out: str
    rows: list[tuple[int, float, float | None]]
    best_epoch: int | None
    highest: float


def loss_curve(version: ExtractorVersion) -> LossCurve | None:
    """Training and held-out loss per epoch; none where nothing was trained."""
    losses, held = version.losses, version.held_out_losses
    if not losses:
        return None
    highest = max([*losses, *held])
    rows = [(i + 1, v, held[i] if i < len(held) else None) for i, v in enumerate(losses)]
    best = held.index(min(held)) + 1 if held else None
    return LossCurve(_line(losses, highest), _line(held, highest), rows, best, highest)


def _line(values: list[float], highest: float) -> str:
    step = (WIDTH - 2 * EDGE) / max(len(values) - 1, 1)
    scale = (HEIGHT - 2 * EDGE) / (highest or 1)
    return " ".join(
        f"{EDGE + i * step:.1f},{HEIGHT - EDGE - v * scale:.1f}" for i, v in enumerate(values)
    )
