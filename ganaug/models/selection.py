"""Rows of a rare class from two sources, without those that look like other classes."""

from collections.abc import Iterator

import numpy as np

from ganaug.data.neighbours import belonging, interpolate
from ganaug.models.gan import ConditionalGAN

_CHUNK = 16_384  # rows


def selected_rows(
    gan: ConditionalGAN,
    x: np.ndarray,
    c: np.ndarray,
    condition: int,
    n: int,
    rng: np.random.Generator,
    *,
    interpolation: float,
    rejection: float,
) -> Iterator[np.ndarray]:
    """Yield n encoded rows of a class in chunks.

    Parameters
    ----------
    gan : ConditionalGAN
        Trained on `x` and `c`.
    x : ndarray of shape (m, dim)
        Encoded training rows of all classes.
    c : ndarray of shape (m,)
        Their conditions.
    condition : int
        The class to make.
    n : int
        How many rows.
    rng : numpy.random.Generator
        Source of randomness.
    interpolation : float
        Share of the rows, 0 … 1, that lie between two real rows of the class; the rest are the GAN's.
    rejection : float
        Share of the rows made, 0 … 1 (exclusive), that is left out: those that belong least to the class
        (`ganaug.data.neighbours.belonging`). Nothing is left out where `x` has no other class.
    """
    is_own = c == condition
    own = x[is_own]
    for start in range(0, n, _CHUNK):
        wanted = min(_CHUNK, n - start)
        made = wanted if is_own.all() else int(np.ceil(wanted / (1 - rejection)))
        between = round(made * interpolation)
        rows = np.concatenate([gan.encoded(np.full(made - between, condition), rng), interpolate(own, between, rng)])
        if made > wanted:
            order = np.argsort(belonging(rows, x, is_own, rng), kind="stable")
            rows = rows[np.sort(order[made - wanted :])]
        yield rows
