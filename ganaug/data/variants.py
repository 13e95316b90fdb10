"""New images from real ones; in encoded space."""

from typing import Protocol

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

_SHIFT = 1 / 28  # of the side: standard deviation of how far a pixel moves
_SMOOTHNESS = 1 / 7  # of the side: standard deviation of the kernel that smooths the field
_CHUNK = 1024  # images


class Variants(Protocol):
    """New images of a class, made from its real ones."""

    def draw(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """Return images ``(n, channels, height, width)`` in [-1, 1], float32."""
        ...


class Deformations:
    """Draws images of a class, each bent by a smooth random field (Simard et al. 2003), with its own pixel values.

    Interpolation blurs, and blur would tell bent images from real ones; so each channel gets back the very values it
    had, in the order of the bent image's.

    Parameters
    ----------
    own : ndarray of shape (m, channels, height, width)
        Encoded images of the class, at least 1.
    """

    def __init__(self, own: np.ndarray) -> None:
        self.own = own
        height, width = own.shape[2:]
        self.kernels = [_gaussian(_SMOOTHNESS * side) for side in (height, width)]
        self.shift = torch.tensor([_SHIFT * max(height, width) * 2 / side for side in (width, height)])
        self.still = F.affine_grid(torch.eye(2, 3)[None], [1, 1, height, width], align_corners=False)

    def draw(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """Return images ``(n, channels, height, width)``, float32."""
        made = [self._bent(min(_CHUNK, n - start), rng) for start in range(0, n, _CHUNK)]
        return np.concatenate(made) if made else self.own[:0]

    def _bent(self, n: int, rng: np.random.Generator) -> np.ndarray:
        images = self.own[rng.integers(len(self.own), size=n)]
        grid = self.still + self._fields(n, rng) * self.shift
        moved = F.grid_sample(torch.from_numpy(images), grid, "bicubic", padding_mode="border", align_corners=False)
        bent = moved.flatten(2).numpy()
        values = np.empty_like(bent)
        np.put_along_axis(values, bent.argsort(axis=2, kind="stable"), np.sort(images.reshape(bent.shape), axis=2), 2)
        return values.reshape(images.shape)

    def _fields(self, n: int, rng: np.random.Generator) -> Tensor:
        """Return smooth fields ``(n, height, width, 2)``, each of standard deviation 1."""
        size = self.own.shape[2:]
        x = torch.from_numpy(rng.standard_normal((2 * n, 1, *size), dtype=np.float32))
        for kernel, axis in zip(self.kernels, (2, 3), strict=True):
            shape = [1, 1, 1, 1]
            shape[axis] = len(kernel)
            pad = [0, 0, 0, 0]
            pad[6 - 2 * axis : 8 - 2 * axis] = [len(kernel) // 2] * 2
            x = F.conv2d(F.pad(x, pad), kernel.view(shape))
        x = x / x.flatten(1).std(1).view(-1, 1, 1, 1)
        return x.view(n, 2, *size).permute(0, 2, 3, 1)


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


def _gaussian(std: float) -> Tensor:
    reach = int(np.ceil(3 * std))
    kernel = torch.exp(-0.5 * (torch.arange(-reach, reach + 1) / std) ** 2)
    return kernel / kernel.sum()
