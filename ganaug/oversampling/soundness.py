"""Whether images made from real ones still teach their class."""

from collections.abc import Callable

import numpy as np
import torch
from sklearn.model_selection import StratifiedKFold
from torch.nn import functional as F

from ganaug.evaluation.assess import thinned
from ganaug.models.classifier import batch_weights, classify
from ganaug.oversampling.images import Variants

_COPIES = 4  # variants of an image that a classifier may see
_MOST = 4_000  # images that are looked at
_TOLERANCE = 0.03  # of balanced accuracy
_SIDE = 32  # pixels that they are reduced to, if they are larger


def are_sound(
    x: np.ndarray, c: np.ndarray, vary: Callable[[np.ndarray, np.ndarray], Variants], *, steps: int = 300, seed: int
) -> bool:
    """Return whether a classifier that sees variants of every class is no worse on real images it has not seen.

    Trained on either half of the images and judged on the other, once on real images alone and once with half of each
    class's share of a batch from the variants, all of it augmented. "No worse": balanced accuracy falls by no more than
    two standard errors of the difference, and no more than three points.

    Parameters
    ----------
    x : ndarray of shape (n, channels, height, width)
        Encoded real images.
    c : ndarray of shape (n,)
        Their classes, 0 … n_classes - 1, each with at least 2 images.
    vary : callable
        From the images of one class, and those of all, to what draws variants.
    steps : int, default=300
        Of the classifier.
    seed : int
        Seeds halves, variants and classifiers.
    """
    few = thinned(np.argsort(c, kind="stable"), _MOST)
    sides = min(_SIDE, x.shape[2]), min(_SIDE, x.shape[3])
    x, c = F.adaptive_avg_pool2d(torch.from_numpy(x[few]), sides).numpy(), c[few]
    gain = np.empty(len(c))
    for taught, held in StratifiedKFold(2, shuffle=True, random_state=seed).split(x, c):
        rng = np.random.default_rng(seed)
        own = {k: x[taught][c[taught] == k] for k in np.unique(c)}
        made = [vary(images, x[taught]).draw(_COPIES * len(images), rng) for images in own.values()]
        images = np.concatenate([x[taught], *made])
        labels = np.r_[c[taught], np.repeat(list(own), [_COPIES * len(images) for images in own.values()])]
        synthetic = np.arange(len(labels)) >= len(taught)
        right = [
            classify(images, labels, batch_weights(labels, synthetic, share), x[held], steps=steps, seed=seed)
            == c[held]
            for share in (0.0, 0.5)
        ]
        gain[held] = right[1].astype(float) - right[0]
    by_class = [gain[c == k] for k in np.unique(c)]
    error = np.sqrt(sum(part.var() / len(part) for part in by_class)) / len(by_class)
    return bool(np.mean([part.mean() for part in by_class]) >= -min(2 * error, _TOLERANCE))
