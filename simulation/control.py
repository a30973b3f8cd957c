"""A light chain by which the simulation is held against itself: no part of the platform in it.

Counts -> ssGSEA -> k-means labels; volumes -> hand-made features -> logistic regression or forest.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import distance_transform_edt, gaussian_gradient_magnitude
from scipy.stats import rankdata
from sklearn.base import ClassifierMixin, clone
from sklearn.cluster import KMeans
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from simulation.images import PET_SPACING_MM, Images
from simulation.rna import Counts, read_signatures
from simulation.study import Study

CORE = ("T cells", "CD8 T cells", "Cytotoxic cells", "Th1 cells", "B cells", "aDC")
RING_MM = 9.0


def estimate_abundances(counts: Counts) -> dict[str, np.ndarray]:
    """Raw ssGSEA scores, cell type -> one per specimen; higher is more of the cell type."""
    place = {gene: i for i, gene in enumerate(counts.genes)}
    position = rankdata(counts.values, axis=0)  # 1 is the lowest
    genes = len(position)
    weight = np.floor(position) ** 0.25
    total = genes * (genes + 1) / 2
    scores = {}
    for name, members in read_signatures().items():
        rows = [place[gene] for gene in members]
        w, q = weight[rows], position[rows]
        inside = (w * q).sum(axis=0) / w.sum(axis=0)
        scores[name] = inside - (total - q.sum(axis=0)) / (genes - len(rows))
    return scores


def estimate_core(abundances: dict[str, np.ndarray], training: np.ndarray) -> np.ndarray:
    """Mean z-score of the immune core, standardised by the training specimens."""
    core = np.array([abundances[name] for name in CORE])
    mean, spread = core[:, training].mean(axis=1), core[:, training].std(axis=1)
    return ((core - mean[:, None]) / spread[:, None]).mean(axis=0)


def label_phenotypes(abundances: dict[str, np.ndarray], training: np.ndarray) -> np.ndarray:
    """True is hot: the k-means cluster of the training specimens with the larger immune core."""
    table = np.array(list(abundances.values())).T
    scaled = StandardScaler().fit(table[training]).transform(table)
    labels = KMeans(2, n_init=20, random_state=0).fit(scaled[training]).predict(scaled)
    core = estimate_core(abundances, training)
    means = [core[training & (labels == cluster)].mean() for cluster in (0, 1)]
    return labels == np.argmax(means)


def measure_images(study: Study, rows: Iterable[int]) -> np.ndarray:
    return np.array([measure(study.images(row)) for row in rows])


def measure(images: Images) -> list[float]:
    """Hand-made features of the target lesion and the ring around it, PET then CT."""
    mask = images.lesions == 1
    depth = distance_transform_edt(mask, PET_SPACING_MM)
    outside = distance_transform_edt(images.lesions == 0, PET_SPACING_MM)
    near = (outside > 0) & (outside <= RING_MM / 2)
    far = (outside > RING_MM / 2) & (outside <= RING_MM)
    suv, ct = images.pet_suv, images.ct_hu.astype(np.float32)
    inside, core = suv[mask], mask & (depth >= 0.6 * depth.max())
    shell = mask & ~core if (mask & ~core).any() else mask  # tiny lesions have no shell
    border = mask & (depth <= PET_SPACING_MM[0])
    gradient = gaussian_gradient_magnitude(suv, 0.7)[border].mean()
    on_ct = np.repeat(np.repeat(mask & (depth > PET_SPACING_MM[0]), 2, axis=1), 2, axis=2)
    hu = ct[on_ct] if on_ct.any() else ct[np.repeat(np.repeat(mask, 2, axis=1), 2, axis=2)]
    return [
        np.log(inside.mean()),
        np.log(inside.max()),
        np.log(inside.std() / inside.mean()),
        np.log(suv[core].mean() / suv[shell].mean()),
        np.log(suv[shell].std() / suv[shell].mean()),
        np.log(gradient / inside.mean()),
        np.log(suv[near].mean() / inside.mean()),
        np.log(suv[far].mean() / inside.mean()),
        np.log(suv[far].mean()),
        hu.mean(),
        np.log(hu.std()),
        np.log(mask.sum()),
    ]


def linear_classifier() -> ClassifierMixin:
    return make_pipeline(StandardScaler(), LogisticRegression(C=0.3, max_iter=1000))


def forest_classifier() -> ClassifierMixin:
    return RandomForestClassifier(300, min_samples_leaf=3, random_state=0)


def predict_out_of_fold(
    classifier: ClassifierMixin, features: np.ndarray, labels: np.ndarray, repeats: int = 3
) -> np.ndarray:
    scores = np.zeros(len(labels))
    for repeat in range(repeats):
        folds = StratifiedKFold(5, shuffle=True, random_state=repeat)
        for fit, held in folds.split(features, labels):
            fitted = clone(classifier).fit(features[fit], labels[fit])
            scores[held] += fitted.predict_proba(features[held])[:, 1] / repeats
    return scores


@dataclass(frozen=True)
class Interval:
    estimate: float
    low: float
    high: float


def estimate_auc(labels: np.ndarray, scores: np.ndarray) -> Interval:
    """AUC with a 95 % interval (Hanley and McNeil)."""
    auc = float(roc_auc_score(labels, scores))
    cases, controls = labels.sum(), (~labels).sum()
    q1, q2 = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    variance = auc * (1 - auc) + (cases - 1) * (q1 - auc**2) + (controls - 1) * (q2 - auc**2)
    half = 1.96 * float(np.sqrt(variance / (cases * controls)))
    return Interval(auc, auc - half, auc + half)
