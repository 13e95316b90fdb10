"""Features in which a copy of an image stays near though it was moved or turned a little: oriented gradients."""

from collections.abc import Iterator

import numpy as np

from ganaug.data.image.disguises import symmetries

_CELLS, _BINS = 4, 8  # across and down; directions


def oriented_gradients(images: np.ndarray) -> np.ndarray:
    """Return how much edge of each direction each part of an image has (after Dalal & Triggs 2005).

    The parts overlap, so that what moves by a fraction of one changes little; brightness and contrast change nothing.

    Parameters
    ----------
    images : ndarray of shape (n, channels, height, width)

    Returns
    -------
    ndarray of shape (n, 128), float32
        4 × 4 parts × 8 directions, square roots of shares.

    Examples
    --------
    >>> ramp = np.tile(np.arange(8.0), (1, 1, 8, 1))
    >>> bool(np.allclose(oriented_gradients(ramp), oriented_gradients(3 * ramp + 7)))
    True
    """
    x = images.mean(1, dtype=np.float32)
    down, right = np.zeros_like(x), np.zeros_like(x)
    down[:, 1:-1] = x[:, 2:] - x[:, :-2]
    right[:, :, 1:-1] = x[:, :, 2:] - x[:, :, :-2]
    size, direction = np.hypot(right, down), np.arctan2(down, right) / (2 * np.pi) * _BINS
    rows, columns = _overlapping(x.shape[1]), _overlapping(x.shape[2])
    parts = []
    for k in range(_BINS):
        away = np.abs((direction - k + _BINS / 2) % _BINS - _BINS / 2)
        part = size * (1 - away).clip(0)
        parts.append(rows.T @ part @ columns)  # (n, cells, cells)
    found = np.sqrt(np.stack(parts, -1).reshape(len(x), -1))
    return found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-6)


def lookalikes(encoded: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """Yield features of the images as they are, mirrored and turned; the first is as it is.

    Parameters
    ----------
    encoded : ndarray of shape (n, channels, height, width)

    Yields
    ------
    name : str
        What was done to the image.
    features : ndarray of shape (n, 128), float32
    """
    for words, images in symmetries(encoded):
        yield " and ".join([*words, "moved or turned a little"]), oriented_gradients(images)


def _overlapping(n: int) -> np.ndarray:
    """Return how much each of n pixels belongs to each part, ``(n, 4)``: triangles that overlap by half."""
    at = (np.arange(n) + 0.5) / n * _CELLS - 0.5
    return (1 - np.abs(at[:, None] - np.arange(_CELLS))).clip(0).astype(np.float32)
