"""How much fine and coarse detail images have: their power spectrum, octave by octave."""

from typing import NamedTuple

import numpy as np

from ganaug.evaluation.samples import Samples, Score


class Octave(NamedTuple):
    """Waves of a length from `shortest` to twice that, in pixels, and their mean power."""

    shortest: float
    power: float


def octaves(images: np.ndarray) -> list[Octave]:
    """Return the radially averaged power spectrum of images by octaves, the finest first.

    An octave holds the waves of 1 to 2, of 2 to 4, … pixels, in whatever direction they run; the finest are those that
    only the diagonals hold. The coarsest octave begins below the smaller side of the images.

    Parameters
    ----------
    images : ndarray of shape (n, channels, height, width)

    Examples
    --------
    >>> stripes = np.tile([1.0, -1.0], (1, 1, 8, 4))
    >>> [(octave.shortest, round(octave.power)) for octave in octaves(stripes)]
    [(1.0, 0), (2.0, 2), (4.0, 0)]
    """
    height, width = images.shape[2:]
    power = (np.abs(np.fft.rfft2(images, norm="ortho")) ** 2).mean((0, 1))  # (height, width // 2 + 1)
    twice = np.ones(power.shape[1])  # rfft2 leaves out the mirrored half
    twice[1 : (width + 1) // 2] = 2
    frequencies = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width))
    found = []
    shortest = 1.0
    while shortest < min(height, width):
        inside = (frequencies > 0.5 / shortest) & (frequencies <= 1 / shortest)
        weights = inside * twice
        found.append(Octave(shortest, float((power * weights).sum() / weights.sum())))
        shortest *= 2
    return found


def spectrum(real: Samples, made: Samples) -> dict[str, Score]:
    """Power of synthetic images over that of real ones, in every octave and in that which is farthest off.

    A ratio above 1 at the finest waves is a grid or noise, below 1 blur. Octaves in which real images have no power are
    left out.
    """
    pairs = [(ours, theirs) for ours, theirs in zip(octaves(made.encoded), octaves(real.encoded), strict=True)]
    ratios = {
        f"power, waves of {ours.shortest:g} to {2 * ours.shortest:g} px": ours.power / theirs.power
        for ours, theirs in pairs
        if theirs.power > 0
    }
    if not ratios:
        return {}
    worst = max(ratios.values(), key=lambda ratio: abs(np.log(max(ratio, np.finfo(float).tiny))))
    found = {"power, octave farthest off": worst} | ratios
    return {name: Score(ratio, "real") for name, ratio in found.items()}
