"""PET and CT encoder fitted at the same time, each on one thread, watched from this one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait

from imaging.methods.encoder import Cubes, EncoderFit, Preset, fit_encoder
from studies.methods.wording import say

WATCH_SECONDS = 0.5


class _Stopped(Exception):
    """The other encoder failed, or somebody cancelled."""


def fit_side_by_side(
    cubes: Mapping[str, Cubes], preset: Preset, seed: int, progress: Callable[[float, str], None]
) -> dict[str, EncoderFit]:
    """Fit one encoder per modality; ``progress(share, message)`` is called from this thread.

    Torch lets the interpreter go while it computes, so two threads fill two cores; one thread
    per encoder keeps the weights equal to the byte whatever the machine.
    """
    shares = dict.fromkeys(cubes, 0.0)
    stop = threading.Event()

    def told(modality: str) -> Callable[[int, int, str], None]:
        def tell(done: int, total: int, message: str) -> None:
            shares[modality] = done / max(total, 1)
            if stop.is_set():
                raise _Stopped

        return tell

    with ThreadPoolExecutor(len(cubes)) as pool:
        futures = {m: pool.submit(fit_encoder, cubes[m], m, preset, seed, told(m)) for m in cubes}
        try:
            _watch(list(futures.values()), shares, progress, preset)
            return {modality: future.result() for modality, future in futures.items()}
        finally:
            stop.set()


def _watch(
    futures: list[Future[EncoderFit]],
    shares: dict[str, float],
    progress: Callable[[float, str], None],
    preset: Preset,
) -> None:
    """Report until both have ended, or one has failed."""
    waiting = set(futures)
    while waiting:
        ended, waiting = wait(waiting, timeout=WATCH_SECONDS)
        for future in ended:
            future.result()
        share = sum(shares.values()) / len(shares)
        epoch = min(int(min(shares.values()) * preset.epochs) + 1, max(preset.epochs, 1))
        progress(
            share,
            say(
                "fitting PET and CT encoder, epoch {epoch} of {epochs}",
                epoch=epoch,
                epochs=preset.epochs,
            ),
        )
