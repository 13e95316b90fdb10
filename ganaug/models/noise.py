"""Random numbers for a batch, the same however many processes share it; and those of a truncated distribution."""

from typing import Any, Self

import numpy as np
import torch
from scipy import special
from torch import Tensor


def truncated(z: np.ndarray, threshold: float) -> np.ndarray:
    """Map standard normal numbers, in order, to those of a normal distribution that is cut off at ± `threshold`.

    By the distributions' quantiles, not by drawing anew: the same numbers give corresponding ones at any threshold.

    Parameters
    ----------
    z : ndarray
        Standard normal numbers.
    threshold : float
        Greater than 0.

    Returns
    -------
    ndarray of the shape of `z`, float64

    Examples
    --------
    >>> truncated(np.array([-9.0, -1.0, 0.0, 1.0, 9.0]), 2.0).round(2).tolist()
    [-2.0, -0.94, 0.0, 0.94, 2.0]
    """
    inside = special.erf(threshold / 2**0.5)  # the share of a normal distribution there
    return (2**0.5 * special.erfinv(special.erf(z.astype(np.float64) / 2**0.5) * inside)).clip(-threshold, threshold)


class Noise(torch.Generator):
    """A generator that draws for the whole batch and gives back the rows of this process.

    Whatever else takes a ``torch.Generator`` may use it as one; all processes then draw the same numbers.

    Parameters
    ----------
    device : torch.device or str
        Where the numbers are needed.
    seed : int
        The same on every process.
    rank, size : int
        Which slice of how many is this process's.

    Examples
    --------
    >>> whole = Noise("cpu", 0).randn(4, 2)
    >>> second_half = Noise("cpu", 0, rank=1, size=2).randn(2, 2)
    >>> whole[2:].equal(second_half)
    True
    """

    def __new__(cls, device: torch.device | str, *args: Any, **kwargs: Any) -> Self:
        """Make a generator of the device."""
        return super().__new__(cls, device)  # type: ignore[call-arg]

    def __init__(self, device: torch.device | str, seed: int, rank: int = 0, size: int = 1) -> None:
        self.manual_seed(seed)
        self.rank = rank
        self.size = size

    def randn(self, n: int, *shape: int) -> Tensor:
        """Return standard normal numbers ``(n, *shape)``, n being this process's part of the batch."""
        return self._own(torch.randn((n * self.size, *shape), generator=self, device=self.device), n)

    def rand(self, n: int, *shape: int) -> Tensor:
        """Return uniform numbers in [0, 1), ``(n, *shape)``, n being this process's part of the batch."""
        return self._own(torch.rand((n * self.size, *shape), generator=self, device=self.device), n)

    def _own(self, whole: Tensor, n: int) -> Tensor:
        return whole[self.rank * n : (self.rank + 1) * n]
