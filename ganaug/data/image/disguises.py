"""The forms in which a copy of an image is looked for: mirrored, turned, shifted, brighter."""

from collections.abc import Iterator

import numpy as np

_SHIFT = 1  # pixels, in any direction
_MAX_SIDE = 16  # pixels that are compared; larger images are averaged down, which recompression survives
_TURNS = ("", "turned by 90°", "turned by 180°", "turned by 270°")


def disguises(encoded: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """Yield images of the dihedral group, each shifted by up to a pixel, of equal brightness and contrast.

    The margin is cut off, so that what a shift moves in does not count.

    Parameters
    ----------
    encoded : ndarray of shape (n, channels, height, width)

    Yields
    ------
    name : str
        What was done to the image; the first is ``"as it is"``.
    forms : ndarray of shape (n, dim), float32

    Examples
    --------
    >>> names = [name for name, _ in disguises(np.zeros((1, 1, 8, 8)))]
    >>> len(names), names[0], names[9]
    (72, 'as it is', 'mirrored')
    """
    height, width = encoded.shape[2:]
    margin = _SHIFT if min(height, width) > 4 * _SHIFT else 0
    offsets = sorted(((y, x) for y in _span(margin) for x in _span(margin)), key=lambda at: (at != (0, 0), at))
    for done, turned in symmetries(encoded):
        for y, x in offsets:
            part = turned[:, :, margin + y : height - margin + y, margin + x : width - margin + x]
            words = done + (["shifted by a pixel"] if (y, x) != (0, 0) else [])
            yield " and ".join(words) or "as it is", _normalised(part)


def symmetries(encoded: np.ndarray) -> Iterator[tuple[list[str], np.ndarray]]:
    """Yield images turned and mirrored so that their size stays, and what was done to them; first as they are."""
    square = encoded.shape[2] == encoded.shape[3]
    for turns in range(4) if square else (0, 2):
        for mirrored in (False, True):
            turned = np.rot90(encoded, turns, (2, 3))
            done = ["mirrored"] * mirrored + [_TURNS[turns]] * (turns > 0)
            yield done, turned[..., ::-1] if mirrored else turned


def _span(margin: int) -> range:
    return range(-margin, margin + 1)


def _normalised(images: np.ndarray) -> np.ndarray:
    """Return images averaged down and flattened, each of mean 0 and deviation 1."""
    factor = -(-max(images.shape[2:]) // _MAX_SIDE)
    height, width = (side // factor for side in images.shape[2:])
    blocks = images[:, :, : height * factor, : width * factor].reshape(*images.shape[:2], height, factor, width, factor)
    flat = blocks.mean((3, 5), dtype=np.float32).reshape(len(images), -1)
    flat -= flat.mean(1, keepdims=True)
    # A flat image has no contrast to bring to 1; one grey level of it is left as it is.
    return flat / np.maximum(flat.std(1, keepdims=True), 1 / 127.5)
