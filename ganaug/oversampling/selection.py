"""Samples of a rare class from two sources: the GAN and the class's real samples."""

from collections.abc import Iterator

import numpy as np

from ganaug.models.gan import ConditionalGAN
from ganaug.oversampling.images import Variants
from ganaug.oversampling.rows import Belonging, Segments

_CHUNK = 16_384  # rows
_IMAGE_CHUNK = 1_024  # images


def selected_rows(
    gan: ConditionalGAN | None,
    x: np.ndarray,
    c: np.ndarray,
    condition: int,
    n: int,
    rng: np.random.Generator,
    *,
    from_real: float,
    rejection: float,
) -> Iterator[np.ndarray]:
    """Yield n encoded rows of a class in chunks.

    Parameters
    ----------
    gan : ConditionalGAN or None
        Trained on `x` and `c`; not needed where `from_real` is 1.
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
    from_real : float
        Share of the rows, 0 … 1, that lie on a line through two real rows of the class; the rest are the GAN's.
    rejection : float
        Share of the rows made, 0 … 1 (exclusive), that is left out: those that belong least to the class
        (`ganaug.oversampling.rows.Belonging`). Nothing is left out where `x` has no other class.
    """
    is_own = c == condition
    segments = Segments(x[is_own])
    belonging = None if is_own.all() else Belonging(x, is_own, rng)
    for start in range(0, n, _CHUNK):
        wanted = min(_CHUNK, n - start)
        made = wanted if belonging is None else int(np.ceil(wanted / (1 - rejection)))
        between = round(made * from_real)
        own = [] if gan is None else [gan.encoded(np.full(made - between, condition), rng)]
        rows = np.concatenate([*own, segments.draw(between, rng)])
        if belonging is not None:
            order = np.argsort(belonging.rank(rows, rng), kind="stable")
            rows = rows[np.sort(order[made - wanted :])]
        yield rows


def selected_images(
    gan: ConditionalGAN | None,
    variants: Variants,
    condition: int,
    n: int,
    rng: np.random.Generator,
    *,
    from_real: float,
) -> Iterator[np.ndarray]:
    """Yield n encoded images of a class in chunks.

    Parameters
    ----------
    gan : ConditionalGAN or None
        Trained on images; not needed where `from_real` is 1.
    variants : Variants
        Makes images from real ones of the class.
    condition : int
        The class to make.
    n : int
        How many images.
    rng : numpy.random.Generator
        Source of randomness.
    from_real : float
        Share of the images, 0 … 1, that `variants` makes; the rest are the GAN's.
    """
    for start in range(0, n, _IMAGE_CHUNK):
        wanted = min(_IMAGE_CHUNK, n - start)
        kept = round(wanted * from_real)
        made = [] if gan is None else [gan.encoded(np.full(wanted - kept, condition), rng)]
        yield np.concatenate([*made, variants.draw(kept, rng)])
