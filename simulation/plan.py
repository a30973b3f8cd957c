"""What is simulated: four cohorts, their margins as counts, and the options of a run."""

from dataclasses import dataclass, field

BREAKS = ("none", "swap_images", "shuffle_rna")
HOT_SHARE = 0.48
DAYS_PER_MONTH = 30.4375
SIX_MONTHS, RESPONSE_WINDOW = 183, 42  # days


@dataclass(frozen=True)
class CohortPlan:
    """Counts are of `size` patients; responses (CR, PR, SD, PD) are divided by their own sum."""

    name: str
    size: int
    male: int
    three_metastases: int
    five_cm: int
    age_mean: float
    responses: tuple[int, int, int, int]
    median_pfs_months: float
    median_os_months: float
    image_strength: float
    sites: tuple[tuple[str, float], ...]
    drugs: tuple[tuple[str, float], ...]
    rna_share: float


CHEMOTHERAPY_MOSTLY = (("chemotherapy", 0.7), ("anti-PD-1", 0.25), ("anti-PD-L1", 0.05))
CHECKPOINT = (("anti-PD-1", 0.75), ("anti-PD-L1", 0.15), ("anti-CTLA-4", 0.10))

COHORTS = (
    CohortPlan("training", 105, 73, 95, 36, 58, (4, 34, 23, 42), 7.5, 20.7, 1.0,
               (("North", 0.94), ("East", 0.06)), CHEMOTHERAPY_MOSTLY, 1.0),
    CohortPlan("internal_validation", 60, 38, 49, 19, 58, (3, 21, 17, 24), 8.5, 22.8, 0.92,
               (("North", 0.92), ("East", 0.08)), CHEMOTHERAPY_MOSTLY, 1.0),
    CohortPlan("external_phenotype", 42, 32, 36, 19, 61, (1, 10, 6, 20), 5.2, 15.5, 0.80,
               (("East", 1.0),), CHEMOTHERAPY_MOSTLY, 0.5),
    CohortPlan("external_response", 99, 67, 74, 30, 60, (5, 33, 25, 39), 8.0, 22.0, 0.95,
               (("South", 1.0),), CHECKPOINT, 0.0),
)  # fmt: skip
# Who scans where, and how often: two scanners side by side in the hospital of training, of which
# one stands elsewhere, too; others that training hardly has (2), or not at all (3).
SCANNERS_OF_SITE = {
    "North": (("Phantom PET/CT 1", 0.52), ("Phantom PET/CT 4", 0.48)),
    "East": (("Phantom PET/CT 2", 0.7), ("Phantom PET/CT 4", 0.3)),
    "South": (("Phantom PET/CT 3", 0.65), ("Phantom PET/CT 1", 0.35)),
}
REFERENCE_SIZE = sum(cohort.size for cohort in COHORTS)


@dataclass(frozen=True)
class StudyPlan:
    """`signal` scales every loading of the latent infiltration on voxels, counts, densities and
    responses; `b_z` is its effect on the log hazard."""

    patients: int = REFERENCE_SIZE
    seed: int = 1
    signal: float = 1.0
    b_z: float = 0.45
    break_: str = "none"
    cohorts: tuple[CohortPlan, ...] = field(default=COHORTS, repr=False)

    def __post_init__(self) -> None:
        if self.patients < 20:
            raise ValueError(f"patients is {self.patients}; at least 20 are needed")
        if self.break_ not in BREAKS:
            raise ValueError(f"break is {self.break_!r}; it is one of {', '.join(BREAKS)}")
        if self.seed < 0:
            raise ValueError(f"seed is {self.seed}; it is 0 or more")
        if not 0 <= self.signal <= 1.3:
            raise ValueError(f"signal is {self.signal}; it lies between 0 and 1.3")

    @property
    def sizes(self) -> tuple[int, ...]:
        return apportion(self.patients, [cohort.size for cohort in self.cohorts])


def apportion(total: int, weights: list[float] | tuple[float, ...]) -> tuple[int, ...]:
    """Whole numbers that sum to `total` in proportion to `weights` (largest remainders)."""
    shares = [total * weight / sum(weights) for weight in weights]
    counts = [int(share) for share in shares]
    by_remainder = sorted(range(len(shares)), key=lambda i: (counts[i] - shares[i], i))
    for i in by_remainder[: total - sum(counts)]:
        counts[i] += 1
    return tuple(counts)


def proportion(count: int, of: int, size: int) -> int:
    """`count` of `of` patients as a number of `size` patients, half rounded up."""
    return int(size * count / of + 0.5)
