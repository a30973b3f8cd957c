"""PET and CT of one patient: a liver whose lesions follow the infiltration voxel by voxel."""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.ndimage import gaussian_filter
from scipy.special import expit, ndtr, ndtri

from simulation.latent import scanner_effects
from simulation.plan import StudyPlan, proportion
from simulation.randomness import stream

LOADINGS = {
    "uptake": 0.40,
    "heterogeneity": -0.50,
    "necrosis": -0.55,
    "edge": 0.45,
    "ct_texture": -0.50,
    "ct_hu": 0.45,
    "size": -0.15,
    "halo": 0.45,
}
GAIN = 1.37
FIELD_MM = 144.0
PET_SHAPE, PET_SPACING_MM = (36, 36, 36), (4.0, 4.0, 4.0)  # z, y, x
CT_SHAPE, CT_SPACING_MM = (36, 72, 72), (4.0, 2.0, 2.0)
LIVER_SUV, LIVER_HU = 2.2, 105.0
HALO_MM, HALO_SHARE = 9.0, 0.20
FWHM = 2.3548


@dataclass(frozen=True)
class Images:
    """Arrays in z, y, x; `lesions` is 0 outside, 1 in the target lesion, 2 in the second one."""

    pet_suv: np.ndarray
    ct_hu: np.ndarray
    lesions: np.ndarray


@dataclass(frozen=True)
class Lesion:
    """An ellipsoid with a gently waved surface, centred relative to the field (z, y, x)."""

    centre_mm: list[float]
    axes_mm: list[float]
    waves: list[list[float]]
    phases: list[float]

    @property
    def radius_mm(self) -> float:
        return sum(self.axes_mm) / 3


def draw_image_parameters(plan: StudyPlan, latent: pd.DataFrame) -> pd.DataFrame:
    """Standard normal parameters p_* per patient, each with its noise; scanner shift, diameter."""
    rng = stream(plan.seed, "image parameters")
    strength = {cohort.name: cohort.image_strength for cohort in plan.cohorts}
    factor = latent["cohort"].map(strength).to_numpy() * GAIN * plan.signal
    z = latent["z"].to_numpy()
    table = pd.DataFrame(index=latent.index)
    for name, loading in LOADINGS.items():
        r = np.clip(loading * factor, -0.99, 0.99)
        table[f"p_{name}"] = r * z + np.sqrt(1 - r**2) * rng.standard_normal(len(z))
    table["scanner_shift"] = latent["scanner"].map(scanner_effects(plan))
    table["second_lesion"] = rng.permutation(len(z)) < round(len(z) / 3)
    table["diameter_mm"] = 0.0
    for cohort in plan.cohorts:
        rows = latent.index[latent["cohort"] == cohort.name]
        table.loc[rows, "diameter_mm"] = _diameters(
            table.loc[rows, "p_size"].to_numpy(),
            cohort.five_cm / cohort.size,
            proportion(cohort.five_cm, cohort.size, len(rows)),
        )
    return table


def _diameters(p: np.ndarray, share: float, count: int) -> np.ndarray:
    """Longest diameters with exactly `count` of them at or above 50 mm."""
    ordered = np.sort(p)[::-1]
    cut = (ordered[count - 1] + ordered[min(count, len(p) - 1)]) / 2 if count else ordered[0] + 1
    wanted = ndtri(1 - share)
    centimetres = np.exp(np.log(50) - 0.45 * wanted + 0.45 * (p - cut + wanted)) / 10
    rounded = np.clip(np.round(centimetres, 1), 1.6, 8.5)
    return 10 * np.where(p > cut, np.maximum(rounded, 5.0), np.minimum(rounded, 4.9))


def draw_images(plan: StudyPlan, parameters: pd.Series) -> Images:
    """The volumes of one row of `draw_image_parameters`."""
    rng = stream(plan.seed, "images", int(parameters.name))
    lesions = _place_lesions(parameters, rng)
    pet_grid, ct_grid = _grid(PET_SHAPE, PET_SPACING_MM), _grid(CT_SHAPE, CT_SPACING_MM)
    return Images(
        pet_suv=_draw_pet(parameters, lesions, pet_grid, rng),
        ct_hu=_draw_ct(parameters, lesions, ct_grid, rng),
        lesions=_label(lesions, pet_grid),
    )


def _grid(shape: tuple[int, ...], spacing: tuple[float, ...]) -> list[np.ndarray]:
    axes = [
        ((np.arange(n) - (n - 1) / 2) * step).astype(np.float32)
        for n, step in zip(shape, spacing, strict=True)
    ]
    return list(np.meshgrid(*axes, indexing="ij", sparse=True))


def _place_lesions(parameters: pd.Series, rng: np.random.Generator) -> list[Lesion]:
    radius = parameters["diameter_mm"] / 2
    first = _draw_lesion(rng.uniform(-5, 5, 3), radius, rng)
    size, corner = rng.uniform(7, 10), rng.choice([-1.0, 1.0], 3)
    second = _draw_lesion(corner * (FIELD_MM / 2 - size - 5), size, rng)
    apart = math.dist(first.centre_mm, second.centre_mm) > radius + size + 8
    return [first, second] if parameters["second_lesion"] and apart else [first]


def _draw_lesion(centre: np.ndarray, radius: float, rng: np.random.Generator) -> Lesion:
    axes = radius * rng.permutation([1.0, *rng.uniform(0.8, 1.0, 2)])
    waves, phases = rng.normal(0, 2.0, (4, 3)), rng.uniform(0, 2 * np.pi, 4)
    return Lesion(centre.tolist(), axes.tolist(), waves.tolist(), phases.tolist())


def _depth(lesion: Lesion, grid: list[np.ndarray]) -> np.ndarray:
    """Millimetres from the surface, negative inside, on a sphere of the same mean radius."""
    scaled = [(g - c) / a for g, c, a in zip(grid, lesion.centre_mm, lesion.axes_mm, strict=True)]
    rho = np.sqrt(sum(s**2 for s in scaled)) + 1e-6
    bump = sum(
        np.cos(sum(w * s for w, s in zip(wave, scaled, strict=True)) / rho + phase)
        for wave, phase in zip(lesion.waves, lesion.phases, strict=True)
    )
    return ((rho / (1 + 0.035 * bump) - 1) * lesion.radius_mm).astype(np.float32)


def _label(lesions: list[Lesion], grid: list[np.ndarray]) -> np.ndarray:
    labels = np.zeros(PET_SHAPE, np.uint8)
    for number, lesion in reversed(list(enumerate(lesions, start=1))):
        labels[_depth(lesion, grid) <= 0] = number
    return labels


def _draw_pet(
    p: pd.Series, lesions: list[Lesion], grid: list[np.ndarray], rng: np.random.Generator
) -> np.ndarray:
    uptake = np.exp(np.log(8) + 0.35 * p["p_uptake"] + 0.3 * p["scanner_shift"])
    spread = np.exp(np.log(0.22) + 0.5 * p["p_heterogeneity"])
    edge_mm = np.exp(np.log(3) + 0.45 * p["p_edge"])
    core = 0.75 * ndtr(p["p_necrosis"])
    halo = HALO_SHARE * np.exp(0.45 * p["p_halo"])
    texture = np.exp(spread * _smooth_noise(PET_SHAPE, PET_SPACING_MM, 8.0, rng) - spread**2 / 2)
    suv = np.full(PET_SHAPE, LIVER_SUV, np.float32)
    for lesion in lesions:
        depth = _depth(lesion, grid)
        from_centre = depth + lesion.radius_mm
        alive = 1 - 0.8 * expit((core * lesion.radius_mm - from_centre) / 1.5)
        inside = expit(-depth / edge_mm)
        around = halo * np.exp(-np.maximum(depth, 0) / HALO_MM) * (depth > 0)
        suv += inside * (uptake * texture * alive - LIVER_SUV) + around * (uptake - LIVER_SUV)
    suv = gaussian_filter(np.maximum(suv, 0.1), 6.5 / FWHM / PET_SPACING_MM[0])
    noise = 0.13 * np.sqrt(2.2 * suv) * np.exp(0.3 * p["scanner_shift"])
    return np.maximum(suv + noise * rng.standard_normal(PET_SHAPE, np.float32), 0.01)


def _draw_ct(
    p: pd.Series, lesions: list[Lesion], grid: list[np.ndarray], rng: np.random.Generator
) -> np.ndarray:
    level = 70 + 11 * p["p_ct_hu"] + 6 * p["scanner_shift"]
    spread = np.exp(np.log(11) + 0.45 * p["p_ct_texture"])
    texture = spread * _smooth_noise(CT_SHAPE, CT_SPACING_MM, 5.0, rng)
    hu = np.full(CT_SHAPE, LIVER_HU, np.float32)
    for lesion in lesions:
        inside = expit(-_depth(lesion, grid) / 1.0)
        hu += inside * (level + texture - LIVER_HU)
    return np.round(hu + 10 * rng.standard_normal(CT_SHAPE, np.float32)).astype(np.int16)


def _smooth_noise(
    shape: tuple[int, ...], spacing: tuple[float, ...], fwhm: float, rng: np.random.Generator
) -> np.ndarray:
    """A field of mean 0 and variance 1, smooth over `fwhm` millimetres."""
    sigma = [fwhm / FWHM / step for step in spacing]
    field = gaussian_filter(rng.standard_normal(shape, np.float32), sigma)
    return (field - field.mean()) / field.std()
