"""A lesion to deep features: share of the forward pass, against the careless loop, on two workers.

python -m benchmarks.imaging_features [--rounds 5] [--careless 1] [--lesions 8]

96³ cubes of PET and CT, a two-channel ResNet-10 drawn by a seed, float32, channels last, one
thread. The careless loop reads the series again, resamples whole volumes, keeps NCDHW and
autograd on.
"""

import argparse
import os
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import cache
from multiprocessing import get_context
from statistics import median

import numpy as np
import SimpleITK as sitk  # noqa: N813
import torch
from pydicom import dcmread

from benchmarks.imaging_scans import CT, PET, lesion, scan_bytes, stored
from imaging.methods.dicom_file import read_dicom
from imaging.methods.dicom_series import read_series
from imaging.methods.encoder import scale_cube
from imaging.methods.extractor import one_thread
from imaging.methods.patch import cube_box, cut_cube, place_cube
from imaging.methods.pooled_features import pool_features
from imaging.methods.resnet import apply_resnet, forward, read_resnet, seeded_weights
from imaging.methods.volume import Volume, as_sitk
from imaging.storage import PackedVolume, head_digest, read_volume

SIZE, SPACING_MM = 96, 1.0


def network():
    import hashlib

    weights = seeded_weights("resnet10", 2, 1)
    return read_resnet(weights, hashlib.sha256(weights).hexdigest(), "resnet10")


@cache
def digest_of(data: bytes) -> str:
    """What the product keeps in the series' row."""
    return head_digest(data)


def patches(pet: Volume, ct: Volume, cube) -> dict:
    return {"PT": cut_cube(pet, cube, "PT"), "CT": cut_cube(ct, cube, "CT")}


def from_volumes(net, pet: bytes, ct: bytes, mask: bytes) -> tuple[np.ndarray, float, float]:
    """Features, and the seconds of the forward pass among them, by the clock and the processor."""
    region = read_volume(mask)
    cube = place_cube(region, SIZE, SPACING_MM)
    parts = []
    for data in (pet, ct):
        packed = PackedVolume(lambda start, size, data=data: data[start : start + size],
                              digest_of(data))  # fmt: skip
        parts.append(packed.part(cube_box(packed.grid, cube.grid)))
    cubes = patches(*parts, cube)
    clock, processor = time.perf_counter(), time.thread_time()
    maps = apply_resnet(net, {key: patch.image for key, patch in cubes.items()})
    spent = time.perf_counter() - clock, time.thread_time() - processor
    return pool_features(maps, cubes["PT"].mask, SPACING_MM), *spent


def from_dicom(net, pet: list[bytes], ct: list[bytes], mask: Volume) -> np.ndarray:
    volumes = [read_series([read_dicom(d, "") for d in files], "").volume for files in (pet, ct)]
    cubes = patches(volumes[0], volumes[1], place_cube(mask, SIZE, SPACING_MM))
    maps = apply_resnet(net, {key: patch.image for key, patch in cubes.items()})
    return pool_features(maps, cubes["PT"].mask, SPACING_MM)


def carelessly(net, pet: list[bytes], ct: list[bytes], mask: Volume) -> np.ndarray:
    """Whole volumes to 1 mm, contiguous NCDHW, gradients kept."""
    import io

    cubes, centre = [], mask.grid.points_of(np.argwhere(mask.array)[:, ::-1].mean(axis=0)[None])[0]
    for files, modality in ((pet, "PT"), (ct, "CT")):
        slices = sorted((dcmread(io.BytesIO(d)) for d in files),
                        key=lambda s: float(s.ImagePositionPatient[2]))  # fmt: skip
        array = np.stack([s.pixel_array * float(s.RescaleSlope) + float(s.RescaleIntercept)
                          for s in slices]).astype(np.float32)  # fmt: skip
        image = as_sitk(Volume(array, PET if modality == "PT" else CT))
        size = [int(n * s) for n, s in zip(image.GetSize(), image.GetSpacing(), strict=True)]
        whole = sitk.Resample(image, size, sitk.Transform(), sitk.sitkBSpline, image.GetOrigin(),
                              [SPACING_MM] * 3, image.GetDirection(), 0.0)  # fmt: skip
        at = whole.TransformPhysicalPointToIndex(centre.tolist())
        start = [min(max(a - SIZE // 2, 0), n - SIZE) for a, n in zip(at, size, strict=True)]
        part = sitk.GetArrayFromImage(whole)[tuple(slice(s, s + SIZE) for s in start[::-1])]
        cubes.append(scale_cube(part, modality))
    plain = net.to(memory_format=torch.contiguous_format)
    maps = forward(plain, torch.from_numpy(np.stack(cubes))[None].contiguous())
    net.to(memory_format=torch.channels_last_3d)
    return maps.detach().numpy()


def worker(count: int) -> float:
    """Seconds for some lesions, in a process of its own on one thread."""
    torch.set_num_threads(1)
    net, files = network(), stored()
    from_volumes(net, *files)
    start = time.perf_counter()
    for _ in range(count):
        from_volumes(net, *files)
    return time.perf_counter() - start


def threads(count: int, workers: int) -> float:
    """Seconds for some lesions by so many threads of one process, as a job of the product does."""
    net, files = network(), stored()
    with ThreadPoolExecutor(workers, initializer=one_thread) as pool:
        list(pool.map(lambda _: from_volumes(net, *files), range(workers)))
        start = time.perf_counter()
        list(pool.map(lambda _: from_volumes(net, *files), range(count)))
        return time.perf_counter() - start


def ideal(count: int) -> tuple[float, float]:
    """One copy of the sequential work, and two at once: what the machine could give just now."""
    fresh = get_context("spawn")  # a fork would take the threads' locks along
    with ProcessPoolExecutor(1, fresh) as pool:
        alone = pool.submit(worker, count).result()
    with ProcessPoolExecutor(2, fresh) as pool:
        both = max(pool.map(worker, [count, count]))
    return alone, both


def shares_and_careless(net, files, rounds: int, careless_rounds: int) -> None:
    pet, ct, mask = scan_bytes("PT"), scan_bytes("CT"), lesion()
    turns, ours, careless = [], [], []
    for number in range(rounds):
        clock, processor = time.perf_counter(), time.process_time()
        _, inside, inside_processor = from_volumes(net, *files)
        turns.append((inside / (time.perf_counter() - clock),
                      inside_processor / (time.process_time() - processor)))  # fmt: skip
        start = time.perf_counter()
        from_dicom(net, pet, ct, mask)
        ours.append(time.perf_counter() - start)
        if number < careless_rounds:
            start = time.perf_counter()
            carelessly(net, pet, ct, mask)
            careless.append(time.perf_counter() - start)
    clock, processor = (median(turn[k] for turn in turns) for k in (0, 1))
    print(f"share of the forward pass, from stored volumes: {clock:.0%} by the clock, "
          f"{processor:.0%} of processor time (goal 85 %)")  # fmt: skip
    if careless:
        print(f"from DICOM: {median(ours):.2f} s; the careless loop {median(careless):.2f} s: "
              f"{median(careless) / median(ours):.1f} times (goal 3)")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--careless", type=int, default=1, help="rounds of the careless loop")
    parser.add_argument("--lesions", type=int, default=8)
    options = parser.parse_args()
    torch.set_num_threads(1)
    net, files = network(), stored()
    from_volumes(net, *files)
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; medians of {options.rounds}")
    shares_and_careless(net, files, options.rounds, options.careless)
    gains, could = [], []
    for _ in range(3):
        gains.append(threads(options.lesions, 1) / threads(options.lesions, 2))
        alone, both = ideal(options.lesions // 2)
        could.append(2 * alone / both)
    print(f"{options.lesions} lesions, two threads of a job against one: {median(gains):.2f} times "
          f"(goal 1.7); two independent copies: {median(could):.2f} times, so "
          f"{median(gains) / median(could):.0%} of what the machine gives")  # fmt: skip


if __name__ == "__main__":
    main()
