"""New series of a class from its real ones: warped in time and size, and mixed along alignments of two."""

from typing import NamedTuple

import numpy as np
from ganaug.oversampling.sources import OwnSamples
from scipy.interpolate import CubicSpline

from ganaug_series.alignment import Paths, align, resample

_KNOTS = 4  # of a random curve, as in Iwana & Uchida 2021, arXiv:2007.15951
_SIZE = 0.2  # standard deviation of a magnitude curve at its knots, the same source
_PACE = 0.2  # of the logarithm of a time curve's pace
_MAX_PAIRS = 200  # of a class that are aligned
_AVERAGED = 4  # series that a barycentre is an average of


class Series(NamedTuple):
    """Series stretched to the same length, and the share of the time points that each really has."""

    values: np.ndarray  # (n, channels, timepoints) float32
    shares: np.ndarray  # (n,), in (0, 1]

    def take(self, rows: np.ndarray) -> "Series":
        """Return some of them."""
        return Series(self.values[rows], self.shares[rows])


class SeriesSource(OwnSamples):
    """Base of sources of series: `stretched` and `packed` take the mask off and put it on again."""

    def stretched(self, own: np.ndarray) -> Series:
        """Return encoded series ``(n, channels, timepoints)`` without their mask."""
        codec = self.data.codec
        lengths, t = codec.lengths(own), own.shape[2]
        values = own[:, : codec.schema.channels]
        if codec.schema.padded:
            pieces = [one[None, :, :n] for one, n in zip(values, lengths, strict=True)]
            values = np.concatenate([resample(one, np.arange(one.shape[2])[None], t) for one in pieces])
        return Series(values, lengths / t)

    def packed(self, series: Series) -> np.ndarray:
        """Return series as they are encoded."""
        if not self.data.codec.schema.padded:
            return series.values.astype(np.float32)
        n, channels, t = series.values.shape
        encoded = np.empty((n, channels + 1, t), np.float32)
        for row, one, share in zip(encoded, series.values, series.shares, strict=True):
            length = max(1, round(share * t))
            row[:-1, :length] = resample(one[None], np.arange(t)[None], length)[0]
            row[:-1, length:] = row[:-1, length - 1 : length]
            row[-1, :length], row[-1, length:] = 1, -1
        return encoded

    def prepare(self, own: np.ndarray, rng: np.random.Generator) -> Series:
        """Take the mask off."""
        return self.stretched(own)


class Warp(SeriesSource):
    """Each series grows and shrinks along a smooth random curve, and its time runs at a smooth random pace.

    Magnitude and time warping (Um et al. 2017, arXiv:1706.00527) at once.
    """

    def make(self, prepared: Series, n: int, rng: np.random.Generator) -> np.ndarray:
        """Return n warped series."""
        chosen = prepared.take(rng.integers(len(prepared.values), size=n))
        t = chosen.values.shape[2]
        sizes = 1 + _SIZE * _curves(n, t, rng)
        paces = np.exp(_PACE * _curves(n, t, rng))
        times = np.cumsum(paces, axis=1)
        return self.packed(Series(resample(chosen.values * sizes[:, None], times, t), chosen.shares))


class Aligned(NamedTuple):
    """Pairs of series of a class and the ways from one to the other."""

    own: Series
    first: np.ndarray  # (pairs,): positions in `own`
    second: np.ndarray
    paths: Paths


class AlignedSource(SeriesSource):
    """Base of sources that align pairs of series of the class by dynamic time warping; a lone one with itself."""

    def prepare(self, own: np.ndarray, rng: np.random.Generator) -> Aligned:
        """Align pairs: all there are, or 200 in which each series comes first about equally often."""
        series = self.stretched(own)
        m = len(series.values)
        steps = 1 + rng.permutation(max(1, m - 1))  # from the first series of a pair to the second
        first = np.tile(rng.permutation(m), len(steps))[:_MAX_PAIRS]
        second = (first + np.repeat(steps, m)[:_MAX_PAIRS]) % m
        return Aligned(series, first, second, align(series.values[first], series.values[second]))


class DTWMix(AlignedSource):
    """A series some of the way between two of the class: time points that correspond are mixed, in value and in time.

    Averages along a warping path, where averages point by point would blur what is shifted.
    """

    def make(self, prepared: Aligned, n: int, rng: np.random.Generator) -> np.ndarray:
        """Return n mixes."""
        k = rng.integers(len(prepared.first), size=n)
        share = rng.random((n, 1), dtype=np.float32)
        return self.packed(_between(prepared, k, share, share))


class GuidedWarp(AlignedSource):
    """A series with the values of one and, in part, the timing of another of its class.

    Random guided warping (Iwana & Uchida 2020, arXiv:2004.08780); values grow and shrink along a smooth curve besides.
    """

    def make(self, prepared: Aligned, n: int, rng: np.random.Generator) -> np.ndarray:
        """Return n warped series."""
        k = rng.integers(len(prepared.first), size=n)
        made = _between(prepared, k, np.zeros((n, 1), np.float32), rng.random((n, 1), dtype=np.float32))
        sizes = 1 + _SIZE * _curves(n, made.values.shape[2], rng)
        return self.packed(Series(made.values * sizes[:, None], made.shares))


class DTWAverage(AlignedSource):
    """A weighted average of a series and three others, or as many as there are, that are aligned with it.

    One round of barycentric averaging with random weights (Petitjean et al. 2011; Forestier et al. 2017).
    """

    def prepare(self, own: np.ndarray, rng: np.random.Generator) -> tuple[Series, np.ndarray, list[np.ndarray]]:
        """Return the series, the first of each pair at the times of its second, and the pairs by their second."""
        aligned = super().prepare(own, rng)
        moved = _at_times_of_second(aligned.own.values[aligned.first], aligned.paths)
        pairs = [np.flatnonzero(aligned.second == j) for j in range(len(own))]
        return aligned.own, moved, pairs

    def make(
        self, prepared: tuple[Series, np.ndarray, list[np.ndarray]], n: int, rng: np.random.Generator
    ) -> np.ndarray:
        """Return n averages."""
        own, moved, pairs = prepared
        centres = rng.choice([j for j, known in enumerate(pairs) if len(known)], n)
        others = np.stack([rng.choice(pairs[j], _AVERAGED - 1) for j in centres]) if n else np.empty((0, 3), int)
        weights = rng.dirichlet(np.ones(_AVERAGED), size=n).astype(np.float32)
        values = weights[:, 0, None, None] * own.values[centres]
        values += np.einsum("ng,ngct->nct", weights[:, 1:], moved[others])
        return self.packed(Series(values, own.shares[centres]))


def _between(aligned: Aligned, k: np.ndarray, value_share: np.ndarray, time_share: np.ndarray) -> Series:
    """Return series between those of the pairs ``k (n,)``; the shares ``(n, 1)`` are the second one's."""
    first, second = aligned.own.take(aligned.first[k]), aligned.own.take(aligned.second[k])
    i, j = aligned.paths.first[k], aligned.paths.second[k]
    a, b = (np.take_along_axis(s.values, at[:, None], 2) for s, at in ((first, i), (second, j)))
    values = a + value_share[:, None] * (b - a)
    times = i + time_share * (j - i)
    shares = first.shares + time_share[:, 0] * (second.shares - first.shares)
    return Series(resample(values, times, first.values.shape[2]), shares)


def _at_times_of_second(values: np.ndarray, paths: Paths) -> np.ndarray:
    """Return, at each time point of the second series, the mean of the first's values that correspond to it."""
    n, _, t = values.shape
    within = np.arange(paths.first.shape[1]) < paths.length[:, None]
    total, count = np.zeros_like(values), np.zeros((n, t), np.float32)
    rows = np.repeat(np.arange(n), within.sum(1))
    i, j = paths.first[within], paths.second[within]
    np.add.at(count, (rows, j), 1)
    for channel in range(values.shape[1]):
        np.add.at(total[:, channel], (rows, j), values[rows, channel, i])
    return total / count[:, None]


def _curves(n: int, t: int, rng: np.random.Generator) -> np.ndarray:
    """Draw n smooth curves through standard normal values at evenly spaced knots, ``(n, t)`` float32."""
    knots = rng.standard_normal((n, _KNOTS + 2))
    return CubicSpline(np.linspace(0, 1, _KNOTS + 2), knots, axis=1)(np.linspace(0, 1, t)).astype(np.float32)
