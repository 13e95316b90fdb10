"""Samples as metrics see them."""

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

    def of(self, condition: int) -> "Samples":
        """Return the samples of one class."""
        return self[np.flatnonzero(self.c == condition)]


class Score(NamedTuple):
    """What a metric gives: a number, which way is good, and half the width of a 95 % interval if there is one."""

    value: float
    better: Literal["lower", "higher", "real"]
    error: float | None = None


def evenly(n: int, most: int) -> np.ndarray:
    """Return at most so many of the positions 0 … n - 1, evenly spaced."""
    return np.linspace(0, n - 1, min(n, most)).astype(int)
