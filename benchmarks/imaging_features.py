"""A lesion to deep features: share of the forward pass, against the careless loop, on two workers.

python -m benchmarks.imaging_features [--rounds 5] [--lesions 6]

96³ cubes of PET and CT, a two-channel ResNet-10 drawn by a seed, float32, channels last, one
thread. The careless loop reads the series again, resamples whole volumes, keeps NCDHW and
autograd on.
"""

import argparse
import os
import time
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from statistics import median

import numpy as np
import SimpleITK as sitk  # noqa: N813
import torch
from pydicom import dcmread

from benchmarks.imaging_scans import CT, PET, lesion, scan_bytes, stored
from imaging.methods.dicom_file import read_dicom
from imaging.methods.dicom_series import read_series
from imaging.methods.encoder import scale_cube
from imaging.methods.patch import cube_around, cube_box, cut_patch
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


def patches(pet: Volume, ct: Volume, mask: Volume) -> dict:
    return {
        "PT": cut_patch(pet, mask, "PT", SIZE, SPACING_MM),
        "CT": cut_patch(ct, mask, "CT", SIZE, SPACING_MM),
    }


def from_volumes(net, pet: bytes, ct: bytes, mask: bytes) -> tuple[np.ndarray, float]:
    """Features, and the seconds of the forward pass among them."""
    region = read_volume(mask)
    cube = cube_around(region, SIZE, SPACING_MM)
    parts = []
    for data in (pet, ct):
        packed = PackedVolume(lambda start, size, data=data: data[start : start + size],
                              digest_of(data))  # fmt: skip
        parts.append(packed.part(cube_box(packed.grid, cube)))
    cubes = patches(*parts, region)
    start = time.perf_counter()
    maps = apply_resnet(net, {key: patch.image for key, patch in cubes.items()})
    spent = time.perf_counter() - start
    return pool_features(maps, cubes["PT"].mask, SPACING_MM), spent


def from_dicom(net, pet: list[bytes], ct: list[bytes], mask: Volume) -> np.ndarray:
    volumes = [read_series([read_dicom(d, "") for d in files], "").volume for files in (pet, ct)]
    cubes = patches(volumes[0], volumes[1], mask)
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


def spread(count: int, workers: int) -> float:
    """Seconds until ``count`` lesions are done by so many workers (their slowest)."""
    with ProcessPoolExecutor(workers) as pool:
        return max(pool.map(worker, [count // workers] * workers))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--lesions", type=int, default=6)
    options = parser.parse_args()
    torch.set_num_threads(1)
    net, files = network(), stored()
    pet, ct = scan_bytes("PT"), scan_bytes("CT")
    mask = lesion()
    from_volumes(net, *files)
    shares, ours, careless = [], [], []
    for _ in range(options.rounds):
        start = time.perf_counter()
        _, inside = from_volumes(net, *files)
        shares.append(inside / (time.perf_counter() - start))
        start = time.perf_counter()
        from_dicom(net, pet, ct, mask)
        ours.append(time.perf_counter() - start)
        start = time.perf_counter()
        carelessly(net, pet, ct, mask)
        careless.append(time.perf_counter() - start)
    one, two = spread(options.lesions, 1), spread(options.lesions, 2)
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; medians of {options.rounds}")
    print(f"share of the forward pass, from stored volumes: {median(shares):.0%} (goal 85 %)")
    print(f"from DICOM: {median(ours):.2f} s; the careless loop {median(careless):.2f} s: "
          f"{median(careless) / median(ours):.1f} times (goal 3)")  # fmt: skip
    print(f"{options.lesions} lesions: one worker {one:.1f} s, two {two:.1f} s: "
          f"{one / two:.2f} times (goal 1.7)")  # fmt: skip


if __name__ == "__main__":
    main()
