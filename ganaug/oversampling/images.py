"""New images from real ones; in encoded space."""

from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from ganaug.oversampling.registration import field, register
from ganaug.oversampling.warping import sharply_warped, smoothed

_SHIFT = 0.75 / 28  # of the longer side: standard deviation of how far a pixel moves at random
_SMOOTHNESS = 1 / 7  # of the side: standard deviation of the kernel that smooths the random field
_PAIRS = 600  # about as many ways from one image to another
_MOST = 4_000  # images of a class
_CHUNK = 1_024  # images


class Variants(Protocol):
    """New images of a class, made from its real ones."""

    def draw(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """Return images ``(n, channels, height, width)`` in [-1, 1], float32."""
        ...


class Deformations:
    """Draws images of a class, each bent some of the way to another of the class, and a little at random.

    `ganaug.oversampling.registration.register` finds the way; the rest is a smooth random field (Simard et al. 2003).
    They are not blurred: blur would tell them from real ones.

    Parameters
    ----------
    own : ndarray of shape (m, channels, height, width)
        Encoded images of the class, at least 1; of more than 4,000, that many are bent.
    rng : numpy.random.Generator
        Chooses who is bent to whom: 600 pairs, or one for each image.
    """

    def __init__(self, own: np.ndarray, rng: np.random.Generator) -> None:
        self.own = own if len(own) <= _MOST else own[rng.choice(len(own), _MOST, replace=False)]
        m = len(self.own)
        steps = 1 + rng.permutation(max(1, m - 1))[: -(-_PAIRS // m)]  # one alone is paired with itself
        moving = np.tile(np.arange(m), len(steps))
        pairs = torch.from_numpy(np.stack([moving, (moving + np.repeat(steps, m)) % m]))
        images = torch.from_numpy(self.own)
        self.ways = torch.cat([register(images[i], images[j]) for i, j in pairs.split(_CHUNK, dim=1)])
        sides = np.array(own.shape[:1:-1])
        self.shift = torch.tensor(_SHIFT * sides.max() * 2 / sides, dtype=torch.float32)

    def draw(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """Return images ``(n, channels, height, width)``, float32."""
        made = [self._bent(min(_CHUNK, n - start), rng) for start in range(0, n, _CHUNK)]
        return np.concatenate(made) if made else self.own[:0]

    def _bent(self, n: int, rng: np.random.Generator) -> np.ndarray:
        sides = self.own.shape[2:]
        chosen = rng.integers(len(self.ways), size=n)
        images = self.own[chosen % len(self.own)]
        part = torch.from_numpy(rng.random((n, 1, 1, 1), dtype=np.float32))
        displacements = part * field(self.ways[chosen], sides) + self._random(n, rng) * self.shift
        return sharply_warped(images, displacements)

    def _random(self, n: int, rng: np.random.Generator) -> Tensor:
        """Return smooth fields ``(n, height, width, 2)``, each of standard deviation 1."""
        x = torch.from_numpy(rng.standard_normal((n, 2, *self.own.shape[2:]), dtype=np.float32))
        x = smoothed(x, _SMOOTHNESS)
        return (x / x.std((2, 3), keepdim=True)).permute(0, 2, 3, 1)


class Recoloured:
    """Draws images of a class, turned, mirrored, and in the colours of any training image.

    Every pixel stays a pixel: squares are turned by quarter turns, other images by half turns, and each channel gets
    the mean and the standard deviation that it has in the image whose colours are worn (Reinhard et al. 2001).

    Parameters
    ----------
    own : ndarray of shape (m, channels, height, width)
        Encoded images of the class, at least 1.
    worn : ndarray of shape (n, channels, height, width)
        Encoded images whose colours may be worn.
    """

    def __init__(self, own: np.ndarray, worn: np.ndarray) -> None:
        self.own = own
        self.means, self.stds = (f(worn, axis=(2, 3), keepdims=True) for f in (np.mean, np.std))
        self.step = 1 if own.shape[2] == own.shape[3] else 2

    def draw(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """Return images ``(n, channels, height, width)`` in [-1, 1], float32."""
        images = self.own[rng.integers(len(self.own), size=n)]
        turns, mirrored = self.step * rng.integers(4 // self.step, size=n), rng.integers(2, size=n)
        for way in np.unique(np.stack([turns, mirrored], axis=1), axis=0):
            same = (turns == way[0]) & (mirrored == way[1])
            turned = np.rot90(images[same], way[0], axes=(2, 3))
            images[same] = turned[..., ::-1] if way[1] else turned
        mean, std = (f(images, axis=(2, 3), keepdims=True) for f in (np.mean, np.std))
        chosen = rng.integers(len(self.means), size=n)
        coloured = (images - mean) / np.maximum(std, 1e-6) * self.stds[chosen] + self.means[chosen]
        return coloured.clip(-1, 1).astype(np.float32)


class Repeats:
    """Draws images of a class as they are.

    Parameters
    ----------
    own : ndarray of shape (m, channels, height, width)
        Encoded images of the class, at least 1.
    """

    def __init__(self, own: np.ndarray) -> None:
        self.own = own

    def draw(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """Return images ``(n, channels, height, width)``, float32."""
        return self.own[rng.integers(len(self.own), size=n)]
