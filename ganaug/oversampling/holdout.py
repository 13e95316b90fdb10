"""Which images are taught and which judge, in each of the judge's rounds."""

from typing import NamedTuple

import numpy as np
from sklearn.cluster import AgglomerativeClustering

from ganaug.data.encoded import Encoded

ROUNDS = 2
MIN_SAMPLES_JUDGED = 12  # of a rare class whose own images judge: a third of fewer is no sample to judge by
_PARTS = 3  # one of them is held out in a round, another one in the next
_MIN_RATIO = 2  # of a frequent class to the median rare one: then it is thinned to stand in for a rare one
_MAX_HELD = 300  # images of a class that judge in a round
_TOLERANCE = 0.5  # by which a side may be larger or smaller than asked for; larger clusters are split
_MIN_CORRELATION = 0.8  # of images that may show one object: docs/experiments/images.md
_MAX_CLUSTERED = 2_000  # images of a class; in larger ones few are rare enough for a copy to matter


class Round(NamedTuple):
    """What is taught and what judges."""

    taught: np.ndarray  # positions of images
    held: np.ndarray  # positions of other images
    thinned: np.ndarray  # frequent classes that stand in for rare ones


def find_clusters(data: Encoded) -> np.ndarray:
    """Return which images of a class are so alike that they may show one object, ``(n,)``: numbers of clusters.

    Several photos of one object, some taught and some held out, would make repeating real images look good. Average
    linkage by correlation at 16 × 16 pixels; classes of more than 2,000 images are not looked at.
    """
    clusters, n_found = np.zeros(len(data.c), dtype=np.int64), 0
    linkage = AgglomerativeClustering(
        None, metric="precomputed", linkage="average", distance_threshold=1 - _MIN_CORRELATION
    )
    for k in np.unique(data.c).tolist():
        own = np.flatnonzero(data.c == k)
        found = np.arange(len(own))
        if 1 < len(own) <= _MAX_CLUSTERED:
            _, forms = next(iter(data.kind.disguises(data.floats(own))))
            forms = forms / np.maximum(np.linalg.norm(forms, axis=1, keepdims=True), 1e-6)
            found = linkage.fit_predict((1 - forms @ forms.T).clip(0))
        clusters[own] = found + n_found
        n_found += int(found.max()) + 1
    return clusters


def hold_out(c: np.ndarray, clusters: np.ndarray, rare: np.ndarray, number: int, seed: int) -> Round:
    """Return what is taught and what judges in a round.

    Frequent classes, with at least twice the images of the median rare one, are thinned to the size of a rare one:
    every other one in a round, if there are two or more. Of other classes a third is held out, another one in each
    round; nothing of rare ones with fewer than 12 images. At most 300 images of a class judge. Clusters of images that
    are alike stay together.
    """
    counts = np.bincount(c)
    sizes = np.sort(counts[rare])
    frequent = np.flatnonzero(counts >= _MIN_RATIO * np.median(sizes))
    frequent = frequent[np.argsort(-counts[frequent], kind="stable")]
    thinned = frequent[number::ROUNDS] if len(frequent) >= ROUNDS else frequent[:0]
    taught, held = [], []
    for k, count in enumerate(counts.tolist()):
        own = _shuffled(np.flatnonzero(c == k), clusters, np.random.default_rng([seed, k]))
        if k in thinned:
            first, last = int(sizes[np.flatnonzero(thinned == k)[0] % len(sizes)]), count
        else:
            part = 0 if k in rare and count < MIN_SAMPLES_JUDGED else count // _PARTS
            first, last = number * part, (number + 1) * part
        first, last = _between_clusters(clusters[own], first, last)
        held.append(own[first:last][:_MAX_HELD])
        taught.append(np.delete(own, slice(first, last)))
    return Round(np.sort(np.concatenate(taught)), np.sort(np.concatenate(held)), thinned)


def _shuffled(own: np.ndarray, clusters: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return a class's images in random order, clusters together."""
    own = rng.permutation(own)
    present, inverse = np.unique(clusters[own], return_inverse=True)
    return own[np.argsort(rng.permutation(len(present))[inverse], kind="stable")]


def _between_clusters(clusters: np.ndarray, first: int, last: int) -> tuple[int, int]:
    """Move both ends of what is held out to the nearest bounds of clusters, if that holds out about as many images."""
    bounds = np.r_[np.flatnonzero(np.diff(clusters, prepend=-1)), len(clusters)]
    start, stop = (int(bounds[np.abs(bounds - end).argmin()]) for end in (first, last))
    n_held = last - first
    tolerated = _TOLERANCE * min(n_held, len(clusters) - n_held)
    return (start, stop) if abs(stop - start - n_held) <= tolerated else (first, last)
