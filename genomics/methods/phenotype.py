"""Immune phenotype from cell abundances: k-means on training, frozen, hot named by its core."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import spearmanr

from genomics.methods.cluster_count import ClusterCriteria, compare_cluster_counts
from genomics.methods.kmeans import fit_kmeans, squared_distances
from studies.methods.problems import DataProblem, Notice, Problem, refuse
from studies.methods.wording import say

CORE = ("T cells", "CD8 T cells", "Cytotoxic cells", "Th1 cells", "B cells", "aDC")
MYELOID = ("Macrophages", "Neutrophils", "Mast cells")
FORMAT = 1  # of a stored fit: another shape, another number
METHOD_VERSION = 1  # raised when the same abundances may give other centroids, labels or margins
MINIMUM_SPECIMENS = 10
MINIMUM_CORE_DIFFERENCE = 0.1  # in SD of training; below, no cluster is called hot
MINIMUM_SHARE = 0.1  # of training in the smallest cluster, below: a notice
BORDERLINE_MARGIN = 0.05
BORDERLINE_STABILITY = 0.9
STROMAL_LIMIT = 0.5
SUBSAMPLES = 200
SUBSAMPLE_SHARE = 0.8

Array = NDArray[np.float64]
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class PhenotypeFit:
    """All that is needed to assign a new patient, and what was seen at the fit. Hot is first."""

    cell_types: tuple[str, ...]
    mean: tuple[float, ...]  # of training, raw abundance
    sd: tuple[float, ...]
    names: tuple[str, ...]  # of the clusters
    centroids: tuple[tuple[float, ...], ...]  # clusters × cell types, z
    subsample_centroids: tuple[tuple[tuple[float, ...], ...], ...]
    sizes: tuple[int, ...]  # training specimens per cluster
    seed: int
    core_difference: float  # hot minus the next cluster, mean z over the core
    drive: dict[str, float]  # share of the squared distance between hot and cold
    stromal_rho: float | None
    criteria: tuple[ClusterCriteria, ...]
    notices: tuple[Notice, ...]
    farthest: float | None = None  # training specimen from its centroid; fits of old have none

    def as_dict(self) -> dict[str, Any]:
        return {"format": FORMAT, **asdict(self)}

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> PhenotypeFit:
        known = [field.name for field in fields(cls) if field.name in stored]
        values = {name: _tupled(stored[name]) for name in known}
        values["criteria"] = tuple(ClusterCriteria(**row) for row in stored["criteria"])
        values["notices"] = tuple(Notice.from_dict(row) for row in stored["notices"])
        return cls(**values)


def _tupled(value: Any) -> Any:
    return tuple(_tupled(part) for part in value) if isinstance(value, list | tuple) else value


def fit_phenotype(
    abundances: pd.DataFrame,
    k: int = 2,
    seed: int = 0,
    stromal: pd.DataFrame | None = None,
    n_init: int = 50,
    subsamples: int = SUBSAMPLES,
    compared_counts: Iterable[int] = range(2, 7),
    progress: Progress | None = None,
    compare_progress: Progress | None = None,
) -> PhenotypeFit:
    """Clusters of training patients by cell abundance, named hot to cold by the immune core.

    Abundances are z-scored, k-means finds the clusters, and the one with the larger mean z over
    T, CD8 T, cytotoxic, Th1, B cells and activated DC is hot. Survival plays no part.

    Parameters
    ----------
    abundances : table, specimens × cell types
        Raw ssGSEA scores of the training cohort, higher = more of the cells.
    k : int
        Number of clusters. With more than two, those between are called intermediate.
    seed : int
        Of the restarts and subsamples. Rows and columns are put in an order of their own first,
        so the order of specimens and cell types changes nothing.
    stromal : table, specimens × stromal sets, optional
        ssGSEA scores of fibroblasts and endothelial cells; compared with the label, never
        clustered.
    n_init : int
        Restarts of k-means.
    subsamples : int
        Fits on random 80 % of training, behind the stability of a label.
    compared_counts : iterable of int
        Numbers of clusters to show silhouette, gap and consensus for; they choose nothing.
    progress, compare_progress : callable (done, total), optional
        Called after each subsample, and before each number of clusters.

    Raises
    ------
    DataProblem
        Missing values, too few or identical specimens, clusters whose core differs by under 0.1.

    References
    ----------
    Bindea G. et al. Immunity 2013;39:782-795.
    """
    _check(abundances)
    table = _ordered(abundances)
    mean, sd = _training_scale(table, k)
    Z = (table.to_numpy(dtype=np.float64) - mean) / sd
    core = _core(table.columns)
    rng = np.random.default_rng(seed)
    found = fit_kmeans(Z, k, rng, n_init)
    centroids, difference = _named(found.centroids, core)
    squared = squared_distances(Z, centroids)
    labels = squared.argmin(axis=1)
    votes = _subsample_centroids(Z, k, core, rng, subsamples, progress)
    drive = _drive(centroids, table.columns)
    sizes = np.bincount(labels, minlength=k)
    rho = None if stromal is None else _stromal_rho(stromal.loc[table.index], labels == 0)
    return PhenotypeFit(
        cell_types=tuple(table.columns),
        mean=tuple(mean.tolist()),
        sd=tuple(sd.tolist()),
        names=_names(k),
        centroids=_tupled(centroids.tolist()),
        subsample_centroids=_tupled(votes.tolist()),
        sizes=tuple(sizes.tolist()),
        seed=seed,
        core_difference=difference,
        drive=drive,
        stromal_rho=rho,
        criteria=compare_cluster_counts(Z, rng, compared_counts, compare_progress),
        notices=tuple(_notices(drive, rho, sizes, table.columns)),
        farthest=float(np.sqrt(squared.min(axis=1).max())),
    )


def _check(abundances: pd.DataFrame) -> None:
    problems = []
    bad = ~np.isfinite(abundances.to_numpy(dtype=np.float64))
    for row, column in zip(*np.nonzero(bad), strict=True):
        specimen, cell = abundances.index[row], abundances.columns[column]
        problems.append(
            Problem(
                say("specimen {specimen}", specimen=specimen),
                say("no abundance"),
                "a number for each cell type",
                "Leave the specimen out.",
                column=str(cell),
            )
        )
    if len(abundances) < MINIMUM_SPECIMENS:
        problems.append(
            Problem(
                say("training cohort"),
                say("{n} specimens with cell abundances", n=len(abundances)),
                say("at least {minimum_specimens}", minimum_specimens=MINIMUM_SPECIMENS),
                "Upload the expression of the training cohort, or check its members.",
            )
        )
    if problems:
        raise DataProblem(problems)


def _ordered(abundances: pd.DataFrame) -> pd.DataFrame:
    """The same table whatever order it came in: cell types by name, specimens by their values."""
    table = abundances[sorted(abundances.columns)]
    return table.iloc[np.lexsort(table.to_numpy(dtype=np.float64).T[::-1])]


def _training_scale(table: pd.DataFrame, k: int) -> tuple[Array, Array]:
    values = table.to_numpy(dtype=np.float64)
    mean, sd = values.mean(axis=0), values.std(axis=0, ddof=1)
    constant = sd <= 1e-12 * np.maximum(1.0, np.abs(mean))
    if constant.all():
        raise refuse(
            say("training cohort"),
            say("the same abundances in every specimen"),
            say("specimens that differ, for {k} clusters", k=k),
            "There is one class only. Check that the columns are different patients.",
        )
    if constant.any():
        names = ", ".join(table.columns[constant])
        raise refuse(
            say("training cohort"),
            say("one abundance in every specimen: {names}", names=names),
            "abundances that differ between specimens",
            "Check that the genes of these cell types were measured.",
        )
    return mean, sd


def _core(cell_types: pd.Index) -> NDArray[np.intp]:
    core = np.flatnonzero(cell_types.isin(CORE))
    if not len(core):
        raise refuse(
            "signature",
            say("cell types {cell_types}", cell_types=", ".join(cell_types)),
            say("at least one of {core}", core=", ".join(CORE)),
            "Without the immune core no cluster can be called hot; choose another signature.",
        )
    return core


def _named(centroids: Array, core: NDArray[np.intp]) -> tuple[Array, float]:
    """Centroids from hot to cold, and how far the core of hot stands above the next."""
    level = centroids[:, core].mean(axis=1)
    order = np.argsort(-level, kind="stable")
    difference = float(level[order[0]] - level[order[1]])
    if difference < MINIMUM_CORE_DIFFERENCE:
        raise refuse(
            "clusters",
            say("an immune core that differs by {difference:.3f} SD", difference=difference),
            say(
                "a difference of at least {minimum_core_difference}",
                minimum_core_difference=MINIMUM_CORE_DIFFERENCE,
            ),
            "The clusters are split by something else than immune infiltration and stay unnamed. "
            "Look at the heat map, try another k, or check for batches.",
        )
    return centroids[order], difference


def _names(k: int) -> tuple[str, ...]:
    between = ["intermediate"] if k == 3 else [f"intermediate {i}" for i in range(1, k - 1)]
    return ("hot", *between, "cold")


def _subsample_centroids(
    Z: Array,
    k: int,
    core: NDArray[np.intp],
    rng: np.random.Generator,
    subsamples: int,
    progress: Progress | None,
) -> Array:
    """Centroids of k-means on random 80 % of training, hot first: subsamples × clusters × types."""
    size, found = round(SUBSAMPLE_SHARE * len(Z)), []
    for done in range(subsamples):
        rows = Z[np.sort(rng.choice(len(Z), size=size, replace=False))]
        if len(np.unique(rows, axis=0)) >= k:
            centroids = fit_kmeans(rows, k, rng, n_init=10).centroids
            found.append(centroids[np.argsort(-centroids[:, core].mean(axis=1), kind="stable")])
        if progress:
            progress(done + 1, subsamples)
    return np.array(found)


def _drive(centroids: Array, cell_types: pd.Index) -> dict[str, float]:
    squared = (centroids[0] - centroids[-1]) ** 2
    return dict(zip(cell_types, (squared / squared.sum()).tolist(), strict=True))


def _stromal_rho(stromal: pd.DataFrame, hot: NDArray[np.bool_]) -> float | None:
    values = stromal.to_numpy(dtype=np.float64)
    score = ((values - values.mean(axis=0)) / values.std(axis=0, ddof=1)).mean(axis=1)
    return float(spearmanr(score, hot).statistic) if np.isfinite(score).all() else None


def _notices(
    drive: dict[str, float], rho: float | None, sizes: NDArray[np.intp], cell_types: pd.Index
) -> list[Notice]:
    notices = []
    core, myeloid = (sum(drive.get(cell, 0.0) for cell in cells) for cells in (CORE, MYELOID))
    if myeloid > core:
        text = say(
            "Macrophages, neutrophils and mast cells make {myeloid:.0%} of the distance "
            "between the clusters, the immune core {core:.0%}: the split is myeloid before "
            "it is immune.",
            myeloid=myeloid,
            core=core,
        )
        notices.append(Notice("phenotype_myeloid", text))
    if rho is not None and abs(rho) > STROMAL_LIMIT:
        text = say(
            "The label correlates with the stromal score (Spearman {rho:.2f}): hot may "
            "mean mesenchymal.",
            rho=rho,
        )
        notices.append(Notice("phenotype_stromal", text))
    if sizes.min() < MINIMUM_SHARE * sizes.sum():
        text = say(
            "The smallest cluster has {min} of {sum} training specimens.",
            min=sizes.min(),
            sum=sizes.sum(),
        )
        notices.append(Notice("phenotype_small_cluster", text))
    if absent := [cell for cell in CORE if cell not in cell_types]:
        text = say("The immune core lacks {absent}.", absent=", ".join(absent))
        notices.append(Notice("phenotype_core_incomplete", text))
    return notices


def apply_phenotype(fit: PhenotypeFit, abundances: pd.DataFrame) -> pd.DataFrame:
    """Phenotype of patients by the nearest frozen centroid; training itself gets its own labels.

    Parameters
    ----------
    fit : PhenotypeFit
    abundances : table, specimens × cell types
        Raw scores by the same signature, method and ties as at the fit.

    Returns
    -------
    table, a row per specimen in the order given
        ``label``; ``margin`` = (d2 - d1) / (d2 + d1) of the distances to the nearest and the next
        centroid, 0 = undecided, 1 = on the centroid; ``stability`` = share of subsampled fits
        that give the same label; ``borderline`` = margin < 0.05 or stability < 0.9; ``core`` =
        mean z over the immune core; ``distance`` to the nearest centroid, in SD of training;
        ``unusual`` = farther from it than every training specimen from its own (among n + 1
        exchangeable specimens one is, by chance).

    Raises
    ------
    DataProblem
        A cell type of the fit is missing, or a value.

    References
    ----------
    Nearest centroid of a frozen fit; margin, stability and their limits are ours (decision
    0008).
    """
    absent = [cell for cell in fit.cell_types if cell not in abundances.columns]
    if absent:
        raise refuse(
            say("cell abundances"),
            say("no {absent}", absent=", ".join(absent)),
            "all cell types of the frozen fit",
            "Compute the abundances by the signature of the fit.",
        )
    table = abundances[list(fit.cell_types)]
    Z = standardise_abundances(fit, table)
    if not np.isfinite(Z).all():
        _check(table)
    squared = squared_distances(Z, np.array(fit.centroids))
    nearest = squared.argmin(axis=1)
    d1, d2 = np.sqrt(np.sort(squared, axis=1)[:, :2]).T
    margin = np.divide(d2 - d1, d2 + d1, out=np.zeros_like(d1), where=d2 + d1 > 0)
    votes = [squared_distances(Z, np.array(c)).argmin(axis=1) for c in fit.subsample_centroids]
    stability = (np.array(votes) == nearest).mean(axis=0)
    core = np.isin(fit.cell_types, CORE)
    return pd.DataFrame(
        {
            "label": np.array(fit.names)[nearest],
            "margin": margin,
            "stability": stability,
            "borderline": (margin < BORDERLINE_MARGIN) | (stability < BORDERLINE_STABILITY),
            "core": Z[:, core].mean(axis=1),
            "distance": d1,
            "unusual": d1 > (np.inf if fit.farthest is None else fit.farthest * (1 + 1e-9)),
        },
        index=abundances.index,
    )


def standardise_abundances(fit: PhenotypeFit, abundances: pd.DataFrame) -> Array:
    """Abundances in SD of the training cohort, specimens × the cell types of the fit.

    Parameters
    ----------
    fit : PhenotypeFit
    abundances : table, specimens × cell types

    References
    ----------
    z-scores by mean and SD (ddof 1) of training.
    """
    values = abundances[list(fit.cell_types)].to_numpy(dtype=np.float64)
    return (values - np.array(fit.mean)) / np.array(fit.sd)
