"""How much of a rare class's training should be synthetic, by real images that nothing was trained on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.model_selection import train_test_split

from ganaug.core.classes import Classes
from ganaug.core.errors import ConfigError, SchemaError
from ganaug.core.seeds import as_seed
from ganaug.data.codec import fit_codec, is_image_data
from ganaug.models.classifier import batch_weights, classify
from ganaug.models.gan import ConditionalGAN
from ganaug.oversampling.images import Deformations, Repeats
from ganaug.oversampling.selection import selected_images
from ganaug.training.train import train

_FEWEST = 12  # images of a rare class: fewer leave nothing to judge by
_RARE = 1 / 3  # of the largest class: fewer images make a class rare


@dataclass(frozen=True)
class ShareChoice:
    """What `choose_share` found.

    Attributes
    ----------
    share : float
        The share that is recommended; 0 if none was clearly better than real images alone.
    recall : dict of float to float
        Mean recall of the rare classes on held-out real images, for each share tried.
    error : dict of float to float
        Standard error of its difference to share 0.
    """

    share: float
    recall: dict[float, float]
    error: dict[float, float]

    def __str__(self) -> str:
        base = self.recall[0.0]
        gains = {share: recall - base for share, recall in self.recall.items() if share}
        tried = ", ".join(f"{share:g}: {gain:+.1%} ± {self.error[share]:.1%}" for share, gain in gains.items())
        verdict = f"use share={self.share:g}" if self.share else "synthetic images did not clearly help: use share=0"
        return f"{verdict} (recall of the rare classes {base:.1%} with real images alone; {tried})"


def choose_share(
    X: Any,
    y: Any,
    *,
    classes: Sequence[Any] | None = None,
    shares: Sequence[float] = (0.25, 0.5),
    holdout: float = 1 / 3,
    classifier_steps: int = 300,
    fit: Callable[..., ConditionalGAN] = train,
    random_state: Any = None,
    **settings: Any,
) -> ShareChoice:
    """Choose how much of a rare class's training batches should be synthetic, on held-out real images.

    A part of the data is held out; a GAN learns the rest; a small convolutional classifier is trained on it with
    class-balanced batches and classical augmentation, once with real images alone and once for each share. A share is
    recommended only if the recall of the rare classes is better than with real images alone by more than a standard
    error of the difference. Half of the synthetic gray images are bent real ones, as `GANOverSampler` makes them.

    Parameters
    ----------
    X : array-like or list of PIL images
        As for `ganaug.train`; images.
    y : array-like of shape (n_samples,)
        Their labels.
    classes : sequence of labels, optional
        The rare classes; by default those with fewer than a third of the largest class's images.
    shares : sequence of float, default=(0.25, 0.5)
        Shares to try, in (0, 1).
    holdout : float, default=1/3
        Share of every class that is held out, in (0, 1).
    classifier_steps : int, default=300
        Of 128 images.
    fit : callable, default=ganaug.train
        From images and labels to a GAN; ``functools.partial(ganaug.finetune, source)`` starts from another one.
    random_state : int, RandomState, Generator or None, default=None
        The same integer gives the same choice, at the same number of threads.
    **settings
        Further arguments of `fit`: fields of `TrainConfig`.

    Returns
    -------
    ShareChoice

    Raises
    ------
    SchemaError
        If `X` are not images, no class is rare, or a rare one has fewer than 12 images.
    ConfigError
        If a share or `holdout` is out of range.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> X, y = load_digits(n_class=2, return_X_y=True)
    >>> keep = np.r_[np.flatnonzero(y == 0), np.flatnonzero(y == 1)[:20]]
    >>> choice = choose_share(X[keep].reshape(-1, 8, 8), y[keep], classifier_steps=5, max_steps=5, random_state=0)
    >>> choice.share in (0, 0.25, 0.5)
    True
    """
    if not is_image_data(X):
        raise SchemaError("expected images; for tables compare in a cross-validation, as docs/guide/tabular.md does")
    if not 0 < holdout < 1 or not all(0 < share < 1 for share in shares):
        raise ConfigError(f"shares and holdout must be in (0, 1); got {tuple(shares)} and {holdout}")
    codec, target = fit_codec(X), np.asarray(y)
    x = codec.encode(X)
    if len(x) != len(target):
        raise SchemaError(f"X has {len(x)} samples, y has {len(target)} labels")
    known = Classes.from_target(target, "target")
    c, counts = known.index(target), np.asarray(known.counts)
    rare = np.flatnonzero(counts < _RARE * counts.max()) if classes is None else known.index(classes)
    if len(rare) == 0:
        raise SchemaError(f"no class is rare: all have at least a third of the largest one's {counts.max()} images")
    if counts[rare].min() < _FEWEST:
        label = known.labels[rare[counts[rare].argmin()]]
        raise SchemaError(f"class {str(label)!r} has {counts[rare].min()} images; {_FEWEST} are needed to judge by")
    seed = as_seed(random_state)
    taught, held = train_test_split(np.arange(len(c)), test_size=holdout, stratify=c, random_state=seed)
    decoded = codec.decode(x[taught], np.random.default_rng(seed))
    gan = fit(decoded, target[taught], random_state=seed, **settings)
    rng = np.random.default_rng(seed)
    most = int(np.bincount(c[taught]).max())
    gray = x.shape[1] == 1
    from_real = 0.5 if gray else 0.0
    owned = {int(k): x[taught][c[taught] == k] for k in rare}
    variants = {k: Deformations(own, rng) if gray else Repeats(own) for k, own in owned.items()}
    made = [
        np.concatenate(list(selected_images(gan, way, k, most, rng, from_real=from_real)))
        for k, way in variants.items()
    ]
    images, labels = np.concatenate([x[taught], *made]), np.r_[c[taught], rare.repeat(most)]
    synthetic = np.arange(len(labels)) >= len(taught)
    right = {}
    for share in (0.0, *shares):
        weights = batch_weights(labels, synthetic, share)
        right[share] = classify(images, labels, weights, x[held], steps=classifier_steps, seed=seed) == c[held]
    own = [c[held] == k for k in rare]
    recall = {share: float(np.mean([found[mask].mean() for mask in own])) for share, found in right.items()}
    gain = {share: found.astype(float) - right[0.0] for share, found in right.items()}
    error = {s: float(np.sqrt(sum(g[m].var() / m.sum() for m in own)) / len(own)) for s, g in gain.items()}
    best = max(recall, key=lambda share: (recall[share], -share))
    clear = recall[best] - recall[0.0] > error[best]
    return ShareChoice(best if clear else 0.0, recall, error)
