"""Counting cells of a slide: seconds per megapixel, memory, and what 1/4 of the resolution costs.

A slide of 134 megapixels, the real stain that scikit-image ships laid out over tissue with glass
around it, counted as the product counts: tile by tile from the file. Beside it the plain loop that
one would write with scikit-image (``rgb2hed``, smooth, ``peak_local_max``) on the same tiles. Full
resolution is counted everywhere, 1/4 where there is tissue.
"""

from __future__ import annotations

import multiprocessing
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import tifffile
from PIL import Image
from scipy import ndimage
from skimage.color import rgb2hed
from skimage.data import immunohistochemistry
from skimage.feature import peak_local_max

from imaging.methods.cell_counting import CountingRule, Tile, count_in_tile, plan_tiles
from imaging.methods.tissue import find_tissue
from imaging.methods.whole_slide import WholeSlide

WIDTH, HEIGHT, UM, TILE = 16384, 8192, 0.5, 2048
RULE = CountingRule(0.2)
OVERVIEW = 1024
REPEATS = 5  # the plain loop once: it is slow, and of other memory


def write(path: Path) -> None:
    """Three quarters tissue, one quarter glass; levels of 1, 1/4 and 1/16."""
    picture = np.full((HEIGHT, WIDTH, 3), 245, np.uint8)
    stain = immunohistochemistry()
    laid = np.tile(stain, (HEIGHT // stain.shape[0], WIDTH * 3 // 4 // stain.shape[1], 1))
    picture[:, : laid.shape[1]] = laid
    with tifffile.TiffWriter(path) as writer:
        for factor in (1, 4, 16):
            level = Image.fromarray(picture).reduce(factor)
            per_cm = 1e4 / UM / factor
            writer.write(
                np.asarray(level), tile=(256, 256), photometric="rgb",
                compression="zlib", subfiletype=int(factor > 1),
                resolution=(per_cm, per_cm), resolutionunit="CENTIMETER",
            )  # fmt: skip


def ours(slide: WholeSlide, scale: int) -> int:
    """As the product counts, at 1/scale; below full resolution only tiles that hold tissue."""
    extent, found = (WIDTH // scale, HEIGHT // scale), 0
    overview, zoom = slide.overview(OVERVIEW) if scale > 1 else (None, 1.0)
    tissue = None if overview is None else find_tissue(overview, UM * zoom)
    for tile in plan_tiles(*extent, TILE):
        if tissue is None or tissue[_box(tile, scale / zoom)].any():
            read: Callable = lambda x, y, w, h: slide.read(x, y, w, h, scale)  # noqa: E731
            found += len(count_in_tile(read, tile, extent, UM * scale, RULE))
    return found


def _box(tile: Tile, ratio: float) -> tuple[slice, slice]:
    """The part of the overview under a tile."""
    rows = slice(int(tile.y * ratio), int((tile.y + tile.height) * ratio) + 1)
    return rows, slice(int(tile.x * ratio), int((tile.x + tile.width) * ratio) + 1)


def plain(slide: WholeSlide) -> int:
    found = 0
    for tile in plan_tiles(WIDTH, HEIGHT, TILE):
        brown = rgb2hed(slide.read(tile.x, tile.y, tile.width, tile.height))[..., 2] * 6
        smooth = ndimage.gaussian_filter(brown, RULE.smoothing_um / UM)
        found += len(peak_local_max(smooth, min_distance=9, threshold_abs=RULE.threshold))
    return found


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "slide.tif")
        writing = multiprocessing.get_context("spawn").Process(target=write, args=(path,))
        writing.start()
        writing.join()
        with WholeSlide(path) as slide:
            ways = {"full": lambda: ours(slide, 1), "1/4": lambda: ours(slide, 4)}
            seconds: dict[str, list[float]] = {name: [] for name in ways}
            counts: dict[str, int] = {}
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            for _ in range(REPEATS):
                for name, way in ways.items():
                    started = time.perf_counter()
                    counts[name] = way()
                    seconds[name].append(time.perf_counter() - started)
            after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            started = time.perf_counter()
            counts["scikit-image"] = plain(slide)
            seconds["scikit-image"] = [time.perf_counter() - started]
    middle = {name: statistics.median(values) for name, values in seconds.items()}
    megapixels = WIDTH * HEIGHT / 1e6
    print(f"slide of {megapixels:.0f} megapixels, three quarters tissue, one thread")
    print(f"full resolution: {middle['full'] / megapixels:.3f} s per megapixel (goal 0.35), "
          f"{counts['full']} cells")  # fmt: skip
    print(f"1/4 resolution: {middle['full'] / middle['1/4']:.0f} times as fast (goal 20), "
          f"{counts['1/4']} cells ({counts['1/4'] / counts['full'] - 1:+.1%})")  # fmt: skip
    print(f"scikit-image loop: {middle['scikit-image'] / middle['full']:.1f} times as slow, "
          f"{counts['scikit-image']} cells")  # fmt: skip
    print(f"peak memory {after / 2**20:.2f} GiB ({before / 2**20:.2f} before; goal 1)")


if __name__ == "__main__":
    main()
