"""Random numbers for a batch, the same however many processes share it."""

from typing import Any, Self

import torch
from torch import Tensor


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
