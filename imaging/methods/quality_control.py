"""Quality control of a scan: pass, warn or fail, each with what was found and why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from imaging.methods import suv_timing
from imaging.methods.suv_working import Working, read_text, read_values
from imaging.methods.volume import Grid, Volume
from studies.methods.problems import DataProblem
from studies.methods.wording import kept, marked, say

PASS, WARN, FAIL = "pass", "warn", "fail"
STATES = (PASS, WARN, FAIL)
UPTAKE_MINUTES = (55.0, 75.0)
JITTER_MM, THICKNESS_MM = 0.01, 0.1
OBLIQUE_DEGREES = 5.0
MIRROR_RATIO = 2.0
TAGS = {
    "(0020,0032)": marked("slices"),
    "(0020,0037)": marked("orientation"),
    "(0054,1001)": marked("units"),
    "(0054,1006)": marked("units"),
    "(0028,0051)": marked("corrections"),
    "(0054,1102)": marked("decay correction"),
    "(0010,1030)": marked("weight"),
    "(0018,1074)": marked("dose"),
}


@dataclass(frozen=True)
class Check:
    """One thing looked at.

    Parameters
    ----------
    name : str
    state : "pass", "warn" or "fail"
    found : str
        What the scan says.
    reason : str
        Why it is no pass; empty when it is.
    """

    name: str
    state: str
    found: str
    reason: str = ""

    def as_dict(self) -> dict[str, Any]:
        return kept(vars(self).copy())


def worst_state(states: Iterable[str]) -> str:
    """The gravest of some states; empty when nothing was looked at."""
    return max(states, key=STATES.index, default="")


def check_series(slices: Sequence[Dataset], grid: Grid) -> tuple[Check, ...]:
    """Checks of one image series that became a volume.

    Parameters
    ----------
    slices : headers in the order of the volume's z axis
    grid : Grid of the volume

    References
    ----------
    Boellaard R et al. EJNMMI 2015;42:328 (EANM 2.0: uptake 60 min, within 55-75); QIBA FDG-PET/CT
    profile.
    """
    headers = tuple(slices)
    checks = [_slices(grid), _spacing(headers, grid), _gaps(headers, grid), _orientation(grid)]
    if read_text(headers[0], "Modality") == "PT":
        checks += [_units(headers), _corrections(headers), _uptake_time(headers)]
    return tuple(checks)


def check_refusal(problem: DataProblem) -> tuple[Check, ...]:
    """What a refused series fails, one check per problem."""
    return tuple(
        Check(
            next((name for tag, name in TAGS.items() if tag in one.where), one.where),
            FAIL,
            one.found,
            say("expected {expected}", expected=say(one.expected)),
        )
        for one in problem.problems
    )


def _slices(grid: Grid) -> Check:
    return Check(
        say("slices"),
        PASS,
        say(
            "{size} slices every {spacing:.2f} mm, none missing, none doubled",
            size=grid.size[2],
            spacing=grid.spacing[2],
        ),
    )


def _spacing(slices: tuple[Dataset, ...], grid: Grid) -> Check:
    places = np.array([s.ImagePositionPatient for s in slices], float) @ grid.axes[:, 2]
    jitter = float(np.abs(np.diff(places) - grid.spacing[2]).max())
    found = say("spacing even to {jitter:.3f} mm", jitter=jitter)
    if jitter <= JITTER_MM:
        return Check("spacing", PASS, found)
    return Check(say("spacing"), WARN, found, say("slices are not quite evenly spaced"))


def _gaps(slices: tuple[Dataset, ...], grid: Grid) -> Check:
    stated = slices[0].get("SliceThickness")
    if not stated:
        return Check(
            say("gaps"), WARN, say("no SliceThickness (0018,0050)"), say("gaps cannot be ruled out")
        )
    found = say(
        "{stated:g} mm thick, every {spacing:.2f} mm", stated=float(stated), spacing=grid.spacing[2]
    )
    if float(stated) >= grid.spacing[2] - THICKNESS_MM:
        return Check("gaps", PASS, found)
    return Check(say("gaps"), WARN, found, say("tissue between the slices was not imaged"))


def _orientation(grid: Grid) -> Check:
    tilt = np.degrees(np.arccos(np.clip(np.abs(np.diag(grid.axes)), 0, 1)).max())
    if tilt <= OBLIQUE_DEGREES:
        return Check(say("orientation"), PASS, say("axial to {tilt:.1f}°", tilt=tilt))
    return Check(
        say("orientation"),
        WARN,
        say("{tilt:.0f}° off axial", tilt=tilt),
        say("not an axial series"),
    )


def _units(slices: tuple[Dataset, ...]) -> Check:
    kind = f" ({read_text(slices[0], 'SUVType')})" if read_text(slices[0], "SUVType") else ""
    return Check("units", PASS, read_text(slices[0], "Units") + kind)


def _corrections(slices: tuple[Dataset, ...]) -> Check:
    done = read_values(slices[0], "CorrectedImage")
    found = "\\".join(sorted(done))
    if done & {"DECY", "DECAY"}:
        return Check("corrections", PASS, found)
    return Check(
        say("corrections"),
        WARN,
        found,
        say("not corrected for decay: each frame was corrected here"),
    )


def _uptake_time(slices: tuple[Dataset, ...]) -> Check:
    minutes = uptake_minutes(slices)
    name, (low, high) = say("uptake time"), UPTAKE_MINUTES
    if minutes is None:
        return Check(
            name, WARN, say("not stated"), say("the time from injection to scan cannot be told")
        )
    found = say("{minutes:.0f} min", minutes=minutes)
    if low <= minutes <= high:
        return Check(name, PASS, found)
    return Check(
        name,
        WARN,
        found,
        say("outside {low:g} to {high:g} min: compare SUV with care", low=low, high=high),
    )


def uptake_minutes(slices: Sequence[Dataset]) -> float | None:
    """Minutes from the injection to the first acquisition of a PET; None when a time is missing."""
    items = slices[0].get("RadiopharmaceuticalInformationSequence") or []
    try:
        first = min(suv_timing.acquired_at(slice_) for slice_ in slices)
        given = suv_timing.read_administration_time(items[0], slices[0], first, Working())
    except (DataProblem, IndexError):
        return None
    waited: timedelta = first - given
    return waited.total_seconds() / 60


def check_pair(pet: Grid, ct: Grid, same_frame: bool) -> tuple[Check, ...]:
    """PET and CT of one visit: one frame of reference, and a CT that covers the PET."""
    frame = (
        Check(say("frame of reference"), PASS, say("one for PET and CT"))
        if same_frame
        else Check(say("frame of reference"), WARN, say("differs or is not stated"),
                   say("PET and CT may not be aligned"))
    )  # fmt: skip
    share = share_covered(Volume(np.ones(pet.shape, bool), pet), ct, along_z_only=True)
    found = say("the CT reaches {share:.0%} of the PET's length", share=share)
    coverage = Check("coverage", PASS, found)
    if share < 0.99:
        coverage = Check(say("coverage"), WARN, found, say("part of the PET has no CT"))
    return frame, coverage


def check_region(
    mask: Volume, suv: Volume | None, other: Grid | None, name: str
) -> tuple[Check, ...]:
    """A region on its scan: covered by the other scan of the pair, and not upside down.

    Parameters
    ----------
    mask : Volume of bool
    suv : Volume or None
        The PET in SUV, when the mask stands on it.
    other : Grid or None
        Of the pair's other scan.
    """
    checks = []
    if other is not None:
        share = share_covered(mask, other)
        state = PASS if share > 0.999 else (FAIL if share < 0.5 else WARN)
        reason = (
            "" if state == PASS else say("part of the region lies outside the pair's other scan")
        )
        checks.append(
            Check(
                say("coverage of {name}", name=name),
                state,
                say("{share:.0%} of the region", share=share),
                reason,
            )
        )
    if suv is not None:
        checks.append(_slice_order(mask, suv, name))
    return tuple(checks)


def _slice_order(mask: Volume, suv: Volume, name: str) -> Check:
    """A mask whose slices were turned over lies on other tissue: the mirrored one takes up more."""
    here = float(suv.array[mask.array].mean())
    mirrored = float(suv.array[mask.array[::-1]].mean())
    label, found = (
        say("slice order of {name}", name=name),
        say("SUVmean {here:.2f}, mirrored {mirrored:.2f}", here=here, mirrored=mirrored),
    )
    if mirrored < MIRROR_RATIO * here or mirrored < 1:
        return Check(label, PASS, found)
    return Check(label, WARN, found, say("turned over along z it would lie on hotter tissue: "
                 "was the order of its slices flipped?"))  # fmt: skip


def share_covered(mask: Volume, other: Grid, along_z_only: bool = False) -> float:
    """Share of a mask's voxels whose centres lie inside another grid.

    References
    ----------
    Ours: a voxel is covered when its centre is.
    """
    places = _axis(mask.grid) if along_z_only else np.argwhere(mask.array)[:, ::-1].astype(float)
    indices = other.indices_of(mask.grid.points_of(places))
    inside: NDArray[np.bool_] = (indices >= -0.5) & (indices <= np.array(other.size) - 0.5)
    return float((inside[:, 2] if along_z_only else inside.all(axis=1)).mean())


def _axis(grid: Grid) -> NDArray[np.float64]:
    """The voxels along the middle of a grid's z axis."""
    z = np.arange(grid.size[2])
    return np.column_stack(
        [np.full_like(z, grid.size[0] // 2), np.full_like(z, grid.size[1] // 2), z]
    )
