"""Samples as metrics see them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from ganaug.data.codec import Span


@dataclass(frozen=True)
class Samples:
    """Encoded samples with their features.

    Attributes
    ----------
    encoded : ndarray of shape (n, *sample_shape)
        In the codec's space: rows, or images ``(channels, height, width)`` in [-1, 1].
    c : ndarray of shape (n,)
        Integer classes.
    features : ndarray of shape (n, dim), float64
        What distances are taken in: the encoded rows, or what a network makes of the images.
    logits : ndarray of shape (n, n_outputs) or None
        A network's outputs.
    spans : tuple of Span
        What the slices of `encoded` are.

    Examples
    --------
    >>> samples = Samples(np.zeros((3, 2)), np.array([0, 0, 1]), np.zeros((3, 2)), None, ())
    >>> len(samples.of_class(0))
    2
    """

    encoded: np.ndarray
    c: np.ndarray
    features: np.ndarray
    logits: np.ndarray | None
    spans: tuple[Span, ...]

    def __len__(self) -> int:
        return len(self.c)

    def __getitem__(self, index: np.ndarray) -> "Samples":
        logits = None if self.logits is None else self.logits[index]
        return Samples(self.encoded[index], self.c[index], self.features[index], logits, self.spans)

    def of_class(self, condition: int) -> "Samples":
        """Return the samples of one class."""
        return self[np.flatnonzero(self.c == condition)]


def join(parts: Sequence[Samples]) -> Samples:
    """Put samples of one encoding together."""
    first = parts[0]
    logits = None if first.logits is None else np.concatenate([p.logits for p in parts if p.logits is not None])
    encoded, c, features = (np.concatenate([getattr(p, name) for p in parts]) for name in ("encoded", "c", "features"))
    return Samples(encoded, c, features, logits, first.spans)


class Score(NamedTuple):
    """What a metric gives: a number, which way is good, and half the width of a 95 % interval if there is one.

    Examples
    --------
    >>> Score(0.93, "real").better
    'real'
    """

    value: float
    better: Literal["lower", "higher", "real"]
    error: float | None = None


def require_finite(*arrays: np.ndarray) -> None:
    """Raise `ValueError` if a value is NaN or infinite."""
    bad = sum(int((~np.isfinite(array)).sum()) for array in arrays)
    if bad:
        raise ValueError(f"expected finite features; {bad} values are NaN or infinite")


def evenly(n: int, most: int) -> np.ndarray:
    """Return at most so many of the positions 0 … n - 1, evenly spaced."""
    return np.linspace(0, n - 1, min(n, most)).astype(int)
